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
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal that is not UTF-8 gets question marks, not a crash
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
        _tell(str(error), debug=debug)
        return error.exit_status
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone (head, less): nothing is wrong. Stop Python from complaining while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _tell(f"{error.filename or 'The system'}: {error.strerror or error}.", debug=debug)
        return 1
    except Exception as error:  # noqa: BLE001 - our mistake: a sentence for the person, the traceback with --debug
        _tell(
            f"This is a mistake in the workbench ({type(error).__name__}: {error}); --debug shows where.", debug=debug
        )
        return 1


def _tell(sentence: str, *, debug: bool) -> None:
    """One sentence on stderr, after the traceback where that was asked for; both cleaned."""
    if debug:
        sys.stderr.write(clean(traceback.format_exc(), multiline=True))
    sys.stderr.write(clean(sentence) + "\n")
