"""``snapshot`` and ``purge``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from workbench.cli.output import Output, table
from workbench.errors import UsageError, WorkbenchError
from workbench.project import SETTINGS, Project, find
from workbench.store import acts, purge_scope, purging, snapshots, versions, views
from workbench.store.connection import Store
from workbench.store.snapshots import Snapshot
from workbench.text import clean
from workbench.tui.versioning import called, counted, in_lines


def _output(arguments: argparse.Namespace) -> Output:
    return Output(arguments.json, arguments.quiet)


def _projected(words: list[str], most: int) -> tuple[Project, list[str]]:
    """A leading word is the project where it is one, or where there is one word too many."""
    first = words and (Path(words[0]).expanduser() / SETTINGS).is_file()
    place, rest = (words[0], words[1:]) if words and (first or len(words) > most) else (None, words)
    if len(rest) > most:
        raise UsageError(f"Too many words: {' '.join(words)}.")
    return find(place), rest


def snapshot_(arguments: argparse.Namespace) -> int:
    output = _output(arguments)
    most = {"diff": 2, "restore": 1}.get(arguments.what, 0)
    project, names = _projected(arguments.words, most)
    if most and not names:
        raise UsageError(
            f"Say which: workbench snapshot {arguments.what} NAME ({SETTINGS}'s folder first, if elsewhere)."
        )
    with Store(project, durable=arguments.what == "restore") as store:
        if arguments.what == "create":
            return _create(store, arguments, output)
        if arguments.what == "list":
            return _list(store, output)
        found = [versions.find(store, name) for name in names]
        if arguments.what == "diff":
            return _diff(store, found[0], found[1] if len(found) > 1 else None, arguments, output)
        return _restore(store, found[0], arguments, output)


def _create(store: Store, arguments: argparse.Namespace, output: Output) -> int:
    view = views.parse(arguments.view or "set:yes")
    made = snapshots.create(store, views.ids(store, view), view.text, name=arguments.name)
    output.result(
        {"snapshot": made.id, "samples": made.total, "sha256": made.sha256},
        [f"snapshot {made.id}: {made.total:,} samples, sha256 {made.sha256}"],
    )
    return 0


def _list(store: Store, output: Output) -> int:
    found = snapshots.newest(store)
    rows = [
        [
            str(one.id),
            one.name or "-",
            f"{one.total:,}" + (f" ({gone:,} purged)" if (gone := one.details.get("purged")) else ""),
            one.created_at[:19],
            (one.sha256 or "unfinished")[:16],
            one.view,
        ]
        for one in found
    ]
    output.result(
        {
            "snapshots": [
                {"snapshot": one.id, "name": one.name, "samples": one.total, "sha256": one.sha256, "view": one.view}
                for one in found
            ]
        },
        table([["id", "name", "samples", "created", "sha256", "view"], *rows], right=(0, 2))
        if rows
        else ["No snapshots yet."],
    )
    return 0


def _diff(store: Store, before: Snapshot, after: Snapshot | None, arguments: argparse.Namespace, output: Output) -> int:
    found = versions.compare(store, before.id, None if after is None else after.id)
    value: dict[str, Any] = {
        "before": {"snapshot": before.id, "samples": found.before},
        "after": {"snapshot": None if after is None else after.id, "samples": found.after},
        "same": found.same,
        "labels": {name: list(numbers) for name, numbers in found.labels.items()},
    }
    for name, group in found.groups.items():
        value[name] = {
            "samples": group.count,
            "by_status": group.by_status,
            "examples": [
                {"id": one.id, "before": one.before, "after": one.after,
                 "label_before": one.label_before, "label_after": one.label_after}
                for one in group.examples[: max(0, arguments.examples)]
            ],
        }  # fmt: skip
    output.result(value, in_lines(found, called(before), called(after), max(0, arguments.examples)))
    return 0


def _restore(store: Store, snapshot: Snapshot, arguments: argparse.Namespace, output: Output) -> int:
    acts.finish_acts(store)
    plan = versions.restoring(store, snapshot)
    value = {
        "snapshot": snapshot.id,
        **{name: getattr(plan, name) for name in (
            "same", "labels", "fields", "accepted", "rejected", "purged", "elsewhere")},
    }  # fmt: skip
    lines = [f"{called(snapshot)}, {snapshot.total:,} samples:", *(f"  {line}" for line in counted(plan))]
    if arguments.dry_run or not plan.changes:
        output.result({**value, "act": None}, lines)
        return 0
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"This changes {len(plan.changes):,} samples; give --yes to do it, --dry-run to see what.")
        for line in lines:
            output.say(line)
        if input("Restore it? [y/N] ").strip().lower() not in ("y", "yes"):
            output.say("Nothing was changed.")
            return 0
    act = versions.restore(store, acts.annotator(store, arguments.annotator), plan)
    done = f"restored: {act.total if act else 0:,} samples changed; `workbench label --undo` takes it all back"
    output.result({**value, "act": act.id if act else None}, [*lines, done])
    return 0


def purge_(arguments: argparse.Namespace) -> int:
    from workbench.pipeline import purge

    output, project = _output(arguments), find(arguments.project)
    with Store(project, durable=True) as store:
        if not arguments.view:
            if not purging.unfinished(store):
                raise UsageError("Say which samples: --view QUERY, such as --view id:418.")
            purge.finish(store)
            output.result({"samples": 0, "finished": True}, ["The purge that was cut off is finished."])
            return 0
        ids = list(views.ids(store, views.parse(arguments.view)))
        if not ids:
            raise WorkbenchError(f"View {clean(arguments.view)!r} holds no sample.")
        effects = purge_scope.effects(store, ids)
        beside = purge.beside(store, effects)
        lines = purge.in_words(effects, beside)
        value = {
            "samples": effects.samples, "tables": effects.tables, "people": effects.people,
            "snapshots": effects.snapshots, "answers": effects.answers, "derived": effects.derived,
            "sources": beside.sources, "exports": beside.exports, "backups": beside.backups,
        }  # fmt: skip
        if arguments.dry_run:
            output.result({**value, "purged": False}, lines)
            return 0
        if not arguments.yes:
            if not sys.stdin.isatty():
                raise UsageError(
                    f"This deletes {len(ids):,} samples for good; give --yes to do it, --dry-run to see what."
                )
            for line in lines:
                output.say(line)
            if input(f"Type {len(ids)} to delete them: ").strip().replace(",", "") != str(len(ids)):
                output.say("Nothing was deleted.")
                return 0
        done = purge.purge(
            store, acts.annotator(store, arguments.annotator), ids, remember=not arguments.forget,
            progress=lambda what, *_: output.say(what),
        )  # fmt: skip
    output.result(
        {**value, "purged": True, "cleaned": done.cleaned, "left": done.left, "files": done.files},
        [*(lines if arguments.yes else []), *purge.done_in_words(done)],
    )
    return 0
