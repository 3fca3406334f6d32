"""Commands that measure: whole recipes, the data set, outputs judged side by side, reports."""

from __future__ import annotations

import argparse

from workbench.cli.parsing import command, project


@command("run", "running", "Whole recipes: generate, their curation, evaluate; several are compared on one budget.")
def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="+", metavar="[PROJECT] RECIPE...", help="one recipe or several, by name or by file"
    )
    parser.add_argument("--count", type=int, required=True, metavar="N", help="go up to N kept samples of each recipe")
    parser.add_argument("--model", metavar="PROVIDER:NAME", help="embedded, or openai:NAME")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed gives other samples")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the recipe (repeatable)"
    )
    parser.add_argument(
        "--budget", type=float, metavar="$", help="most that all may cost together, in equal parts for each recipe"
    )


@command(
    "evaluate",
    "measuring",
    "Measure samples: faithfulness, diversity, fidelity, and training on them for real test data.",
)
def _evaluate(parser: argparse.ArgumentParser) -> None:
    project(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--view", metavar="QUERY", help="the samples of a view (default: the data set)")
    what.add_argument("--snapshot", metavar="NAME", help="the samples of a snapshot, as they were frozen")
    what.add_argument(
        "--compare",
        nargs="*",
        metavar="CONTENDER",
        help="several sets side by side: set, raw, recipe:NAME, series:ID, job:ID, round:N, model:NAME, snapshot:NAME, "
        "view:QUERY; each may have a name (mine=set) and a chain: set+near_duplicate+length:min_words=3, +recipe (as its recipe "
        "curates), +project (the project's chain), +none (no curation); without any: the data set and what it is without "
        "curation",
    )
    parser.add_argument("--metric", action="append", default=[], metavar="NAME", help="only these (repeatable)")
    parser.add_argument(
        "--thorough", action="store_true", help="also what takes several trainings, such as learning curves"
    )
    parser.add_argument("--judge", action="store_true", help="also what asks the judging model")
    parser.add_argument("--trainer", action="store_true", help="also run evaluate.trainer.command of project.yaml")
    parser.add_argument("--budget", type=float, metavar="$", help="stop asking the judging model before it costs more")
    parser.add_argument("--list", action="store_true", help="list the evaluations so far")
    parser.add_argument("--detach", action="store_true", help="return at once; the job goes on")


@command(
    "compare", "comparing", "Outputs side by side: make pairs, judge them blind or by a model, rank the contenders."
)
def _compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="[PROJECT] list | make NAME | import NAME FILE | judge NAME | show NAME | plain NAME | rename NAME NEW | "
        "delete NAME",
        help="list (default); make pairs of contenders' outputs; import pairs from a JSONL file (input, outputs, preferred); ask "
        "the judging model; win rates and ranking; judge them yourself, line by line; give it another name; delete it with its "
        "pairs and choices",
    )
    parser.add_argument(
        "--contender",
        action="append",
        default=[],
        metavar="CONTENDER",
        help="make: as of evaluate --compare (repeatable)",
    )
    parser.add_argument("--pairs", type=int, default=100, metavar="N", help="make: so many pairs (default: 100)")
    parser.add_argument("--question", help="what is asked about each pair (default: which output is better)")
    parser.add_argument("--model", metavar="PROVIDER:NAME", help="judge: another model than the project's judge")
    parser.add_argument("--budget", type=float, metavar="$", help="judge: stop before it costs more")
    parser.add_argument("--dry-run", action="store_true", help="judge: show a prompt, requests and cost; ask nothing")
    parser.add_argument("--seed", type=int, default=0, help="make: of the random draw (default: 0)")
    parser.add_argument("--as", dest="annotator", metavar="NAME", help="plain: judge under this name")
    parser.add_argument("--yes", action="store_true", help="delete: do not ask, though people have judged")


@command("report", "reporting", "Write the evaluation as one HTML file that needs nothing else, and a data card.")
def _report(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("--out", metavar="FILE", default="report.html", help="the file to write (default: report.html)")
    parser.add_argument(
        "--evaluation",
        type=int,
        action="append",
        default=[],
        metavar="ID",
        help="these instead of the newest (repeatable)",
    )
    parser.add_argument("--card", metavar="FILE", help="also write the data card there (Markdown)")
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
