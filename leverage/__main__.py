"""`python -m leverage` and `simulate`: the command line, with an interruption while it is still being loaded told as one."""

import os
import sys
from contextlib import suppress

INTERRUPTED = 130


def main() -> None:
    """Start the command line."""
    try:
        from leverage.cli import main as start  # noqa: PLC0415 - loading takes long enough to be interrupted

        start()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        _leave_interrupted()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave_interrupted()
        raise


def _leave_interrupted() -> None:
    """End with status 130 at once: Python itself ends by the signal if it came within `exec`, as in the making of a dataclass."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
