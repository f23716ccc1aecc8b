"""`python -m leverage` and `simulate`: the command line, with an interruption while it is still being loaded told as one."""

import os
import signal
import sys
from contextlib import suppress

INTERRUPTED = 130


def main() -> None:
    """Start the command line."""
    try:
        from leverage.cli import main as start  # noqa: PLC0415 - loading takes long enough to be interrupted

        start()
    except KeyboardInterrupt:
        _leave_interrupted("interrupted\n")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave_interrupted()
        _let_end()
        raise
    except Exception:
        if _interruption_came():
            _leave_interrupted("interrupted\n")
        raise


def _interruption_came() -> bool:
    """Whether there was a Ctrl-C, of which a library that was just being loaded may have made an error of its own."""
    parts = sys.modules.get("leverage.command_parts")
    return parts is not None and bool(parts.Interruption.came)


def _let_end() -> None:
    """All is done and told: an interruption while Python ends would change the status alone."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _leave_interrupted(message: str = "") -> None:
    """End with status 130 at once: Python itself ends by the signal if it came within `exec`, as in the making of a dataclass."""
    with suppress(OSError, ValueError):  # the terminal may be gone
        sys.stderr.write(message)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
