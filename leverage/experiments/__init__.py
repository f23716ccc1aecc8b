"""Many runs: what an analyst varies, compares and does again."""
