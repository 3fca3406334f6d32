"""A chain: each step judges what the ones before it left; what each would do alone, and where they overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from tests.pipeline.conftest import RunJob, add
from workbench.curate.base import (
    FILTERS,
    REPAIRS,
    WEIGHTINGS,
    Context,
    Item,
    Proposal,
    Verdict,
    Weight,
    parameter,
)
from workbench.errors import UsageError
from workbench.jobs.run import run as run_job
from workbench.pipeline import curate_job
from workbench.pipeline.curate_chain import Chain, steps
from workbench.store import acts, curation, in_force, jobs, repairs, samples, weights
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample

LOOKED: list[tuple[str, list[int]]] = []


@dataclass(frozen=True, slots=True)
class Vowels:
    """Drops texts without a vowel of ``letters``: says so of each text alone."""

    name: ClassVar[str] = "test_vowels"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Texts with vowels."
    paper: ClassVar[str] = ""
    pointwise: ClassVar[bool] = True

    letters: str = parameter("aeiou", "the vowels")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        LOOKED.append((self.name, [item.id for item in items]))
        for item in items:
            n = sum(letter in self.letters for letter in item.text)
            yield Verdict(
                n > 0, f"{n} vowels", n, rule="no vowel" if n == 0 else "", scores={"test.length": len(item.text)}
            )


@dataclass(frozen=True, slots=True)
class Repeats:
    """Drops what equals the sample before it in the list."""

    name: ClassVar[str] = "test_repeats"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Repeats."
    paper: ClassVar[str] = ""

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        LOOKED.append((self.name, [item.id for item in items]))
        for place, item in enumerate(items):
            before = items[place - 1] if place else None
            same = before is not None and before.text == item.text
            yield Verdict(not same, "same as before", float(same), before.id if same and before else None)

    def judge_new(self, new: Sequence[Item], old: Sequence[Item], context: Context) -> Iterator[Verdict]:
        LOOKED.append(("new", [item.id for item in new]))
        for item in new:
            twin = next((other.id for other in old if other.text == item.text), None)
            yield Verdict(twin is None, "as before", None, twin)


@dataclass(frozen=True, slots=True)
class Relabel:
    """Proposes ``pin`` for texts that say pin: surely where they begin with it."""

    name: ClassVar[str] = "test_relabel"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Pins."
    paper: ClassVar[str] = ""

    apply: float | None = parameter(0.9, "from when")

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        for item in items:
            says = "pin" in item.text and item.label != "lost_card" and not item.settled
            sure = 0.95 if item.text.startswith("pin") else 0.6
            yield Proposal(sure, "says pin", label="lost_card") if says else None


@dataclass(frozen=True, slots=True)
class ByLabel:
    """Weighs lost cards twice."""

    name: ClassVar[str] = "test_by_label"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Lost cards."
    paper: ClassVar[str] = ""

    def weigh(self, items: Sequence[Item], context: Context) -> Iterator[Weight]:
        for item in items:
            yield Weight(2.0 if item.label == "lost_card" else 0.5, str(item.label))


@pytest.fixture(autouse=True)
def techniques(monkeypatch: pytest.MonkeyPatch) -> None:
    LOOKED.clear()
    for registry, *some in ((FILTERS, Vowels, Repeats), (REPAIRS, Relabel), (WEIGHTINGS, ByLabel)):
        registry.names()
        for one in some:
            monkeypatch.setitem(registry._items, one.name, one)


TEXTS = ("pin lost", "pin lost", "xyz", "my pin", "refund", "xyz", "brr")


def test_each_step_judges_what_is_left_and_alone_costs_a_pointwise_filter_nothing() -> None:
    items = [Item(n, text, label="refund") for n, text in enumerate(TEXTS, 1)]
    chain = Chain(list(items), Context(), preview=True)
    chain.run(steps(["test_vowels", "test_repeats"]))
    assert chain.dropped == {"test_vowels": 3, "test_repeats": 1}
    assert chain.alone == {"test_vowels": 3, "test_repeats": 1}
    assert chain.rules == {"test_vowels": {"no vowel": 3}}
    assert LOOKED == [
        ("test_vowels", [1, 2, 3, 4, 5, 6, 7]),
        ("test_repeats", [1, 2, 4, 5]),
        ("test_repeats", [1, 2, 3, 4, 5, 6, 7]),  # what it would do alone
    ]
    assert [item.id for item in chain.left()] == [1, 4, 5]
    assert chain.drops == []  # a preview stores nothing


def test_overlap_counts_what_both_would_drop_alone() -> None:
    items = [Item(n, text) for n, text in enumerate(["ab", "xx", "xx", "xx", "ab"], 1)]
    chain = Chain(items, Context(), preview=True)
    chain.run(steps(["test_repeats", "test_vowels"]))
    assert chain.dropped == {"test_repeats": 2, "test_vowels": 1}
    assert chain.alone == {"test_repeats": 2, "test_vowels": 3}
    assert chain.overlap == {"test_repeats|test_vowels": 2}
    assert dict(LOOKED) == {"test_repeats": [1, 2, 3, 4, 5], "test_vowels": [1, 2, 3, 4, 5]}
    assert len(LOOKED) == 2  # each of them looks once


def test_a_wrong_step_is_named_with_the_nearest() -> None:
    with pytest.raises(
        UsageError, match=r"no filter, label repair or weighting 'test_vowel'; did you mean 'test_vowels'"
    ):
        steps(["test_vowel"])


def test_a_repair_changes_what_later_steps_see_and_only_sure_ones_are_applied(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    job = run(
        "curate", chain=["test_by_label", "test_relabel", "test_vowels"]
    )  # it weighs what is kept, wherever it stands
    assert job.state == "done", job.error
    assert job.result["repairs"] == {"test_relabel": {"proposed": 3, "applied": 2, "open": 1}}
    assert [samples.get(store, one).label for one in (1, 2, 4)] == ["lost_card", "lost_card", "refund"]
    assert weights.values(store) == {1: 2.0, 2: 2.0, 4: 0.5, 5: 0.5}  # the dropped ones have none
    assert job.result["weights"] == {"test_by_label": {"low": 0.5, "mean": 1.25, "high": 2.0, "zero": 0}}
    assert curation.scores(store, "weight.test_by_label") == {1: 2.0, 2: 2.0, 4: 0.5, 5: 0.5}
    assert curation.scores(store, "repair.test_relabel") == {1: 0.95, 2: 0.95, 4: 0.6}
    assert curation.scores(store, "test.length")[5] == 6.0
    assert [one["kind"] for one in job.result["chain"]] == ["weighting", "repair", "filter"]


def test_a_changed_label_takes_the_soft_label_of_the_earlier_one_away() -> None:
    chain = Chain(
        [Item(n, text, label="refund") for n, text in enumerate(TEXTS, 1)], Context(labels=("refund", "lost_card"))
    )
    chain.run(steps(["label_smoothing", "test_relabel"]))
    assert sorted(chain.soft) == [3, 4, 5, 6, 7]  # 1 and 2 were labelled again
    assert sorted(chain.unrepaired) == [1, 2, 3, 4, 5, 6, 7]


def test_running_the_chain_again_gives_the_same_and_undo_takes_all_of_it_back(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    chain = ["test_relabel", "test_vowels", "test_by_label"]
    first = run("curate", chain=chain)
    again = run("curate", chain=chain)
    assert again.result["repairs"] == first.result["repairs"]  # it judged the labels as they came
    assert in_force.jobs_in_force(store) == [again.id]
    run("curate", undo=True)
    assert in_force.jobs_in_force(store) == [first.id]
    assert weights.values(store) == {1: 2.0, 2: 2.0, 4: 0.5, 5: 0.5}
    run("curate", undo=True)
    assert in_force.jobs_in_force(store) == []
    assert [samples.get(store, one).label for one in (1, 2)] == ["refund", "refund"]
    assert samples.counts(store)["dropped"] == 0


def test_a_label_that_a_person_gave_is_never_changed(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    me = acts.annotator(store, "me")
    acts.apply(store, me, [1], Change(label="refund"), kind="label")
    job = run("curate", chain=["test_relabel"])
    assert job.result["repairs"] == {"test_relabel": {"proposed": 2, "applied": 1, "open": 1}}
    assert samples.get(store, 1).label == "refund"


def test_a_preview_proposes_and_stores_nothing(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    job = run("curate", chain=["test_relabel", "test_by_label"], preview=True)
    assert job.result["repairs"]["test_relabel"]["applied"] == 2
    assert job.result["weights"]["test_by_label"]["high"] == 2.0
    assert (repairs.counts(store), weights.in_force(store)) == ({}, None)
    assert [row[0] for row in job.result["examples"]["test_relabel"]] == [1, 2, 4]


def test_repairs_are_measured_on_the_validation_split(store: Store, run: RunJob) -> None:
    for n in range(6):
        add(store, f"pin is gone {n}", f"give my money back {n}")
    add(store, "pin gone", "the pin is gone again", label="lost_card", origin="real", split="validation")
    add(store, "my money", "give me money", origin="real", split="validation")
    samples.add(store, [NewSample({"text": "pin pin"}, "lost_card")])
    found = run("curate", chain=["test_relabel:apply=0.5"]).result["validation"]
    assert found["rows"] == 4
    assert found["before"]["value"] < found["after"]["value"] == 1.0
    assert found["difference"]["value"] == pytest.approx(found["after"]["value"] - found["before"]["value"])
    assert found["difference"]["low"] <= found["difference"]["value"] <= found["difference"]["high"]
    assert run("curate", chain=["test_vowels"]).result["validation"] is None


def test_new_samples_are_held_against_those_in_force_without_judging_them_again(store: Store, run: RunJob) -> None:
    add(store, "ab", "cd", "xx")
    first = run("curate", chain=["test_repeats", "test_vowels", "test_by_label"])
    LOOKED.clear()
    add(store, "ef", "ab", "zz", "xx")
    job = run("curate", new=True)
    assert job.state == "done", job.error
    assert LOOKED == [("new", [4, 5, 6, 7]), ("test_vowels", [4, 6, 7])]  # xx was dropped: it is no twin
    assert job.result["dropped"] == {"test_repeats": 1, "test_vowels": 2}
    assert job.result["left_out"] == {"test_by_label": "looks at all samples together: run the whole chain"}
    assert [row[0] for row in store.read("SELECT id FROM sample WHERE dropped ORDER BY id")] == [2, 3, 5, 6, 7]
    assert in_force.jobs_in_force(store) == [first.id, job.id]
    assert run("curate", new=True).result["checked"] == 0
    run("curate", undo=True)  # the curation, and the checks that followed it
    assert [row[0] for row in store.read("SELECT id FROM sample WHERE dropped ORDER BY id")] == []


def test_a_check_of_new_samples_that_was_cut_off_is_resumed_and_undone_like_any_other(
    store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, "ab", "xx")
    first = run("curate", chain=["test_repeats", "test_vowels"])
    add(store, "ab", "zz")
    real = curation.save_drops

    def cut(store: Store, job_id: int, drops: Sequence[curation.Drop]) -> None:
        real(store, job_id, drops[:1])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as inner:
        inner.setattr(curation, "save_drops", cut)
        failed = run("curate", new=True)
    assert failed.state == "failed"
    with store.write() as connection:
        assert jobs.requeue(connection, failed.id)
    run_job(store.project, failed.id, {"curate": lambda: curate_job.run})
    resumed = jobs.get(store, failed.id)
    assert (resumed.state, resumed.result["dropped"]) == ("done", {"test_repeats": 1, "test_vowels": 1})
    assert resumed.limits["replaces"] == [first.id]
    run("curate", undo=True)
    assert in_force.jobs_in_force(store) == []


def test_new_samples_need_a_curation_to_be_held_against(store: Store, run: RunJob) -> None:
    add(store, "ab")
    job = run("curate", new=True)
    assert (job.state, job.error) == (
        "failed",
        "No curation is in force that new samples could be held against: run `workbench curate` first.",
    )


def test_a_technique_that_breaks_its_promise_is_stopped(store: Store, run: RunJob, monkeypatch) -> None:
    @dataclass(frozen=True, slots=True)
    class Rude(Relabel):
        name: ClassVar[str] = "test_rude"

        def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
            yield from (Proposal(1.0, "so there", label="lost_card") for _ in items)

    @dataclass(frozen=True, slots=True)
    class Negative(ByLabel):
        name: ClassVar[str] = "test_negative"

        def weigh(self, items: Sequence[Item], context: Context) -> Iterator[Weight]:
            yield from (Weight(-1.0, "no") for _ in items)

    monkeypatch.setitem(REPAIRS._items, "test_rude", Rude)
    monkeypatch.setitem(WEIGHTINGS._items, "test_negative", Negative)
    add(store, "ab")
    acts.apply(store, acts.annotator(store, "me"), [1], Change(label="refund"), kind="label")
    assert "would change what a person said of sample 1" in (run("curate", chain=["test_rude"]).error or "")
    assert "gave a weight that is no number from 0 up" in (run("curate", chain=["test_negative"]).error or "")
    assert jobs.newest(store)[0].state == "failed"
    assert in_force.jobs_in_force(store) == []


def test_items_are_plain_data() -> None:
    assert replace(Item(1, "a"), label="x") == Item(1, "a", label="x")
