"""The generate job: from stored parameters to samples."""

from __future__ import annotations

import asyncio
from typing import Any

from workbench.errors import WorkbenchError
from workbench.generate.engine import Engine, Outcome
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline import start
from workbench.pipeline.setting import run_of
from workbench.store import jobs, ledger
from workbench.store.connection import Store


def run(context: JobContext) -> Ended:
    """Bring the series up to what was asked; a resumed job goes on where it stopped."""
    parameters = context.job.parameters
    described = run_of(context.project, context.store, parameters)
    series = ledger.series(
        context.store,
        described.recipe.name,
        {"version": described.recipe.version, **parameters["parameters"]},
        parameters["model"],
        parameters["seed"],
    )
    lock = jobs.hold_name(context.project, f"series-{series}")
    if lock is None:
        raise WorkbenchError(
            "Another job is generating with this recipe, parameters and seed; wait for it or use another --seed."
        )
    wanted = _wanted(context, described.wanted(ledger.kept(context.store, series)))
    engine = Engine(
        store=context.store,
        series_id=series,
        job_id=context.job.id,
        recipe=described.recipe,
        setting=described.setting,
        model=described.model,
        prices=described.prices,
        limits=dict(context.job.limits),
        model_parameters=dict(context.project.config.model.parameters),
        log=context.log,
    )
    if parameters.get("prepare_only"):
        return _prepared(engine, described.recipe.prepare is not None)
    outcome = asyncio.run(engine.run(wanted))
    result = {
        **engine.result(),
        "kept": outcome.kept,
        "wanted": wanted,
        "duplicates": ledger.duplicates(context.store, series),
    }
    jobs.progress(context.store, context.job.id, outcome.kept, wanted, "", result)
    ended = _ended(outcome, result)
    if parameters.get("learn", True) and engine.tally.samples:
        start.learn_later(context.store)
    return ended


def _wanted(context: JobContext, wanted: int) -> int:
    """``--more`` is counted from where the job first started, not again from where it was cut off."""
    kept: Any = context.job.limits.get("wanted")
    if kept is None:
        jobs.set_limits(context.store, context.job.id, {"wanted": wanted})
        context.job.limits["wanted"] = wanted
        return wanted
    return int(kept)


def _ended(outcome: Outcome, result: dict[str, Any]) -> Ended:
    if outcome.cancelled:
        return Ended(result, "cancelled", f"Cancelled at {outcome.kept:,} samples; `workbench jobs resume` goes on.")
    if outcome.reason:
        return Ended(result, "failed", outcome.reason)
    return Ended(result)


def _prepared(engine: Engine, needed: bool) -> Ended:
    if not needed:
        raise WorkbenchError(f"Recipe {engine.recipe.name!r} has nothing to prepare; leave --prepare-only out.")

    async def prepare() -> None:
        try:
            await engine.prepare()
        finally:
            await engine.model.close()

    asyncio.run(prepare())
    return Ended({**engine.result(), "prepared": dict(engine.setting.prepared)})


def prepared(store: Store, job_id: int) -> dict[str, Any]:
    """What a ``--prepare-only`` job found."""
    result = jobs.get(store, job_id).result or {}
    return dict(result.get("prepared", {}))
