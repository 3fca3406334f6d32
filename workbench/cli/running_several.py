"""Several recipes on one budget, each curated by its own chain, and the table of what each is worth on this task."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench import recipe as recipe_module
from workbench.cli import curating, measuring, watch, work
from workbench.cli.output import Output, dollars
from workbench.errors import UsageError, WorkbenchError
from workbench.pipeline import start
from workbench.project import Project
from workbench.recipe import Recipe
from workbench.store import contending, jobs
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.text import clean

#: Dollars below which nothing is worth another try.
CENT = 1e-6


@dataclass
class Entry:
    """One recipe of the run: its generate job, or why it takes no part."""

    recipe: Recipe
    parameters: dict[str, Any]
    steps: list[str]
    job: Job | None = None
    why: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        return int(((self.job.result if self.job else None) or {}).get("kept") or 0)

    @property
    def cost(self) -> float:
        return float(((self.job.result if self.job else None) or {}).get("cost") or 0.0)


def run(arguments: argparse.Namespace, project: Project, names: Sequence[str]) -> int:
    """Generate with each recipe, up to ``--count`` kept samples, then compare what they made.

    Nothing is put in force: each recipe's samples are curated in memory, apart from the others', so that a text that two of
    them wrote is not dropped from one. A recipe that cannot run here is left out with its reason; fewer than two that can
    are refused before anything is paid.
    """
    output = Output(arguments.json, arguments.quiet)
    entries = _entries(arguments, project, names)
    with Store(project) as store:
        budget = arguments.budget or project.config.generate.budget
        _leave_out(store, entries, budget)
        able = [one for one in entries if not one.why]
        if len(able) < 2:
            raise WorkbenchError(
                "Fewer than two of these recipes can run here, so there is nothing to compare. "
                + " ".join(f"{one.recipe.name}: {one.why}" for one in entries if one.why)
            )
        for one in entries:
            if one.why:
                output.say(f"{one.recipe.name} is left out: {one.why}")
        if (cancelled := _generate(store, able, budget, output)) is not None:
            return watch.cancelled(cancelled, output)
        made = [one for one in able if one.kept]
        for one in able:
            if not one.kept:
                one.why = one.why or "it kept no sample"
        if len(made) < 2:
            raise WorkbenchError(
                "Fewer than two of these recipes kept samples, so there is nothing to compare: "
                + " ".join(f"{one.recipe.name}: {one.why or f'{one.kept:,} kept.'}" for one in able)
            )
        left = None if budget is None else max(CENT, budget - sum(one.cost for one in able))
        parameters = {"contenders": [_contender(store, one) for one in made], "chains": True}
        measured = watch.run(store, "evaluate", parameters, output, limits={"budget": left})
        if measured.state == "cancelled":
            return watch.cancelled(measured, output)
    _print(entries, measured, output)
    failed = any(one.why or one.notes or (one.job is not None and work.status(one.job)) for one in entries)
    return 3 if failed or ((measured.result or {}).get("usage") or {}).get("failed") else 0


def _entries(arguments: argparse.Namespace, project: Project, names: Sequence[str]) -> list[Entry]:
    """The recipes with their parameters, checked; ``--set`` goes to those that have the parameter."""
    given = work.recipe_parameters(arguments.set)
    loaded = [recipe_module.load(name) for name in names]
    known = [one.name for one in loaded]
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise UsageError(f"Recipe {twice[0]!r} is given twice.")
    if unknown := [name for name in given if not any(name in one.parameters for one in loaded)]:
        raise UsageError(f"--set {unknown[0]}: none of these recipes has a parameter of that name.")
    entries = []
    for name, one in zip(names, loaded, strict=True):
        own = {key: value for key, value in given.items() if key in one.parameters}
        steps = one.chain(own) if one.curate else list(project.config.curate.chain)
        curating.check(steps)
        parameters = work.generate_parameters(project, arguments, recipe=name, parameters=own)
        entries.append(Entry(one, parameters, steps))
    return entries


def _leave_out(store: Store, entries: Sequence[Entry], budget: float | None) -> None:
    for one in entries:
        try:
            work.refuse_early(store, one.parameters, budget)
        except WorkbenchError as error:
            one.why = str(error)


def _generate(store: Store, entries: Sequence[Entry], budget: float | None, output: Output) -> Job | None:
    """Run the recipes in turn; each may spend an equal part of what is left, so that what one leaves goes to those after it,
    and what is left at the end to those that ran out. Returns a job that was cancelled."""
    left = budget
    for place, one in enumerate(entries):
        output.say(f"{one.recipe.name} ({place + 1} of {len(entries)})")
        part = None if left is None else left / (len(entries) - place)
        limits = {"concurrency": store.project.config.generate.concurrency, "budget": part}
        job_id = start.submit(store, "generate", {**one.parameters, "learn": False}, limits)
        if (ended := _ended(store, one, job_id, output)) is not None:
            return ended
        left = None if left is None else max(0.0, left - one.cost)
    while left is not None and left > CENT:
        hungry = [one for one in entries if one.job is not None and one.job.state == "failed" and one.kept]
        if not hungry:
            break
        before = left
        for place, one in enumerate(hungry):
            assert one.job is not None
            spent, part = one.cost, left / (len(hungry) - place)
            jobs.set_limits(store, one.job.id, {"budget": spent + part})
            start.resume(store, one.job.id)
            if (ended := _ended(store, one, one.job.id, output)) is not None:
                return ended
            left = max(0.0, left - (one.cost - spent))
        if before - left <= CENT:
            break
    return None


def _ended(store: Store, one: Entry, job_id: int, output: Output) -> Job | None:
    """Follow a job to its end; one that failed keeps what it has made, and its reason."""
    try:
        one.job = watch.follow(store, job_id, output)
    except watch.Interrupted:
        raise
    except WorkbenchError as error:
        one.job = jobs.get(store, job_id)
        one.notes = [str(error)]
        one.why = "" if one.kept else str(error)
    else:
        one.notes, one.why = [], ""
    return one.job if one.job.state == "cancelled" else None


def _contender(store: Store, one: Entry) -> str:
    """The recipe's samples of this run; where the project holds others of the same recipe (another model, seed or prompt),
    its series alone."""
    assert one.job is not None
    series = contending.series_of(store, one.recipe.name)
    which = f"recipe:{one.recipe.name}"
    if len(series) > 1 and one.job.limits.get("series") in series:
        which = f"series:{one.job.limits['series']}"
    return f"{one.recipe.name}={which}{''.join(f'+{step}' for step in one.steps) or '+none'}"


def _print(entries: Sequence[Entry], measured: Job, output: Output) -> None:
    told = [
        {
            "recipe": one.recipe.name,
            "generate": work.generated(one.job) if one.job is not None else None,
            "curate": one.steps,
            "left_out": one.why or None,
            "notes": one.notes,
        }
        for one in entries
    ]
    lines = []
    for one in entries:
        if one.job is not None and not one.why:
            lines.append(f"{one.recipe.name}: {work.generated_line(one.job)}")
            lines += [f"  {clean(note)}" for note in one.notes]
    lines += [f"{one.recipe.name} takes no part: {one.why}" for one in entries if one.why]
    spent = sum(one.cost for one in entries)
    lines += [f"together {dollars(spent)}", "", *measuring.evaluation_lines(measured.result or {})]
    output.result({"recipes": told, "evaluate": measured.result or {}}, lines)
