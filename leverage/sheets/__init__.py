"""What experts hold to be plausible: sheets to fill in, and read back."""
