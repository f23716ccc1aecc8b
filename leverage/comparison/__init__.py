"""Runs beside each other: what differs in what was asked, what follows beyond the certificates, and runs made again."""
