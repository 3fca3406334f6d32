"""The command line. Heavy modules load inside the commands that need them."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module

from workbench.errors import UsageError, WorkbenchError
from workbench.text import clean


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status (0 done, 1 failed, 2 wrong usage, 3 some rows failed, 130 interrupted)."""
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    try:
        if not words:
            from workbench.cli.screen import open_here

            return open_here()
        from workbench.cli.parser import build

        chosen = build().parse_args(words)
        if chosen.verb is None:
            raise UsageError("Say what to do: see `workbench --help`.")
        handler = getattr(import_module(f"workbench.cli.{chosen.module}"), chosen.verb.replace("-", "_") + "_")
        return int(handler(chosen))
    except WorkbenchError as error:
        if debug:
            traceback.print_exc()
        sys.stderr.write(clean(str(error)) + "\n")
        return error.exit_status
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone (head, less): nothing is wrong. Stop Python from complaining while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
