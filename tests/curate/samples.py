"""Small labelled samples about two subjects for the filters' tests."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import numpy

from workbench.curate.base import Context, Item, Verdict, parse_filter
from workbench.learn.dynamics import Dynamics, statistics

CARD = ["lost", "stolen", "blocked", "broken", "frozen", "expired", "missing", "damaged"]
RATE = ["exchange", "interest", "current", "best", "yearly", "daily", "foreign", "mortgage"]


def two_subjects(count: int = 16, first: int = 0) -> list[Item]:
    """``count`` items, labelled card and rate in turn."""
    draw = random.Random(first)
    items = []
    for place in range(count):
        if place % 2 == 0:
            text = f"my card is {draw.choice(CARD)} and was {draw.choice(CARD)} before {place}"
        else:
            text = f"what is the {draw.choice(RATE)} or {draw.choice(RATE)} rate today {place}"
        items.append(Item(first + place, text, label=("card", "rate")[place % 2]))
    return items


def relabelled(item: Item, label: str | None) -> Item:
    return Item(item.id, item.text, label=label, scores=item.scores)


def judge(spec: str, items: Iterable[Item], context: Context | None = None) -> list[Verdict]:
    return list(parse_filter(spec).judge(list(items), context or Context()))


def kept(verdicts: list[Verdict]) -> list[bool]:
    return [verdict.keep for verdict in verdicts]


def given_probabilities(paths: list[list[float]]) -> Dynamics:
    """Dynamics of two-label samples with label 0 and these probabilities of it at the checkpoints, one list a sample."""
    given = numpy.array(paths).T
    return statistics(numpy.stack([given, 1.0 - given], axis=2), numpy.zeros(len(paths), int), highest=True)


def answering(dynamics: Dynamics, *names: str) -> Any:
    """A stand-in for ``sample_dynamics`` that gives these."""
    return lambda *_arguments, **_named: (dynamics, list(names))
