"""What evaluation is told of audits and of labels as they came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from workbench.curate.labels import auditing
from workbench.evaluate.base import Material, Stratum, evaluate
from workbench.pipeline.evaluate_known import audited, labels_of
from workbench.store import acts, audits, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample


@pytest.fixture
def full(store: Store) -> Store:
    labels = ["refund" if n % 4 == 0 else "lost_card" for n in range(40)]
    samples.add(store, [NewSample({"text": f"text {n}"}, label) for n, label in enumerate(labels)])
    return store


def say(store: Store, ids: Sequence[int], **parts: Any) -> None:
    acts.apply(store, acts.annotator(store, "anna"), ids, Change(**parts), kind="label")


def test_without_an_audit_that_anybody_worked_on_there_is_none(full: Store) -> None:
    assert audited(full) is None
    audits.begin(full, acts.annotator(full, "anna"), "set:yes", seed=1)
    assert audited(full) is None


def test_the_newest_audit_with_findings_is_what_evaluation_shows(full: Store) -> None:
    audit = audits.begin(full, acts.annotator(full, "anna"), "set:yes", size=6, seed=7)
    order = [sample for sample, _ in audit.frozen]
    say(full, order[:4], status="accepted")
    say(full, [order[4]], status="rejected")
    say(full, [order[5]], status="flagged")
    found = audited(full)
    assert found is not None
    assert list(found.strata) == [Stratum(None, 40, right=4, wrong=1, undecided=1)]
    assert (found.looked, found.wrong, found.always) == (order[:6], [order[4]], False)
    metric = evaluate(Material([], audit=found), ["faithfulness.human"])["faithfulness.human"]
    shown = auditing.state(full, audit).whole
    assert (metric.value, metric.low, metric.high) == (shown.accuracy, shown.low, shown.high)
    auditing.close(full, audit)
    audits.begin(full, acts.annotator(full, "anna"), "set:yes", seed=8)
    assert audited(full) == found  # nobody has looked at anything of the new one


def test_an_audit_by_label_keeps_the_labels_numbers(full: Store) -> None:
    audit = audits.begin(full, acts.annotator(full, "anna"), "set:yes", by_label=True, seed=7)
    say(full, [sample for sample, _ in audit.frozen[:3]], status="accepted")
    found = audited(full)
    assert found is not None
    assert {(one.label, one.population) for one in found.strata} == {("lost_card", 30), ("refund", 10)}
    assert sum(one.right for one in found.strata) == 3
    assert found.always


def test_labels_are_read_as_they_came(full: Store) -> None:
    ids = [row[0] for row in full.read("SELECT id FROM sample ORDER BY id LIMIT 2")]
    say(full, [ids[0]], label="lost_card", status="accepted")
    samples.add(full, [NewSample({"text": "real"}, ["x", "y"], origin="real")])
    (real,) = (row[0] for row in full.read("SELECT id FROM sample WHERE origin = 'real'"))
    assert labels_of(full)([*ids, real, 10**6]) == {ids[0]: "refund", ids[1]: "lost_card", real: ["x", "y"]}
