"""A process that has loaded the package and its kernels, and splits off a child for every call of the command line.

`command_line.py` starts it and writes a call a line, as JSON; each exit status comes back as a line. The child runs what
`python -m leverage` runs, in a folder and with files of its own for output, and ends as an interpreter ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import sys
from typing import Any

#: A game on which a run meets the kernels, which are found on disk or compiled: once here and not in every child.
SMALL = """\
language: 1
title: A game with one state
question: What is played?
state: {x: {only: 0}}
start: {x: only}
players: {first: {discount: 0.5}, second: {discount: 0.6}}
actions: {first: {give: always, take: always}, second: {give: always, take: always}}
payoffs:
  first: {gains: {gift: 3 when second plays give, booty: 1 when first plays take}}
  second: {gains: {gift: 3 when first plays give, booty: 1 when second plays take}}
"""


def load() -> None:
    """Import every module, and call the kernels. What a command prints or writes is left to the children."""
    leverage = importlib.import_module("leverage")
    for module in pkgutil.walk_packages(leverage.__path__, "leverage."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    leverage.run(leverage.parse_scenario(SMALL))
    gc.freeze()  # no child looks through all that is loaded for garbage when it ends


def turn_into_the_command(call: dict[str, Any]) -> None:
    """In the child: be the command from here on."""
    outputs = (os.open(call[name], os.O_WRONLY | os.O_CREAT) for name in ("stdout", "stderr"))
    for number, opened in enumerate((os.open(os.devnull, os.O_RDONLY), *outputs)):
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(call["cwd"])
    sys.argv = ["leverage", *call["arguments"]]
    runpy.run_module("leverage", run_name="__main__", alter_sys=True)


def serve() -> None:
    """Until the calls end."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            turn_into_the_command(json.loads(line))
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    load()
    serve()
