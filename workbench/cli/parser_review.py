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
    what.add_argument(
        "--take", action="store_true", help="give each sample of --view what is proposed for it, and accept it"
    )
    what.add_argument("--note", metavar="TEXT", help="put a note on the samples of --view")
    what.add_argument("--tag", metavar="TAG", help="put a tag on the samples of --view; --tag=-TAG takes it off")
    what.add_argument(
        "--edit",
        metavar="[FIELD=]TEXT",
        action="append",
        help="correct the one sample of --view: the text, or a field (repeatable; JSON for fields that are no text)",
    )
    what.add_argument(
        "--plain",
        action="store_true",
        help="one sample at a time in plain lines, with the keys of the screen: for screen readers, dumb terminals, scripts",
    )
    what.add_argument("--undo", action="store_true", help="take back your newest act")
    what.add_argument("--redo", action="store_true", help="bring back the act undone last")
    parser.add_argument(
        "--view", metavar="QUERY", help="the samples (default for --queue: the review view of project.yaml)"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why --reject rejects them")
    parser.add_argument(
        "--score", type=float, default=0.0, metavar="X", help="the least score of what --take takes (default: 0)"
    )
    parser.add_argument("--limit", type=int, default=100, help="most samples that --queue prints (default: 100)")
    parser.add_argument(
        "--strategy",
        metavar="NAME",
        help="order --queue by what is most worth looking at, and say why (see strategies)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the file of --export")
    parser.add_argument("--yes", action="store_true", help="do not ask before an act on more than one sample")
    parser.add_argument("--as", dest="annotator", metavar="NAME", help="annotate under this name")


@command("snapshot", "versions", "Freeze and hash a set of samples; list, compare and put back snapshots.")
def _snapshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["create", "list", "diff", "restore"], help="what to do")
    parser.add_argument(
        "words",
        nargs="*",
        metavar="[PROJECT] [A [B]]",
        help="the project; diff: two snapshots by name or number, or one and the data set as it is; restore: one",
    )
    parser.add_argument("--view", metavar="QUERY", help="create: which samples (default: the data set)")
    parser.add_argument("--name", help="create: a name to find it by")
    parser.add_argument("--examples", type=int, default=3, metavar="N", help="diff: examples of each kind (default: 3)")
    parser.add_argument("--yes", action="store_true", help="restore: do not ask")
    parser.add_argument("--dry-run", action="store_true", help="restore: only say what it would do")
    parser.add_argument("--as", dest="annotator", metavar="NAME", help="restore under this name")


@command("purge", "versions", "Delete samples for good, with everything that was made from them.")
def _purge(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument(
        "--view", metavar="QUERY", help="which samples, such as id:12,15 (none: finish one that was cut off)"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only say what it would delete")
    parser.add_argument(
        "--forget", action="store_true", help="keep not even a salted hash: importing the file again brings them back"
    )
    parser.add_argument("--as", dest="annotator", metavar="NAME", help="purge under this name")


@command("tour", "touring", "Learn the keys of Review in two minutes, on a throw-away copy of the sample project.")
def _tour(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(project=None)


@command("view", "data", "Save a view under a name, or list the saved ones.")
def _view(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["save", "list"], help="what to do")
    project(parser)
    parser.add_argument("--name", help="the view's name")
    parser.add_argument("--query", help="the view")


@command("strategies", "choosing", "List the strategies that choose what to look at, or show one.")
def _strategies(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="[show NAME]", help="show one")


@command("learn", "choosing", "Learn now: suggestions, orders to look in, clusters; prints the learning curve.")
def _learn(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument(
        "--strategy", action="append", default=[], metavar="NAME", help="compute this order as well (repeatable)"
    )
    parser.add_argument("--clusters", action="store_true", help="make the clusters anew")
    parser.add_argument(
        "--curve", action="store_true", help="learn nothing; only print what labelling has bought so far"
    )


@command(
    "agree", "agreeing", "Agreement of people (and models): percent, Cohen, Fleiss, Krippendorff, who confuses what."
)
def _agree(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument(
        "--view", metavar="QUERY", default="", help="only these samples (default: all that people spoke of)"
    )
    parser.add_argument(
        "--level",
        choices=["nominal", "ordinal", "interval", "ratio"],
        help="how labels are compared (default: by the task)",
    )
    parser.add_argument("--people", action="store_true", help="leave models and the labels as generated out")


@command("adjudicate", "agreeing", "List what people disagree about, or settle it; one undo takes it back.")
def _adjudicate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=["list", "unanimous", "all"], help="list; settle what all agree on; settle all that is not tied"
    )
    project(parser)
    parser.add_argument(
        "--least", type=int, metavar="N", help="people who must have spoken (default: the overlap, or 2)"
    )
    parser.add_argument(
        "--method", choices=["majority", "dawid_skene"], default="majority", help="how labels are proposed"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask first")
    parser.add_argument("--as", dest="annotator", metavar="NAME", help="settle under this name")


@command("audit", "auditing", "Certify a view by a random sample: begin, show, queue, close, list.")
def _audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["begin", "show", "queue", "close", "list"], help="what to do")
    project(parser)
    parser.add_argument("--view", metavar="QUERY", default="set:yes", help="the samples (default: the data set)")
    parser.add_argument(
        "--half-width", type=float, default=0.03, metavar="W", help="stop at this half width (default: 0.03)"
    )
    parser.add_argument("--size", type=int, metavar="N", help="look at N and stop, instead of a half width")
    parser.add_argument("--by-label", action="store_true", help="reach the target for each label")
    parser.add_argument("--seed", type=int, help="of the random order (default: by chance; it is kept)")
    parser.add_argument("--id", type=int, metavar="N", help="another audit than the newest (show)")
    parser.add_argument("--limit", type=int, default=100, help="most samples that queue prints (default: 100)")
    parser.add_argument("--as", dest="annotator", metavar="NAME", help="begin under this name")


@command("task", "task", "Show, add, rename, merge and split labels and fields; previewed, and undone.")
def _task(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="[PROJECT] show | label|field add|rename|merge|split|remove|describe|move NAME ... | history | undo | finish",
        help="what to do (default: show): add NAME...; rename OLD NEW; merge A B --into C; split A --into B C; remove NAME; "
        "describe NAME TEXT; move NAME PLACE",
    )
    parser.add_argument(
        "--into", nargs="+", action="extend", default=[], metavar="NAME", help="merge, split: the new names"
    )
    parser.add_argument(
        "--words",
        dest="decide",
        action="append",
        default=[],
        metavar="LABEL=WORD,WORD",
        help="split a label: texts with one of these words get that label; what no word decides is left to people (repeatable)",
    )
    parser.add_argument("--description", metavar="TEXT", help="of what is new")
    parser.add_argument("--kind", default="text", choices=["text", "messages", "json", "number"], help="of a new field")
    parser.add_argument(
        "--default", metavar="VALUE", help="what a new field holds in every sample there is (default: nothing)"
    )
    parser.add_argument("--joiner", default="\n", metavar="TEXT", help="between merged fields (default: a line's end)")
    parser.add_argument("--at", metavar="TEXT", help="split a field at the first occurrences of this text")
    parser.add_argument("--lines", action="store_true", help="split a field at the ends of its first lines")
    parser.add_argument("--again", action="store_true", help="use a name that was taken away before, as a new one")
    parser.add_argument("--preview", action="store_true", help="only say what it would meet")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--as", dest="annotator", metavar="NAME", help="under this name")
