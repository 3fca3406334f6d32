"""Every command with its options, in one table: the parser, ``--help`` and ``docs/commands.md`` all come from here.

Commands of review (labels, people, versions) are in ``parser_review.py``, those that measure in ``parser_evaluate.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from workbench import __version__
from workbench.cli import parser_evaluate as parser_evaluate  # noqa: PLC0414 - registers its commands
from workbench.cli import parser_review as parser_review  # noqa: PLC0414
from workbench.cli.parsing import COMMANDS, Parser, Registered, command, limit_of, project
from workbench.task_kinds import KINDS

DESCRIPTION = (
    "Make data sets with language models: generate, review, curate, evaluate, export. Alone, it opens the screen."
)

#: What ``jobs`` does with a job; all but ``resume`` need its number.
JOB_VERBS = ("show", "watch", "pause", "resume", "set", "cancel", "failures", "retry", "log")


@command("new", "making", "Make a project: a folder with a commented project.yaml.")
def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", help="a new or empty folder")
    parser.add_argument("--task", default="classification", choices=list(KINDS), help="the kind of task")
    parser.add_argument("--labels", help="the labels, with commas between")
    parser.add_argument(
        "--fields",
        metavar="NAME[:KIND],...",
        help="names of the fields, where the task does not have its own; kinds are text (default), messages, number and json",
    )
    parser.add_argument("--scale", metavar="LOW-HIGH", help="text pairs: a number on this scale instead of labels")
    parser.add_argument("--schema", metavar="FILE", help="extraction: the JSON Schema of what is read out of the text")
    parser.add_argument("--description", default="", help="what the texts are, for prompts")
    parser.add_argument("--language", default="en", help="language code of the texts (default: en)")
    parser.add_argument("--model", help="embedded, or openai:NAME (default: embedded for classification)")
    parser.add_argument(
        "--from", dest="sample", metavar="SAMPLE", help="copy a sample project, such as banking_intents"
    )
    parser.add_argument(
        "--shared",
        metavar="GROUP",
        help="for several system users of this group: modes 2770 and 660, whatever the umask",
    )


@command("demo", "making", "Run the whole loop on the sample project with the embedded model, then open the screen.")
def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", help="where (default: a new folder workbench-demo)")
    parser.add_argument("--count", type=int, default=1200, help="samples to generate (default: 1200)")
    parser.add_argument("--no-screen", action="store_true", help="do not open the screen at the end")


@command("open", "screen", "Open the screen.")
def _open(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument(
        "--as", dest="annotator", metavar="NAME", help="annotate under this name (default: your user name)"
    )


@command("import", "data", "Bring rows of a file in, or of a Hugging Face data set's folder.")
def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="+",
        metavar="[PROJECT] FILE",
        help="the project (default: the one you are in), the file or folder",
    )
    parser.add_argument(
        "--as",
        dest="role",
        required=True,
        choices=["seed", "real", "unlabelled", "validation", "test", "synthetic"],
        help="what the rows are",
    )
    parser.add_argument(
        "--map", metavar="text=COLUMN,label=COLUMN", help="which column is which (default: guessed by name)"
    )
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        choices=Registered("workbench.exchange", "READERS"),
        help="one of %(choices)s (default: by the file's ending)",
    )
    parser.add_argument("--encoding", help="default: utf-8")


@command("generate", "work", "Generate samples in a background job.")
def _generate(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument("--recipe", metavar="NAME", help="a recipe's name, or a .yaml file (default: project.yaml)")
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--count", type=int, metavar="N", help="bring this recipe with these parameters up to N kept samples"
    )
    group.add_argument("--more", type=int, metavar="N", help="N more kept samples")
    parser.add_argument("--model", metavar="PROVIDER:NAME", help="embedded, or openai:NAME (default: project.yaml)")
    parser.add_argument("--concurrency", type=int, metavar="N", help="requests under way at once")
    parser.add_argument("--budget", type=float, metavar="DOLLARS", help="stop before this is spent")
    parser.add_argument("--requests", type=int, metavar="N", help="stop before more requests are sent than this")
    parser.add_argument(
        "--tokens", type=int, metavar="N", help="stop before more tokens are used than this, in and out"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="another seed gives other samples")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the recipe (repeatable)"
    )
    parser.add_argument(
        "--batch",
        action="store_true",
        help="through the endpoint's batches: within a day or so, often at half the price",
    )
    parser.add_argument("--dry-run", action="store_true", help="show prompts, requests, tokens and cost; ask nothing")
    parser.add_argument("--prepare-only", action="store_true", help="only ask what the recipe needs first, and show it")
    parser.add_argument("--detach", action="store_true", help="return at once; the job goes on")


@command("curate", "curating", "Filters, label repairs and weights over the generated samples; nothing is deleted.")
def _curate(parser: argparse.ArgumentParser) -> None:
    project(parser)
    for flag, what in (
        ("filter", "a filter: what it drops leaves the data set"),
        ("repair", "a label repair: what it is sure of is done, the rest waits for a person"),
        ("weight", "a weighting: how much each sample counts in training"),
    ):
        parser.add_argument(
            f"--{flag}",
            dest="chain",
            action="append",
            type=_step(flag),
            metavar="NAME[:key=value,...]",
            help=f"{what} (repeatable; all three make one chain, in order; default: that of project.yaml)",
        )
    parser.add_argument("--recipe", metavar="NAME", help="the curation that belongs to a recipe, instead of a chain")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of --recipe (repeatable)"
    )
    parser.add_argument(
        "--new", action="store_true", help="judge only what came since the curation in force, which stays"
    )
    parser.add_argument(
        "--preview", action="store_true", help="count what each step does, alone and in the chain; change nothing"
    )
    parser.add_argument("--undo", action="store_true", help="take back the curation in force; the earlier one returns")
    parser.add_argument("--budget", type=float, metavar="$", help="stop asking a judging model before it costs more")
    parser.add_argument("--detach", action="store_true", help="return at once; the job goes on")


def _step(flag: str) -> Callable[[str], tuple[str, str]]:
    """An option's value with the option that it came from, so that a filter is not given as a weighting."""
    return lambda spec: (flag, spec)


@command("export", "data", "Freeze a snapshot and write it, with a data card.")
def _export(parser: argparse.ArgumentParser) -> None:
    project(parser)
    parser.add_argument(
        "--format",
        required=True,
        metavar="FORMAT",
        choices=Registered("workbench.exchange", "FORMATS"),
        help="one of %(choices)s; not each fits every kind of task",
    )
    parser.add_argument("--out", required=True, metavar="PATH", help="the file to write (hf: the folder)")
    parser.add_argument("--view", metavar="QUERY", help="which samples (default: the data set, set:yes)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    parser.add_argument(
        "--raw", action="store_true", help="CSV: leave cells that a spreadsheet would run as formulas as they are"
    )


@command("query", "data", "Print the samples of a view as JSONL.")
def _query(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="+", metavar="[PROJECT] QUERY", help='the project, and a view such as "status:pending"'
    )
    parser.add_argument("--limit", type=int, help="at most so many")
    parser.add_argument("--count", action="store_true", help="only how many")
    parser.add_argument("--explain", action="store_true", help="with scores, verdicts, neighbours, prompt and answer")


@command("jobs", "jobs", "List background jobs; watch, pause and limit them, look at failed requests, ask them again.")
def _jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar=f"[PROJECT] [{'|'.join(JOB_VERBS)} [ID]]", help="what to do (default: list)"
    )
    parser.add_argument("--all", action="store_true", help="list imports and learning too")
    for name, kind, unit in (
        ("concurrency", int, "N"), ("budget", limit_of(float), "DOLLARS"), ("requests", limit_of(int), "N"),
        ("tokens", limit_of(int), "N"),
    ):  # fmt: skip
        lifts = "" if name == "concurrency" else "; none lifts it"
        what = {"concurrency": "requests under way at once"}.get(
            name, f"{unit if name == 'budget' else name} that it may use"
        )
        parser.add_argument(f"--{name}", type=kind, metavar=unit, help=f"set: {what}{lifts}")
    parser.add_argument(
        "--reason", action="append", default=[], metavar="R", help="failures, retry: only these (repeatable)"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="failures: at most so many (default: 10)")
    parser.add_argument("--detach", action="store_true", help="retry: return at once; the job goes on")


@command("recipes", "techniques", "List the recipes, or show one to copy.")
@command("filters", "techniques", "List the filters, or show one with its parameters.")
@command("repairs", "techniques", "List the label repairs, or show one with its parameters.")
@command("weightings", "techniques", "List the weightings, or show one with its parameters.")
@command("metrics", "techniques", "List the metrics, or show one.")
def _techniques(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="[show NAME]", help="show one")


@command("models", "techniques", "List models and the endpoints found here, or ask an endpoint what it can do.")
def _models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="[show NAME | check [SPEC] [PROJECT]]",
        help="show one; or ask what the model SPEC (openai:NAME, default: the project's) can do, which costs a few tokens, "
        "and remember it in the project",
    )


@command("keys", "keys", "Show the screen's keys in force, check a keymap, or choose one.")
def _keys(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--preset", metavar="NAME", help="use this keymap from now on: default, vim")
    what.add_argument("--check", metavar="FILE", help="say whether a keymap.yaml is right: actions, keys, clashes")
    parser.add_argument("--mode", help="only the keys of one mode, such as review")


@command("config", "making", "Show each setting in force and where it comes from.")
@command("doctor", "making", "Check the installation, the terminal, the endpoint and the project; say what to do.")
def _plain(parser: argparse.ArgumentParser) -> None:
    project(parser)


def commands() -> list[str]:
    """All verbs, sorted."""
    return sorted(name for name, *_ in COMMANDS)


def build() -> Parser:
    """The whole parser; each verb's handler is named by its ``module`` and ``verb`` defaults."""
    parser = Parser(prog="workbench", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    for name, text, module, options in sorted(COMMANDS, key=lambda one: one[0]):
        verb = verbs.add_parser(name, help=text, description=text)
        options(verb)
        verb.add_argument("--json", action="store_true", help="print one JSON object")
        verb.add_argument("--quiet", action="store_true", help="no progress")
        verb.add_argument("--debug", action="store_true", help="show the traceback of an error")
        verb.set_defaults(module=module)
    return parser
