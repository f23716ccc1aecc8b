"""Over parameter points: where a verdict changes, in how much of the plausible box it stands, when it would be otherwise."""
