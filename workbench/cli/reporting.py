"""``report``: an evaluation as a file to share."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.output import Output
from workbench.project import find
from workbench.store.connection import Store


def report_(arguments: argparse.Namespace) -> int:
    """Write the HTML file and, if wanted, the data card."""
    from workbench.pipeline import reporting

    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    with Store(project) as store:
        written = reporting.write(
            store,
            Path(arguments.out),
            evaluations=arguments.evaluation,
            card=Path(arguments.card) if arguments.card else None,
            overwrite=arguments.overwrite,
        )
    lines = [f"wrote {written['path']}; open it in a browser"]
    lines += [f"wrote {written['card']}"] if written["card"] else []
    output.result(written, lines)
    return 0
