"""Contenders: how they are written, which samples they get, and that they never get any of another split."""

from __future__ import annotations

import pytest

from tests.pipeline.conftest import RunJob, add
from workbench.errors import WorkbenchError
from workbench.pipeline.contender_specs import parse, parse_all
from workbench.pipeline.contenders import Contender, overlaps, sets
from workbench.project import Project
from workbench.store import acts, jobs, samples, snapshots
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample


def resolve(store: Store, *specs: str) -> list[Contender]:
    return sets(Project(store.project.folder), store, specs)


def texts(contender: Contender) -> list[str]:
    return [one.text for one in contender.samples]


def counts(store: Store, *tables: str) -> list[int]:
    return [store.read(f"SELECT count(*) FROM {table}")[0][0] for table in tables]


@pytest.mark.parametrize(
    ("written", "name", "kind", "value", "chain"),
    [
        ("set", "set", "set", "", None),
        ("raw+near_duplicate", "raw+near_duplicate", "raw", "", ("near_duplicate",)),
        ("mine=recipe:zerogen", "mine", "recipe", "zerogen", None),
        (
            "recipe:zerogen+near_duplicate+length:min_words=3",
            "recipe:zerogen+near_duplicate+length:min_words=3"[:40],
            "recipe",
            "zerogen",
            ("near_duplicate", "length:min_words=3"),
        ),
        ("b=job:7+recipe", "b", "job", "7", ("recipe",)),
        ("round:2+none", "round:2+none", "round", "2", ("none",)),
        ("model:openai:gpt-x", "model:openai:gpt-x", "model", "openai:gpt-x", None),
        ('p=view:"c + length" a+b +length', "p", "view", '"c + length" a+b', ("length",)),
        ("view:label:refund score.x<0.5", "view:label:refund score.x<0.5", "view", "label:refund score.x<0.5", None),
    ],
)
def test_what_is_written(written: str, name: str, kind: str, value: str, chain: tuple[str, ...] | None) -> None:
    found = parse(written)
    assert (found.kind, found.value, found.chain) == (kind, value, chain)
    assert found.name[:39] == name[:39]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "write set, raw, view:QUERY"),
        ("zerogen", "write set, raw, view:QUERY"),
        ("set:yes", "write set, raw, view:QUERY"),
        ("recipe:", "write set, raw, view:QUERY"),
        ("job:seven", "job: takes a number"),
        ("recipe:zerogen+near_duplicates", "there is no step 'near_duplicates'"),
        ("set+near_duplicates:threshold=2", "there is no step 'near_duplicates'"),
        ("set+length:fewest=3", "has no parameter 'fewest'"),
        ("set+none+length", "+none stands alone"),
        ("view:split=", ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_there_is(written: str, sentence: str) -> None:
    with pytest.raises(WorkbenchError) as caught:
        parse(written) if sentence else parse("view:status:nonsense")
    assert sentence in str(caught.value)


def test_two_at_least_and_each_with_a_name_of_its_own() -> None:
    with pytest.raises(WorkbenchError, match="between 2 and 20 contenders; there is one"):
        parse_all(["set"])
    with pytest.raises(WorkbenchError, match="Two contenders are called 'set'"):
        parse_all(["set", "set"])
    assert [one.name for one in parse_all(["set", "again=set"])] == ["set", "again"]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("job:99", "job 99 added no samples"),
        ("recipe:zerogen", "recipe 'zerogen' has made no samples; there are no recipes"),
        ("model:openai:x", "has written no samples"),
        ("round:1", "there is no round 1; 0 generate jobs"),
        ("series:4", "there is no series 4"),
        ("snapshot:first", "There is no snapshot 'first'"),
        ("view:score.x<1", "No sample here has a score 'x'"),
        ("set+recipe", r"\+recipe is for what one recipe made"),
        ("set+alpagasus", "asks a model, which costs money: give --judge"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_read(store: Store, spec: str, sentence: str) -> None:
    add(store, "a text")
    with pytest.raises(WorkbenchError, match=sentence):
        resolve(store, "raw", f"other={spec}")


def test_the_set_and_the_raw_samples(store: Store, run: RunJob) -> None:
    add(
        store,
        "please refund my payment",
        "Please refund my payment",
        "write to anna.miller@mail-service.org please",
        "no",
    )
    add(store, "a seed", origin="seed")
    run("curate", chain=["exact_duplicate", "redact"])
    acts.apply(store, acts.annotator(store, "me"), [4], Change(status="rejected"), kind="reject")
    inside, raw = resolve(store, "set", "raw")
    assert texts(inside) == ["please refund my payment", "write to [EMAIL] please"]
    assert texts(raw) == [
        "please refund my payment", "Please refund my payment", "write to anna.miller@mail-service.org please",
    ]  # fmt: skip
    assert (inside.generated, raw.generated) == (4, 4)
    assert [one.id for one in raw.reviewed or ()] == [4]  # a rejected sample counts against its labels
    assert overlaps([inside, raw]) == [(0, 1, 2)]


def test_a_chain_works_in_memory_and_leaves_no_trace(store: Store, run: RunJob) -> None:
    add(store, "please refund my payment", "Please refund my payment", "a b", "where is my money now")
    add(store, "my card is lost I think", label="lost_card")
    run("curate", chain=["length:min_words=5"])  # in force; does not count where a contender has a chain
    before = counts(store, "verdict", "weight", "repair", "score", "evaluation")
    plain, chained, none = resolve(store, "set", "other=set+exact_duplicate+inverse_frequency", "bare=set+none")
    assert texts(plain) == ["where is my money now", "my card is lost I think"]
    assert [one.id for one in chained.samples] == [1, 3, 4, 5]
    assert chained.weighting == "inverse_frequency"
    assert {one.label: round(one.weight, 3) for one in chained.samples} == {"refund": 0.667, "lost_card": 2.0}
    assert [one.id for one in none.samples] == [1, 2, 3, 4, 5]
    assert counts(store, "verdict", "weight", "repair", "score", "evaluation") == before


def test_repairs_of_a_chain_change_texts_and_fields(store: Store) -> None:
    add(store, "write to anna.miller@mail-service.org please", "refund me")
    repaired, raw = resolve(store, "clean=raw+redact", "raw")
    assert texts(repaired) == ["write to [EMAIL] please", "refund me"]
    assert repaired.fields == {1: {"text": "write to [EMAIL] please"}}
    assert texts(raw)[0].endswith("mail-service.org please")


def test_a_snapshot_is_as_it_was_frozen(store: Store) -> None:
    add(store, "first", "second")
    snapshots.create(store, [1, 2], "all", name="old")
    me = acts.annotator(store, "me")
    acts.apply(store, me, [1], Change(label="lost_card", fields={"text": "edited"}), kind="edit")
    frozen, now = resolve(store, "snapshot:old", "set")
    assert [(one.text, one.label, one.person_label) for one in frozen.samples] == [
        ("first", "refund", None), ("second", "refund", None),
    ]  # fmt: skip
    assert [(one.text, one.label, one.person_label) for one in now.samples] == [
        ("edited", "lost_card", "lost_card"), ("second", "refund", None),
    ]  # fmt: skip
    assert frozen.fields[1] == {"text": "first"}


def test_no_way_leads_to_a_test_row(store: Store) -> None:
    """Whatever names test rows - a view, numbers, a job, a snapshot, a snapshot of rows that became test rows later, with or
    without a chain - gets none of them, and says so."""
    job = jobs.create(store, "import", {})
    samples.add(
        store,
        [
            NewSample({"text": f"secret {origin} {split}"}, "refund", origin, split, job_id=job)
            for origin in ("real", "synthetic", "seed")
            for split in ("test", "validation")
        ],
    )
    samples.add(store, [NewSample({"text": f"open {n}"}, "refund", job_id=job) for n in range(4)])
    everything = [row[0] for row in store.read("SELECT id FROM sample")]
    snapshots.create(store, everything, "all", name="all")
    later = [row[0] for row in store.read("SELECT id FROM sample WHERE text = 'open 3'")]
    with store.write() as connection:
        connection.execute("UPDATE sample SET split = 'test' WHERE id = ?", later)
    tries = [
        "set", "raw", "snapshot:all", f"job:{job}", "view:split:test", "view:split:validation", "view:secret",
        "view:origin:real", "view:set:yes", "view:sort:-id", "view:status:pending split:test",
    ]  # fmt: skip
    tries += [f"{one}+none" for one in tries] + [f"{one}+exact_duplicate" for one in tries]
    for place, found in enumerate(resolve(store, *[f"n{n}={one}" for n, one in enumerate(tries[:20])])):
        assert not [one for one in texts(found) if not one.startswith("open")], tries[place]
        assert "open 3" not in texts(found), tries[place]
    for place, found in enumerate(resolve(store, *[f"n{n}={one}" for n, one in enumerate(tries[20:])])):
        assert not [one for one in texts(found) if not one.startswith("open")], tries[20 + place]
    (by_view, _) = resolve(store, "hidden=view:split:test", "set")
    assert by_view.notes == ["4 test rows of hidden may not be trained on and are left out."]
    (frozen, _) = resolve(store, "snapshot:all", "set")
    assert frozen.notes == ["7 of its samples are no training rows and are left out."]
