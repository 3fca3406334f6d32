"""The generate job: from stored parameters to samples."""

from __future__ import annotations

import asyncio
import os

from workbench.errors import WorkbenchError
from workbench.generate.asking import Stopped
from workbench.generate.engine import Engine
from workbench.generate.tally import Tally
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline import start
from workbench.pipeline.setting import Run, run_of, series_parameters
from workbench.store import jobs, ledger


def run(context: JobContext) -> Ended:
    """Bring the series up to what was asked; a resumed job goes on where it stopped."""
    parameters = context.job.parameters
    described = run_of(context.project, context.store, parameters)
    if context.job.limits.get("budget") is not None and described.prices.cost(1, 1) is None:
        raise WorkbenchError(
            f"There is a budget in dollars, but the price of {parameters['model']} is not known: set model.price in "
            "project.yaml, or leave the budget out."
        )
    series = ledger.series(
        context.store,
        described.recipe.name,
        series_parameters(context.project, described.recipe, parameters["parameters"]),
        parameters["model"],
        parameters["seed"],
    )
    lock = jobs.hold_name(context.project, f"series-{series}")
    if lock is None:
        raise WorkbenchError(
            "Another job is generating with this recipe, parameters and seed; wait for it or use another --seed."
        )
    try:
        return _generate(context, described, series)
    finally:
        os.close(lock)


def _generate(context: JobContext, described: Run, series: int) -> Ended:
    parameters = context.job.parameters
    wanted = _wanted(context, series, described.wanted(ledger.kept(context.store, series)))
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
        tally=Tally.resumed(ledger.totals(context.store, context.job.id)),
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
    learn = parameters.get("learn", True) and engine.tally.samples
    afterwards = (lambda: start.learn_later(context.store)) if learn else None
    if outcome.cancelled:
        told = f"Cancelled at {outcome.kept:,} samples; `workbench jobs resume {context.job.id}` goes on."
        return Ended(result, "cancelled", told, afterwards)
    if outcome.reason:
        return Ended(result, "failed", outcome.reason, afterwards)
    return Ended(result, afterwards=afterwards)


def _wanted(context: JobContext, series: int, wanted: int) -> int:
    """``--more`` is counted from where the job first started, not again from where it was cut off."""
    limits = context.job.limits
    if limits.get("wanted") is None or limits.get("series") != series:
        first = {"wanted": wanted, "series": series}
        jobs.set_limits(context.store, context.job.id, first)
        limits.update(first)
    return int(limits["wanted"])


def _prepared(engine: Engine, needed: bool) -> Ended:
    if not needed:
        raise WorkbenchError(f"Recipe {engine.recipe.name!r} has nothing to prepare; leave --prepare-only out.")

    try:
        asyncio.run(engine.prepare())
    except Stopped as stop:
        return Ended(engine.result(), "cancelled" if engine.cancelled else "failed", str(stop))
    return Ended({**engine.result(), "prepared": dict(engine.setting.prepared)})
