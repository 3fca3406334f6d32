"""Adjudication: what several people's words should come to, and which samples somebody has to settle.

Unanimous ones can be settled by themselves; the others are proposed by the majority, or by Dawid and Skene's estimate of
who errs how (``learn.crowd``), and put in the order of their disagreement.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.store import acts, disputes
from workbench.store.acts import Act, Change
from workbench.store.connection import Store
from workbench.store.disputes import Said

Method = Literal["majority", "dawid_skene"]


@dataclass(frozen=True, slots=True)
class Case:
    """A sample about which several people spoke and nobody has ruled. ``label`` (JSON value) and ``status`` are proposed;
    ``sure`` is the share of the people, or the posterior, behind the label; ``disagreement`` the entropy of what was said, in
    bits; ``tied``: others are as likely, so nothing is proposed as better."""

    sample_id: int
    said: tuple[Said, ...]
    unanimous: bool
    label: Any
    status: str
    sure: float
    disagreement: float
    tied: bool


def cases(store: Store, *, least: int = 2, method: Method = "majority", disagreed: bool = False) -> list[Case]:
    """Every sample that ``least`` people or more spoke about and nobody has ruled on, largest disagreement first.

    ``dawid_skene`` loads numpy: not for the screen's process. ``disagreed``: only of what the view ``disagreed:yes`` lists.
    """
    groups = [
        decided
        for group in disputes.several(store, least, disagreed=disagreed)
        if not any(one.ruling for one in group)
        and len(decided := [one for one in group if one.status != "pending"]) >= least  # others took theirs back
    ]
    texts = disputes.came(store, [group[0].sample_id for group in groups])
    labelled = [[_label(one, texts[group[0].sample_id]) for one in group] for group in groups]
    votes = _posteriors(groups, labelled) if method == "dawid_skene" else [_shares(labels) for labels in labelled]
    found = [_case(group, labels, vote) for group, labels, vote in zip(groups, labelled, votes, strict=True)]
    return sorted(found, key=lambda one: (-one.disagreement, one.sure, one.sample_id))


def _label(said: Said, came: str) -> str:
    return came if said.label is None else said.label


def _shares(labels: Sequence[str]) -> dict[str, float]:
    return {label: n / len(labels) for label, n in Counter(labels).items()}


def _posteriors(groups: Sequence[Sequence[Said]], labelled: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    if not groups:
        return []
    import numpy

    from workbench.learn.crowd import Votes, dawid_skene

    codes = {label: code for code, label in enumerate(dict.fromkeys(one for labels in labelled for one in labels))}
    people = {name: code for code, name in enumerate(dict.fromkeys(one.annotator for group in groups for one in group))}
    votes = Votes(
        numpy.array([at for at, group in enumerate(groups) for _ in group], numpy.int64),
        numpy.array([people[one.annotator] for group in groups for one in group], numpy.int64),
        numpy.array([codes[label] for labels in labelled for label in labels], numpy.int64),
        len(groups),
        len(people),
        len(codes),
    )
    posterior = dawid_skene(votes, smoothing=0.01).posterior
    return [
        {label: float(posterior[at, codes[label]]) for label in dict.fromkeys(labels)}
        for at, labels in enumerate(labelled)
    ]


def _case(group: Sequence[Said], labels: Sequence[str], vote: dict[str, float]) -> Case:
    statuses = Counter(one.status or "accepted" for one in group)
    kept = {label for label, one in zip(labels, group, strict=True) if one.status != "rejected"} or set(labels)
    ranked = sorted(
        ((share, label) for label, share in vote.items() if label in kept), key=lambda one: (-one[0], one[1])
    )
    said = Counter(zip(labels, (one.status or "accepted" for one in group), strict=True))
    rejected = set(statuses) == {"rejected"}
    unanimous = rejected or (len(said) == 1 and set(statuses) == {"accepted"})
    status = statuses.most_common(1)[0][0]
    return Case(
        group[0].sample_id,
        tuple(group),
        unanimous,
        json.loads(ranked[0][1]),
        status,
        ranked[0][0],
        0.0 if unanimous else sum(-n / len(group) * math.log2(n / len(group)) for n in said.values()),
        len(ranked) > 1 and ranked[1][0] > ranked[0][0] - 1e-9,
    )


def ruling(label: Any, status: str) -> Change:
    """The change that settles a sample: with a label, or rejected."""
    if status == "rejected":
        return Change(status="rejected", ruling="status")
    return Change(label=label, status=status, ruling="label,status")


def settle(store: Store, annotator_id: int, chosen: Sequence[Case]) -> Act | None:
    """Rule as proposed on some samples: one act, which one undo takes back. None when there is nothing to do."""
    changes = {one.sample_id: ruling(one.label, one.status) for one in chosen if not one.tied}
    return acts.apply_each(store, annotator_id, changes, kind="adjudicate") if changes else None
