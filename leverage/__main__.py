"""`python -m leverage` and `simulate`: the command line, with an interruption while it is still being loaded told as one."""

import sys


def main() -> None:
    """Start the command line."""
    try:
        from leverage.cli import main as start  # noqa: PLC0415 - loading takes long enough to be interrupted

        start()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
