"""Many runs as one: sweeps over parameters, comparison of runs, what moves the outcomes, where they change."""
