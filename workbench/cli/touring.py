"""``tour``: the keys of Review, on a copy that is thrown away."""

from __future__ import annotations

import argparse

from workbench.cli.output import Output
from workbench.cli.screen import need_terminal


def tour_(arguments: argparse.Namespace) -> int:
    need_terminal()
    from workbench.tui.tour import run

    done, of = run()
    Output(arguments.json, arguments.quiet).result({"steps": done, "of": of}, [f"{done} of {of} steps. {AFTER}"])
    return 0


#: What to do next, wherever the tour was left.
AFTER = (
    "Next: workbench demo DIR (the whole loop), workbench new DIR --labels a,b,c (your own project); ? lists all keys."
)
