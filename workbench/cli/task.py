"""``task``: labels and fields in the middle of a project."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from workbench.cli.output import Output, table
from workbench.cli.parsing import typed
from workbench.errors import UsageError, WorkbenchError
from workbench.project import find
from workbench.store import acts, reshape, samples
from workbench.store.connection import Store
from workbench.store.reshape_plan import Plan, plan, plan_undo
from workbench.store.reshape_preview import Preview, counted, do, preview, refuse
from workbench.task_change import TaskChange
from workbench.text import clean

STARTS = ("show", "label", "field", "history", "undo", "finish")
#: Words after ``label rename`` and the like: how many at least and at most.
NUMBERS = {
    "add": (1, 1000), "rename": (2, 2), "merge": (1, 1000), "split": (1, 1), "remove": (1, 1), "describe": (2, 2), "move": (2, 2),
}  # fmt: skip


def task_(arguments: argparse.Namespace) -> int:
    output = Output(arguments.json, arguments.quiet)
    words = list(arguments.words)
    folder = words.pop(0) if words and words[0] not in STARTS else None
    project = find(folder)
    _ = project.config
    what = words.pop(0) if words else "show"
    if what not in STARTS:
        raise UsageError(f"task {clean(what)} - there is no such thing; there are: {', '.join(STARTS)}.")
    with Store(project, durable=True) as store:
        for one in reshape.finish(store, _progress(output)):
            output.say(f"completed: {one.change.sentence()}")
        if what == "show":
            return _show(store, output)
        if what == "history":
            return _history(store, output)
        if what == "finish":
            output.result({"under_way": 0}, ["No change of the task is under way."])
            return 0
        planned = (
            plan_undo(store) if what == "undo" else plan(store, _change(what, words, arguments), again=arguments.again)
        )
        return _carry_out(store, planned, arguments, output)


def _carry_out(store: Store, planned: Plan, arguments: argparse.Namespace, output: Output) -> int:
    found = preview(store, planned)
    if arguments.preview:
        output.result(found.as_json(), found.lines())
        return 0
    refuse(found)
    if not arguments.yes and (found.samples or found.views):
        if not sys.stdin.isatty():
            raise UsageError(
                f"This concerns {counted(found.samples, 'sample')}; look with --preview, give --yes to do it."
            )
        for line in found.lines():
            output.say(line)
        if input(f"{'Take it back' if planned.undoes else 'Do it'}? [y/N] ").strip().lower() not in ("y", "yes"):
            output.say("Nothing was changed.")
            return 0
    me = acts.annotator(store, arguments.annotator)
    made = do(store, me, planned, _progress(output))
    output.result({"number": made, **found.as_json()}, _done(found, made))
    return 0


def _done(found: Preview, made: int) -> list[str]:
    said = found.change.sentence()
    lines = [
        f"{'taken back: ' if found.undoes else ''}{said}: {counted(found.samples, 'sample')}, "
        + counted(found.annotations, "annotation")
        + ("" if found.undoes else "; `workbench task undo` takes it back")
    ]
    if found.open:
        lines.append(
            f"{found.open:,} samples are left to be decided by hand: view status:pending score.split.{made}=1, "
            f'saved as "split {found.change.names[0]}"'
        )
    return [clean(line) for line in [*lines, *found.notes]]


def _progress(output: Output) -> Callable[[int, int], None] | None:
    if output.quiet or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{done:,} of {total:,} samples{end}")
        sys.stderr.flush()

    return show


def _change(what: str, words: list[str], arguments: argparse.Namespace) -> TaskChange:
    how = words.pop(0) if words else ""
    if how not in NUMBERS:
        raise UsageError(f"task {what} {clean(how)} - choose one of {', '.join(NUMBERS)}.")
    low, high = NUMBERS[how]
    if not low <= len(words) <= high:
        raise UsageError(
            f"task {what} {how} takes {_counted(low, high)}, not {len(words)}; names with spaces need quotes."
        )
    if how in ("merge", "split") and not arguments.into:
        raise UsageError(f"Say what it becomes: task {what} {how} {clean(' '.join(words))} --into NAME.")
    if how == "merge" and len(arguments.into) != 1:
        raise UsageError("Several become one: give --into one name.")
    common: dict[str, Any] = {"description": arguments.description}
    if how == "add":
        default = (
            None
            if arguments.default is None
            else typed(arguments.default)
            if arguments.kind != "text"
            else arguments.default
        )
        return TaskChange(what, how, (), tuple(words), kind=arguments.kind, default=default, **common)  # type: ignore[arg-type]
    if how == "rename":
        return TaskChange(what, how, (words[0],), (words[1],))  # type: ignore[arg-type]
    if how == "describe":
        return TaskChange(what, how, (words[0],), description=words[1])  # type: ignore[arg-type]
    if how == "move":
        if not words[1].isdecimal():
            raise UsageError(f"task {what} move {clean(words[0])} {clean(words[1])} - the place is a number from 1.")
        return TaskChange(what, how, (words[0],), position=int(words[1]))  # type: ignore[arg-type]
    if what == "field" and how == "split" and not (arguments.lines or arguments.at):
        raise UsageError("Say at which text the field is split: --at ' | ', or --lines.")
    return TaskChange(
        what,  # type: ignore[arg-type]
        how,  # type: ignore[arg-type]
        tuple(words),
        tuple(arguments.into),
        words=decisions(arguments.decide),
        joiner=arguments.joiner,
        separator="\n" if arguments.lines else arguments.at or "",
        **common,
    )


def _counted(low: int, high: int) -> str:
    return f"{low} word{'s' if low > 1 else ''}" if low == high else f"at least {low} word{'s' if low > 1 else ''}"


def decisions(said: list[str]) -> dict[str, list[str]]:
    """``stolen=stolen,theft`` as label to words. Raises ``UsageError``."""
    found: dict[str, list[str]] = {}
    for one in said:
        name, equals, words = one.partition("=")
        chosen = [word.strip() for word in words.split(",") if word.strip()]
        if not equals or not chosen:
            raise UsageError(f"--words {clean(one)!r} should read LABEL=WORD,WORD.")
        found.setdefault(name.strip(), []).extend(chosen)
    return found


def _show(store: Store, output: Output) -> int:
    task = find(store.project.folder).config.task
    counts = samples.label_counts(store)
    labels = [
        {"name": one.name, "description": one.description, "samples": counts.get(one.name, 0)} for one in task.labels
    ]
    fields = [
        {"name": name, "kind": one.kind, "required": one.required, "description": one.description}
        for name, one in task.fields.items()
    ]
    rows = [
        [str(at), str(one["name"]), f"{one['samples']:,}", str(one["description"])] for at, one in enumerate(labels, 1)
    ]
    lines = [f"{task.kind}, {len(labels)} labels, {len(fields)} fields", *table(rows, right=(0, 2))]
    lines += table(
        [[f"field {one['name']}", str(one["kind"]), "" if one["required"] else "optional"] for one in fields]
    )
    output.result({"task": task.kind, "labels": labels, "fields": fields}, lines)
    return 0


def _history(store: Store, output: Output) -> int:
    found = reshape.history(store)
    rows = [
        {
            "number": one.id,
            "by": one.by,
            "change": one.change.sentence(),
            "undoes": one.undoes,
            "undone_by": one.undone_by,
            "samples": one.total,
            "state": one.state,
            "at": one.created_at,
        }
        for one in found
    ]
    lines = table(
        [
            [
                str(one.id),
                one.created_at[:19],
                one.by,
                ("taken back: " if one.undoes else "")
                + one.change.sentence()
                + (" (taken back)" if one.undone_by else ""),
                f"{one.total:,} samples",
            ]
            for one in found
        ],
        right=(0,),
    )
    output.result({"changes": rows}, lines or ["No label or field was changed yet."])
    if any(one.state == "begun" for one in found):
        raise WorkbenchError("A change is not done yet; `workbench task finish` completes it.")
    return 0
