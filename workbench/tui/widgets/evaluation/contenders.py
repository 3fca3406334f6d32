"""What can be compared here, and what it would cost to let a model judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.store import contending, jobs, samples, snapshots, views
from workbench.store.connection import Store
from workbench.text import clean
from workbench.tui.widgets.job_view import ago, money

#: Jobs, snapshots and rounds that are offered, the newest; samples whose length is looked at.
OFFERED, LOOKED = 30, 200


@dataclass(frozen=True, slots=True)
class Offer:
    """A contender that can be marked, or (without ``spec``) the heading of those that follow."""

    spec: str
    title: str
    right: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """What judging takes: the model, a sentence about requests and dollars, the budget of the settings; ``answers``: whether
    the model answers questions at all."""

    model: str
    told: str
    budget: float | None
    answers: bool = True


def choices(store: Store) -> list[Offer]:
    """The data set, recipes, models, rounds, jobs, snapshots and saved views of this project."""
    counts = samples.counts(store)
    found = [
        Offer("", "the data set"),
        Offer("set", "set: as it is now", f"{counts.get('in_data_set', 0):,}"),
        Offer("raw", "raw: before curation", f"{counts.get('synthetic', 0):,}"),
    ]
    for title, kind, names in (
        ("recipes", "recipe", contending.recipes(store)), ("models", "model", contending.models(store)),
    ):  # fmt: skip
        if names:
            found += [Offer("", title), *(Offer(f"{kind}:{name}", clean(name, limit=60)) for name in names)]
    made = {number: one for number, one in contending.jobs(store).items() if _trains(store, number, one[0])}
    rounds = contending.rounds(store)
    if len(rounds) > 1:
        found.append(Offer("", "rounds"))
        newest = list(enumerate(rounds, 1))[-OFFERED:]
        found += [
            Offer(f"round:{place}", f"round {place}: job {job}, {clean(made[job][1], limit=40)}")
            for place, job in newest
        ]
    if made:
        found.append(Offer("", "jobs"))
        for number in sorted(made, reverse=True)[:OFFERED]:
            kind, recipe = made[number]
            when = ago(jobs.get(store, number).created_at)
            told = f"job {number}: {clean(kind, limit=20)} {clean(recipe, limit=40)}".rstrip()
            found.append(Offer(f"job:{number}", told, when))
    kept = [one for one in snapshots.newest(store, OFFERED) if one.name]
    if kept:
        found += [
            Offer("", "snapshots"),
            *(Offer(f"snapshot:{one.name}", clean(one.name or "", limit=60), f"{one.total:,}") for one in kept),
        ]
    if saved := views.saved(store):
        found.append(Offer("", "saved views"))
        found += [
            Offer(f"view:{query}", clean(name, limit=40), clean(query, limit=28)) for name, query in saved.items()
        ]
    return found


def _trains(store: Store, number: int, kind: str) -> bool:
    """Whether a job's samples may be trained on: what was imported as a test is no contender."""
    return kind != "import" or jobs.get(store, number).parameters.get("role") == "synthetic"


def check(specs: Sequence[str]) -> None:
    """Raises ``UsageError`` when these cannot be compared."""
    from workbench.pipeline import contender_specs

    contender_specs.parse_all(specs)


def price(store: Store) -> Price:
    """What it would cost, at the most, to let the judging model rate as many samples as the settings say."""
    from workbench.evaluate import rubrics
    from workbench.pipeline.judging_model import answers_questions, evaluating_model, forecast

    config = store.project.config
    settings, counts = config.evaluate.judge, samples.counts(store)
    model = evaluating_model(store.project)
    reviewed = counts.get("accepted", 0) + counts.get("rejected", 0)
    parts = (counts.get("in_data_set", 0), reviewed, counts.get("seed", 0))
    requests = sum(min(settings.samples, part) for part in parts)
    ids = views.first(store, views.parse("set:yes origin:synthetic"), LOOKED)
    lengths = [len(one.text) for one in samples.many(store, ids)]
    around = len(rubrics.question(config.task)) + len(rubrics.rubric(config.task, settings.rubric))
    cost = forecast(store.project, model, requests, around + sum(lengths) / max(1, len(lengths)))
    told = f"At most {requests:,} requests (samples of the data set, reviewed ones, seeds): about {money(cost)}."
    return Price(model, told, config.curate.budget, answers_questions(model))
