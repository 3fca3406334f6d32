"""``compare``: outputs side by side, judged blind by people or by a model, and what comes of it."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.cli import watch
from workbench.cli.output import Output, dollars, table
from workbench.errors import UsageError
from workbench.project import find
from workbench.store import acts, duel_changes, duels
from workbench.store.connection import Store
from workbench.store.duels import Comparison
from workbench.text import clean

#: What there is to do, and how many words follow.
VERBS: Mapping[str, int] = {
    "list": 0,
    "make": 1,
    "import": 2,
    "judge": 1,
    "show": 1,
    "plain": 1,
    "rename": 2,
    "delete": 1,
}


def compare_(arguments: argparse.Namespace) -> int:
    place, verb, rest = words_of(arguments.words)
    if place is not None and not Path(place).exists():
        raise UsageError(f"{place} is neither a project nor one of {', '.join(VERBS)}; see `workbench compare --help`.")
    output, project = Output(arguments.json, arguments.quiet), find(place)
    _ = project.config
    doing: Mapping[str, Callable[[Store, argparse.Namespace, Sequence[str], Output], int]] = {
        "list": _list, "make": _make, "import": _import, "judge": _judge, "show": _show, "plain": _plain,
        "rename": _rename, "delete": _delete,
    }  # fmt: skip
    with Store(project, durable=verb == "plain") as store:
        return doing[verb](store, arguments, rest, output)


def words_of(words: Sequence[str]) -> tuple[str | None, str, list[str]]:
    """(project, what to do, what follows). Raises ``UsageError`` where that cannot be told."""
    place: str | None = None
    left = list(words)
    if left and left[0] not in VERBS:
        place = left.pop(0)
    verb = left.pop(0) if left else "list"
    if verb not in VERBS:
        raise UsageError(f"{verb!r} is nothing to do: {', '.join(VERBS)}.")
    if len(left) != VERBS[verb]:
        wanted = {0: "nothing", 1: "a name", 2: "a name and another one" if verb == "rename" else "a name and a file"}[
            VERBS[verb]
        ]
        raise UsageError(f"compare {verb} takes {wanted} behind it; see `workbench compare --help`.")
    return place, verb, left


def _list(store: Store, _arguments: argparse.Namespace, _rest: Sequence[str], output: Output) -> int:
    rows, found = [["comparison", "contenders", "pairs", "judged by"]], []
    for one in duels.listed(store):
        counts = duels.counts(store, one.id)
        found.append({**_about(one), "people": counts.people, "models": counts.models})
        by = [f"{who} {n:,}" for who, n in counts.people.items()]
        by += [f"{who} {n:,} of {2 * counts.duels:,}" for who, n in counts.models.items()]
        rows.append([one.name, ", ".join(one.contenders), f"{one.duels:,}", ", ".join(by) or "nobody yet"])
    empty = ["There are no comparisons yet; `workbench compare make NAME --contender A --contender B` makes one."]
    output.result({"comparisons": found}, table(rows, right=(2,)) if found else empty)
    return 0


def _about(one: Comparison) -> dict[str, Any]:
    return {
        "comparison": one.name,
        "question": one.question,
        "contenders": list(one.contenders),
        "duels": one.duels,
        "created_at": one.created_at,
    }


def _free(store: Store, name: str) -> None:
    if any(one.name == name.strip() for one in duels.listed(store)):
        raise UsageError(f"There is a comparison {name!r} already; choose another name.")


def _make(store: Store, arguments: argparse.Namespace, rest: Sequence[str], output: Output) -> int:
    from workbench.pipeline.pairing import pair

    [name] = rest
    _free(store, name)
    made = pair(
        store.project, store, arguments.contender, pairs=arguments.pairs, seed=arguments.seed,
        question=arguments.question,
    )  # fmt: skip
    one = duels.create(store, name, made.question, made.contenders, made.duels, details=made.details)
    told = {"input": "with the same input", "label": "of the same label", "any": "drawn at random"}[made.how]
    lines = [f"{one.name}: {one.duels:,} pairs {told}, between {', '.join(one.contenders)}.", *made.notes, *_next(one)]
    output.result({**_about(one), "how": made.how, "notes": made.notes}, lines)
    return 0


def _next(one: Comparison) -> list[str]:
    return [
        f"`compare plain {one.name}` judges line by line, F5 on the screen, `compare judge {one.name}` asks a model."
    ]


def _import(store: Store, arguments: argparse.Namespace, rest: Sequence[str], output: Output) -> int:
    from workbench.pipeline.pairing import QUESTIONS
    from workbench.pipeline.pairing_files import load

    name, file = rest
    _free(store, name)
    found = load(Path(file), seed=arguments.seed)
    question = arguments.question or QUESTIONS["input"]
    details = {"how": "file", "file": Path(file).name, "seed": arguments.seed}
    one = duels.create(store, name, question, found.contenders, found.duels, details=details)
    gold = sum(duel.gold is not None for duel in found.duels)
    lines = [f"{one.name}: {one.duels:,} pairs of {found.read:,} rows, {gold:,} with a known answer."]
    lines += [f"{file}: {bad}" for bad in found.failed[:10]]
    if len(found.failed) > 10:
        lines.append(f"... and {len(found.failed) - 10:,} more rows that could not be read.")
    failed = [{"line": bad.line, "reason": bad.reason} for bad in found.failed]
    output.result({**_about(one), "read": found.read, "gold": gold, "failed": failed}, [*lines, *_next(one)])
    return 3 if failed else 0


def _judge(store: Store, arguments: argparse.Namespace, rest: Sequence[str], output: Output) -> int:
    from workbench.pipeline.judge_job import preview

    one = duels.named(store, rest[0])
    before = preview(store, one.id, arguments.model)  # refuses a model that answers no questions, before a job is made
    if arguments.dry_run:
        lines = [f"{message['role']}: {message['content']}" for message in before.messages]
        lines += ["", f"{before.model}: {before.requests:,} requests, {dollars(before.cost)}.", before.note]
        told = {"comparison": one.name, "model": before.model, "messages": before.messages, "requests": before.requests}
        tokens = {"input_tokens": before.input_tokens, "output_tokens": before.output_tokens, "cost": before.cost}
        output.result({**told, **tokens, "note": before.note}, [part for line in lines for part in line.split("\n")])
        return 0
    if not before.requests:
        output.say(before.note)
        return _show(store, arguments, rest, output)
    parameters = {"comparison": one.id, "model": arguments.model}
    job = watch.run(store, "judge", parameters, output, limits={"budget": arguments.budget})
    if job.state == "cancelled":
        return watch.cancelled(job, output)
    result = dict(job.result or {})
    found = _standings(store, one)
    output.result({"job": job.id, **result, "standings": found}, [*_judged(result), "", *standing_lines(found)])
    return 3 if result.get("missing") or result.get("unread") else 0


def _judged(result: Mapping[str, Any]) -> list[str]:
    told = f"{result['model']}: {result['judged']:,} verdicts, {dollars(result['cost'])}"
    parts = [f"{result[name]:,} {title}" for name, title in (("unread", "not understood"), ("missing", "not answered"))
             if result[name]]  # fmt: skip
    return [", ".join([told, *parts]) + "."]


def _standings(store: Store, one: Comparison) -> dict[str, Any]:
    from workbench.pipeline import standing

    return standing.keep(store, one.id)


def _show(store: Store, _arguments: argparse.Namespace, rest: Sequence[str], output: Output) -> int:
    found = _standings(store, duels.named(store, rest[0]))
    output.result(found, standing_lines(found))
    return 0


def _rename(store: Store, _arguments: argparse.Namespace, rest: Sequence[str], output: Output) -> int:
    one = duel_changes.rename(store, duels.named(store, rest[0]).id, rest[1])
    output.result(_about(one), [f"It is called {one.name} now."])
    return 0


def _delete(store: Store, arguments: argparse.Namespace, rest: Sequence[str], output: Output) -> int:
    one = duels.named(store, rest[0])
    if people := duels.counts(store, one.id).people:
        n = sum(people.values())
        told = f"{n:,} choice{'' if n == 1 else 's'} of {', '.join(people)} would be gone for good"
        if not arguments.yes:
            if not sys.stdin.isatty():
                raise UsageError(f"{told}; give --yes to do it.")
            if input(f"{clean(told)}. Delete {clean(one.name)}? [y/N] ").strip().lower() not in ("y", "yes"):
                output.say("Nothing was deleted.")
                return 0
    pairs, choices = duel_changes.delete(store, one.id)
    output.result(
        {"comparison": one.name, "duels": pairs, "choices": choices},
        [f"{one.name} is deleted: {pairs:,} pairs, {choices:,} choices."],
    )
    return 0


def standing_lines(found: Mapping[str, Any], width: int | None = None) -> list[str]:
    """Standings for people: a table of pairs, a table of ranks where there are more than two contenders, sentences.

    Where the table is wider than ``width`` (default: the terminal; a pipe has no limit) the win rates at equal length
    stand in the sentences alone.
    """
    if width is None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
    from rich.cells import cell_len

    names = [clean(name, limit=40) for name in found["contenders"]]
    lines = [f"{found['comparison']}: {found['question']}", f"{found['duels']:,} pairs of {', '.join(names)}"]
    rows = [["judge", "contender", "against", "wins", "", "pairs", "flips", "equal length", ""]]
    for judge in found["judges"]:
        flips = judge["metrics"].get("open.flip_rate")
        for pair in judge["pairs"]:
            rate, controlled = pair["win_rate"], pair["length_controlled"]
            rows.append([
                clean(judge["judge"], limit=40), names[pair["a"]], names[pair["b"]], *_share(rate), f"{rate['n']:,}",
                "" if flips is None or rate["flips"] is None else f"{rate['flips']:.0%}",
                *(_share(controlled) if controlled else ("", "")),
            ])  # fmt: skip
    pairs = table(rows, right=(3, 5, 6, 7))
    if width is not None and any(cell_len(line) > width for line in pairs):
        pairs = table([row[:7] for row in rows], right=(3, 5, 6))
    lines += ["", *pairs] if len(rows) > 1 else []
    ranks = [["judge", "rank", "contender", "strength", ""]]
    for judge in found["judges"]:
        for row in judge["ranking"] if len(judge["ranking"]) > 2 else ():
            best, worst = row["best_rank"], row["worst_rank"]
            ranks.append([
                clean(judge["judge"], limit=40), f"{best}" if best == worst else f"{best}-{worst}", names[row["contender"]],
                f"{'~' if judge['ranked']['rough'] else ''}{row['value']:+.2f}", f"({row['low']:+.2f} to {row['high']:+.2f})",
            ])  # fmt: skip
    lines += ["", *table(ranks, right=(1, 3))] if len(ranks) > 1 else []
    said = [line for one in found["summary"] for line in (textwrap.wrap(one, width) if width is not None else [one])]
    return [*lines, "", *said]


def _share(found: Mapping[str, Any]) -> tuple[str, str]:
    rough = "~" if found["rough"] else ""
    return f"{rough}{found['value']:.3f}", f"({found['low']:.3f}-{found['high']:.3f})"


def _plain(store: Store, arguments: argparse.Namespace, rest: Sequence[str], output: Output) -> int:
    from workbench.cli.comparing_plain import Plain

    one = duels.named(store, rest[0])
    me = acts.annotator(store, arguments.annotator)
    sitting = Plain(store, one, me)
    sitting.run()
    if output.as_json:
        output.result({"comparison": one.name, "judged": duels.judged_by(store, one.id, me)}, [])
    return 0
