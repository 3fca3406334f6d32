"""The curate job: a chain of filters over the generated samples; drops become verdicts, nothing is deleted."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from workbench.curate.base import Context, Filter, Item, Verdict, parse_filter
from workbench.errors import WorkbenchError
from workbench.jobs.run import Cancelled, Ended, JobContext
from workbench.store import curation, jobs, splits
from workbench.store.connection import Store
from workbench.store.curation import Drop

#: Examples per filter that a preview keeps for the screen.
EXAMPLES = 40
#: The scores of samples that have none.
NOTHING: Mapping[str, float] = {}
#: Curate jobs among which undo looks for the newest.
UNDOABLE = 1_000


def run(context: JobContext) -> Ended:
    """Judge the generated samples (``splits.judged``). ``preview`` counts without storing a verdict.

    The verdicts of this job replace those of earlier curate jobs; ``undo`` brings the earlier ones back.
    """
    parameters = context.job.parameters
    if parameters.get("preview"):
        return _judge(context)
    with _alone(context):
        return _undo(context.store) if parameters.get("undo") else _judge(context)


@contextmanager
def _alone(context: JobContext) -> Iterator[None]:
    """Of two curate jobs at once, each would leave the other's verdicts in force."""
    lock = jobs.hold_name(context.project, "curate")
    if lock is None:
        raise WorkbenchError("Another curate job is under way; wait for it or cancel it, then run this one again.")
    try:
        yield
    finally:
        os.close(lock)


def _judge(context: JobContext) -> Ended:
    store, parameters = context.store, context.job.parameters
    started = time.monotonic()
    chosen: list[str] = parameters.get("filters") or context.project.config.curate.filters
    specs = list(dict.fromkeys(chosen))  # the very same filter again would drop nothing more
    filters = [parse_filter(spec) for spec in specs]
    preview = bool(parameters.get("preview"))
    items = load_items(store)
    seeds = [Item(id=i, text=text, label=label) for i, text, label in splits.training(store)]
    dropped: dict[str, int] = {}
    alone: dict[str, int] = {}
    examples: dict[str, list[Any]] = {}
    remaining: Sequence[Item] = items
    drops: list[Drop] = []
    try:
        for place, (spec, one) in enumerate(zip(specs, filters, strict=True)):
            name = unique_name(spec, one, specs)
            settings = _context(context, seeds, name, place, len(filters))
            settings.step(0, 1)
            verdicts = list(one.judge(remaining, settings))
            if preview:
                everyone = verdicts if len(remaining) == len(items) else list(one.judge(items, settings))
                alone[name] = sum(not verdict.keep for verdict in everyone)
            found = [
                Drop(item.id, name, one.version, dataclasses.asdict(one), verdict.reason, verdict.value, verdict.other)  # type: ignore[call-overload]
                for item, verdict in zip(remaining, verdicts, strict=True)
                if not verdict.keep
            ]
            dropped[name] = len(found)
            texts = {item.id: item.text[:500] for item in remaining}
            examples[name] = [
                [drop.sample_id, texts[drop.sample_id], drop.reason, drop.other_id] for drop in found[:EXAMPLES]
            ]
            drops += found
            _keep_values(store, name, one.version, remaining, verdicts, context.job.id)
            remaining = [item for item, verdict in zip(remaining, verdicts, strict=True) if verdict.keep]
    except Cancelled as error:
        raise Cancelled("Cancelled; no verdict was changed.") from error
    result = {
        "checked": len(items),
        "kept": len(remaining),
        "dropped": dropped,
        "alone": alone,
        "filters": specs,
        "chain": [
            {
                "name": unique_name(spec, one, specs),
                "version": one.version,
                "parameters": dataclasses.asdict(one),  # type: ignore[call-overload]
            }
            for spec, one in zip(specs, filters, strict=True)
        ],
        "preview": preview,
        "examples": examples if preview else {},
        "seconds": round(time.monotonic() - started, 3),
    }
    if not preview:
        _replace(context, drops)
        result["seconds"] = round(time.monotonic() - started, 3)
    return Ended(result)


def _replace(context: JobContext, drops: Sequence[Drop]) -> None:
    """Put this job's verdicts in force instead of the others'. What they replace is noted first: a resumed job finds it."""
    store, me, limits = context.store, context.job.id, context.job.limits
    before = [job for job in curation.jobs_in_force(store) if job != me]
    if "replaces" not in limits or limits.get("undone"):
        jobs.set_limits(store, me, {"replaces": before, "undone": None})
    curation.set_active(store, me, active=False)  # of an attempt that was cut off
    curation.save_drops(store, me, drops)
    for job in before:
        curation.set_active(store, job, active=False)


def unique_name(spec: str, one: Filter, specs: Sequence[str]) -> str:
    """The filter's name; its place is added when the chain has it twice, so that both keep their verdicts."""
    same = [other for other in specs if other.partition(":")[0] == spec.partition(":")[0]]
    return one.name if len(same) == 1 else f"{one.name}-{same.index(spec) + 1}"


def load_items(store: Store) -> list[Item]:
    """The generated samples to judge, with their "confidence"."""
    scores = curation.scores(store, "confidence")
    return [
        Item(i, text, _Fields(fields), label, {"confidence": scores[i]} if i in scores else NOTHING)
        for i, text, label, fields in splits.judged(store)
    ]


class _Fields(Mapping[str, Any]):
    """A sample's fields, parsed only for a filter that looks at them: most look at the text alone."""

    __slots__ = ("_json",)

    def __init__(self, text: str) -> None:
        self._json = text

    def __getitem__(self, name: str) -> Any:
        return json.loads(self._json)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(json.loads(self._json))

    def __len__(self) -> int:
        return len(json.loads(self._json))


def _context(context: JobContext, seeds: list[Item], name: str, place: int, filters: int) -> Context:
    def progress(done: int, total: int) -> None:
        share = place + done / max(1, total)
        context.report(int(share * 1000), filters * 1000, name)

    return Context(seeds=seeds, seed=context.project.config.evaluate.seed, step=progress)


def _keep_values(
    store: Store, name: str, version: int, items: Sequence[Item], verdicts: Sequence[Verdict], job_id: int
) -> None:
    """The numbers behind the verdicts, for histograms and views (``score.filter.NAME``)."""
    values = [
        (item.id, float(verdict.value))
        for item, verdict in zip(items, verdicts, strict=True)
        if verdict.value is not None and verdict.value == verdict.value
    ]
    curation.save_scores(store, f"filter.{name}", values, version=version, job_id=job_id)


def _undo(store: Store) -> Ended:
    """Take back the newest verdicts; those that they had replaced are in force again. One that dropped nothing counts too."""
    chosen = next(
        (
            job
            for job in jobs.newest(store, UNDOABLE, kind="curate")
            if "replaces" in job.limits and not job.limits.get("undone")
        ),
        None,
    )
    in_force = curation.jobs_in_force(store) if chosen else []
    restored: list[int] = chosen.limits["replaces"] if chosen else []
    changed = sum([curation.set_active(store, job, active=False) for job in in_force if job not in restored])
    changed += sum([curation.set_active(store, job, active=True) for job in restored])
    if chosen:
        jobs.set_limits(store, chosen.id, {"undone": True})
    return Ended(
        {"checked": changed, "kept": 0, "dropped": {}, "undone": in_force, "restored": restored, "seconds": 0.0}
    )
