"""`python -m leverage` is `simulate`."""

from leverage.cli import main

main()
