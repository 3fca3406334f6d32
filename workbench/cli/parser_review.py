"""Commands of review: labelling, people, versions, and changes of the task."""

from __future__ import annotations

import argparse

from workbench.cli.parsing import command, project


@command("label", "people", "Annotate without the screen: on a view, from a file, to a file.")
def _label(parser: argparse.ArgumentParser) -> None:
    project(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--import", dest="load", metavar="FILE", help="JSONL with id or uuid, and label, status or note")
    what.add_argument("--export", metavar="FILE", help="everybody's annotations as JSONL")
    what.add_argument("--queue", action="store_true", help="print what is to be looked at, as JSONL")
    what.add_argument("--accept", action="store_true", help="accept the samples of --view")
    what.add_argument("--reject", action="store_true", help="reject the samples of --view")
    what.add_argument("--flag", action="store_true", help="flag the samples of --view")
    what.add_argument(
        "--label",
        metavar="LABEL",
        help="label (and accept) the samples of --view: a label, several with commas between, a number or JSON, by the task",
    )
    what.add_argument("--note", metavar="TEXT", help="put a note on the samples of --view")
    what.add_argument(
        "--edit",
        metavar="[FIELD=]TEXT",
        action="append",
        help="correct the one sample of --view: the text, or a field (repeatable; JSON for fields that are no text)",
    )
    what.add_argument("--undo", action="store_true", help="take back your newest act")
    what.add_argument("--redo", action="store_true", help="bring back the act undone last")
    parser.add_argument(
        "--view", metavar="QUERY", help="the samples (default for --queue: the review view of project.yaml)"
    )
    parser.add_argument("--limit", type=int, default=100, help="most samples that --queue prints (default: 100)")
    parser.add_argument("--overwrite", action="store_true", help="replace the file of --export")
    parser.add_argument("--yes", action="store_true", help="do not ask before an act on more than one sample")
    parser.add_argument("--as", dest="annotator", metavar="NAME", help="annotate under this name")


@command("snapshot", "data", "Freeze and hash a set of samples, or list the snapshots.")
def _snapshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["create", "list"], help="what to do")
    project(parser)
    parser.add_argument("--view", metavar="QUERY", help="which samples (default: the data set)")
    parser.add_argument("--name", help="a name to find it by")


@command("view", "data", "Save a view under a name, or list the saved ones.")
def _view(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["save", "list"], help="what to do")
    project(parser)
    parser.add_argument("--name", help="the view's name")
    parser.add_argument("--query", help="the view")
