"""The curate job: a chain over the generated samples. Drops become verdicts, repairs and weights rows; nothing is deleted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbench import recipe
from workbench.curate.base import Context, Item, trait
from workbench.errors import WorkbenchError
from workbench.jobs.run import Cancelled, Ended, JobContext
from workbench.pipeline import curate_standing as standing
from workbench.pipeline import curate_validation, judging_model, start
from workbench.pipeline.curate_chain import Chain, Step, Values, steps
from workbench.pipeline.curate_items import load_items, material
from workbench.store import curation, in_force, jobs, repairs, weights
from workbench.store.connection import CHUNK, Store

if TYPE_CHECKING:
    from workbench.pipeline.asking import Asking

#: Samples that a text's length is taken from.
SAMPLED = 1_000
#: Seconds between two looks whether another curation has ended.
PATIENCE = 0.5


def run(context: JobContext) -> Ended:
    """Judge the generated samples (``splits.judged``). ``preview`` counts without storing a verdict.

    What this job says replaces what earlier curate jobs said; ``undo`` brings the earlier ones back. With ``new`` only the
    samples that came after the last curation are judged, and what is in force stays.
    """
    parameters = context.job.parameters
    if parameters.get("preview"):
        return _curate(context)
    with _alone(context):
        if parameters.get("undo"):
            return _undo(context)
        standing.settle(context.store, context.job.id)
        return _check_new(context) if parameters.get("new") else _curate(context)


@contextmanager
def _alone(context: JobContext) -> Iterator[None]:
    """Of two curate jobs at once, each would leave the other's verdicts in force."""
    lock = jobs.hold_name(context.project, standing.LOCK)
    while lock is None and context.job.parameters.get("new"):  # nobody waits for this one: it takes its turn
        context.report(0, None, "waiting for another curation")
        time.sleep(PATIENCE)
        lock = jobs.hold_name(context.project, standing.LOCK)
    if lock is None:
        raise WorkbenchError("Another curate job is under way; wait for it or cancel it, then run this one again.")
    try:
        yield
    finally:
        os.close(lock)


def specs_of(context: JobContext) -> list[str]:
    """The chain that the job is to run: its own, a recipe's, or the project's. Jobs of earlier versions say ``filters``."""
    parameters = context.job.parameters
    own = parameters.get("chain") or parameters.get("filters")
    if not own and parameters.get("recipe"):
        own = recipe.load(parameters["recipe"]).chain(parameters.get("parameters") or {})
    return list(own or context.project.config.curate.chain)


def _curate(context: JobContext) -> Ended:
    started = time.monotonic()
    chain = steps(specs_of(context))
    preview = bool(context.job.parameters.get("preview"))
    items = load_items(context.store, [step.technique for step in chain])
    found, result = _run(context, chain, items, preview=preview)
    result |= {"preview": preview, "seconds": round(time.monotonic() - started, 3)}
    if preview:
        return Ended(result)
    result["validation"] = curate_validation.compare(context, found)
    _replace(context, chain, found)
    result["seconds"] = round(time.monotonic() - started, 3)
    return Ended(result)


def _check_new(context: JobContext) -> Ended:
    """Judge what came after the curations in force, by the steps that can tell how new samples compare with old ones."""
    started, store = time.monotonic(), context.store
    found_before = standing.newest(store)
    if found_before is None:
        raise WorkbenchError(
            "No curation is in force that new samples could be held against: run `workbench curate` first."
        )
    specs, water = found_before
    # An attempt of this job that was cut off may have verdicts: they are its own, not what it replaces.
    before = [job for job in in_force.jobs_in_force(store) if job != context.job.id]
    chain = steps(specs)
    everyone = load_items(store, [step.technique for step in chain])
    gone = curation.dropped_ids(store)
    new = [item for item in everyone if item.id > water]
    old = [item for item in everyone if item.id <= water and item.id not in gone]
    found, result = _run(context, chain, new, preview=False, old=old)
    standing.note(store, context.job.id, before)
    in_force.forget(store, context.job.id)
    curation.save_drops(store, context.job.id, found.drops)
    seconds = round(time.monotonic() - started, 3)
    return Ended({**result, "new": True, "seconds": seconds}, afterwards=lambda: _again(context))


def _again(context: JobContext) -> None:
    """Samples may have come while these were judged."""
    if jobs.get(context.store, context.job.id).limits.get("again"):
        start.check_arrivals(context.store)


def _run(
    context: JobContext, chain: Sequence[Step], items: list[Item], *, preview: bool, old: Sequence[Item] | None = None
) -> tuple[Chain, dict[str, Any]]:
    """The chain over the items, and what the job's result says of it."""
    at: list[Step] = []

    def progress(done: int, total: int) -> None:
        place = at[0].place if at else 0
        context.report(int((place + done / max(1, total)) * 1000), len(chain) * 1000, at[0].name if at else "")

    def begin(step: Step) -> None:
        at[:] = [step]

    def keep(step: Step, values: Mapping[str, Values]) -> None:
        _keep_values(context.store, step, values, context.job.id)

    water = max((item.id for item in items), default=0)
    used = material(context, progress)
    who = _who(context, used) if any(trait(step.technique, "asks") for step in chain) and not preview else None
    found = Chain(items, used, preview=preview, old=old, begin=begin, keep=keep)
    try:
        found.run(chain)
    except Cancelled as error:
        raise Cancelled("Cancelled; no verdict was changed.") from error
    finally:
        usage = who.close() if who is not None else {}
    result = found.summary()
    for name, asked in result["asks"].items():
        asked["cost"] = _cost(context, asked["requests"], items)
        context.log("info", f"{name} would send {asked['requests']:,} requests.")
    result |= {
        "specs": [step.spec for step in chain],
        "chain": [step.described for step in chain],
        "water": water,
        "usage": usage,
        "validation": None,
    }
    return found, result


def _cost(context: JobContext, requests: int, items: Sequence[Item]) -> float | None:
    """About what so many judgements cost in dollars; None where the model's price is not known."""
    letters = sum(len(item.text) for item in items[:SAMPLED]) / max(1, len(items[:SAMPLED]))
    return judging_model.forecast(context.project, judging_model.judging_model(context), requests, letters)


def _who(context: JobContext, used: Context) -> Asking:
    from workbench.pipeline.asking import asking  # the endpoint's client costs half a second to load

    return asking(context, used)


def _keep_values(store: Store, step: Step, values: Mapping[str, Values], job_id: int) -> None:
    """The numbers behind what a step said, for histograms and views (``score.filter.NAME``)."""
    for name, numbers in values.items():
        for chunk in numbers.chunks(CHUNK):
            curation.save_scores(store, name, chunk, version=step.technique.version, job_id=job_id)


def _replace(context: JobContext, chain: Sequence[Step], found: Chain) -> None:
    """Put what this job says in force instead of the others'. What it replaces is noted first: a resumed job finds it."""
    store, me, limits = context.store, context.job.id, jobs.get(context.store, context.job.id).limits
    before = [job for job in in_force.jobs_in_force(store) if job != me]
    if "replaces" not in limits or limits.get("undone"):
        standing.note(store, me, before)
    in_force.forget(store, me)  # of an attempt that was cut off
    curation.save_drops(store, me, found.drops)
    for job in before:
        in_force.set_active(store, job, active=False)
    for step in chain:
        proposed = found.repairs.get(step.name, [])
        for first in range(0, len(proposed), in_force.CHUNK):  # what is applied changes its sample
            part = proposed[first : first + in_force.CHUNK]
            with store.write() as connection:
                repairs.put(connection, me, step.name, step.technique.version, step.place, part)
    if found.weights is not None:
        by, rows = found.weights
        for first in range(0, len(rows), CHUNK):
            with store.write() as connection:
                weights.put(connection, me, by.name, rows[first : first + CHUNK])


def _undo(context: JobContext) -> Ended:
    """Take back what the newest curation said, and the checks of new samples that followed it; what it had replaced is in
    force again. One that dropped nothing counts too.

    Which one is noted first: a resumed undo does not go on to the one before it.
    """
    store, limits = context.store, jobs.get(context.store, context.job.id).limits
    whole = [one for one in in_force.begun(store) if not one.new]
    if "undoes" in limits:
        whole = [one for one in whole if one.id == limits["undoes"]]
    chosen = whole[0] if whole else None
    if chosen is None:
        return Ended({"checked": 0, "kept": 0, "dropped": {}, "undone": [], "restored": [], "seconds": 0.0})
    jobs.set_limits(store, context.job.id, {"undoes": chosen.id})
    undone, changed = standing.take_back(store, chosen.id, chosen.replaces)
    return Ended(
        {"checked": changed, "kept": 0, "dropped": {}, "undone": undone, "restored": chosen.replaces, "seconds": 0.0}
    )
