"""The generate job: from stored parameters to samples."""

from __future__ import annotations

import os
from functools import partial

from workbench.errors import WorkbenchError
from workbench.generate.asking import Stopped
from workbench.generate.engine import Engine, Outcome
from workbench.generate.tally import Tally
from workbench.jobs.run import Ended, JobContext
from workbench.models.batch import BatchClient
from workbench.models.openai import OpenAIModel
from workbench.pipeline import able, curate_standing, start
from workbench.pipeline.setting import Run, batch_prices, run_of, series_parameters
from workbench.store import batches, failures, jobs, ledger, samples
from workbench.store.connection import Store


def run(context: JobContext) -> Ended:
    """Bring the series up to what was asked; a resumed job goes on where it stopped."""
    parameters = context.job.parameters
    described = run_of(context.project, context.store, parameters)
    if context.job.limits.get("budget") is not None:
        _refuse_unknown_prices(described)
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
        engine = _engine(context, described, series)
        _by_batch(context, engine, described)
        if parameters.get("learn", True) and curate_standing.newest(context.store):
            engine.arrived = partial(_arrived, context.store)
            engine.present = samples.counts(context.store)["synthetic"] - engine.tally.samples
        if parameters.get("again_of"):
            return _again(context, engine)
        return _generate(context, engine, described)
    finally:
        os.close(lock)


def _refuse_unknown_prices(described: Run) -> None:
    for lane in described.lanes:
        if lane.prices.cost(1, 1) is None:
            several = len(described.lanes) > 1
            raise WorkbenchError(
                f"There is a budget in dollars, but the price of {lane.model.name}{f' at {lane.host}' if several else ''} is "
                f"not known: set {'its price (model.endpoints)' if several else 'model.price'} in project.yaml, or leave the "
                "budget out."
            )


def _engine(context: JobContext, described: Run, series: int) -> Engine:
    return Engine(
        store=context.store,
        series_id=series,
        job_id=context.job.id,
        recipe=described.recipe,
        setting=described.setting,
        name=described.name,
        group=described.group,
        lanes=described.lanes,
        limits=dict(context.job.limits),
        model_parameters=dict(context.project.config.model.parameters),
        log=context.log,
        tally=Tally.resumed(ledger.totals(context.store, context.job.id), context.job.result),
    )


def _by_batch(context: JobContext, engine: Engine, described: Run) -> None:
    """Let the engine use batches if the job wants them. Raises ``WorkbenchError`` where requests would be paid for twice."""
    job, lane = context.job, described.lanes[0]
    if job.parameters.get("executor") != "batch":
        pending = batches.of_series(context.store, engine.series_id, pending=True)
        if pending:
            requests = sum(int(one.details.get("requests", 0)) for one in pending)
            raise WorkbenchError(
                f"{requests:,} requests of this recipe are in batches at {pending[0].endpoint}: run it with --batch to collect "
                f"them, or give them up with `workbench jobs cancel {pending[-1].job_id}`."
            )
        return
    if described.setting.models:
        raise WorkbenchError(
            f"Batches go to one model, and recipe {described.recipe.name!r} asks several: leave --batch out."
        )
    if not isinstance(lane.model, OpenAIModel):
        raise WorkbenchError(f"The model {lane.model.name} has no batches: leave --batch out.")
    if len(described.lanes) > 1:
        context.log(
            "info", f"Batches go to {lane.host} alone; the other endpoints get what is asked request by request."
        )
    engine.by_batch(BatchClient(lane.model), batch_prices(lane))
    engine.cancelled = bool(job.limits.get(start.GIVE_UP))


def _generate(context: JobContext, engine: Engine, described: Run) -> Ended:
    wanted = _wanted(context, engine.series_id, described.wanted(ledger.kept(context.store, engine.series_id)))
    if context.job.parameters.get("prepare_only"):
        return _prepared(engine, described.recipe.prepare is not None)
    outcome = able.ask(context.store, engine.lanes, engine.recipe, context.log, lambda: engine.run(wanted))
    return _ended(context, engine, outcome, outcome.kept, wanted)


def _again(context: JobContext, engine: Engine) -> Ended:
    """Only what failed in another job is asked, once more."""
    parameters, limits = context.job.parameters, context.job.limits
    asked, reasons = int(parameters["again_of"]), parameters.get("reasons") or None
    if engine.recipe.wave is not None or engine.recipe.accept:
        raise WorkbenchError(
            f"Later requests of recipe {engine.recipe.name!r} build on what earlier ones gave, so that failed ones cannot be "
            "asked again alone: use --more, which asks new ones in their place."
        )
    left = failures.count(context.store, asked, reasons)
    if left and failures.series_of(context.store, asked) != {engine.series_id}:
        raise WorkbenchError(
            f"The project has changed since job {asked}: its requests would no longer be the same. Use --more, which asks "
            "new ones in their place."
        )
    done = engine.tally.requests
    if limits.get("wanted") is None:
        if not left:
            raise WorkbenchError(
                f"Job {asked} has no failed requests{' of that kind' if reasons else ''} to ask again."
            )
        jobs.set_limits(context.store, context.job.id, {"wanted": left})
        limits["wanted"] = left
    engine.tally.again = done
    outcome = able.ask(context.store, engine.lanes, engine.recipe, context.log, lambda: engine.again(asked, reasons))
    return _ended(context, engine, outcome, engine.tally.requests, int(limits["wanted"]))


def _ended(context: JobContext, engine: Engine, outcome: Outcome, done: int, wanted: int) -> Ended:
    result = {
        **engine.result(),
        "kept": outcome.kept,
        "wanted": wanted,
        "duplicates": ledger.duplicates(context.store, engine.series_id),
    }
    waits = outcome.reason or "" if outcome.waiting else ""
    jobs.progress(context.store, context.job.id, done, wanted, waits, result)
    learn = context.job.parameters.get("learn", True) and engine.tally.samples
    afterwards = (lambda: _afterwards(context.store)) if learn else None
    if outcome.waiting:
        if engine.cancelled:  # the endpoint is still at it: the next process goes on giving up
            jobs.set_limits(context.store, context.job.id, {start.GIVE_UP: True})
        return Ended(result, "waiting", None, afterwards)
    if outcome.cancelled:
        jobs.set_limits(context.store, context.job.id, {start.GIVE_UP: None})
        told = f"Cancelled at {outcome.kept:,} samples; `workbench jobs resume {context.job.id}` goes on."
        return Ended(result, "cancelled", told, afterwards)
    if outcome.reason:
        return Ended(result, "failed", outcome.reason, afterwards)
    return Ended(result, afterwards=afterwards)


def _arrived(store: Store) -> None:
    """Hold what has come so far against the curation in force, while the rest is still being asked for."""
    with store.clone() as own:
        start.check_arrivals(own)


def _afterwards(store: Store) -> None:
    """What follows from new samples: suggestions and neighbours, and whether they repeat others."""
    start.learn_later(store)
    start.check_arrivals(store)


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
        able.ask(engine.store, engine.lanes, engine.recipe, engine.log, engine.prepare)
    except Stopped as stop:
        return Ended(engine.result(), "cancelled" if engine.cancelled else "failed", str(stop))
    return Ended({**engine.result(), "prepared": dict(engine.setting.prepared)})
