"""A run's folder -> one self-contained page of HTML that opens anywhere without a network."""
