"""Labels and fields that change in the middle of a project: everything follows, and undo brings back every byte."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import UsageError
from workbench.project import Project, create
from workbench.store import (
    acts,
    curation,
    jobs,
    opinions,
    purging,
    repairs,
    reshape,
    samples,
    snapshots,
    versions,
    views,
)
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.encoding import digest
from workbench.store.repairs import NewRepair
from workbench.store.reshape_plan import plan, plan_undo
from workbench.store.reshape_preview import do, preview
from workbench.store.samples import NewSample
from workbench.task_change import TaskChange

LABELS = ["a", "b", "c"]


@pytest.fixture
def store(tmp_path: Path):
    with Store(create(tmp_path / "p", labels=LABELS), durable=True) as opened:
        yield opened


def fill(store: Store, n: int, label: Any = None, **about: Any) -> list[int]:
    new = [NewSample({"text": f"text {i}"}, LABELS[i % 3] if label is None else label, **about) for i in range(n)]
    samples.add(store, new)
    return [row[0] for row in store.read("SELECT id FROM sample ORDER BY id DESC LIMIT ?", (n,))][::-1]


def change(how: str, *names: str, into: tuple[str, ...] = (), what: str = "label", **more: Any) -> TaskChange:
    return TaskChange(what, how, names, into, **more)  # type: ignore[arg-type]


def made(store: Store, one: TaskChange, **options: Any) -> int:
    return do(store, acts.annotator(store, "me"), plan(store, one, **options))


def undone(store: Store) -> int:
    return do(store, acts.annotator(store, "me"), plan_undo(store))


def fresh(store: Store) -> Project:
    return Project(store.project.folder)


#: Every column that a change touches.
COLUMNS = {
    "sample": "id, label, original_label, label_key, status, fields, original_fields, text, hash, original_hash",
    "opinion": "*",
    "suggestion": "*",
    "repair": "*",
    "saved_view": "name, query",
    "place": "*",
    "score": "*",
    "tally": "* FROM tally WHERE n > 0 --",
    "reshaped": "*",
}


def contents(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(store.read(f"SELECT {columns} FROM {table}"), key=repr) for table, columns in COLUMNS.items()}


def test_a_preview_counts_what_names_the_label(store: Store) -> None:
    one, two = fill(store, 2)
    me, you = acts.annotator(store, "me"), acts.annotator(store, "you")
    acts.apply(store, me, [one, two], Change(label="a", status="accepted"), kind="label")
    acts.apply(store, you, [one], Change(label="b", status="accepted"), kind="label")
    curation.save_suggestions(store, "tfidf", [(one, [("a", 0.7), ("b", 0.2)]), (two, [("c", 0.9)])], job_id=0)
    with store.write() as connection:
        repairs.put(connection, 1, "x", 1, 0, [NewRepair(one, 0.9, False, "r", given="b", label="c")])
    found = preview(store, plan(store, change("rename", "a", into=("new",))))
    assert (found.people, found.suggestions, found.repairs) == ({"me": 2}, 1, 0)


def test_a_rename_reaches_everything_and_evaluation_sees_it(store: Store) -> None:
    one, two, _ = fill(store, 3)
    (test,) = fill(store, 1, "a", origin="real", split="test")
    me = acts.annotator(store, "me")
    acts.apply(store, me, [two], Change(label="a", status="accepted"), kind="label")
    curation.save_suggestions(store, "tfidf", [(one, [("a", 0.7), ("b", 0.2)])], job_id=0)
    with store.write() as connection:
        repairs.put(
            connection, 1, "x", 1, 0, [NewRepair(one, 0.9, False, "r", given="a", label="b", soft={"a": 0.6, "b": 0.4})]
        )
    views.save(store, "mine", 'label:a status:pending "label:a" -label:a,b')
    acts.stop_at(store, me, "review", {"view": "label:a", "sample": 1})
    text = store.project.settings.read_text()
    made(store, change("rename", "a", into=("new, one",)))
    assert fresh(store).config.task.label_names == ["new, one", "b", "c"]
    assert store.project.settings.read_text() == text.replace("- a\n", '- "new, one"\n')
    got = samples.get(store, test)
    assert (got.label, got.original_label) == ("new, one", "new, one")
    assert store.read("SELECT hash, original_hash FROM sample WHERE id = ?", (test,)) == [
        (digest(got.fields, "new, one"),) * 2
    ]
    assert samples.label_counts(store) == {"new, one": 2, "c": 1}
    assert samples.get(store, two).original_label == "b"
    assert views.saved(store) == {"mine": 'label:"new, one" status:pending "label:a" -label:"new, one",b'}
    assert acts.stopped_at(store, me, "review") == {"view": 'label:"new, one"', "sample": 1}
    assert store.read("SELECT given, label, soft FROM repair") == [('"new, one"', '"b"', '{"new, one":0.6,"b":0.4}')]
    assert store.read("SELECT label FROM suggestion ORDER BY rank") == [('"new, one"',), ('"b"',)]


def test_undoing_an_old_act_gives_the_new_name(store: Store) -> None:
    (one,) = fill(store, 1)
    me = acts.annotator(store, "me")
    acts.apply(store, me, [one], Change(label="b", status="accepted"), kind="label")
    acts.apply(store, me, [one], Change(label="c"), kind="label")
    made(store, change("rename", "b", into=("B",)))
    acts.undo(store, me)
    assert samples.get(store, one).label == "B"
    made(store, change("rename", "B", into=("BB",)))
    acts.redo(store, me)
    acts.undo(store, me)
    assert samples.get(store, one).label == "BB"
    undone(store)
    assert samples.get(store, one).label == "B"
    acts.redo(store, me)
    acts.undo(store, me)
    assert samples.get(store, one).label == "B"
    acts.undo(store, me)
    assert samples.get(store, one).label == "a"


def test_what_an_older_screen_says_takes_the_new_name(store: Store) -> None:
    one, two = fill(store, 2)
    me = acts.annotator(store, "me")
    made(store, change("rename", "b", into=("B",)))
    acts.apply(store, me, [one], Change(label="b"), kind="label")
    assert samples.get(store, one).label == "B"
    made(store, change("split", "c", into=("c1", "c2")))
    with pytest.raises(UsageError, match="label c split into c1, c2: choose one of these"):
        acts.apply(store, me, [two], Change(label="c"), kind="label")


def test_merging_makes_people_agree_and_adds_suggestions_up(store: Store) -> None:
    (one,) = fill(store, 1)
    curation.save_suggestions(store, "tfidf", [(one, [("c", 0.5), ("a", 0.3), ("b", 0.2)])], job_id=0)
    with store.write() as connection:
        repairs.put(connection, 1, "x", 1, 0, [NewRepair(one, 0.9, False, "r", given="a", label="b")])
    before = contents(store)
    made(store, change("merge", "a", "b", into=("b",)))
    assert fresh(store).config.task.label_names == ["b", "c"]
    assert store.read("SELECT rank, label, score FROM suggestion ORDER BY rank") == [(0, '"c"', 0.5), (1, '"b"', 0.5)]
    assert store.read("SELECT active FROM repair") == [(0,)]
    undone(store)
    assert contents(store) == before


def test_a_split_by_words_decides_and_leaves_the_rest_to_people(store: Store) -> None:
    new = [NewSample({"text": text}, "a") for text in ("my lost card", "it was STOLEN", "stolenish", "no word")]
    samples.add(store, new)
    me = acts.annotator(store, "me")
    acts.apply(store, me, [2, 3], Change(label="a", status="accepted"), kind="label")
    before = contents(store)
    split = change("split", "a", into=("lost", "stolen"), words={"lost": ["lost"], "stolen": ["stolen"]})
    found = preview(store, plan(store, split))
    assert (found.samples, found.parts, found.open) == (4, {"lost": 3, "stolen": 1}, 2)
    assert (found.people, found.by["status"]) == ({"me": 2}, {"pending": 2, "accepted": 2})
    made(store, split)
    rows = [(row.label, row.status) for row in samples.rows(store, [1, 2, 3, 4]).values()]
    assert rows == [("lost", "pending"), ("stolen", "accepted"), ("lost", "pending"), ("lost", "pending")]
    view = views.parse(views.saved(store)["split a"])
    assert list(views.ids(store, view)) == [3, 4]
    acts.apply(store, me, [4], Change(label="stolen", status="accepted"), kind="label")
    assert list(views.ids(store, view)) == [3]
    with pytest.raises(UsageError, match="Since then me has labelled 1 samples"):
        undone(store)
    acts.undo(store, me)
    undone(store)
    assert {k: v for k, v in contents(store).items() if k != "opinion"} == {
        k: v for k, v in before.items() if k != "opinion"
    }


def test_labels_added_moved_described_and_removed(store: Store) -> None:
    fill(store, 3)
    text = store.project.settings.read_text()
    made(store, change("add", into=("d",), description="the fourth"))
    made(store, change("move", "d", position=1))
    made(store, change("describe", "a", description="first: of all"))
    task = fresh(store).config.task
    assert [(one.name, one.description) for one in task.labels] == [
        ("d", "the fourth"), ("a", "first: of all"), ("b", ""), ("c", ""),
    ]  # fmt: skip
    made(store, change("remove", "d"))
    with pytest.raises(UsageError, match="1 samples have, had or may get 'a'"):
        made(store, change("remove", "a"))
    for _ in range(4):
        undone(store)
    assert store.project.settings.read_text() == text
    with pytest.raises(UsageError, match="no change of labels or fields"):
        undone(store)


def test_what_cannot_be_is_said(store: Store) -> None:
    fill(store, 3)
    for one, words in [
        (change("rename", "x", into=("y",)), "There is no label 'x'"),
        (change("rename", "a", into=("b",)), "There is a label 'b' already; merge them"),
        (change("rename", "a", into=(" ",)), "cannot be a name"),
        (change("merge", "a", "b", "c", into=("a",)), "needs at least two different labels"),
        (change("add", into=("g",), what="field"), "has exactly one field"),
        (change("split", "a", into=("a1",)), "at least two different labels"),
    ]:
        with pytest.raises(UsageError, match=words):
            made(store, one)
    made(store, change("rename", "a", into=("z",)))
    with pytest.raises(UsageError, match=r"'a' was renamed before \(change 1"):
        made(store, change("add", into=("a",)))
    made(store, change("add", into=("a",)), again=True)
    me = acts.annotator(store, "me")
    acts.apply(store, me, [2], Change(label="a"), kind="label")
    assert samples.get(store, 2).label == "a"
    with pytest.raises(UsageError, match="Since then me has labelled 1 samples"):
        undone(store)


def test_a_job_under_way_or_a_file_edited_by_hand_refuses(store: Store) -> None:
    fill(store, 3)
    job = jobs.create(store, "generate", {})
    with pytest.raises(UsageError, match=f"Job {job} .generate. is queued"):
        made(store, change("rename", "a", into=("z",)))
    jobs.cancel(store, job)
    made(store, change("rename", "a", into=("z",)))
    path = store.project.settings
    path.write_text(path.read_text().replace("- c\n", "- c\n    - by_hand\n"))
    with pytest.raises(UsageError, match=r"labels in project\.yaml were changed by hand"):
        undone(store)
    path.write_text(path.read_text().replace("    - by_hand\n", "").replace("seed: 0", "seed: 7"))
    undone(store)
    assert fresh(store).config.task.label_names == LABELS
    assert fresh(store).config.evaluate.seed == 7


def test_the_process_that_dies_in_the_middle_is_completed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after every single chunk, and before the settings and the targets are written."""
    monkeypatch.setattr(reshape, "FIRST", 4)
    monkeypatch.setattr(reshape, "CHUNK", 4)
    monkeypatch.setattr(reshape, "AIM", 1e-9)
    fill(store, 30)
    before, text = contents(store), store.project.settings.read_text()

    class Killed(Exception):
        pass

    def killer(at: int):
        def progress(done: int, total: int) -> None:
            if done >= at:
                raise Killed

        return progress

    me = acts.annotator(store, "me")
    for at in (0, 1, 5):
        with pytest.raises(Killed):
            do(store, me, plan(store, change("rename", "a", into=("z",))), killer(at))
        with pytest.raises(UsageError, match="The task is being changed"):
            jobs.create(store, "curate", {})
        acts.apply(store, me, [1, 30], Change(label="a", status="accepted"), kind="label")
        assert samples.get(store, 1).label == samples.get(store, 30).label == "z"
        reshape.finish(store)
        assert samples.label_counts(store) == {"z": 11, "b": 10, "c": 9}
        acts.undo(store, me)
        with pytest.raises(Killed):
            do(store, me, plan_undo(store), killer(at))
        acts.apply(store, me, [4], Change(status="accepted"), kind="accept")
        acts.undo(store, me)
        reshape.finish(store)
        now = contents(store)
        assert (now["sample"], now["reshaped"]) == (before["sample"], [])
        assert store.project.settings.read_text() == text


def test_settings_that_were_not_written_yet_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 3)
    one = plan(store, change("rename", "a", into=("z",)))
    monkeypatch.setattr(reshape, "_put_settings", lambda *_: None)
    reshape.begin(store, acts.annotator(store, "me"), one.change, one.before, one.after)
    assert fresh(store).config.task.label_names == LABELS
    reshape.finish(store)
    assert fresh(store).config.task.label_names == ["z", "b", "c"]
    assert samples.label_counts(store) == {"z": 1, "b": 1, "c": 1}


def test_sets_of_labels(tmp_path: Path) -> None:
    with Store(create(tmp_path / "p", kind="multi_label", labels=LABELS), durable=True) as store:
        samples.add(
            store, [NewSample({"text": f"x y {n}"}, label) for n, label in enumerate((["a", "b"], ["b"], ["c"], []))]
        )
        before = contents(store)
        made(store, change("merge", "a", "b", into=("ab",)))
        assert [row.label for row in samples.rows(store, [1, 2, 3, 4]).values()] == [["ab"], ["ab"], ["c"], []]
        undone(store)
        assert contents(store) == before
        made(store, change("split", "b", into=("x", "y", "rest"), words={"x": ["x"], "y": ["y"]}))
        assert [row.label for row in samples.rows(store, [1, 2]).values()] == [["a", "x", "y"], ["x", "y"]]
        undone(store)
        assert contents(store) == before


def test_fields_of_a_free_task(tmp_path: Path) -> None:
    kinds = [("title", "text"), ("body", "text"), ("stars", "number")]
    with Store(create(tmp_path / "p", kind="free", fields=kinds), durable=True) as store:
        samples.add(store, [NewSample({"title": f"T{n}", "body": f"B{n} | C", "stars": n}) for n in range(3)])
        me = acts.annotator(store, "me")
        acts.apply(store, me, [2], Change(fields={"title": "E", "body": "F | G", "stars": 5}), kind="edit")
        before, text = contents(store), store.project.settings.read_text()
        made(store, change("rename", "body", into=("content",), what="field"))
        assert samples.get(store, 2).fields == {"title": "E", "content": "F | G", "stars": 5}
        made(store, change("split", "content", into=("content", "end"), what="field", separator="|"))
        assert samples.get(store, 2).fields == {"title": "E", "content": "F", "end": "G", "stars": 5}
        made(store, change("merge", "title", "end", into=("title",), what="field", joiner=": "))
        assert samples.get(store, 1).fields == {"title": "T0: C", "content": "B0", "stars": 0}
        made(store, change("add", into=("language",), what="field", default="en"))
        assert samples.get(store, 1).text == "T0: C\nB0\nen"
        assert list(fresh(store).config.task.fields) == ["title", "content", "stars", "language"]
        assert store.read("SELECT count(*) FROM sample_fts WHERE sample_fts MATCH 'en'") == [(3,)]
        with pytest.raises(UsageError, match="only an empty field can be removed"):
            made(store, change("remove", "language", what="field"))
        acts.undo(store, me)
        assert samples.get(store, 2).fields == {"title": "T1: C", "content": "B1", "stars": 1, "language": "en"}
        acts.redo(store, me)
        for _ in range(4):
            undone(store)
        now = contents(store)
        assert {table: now[table] for table in now if table != "opinion"} == {
            table: before[table] for table in before if table != "opinion"
        }
        assert store.project.settings.read_text() == text


@pytest.mark.parametrize("kind", ["extraction", "text_pair", "dialogue", "preference"])
def test_other_kinds(tmp_path: Path, kind: str) -> None:
    scale = (0.0, 5.0) if kind == "text_pair" else None
    fields = {"extraction": {"text": "x"}, "text_pair": {"first": "x", "second": "y"}}.get(kind, {"prompt": "x"})
    label = {"extraction": {"name": "n"}, "text_pair": 3}.get(kind)
    with Store(create(tmp_path / "p", kind=kind, scale=scale), durable=True) as store:
        samples.add(store, [NewSample(fields, label)])
        before = contents(store)
        with pytest.raises(UsageError, match="has no labels to change"):
            made(store, change("rename", "a", into=("b",)))
        first = next(iter(store.project.config.task.fields))
        if kind in ("dialogue", "preference"):
            with pytest.raises(UsageError, match="has the fields"):
                made(store, change("rename", first, into=("other",), what="field"))
            return
        made(store, change("rename", first, into=("other",), what="field"))
        got = samples.get(store, 1)
        assert (next(iter(got.fields)), got.label) == ("other", label)
        undone(store)
        assert contents(store) == before


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_comes_back_to_the_byte(tmp_path: Path, seed: int) -> None:
    """Random projects, two people's annotations, edits and repairs; changes in a row, all taken back."""
    rng = random.Random(seed)
    many = seed % 3 == 2
    labels = ["a", "b", "c", "d"]
    any_label = (lambda: rng.sample(labels, rng.randint(0, 3))) if many else (lambda: rng.choice(labels))
    kind = "multi_label" if many else "classification"
    with Store(create(tmp_path / "p", kind=kind, labels=labels), durable=True) as store:
        where = [("synthetic", "train"), ("seed", "train"), ("real", "validation"), ("real", "test")]
        samples.add(store, [
            NewSample({"text": f"w{rng.randint(0, 5)} \ud800 text"}, any_label(), *rng.choice(where)) for _ in range(15)
        ])  # fmt: skip
        people = [acts.annotator(store, name) for name in ("anna", "ben")]
        for _ in range(25):
            said = rng.choice([
                Change(label=any_label(), status="accepted"), Change(label=any_label()), Change(status="rejected"),
                Change(fields={"text": f"e{rng.randint(0, 5)}"}), Change(status="accepted"), Change(note="n"),
            ])  # fmt: skip
            acts.apply(store, rng.choice(people), rng.sample(range(1, 16), rng.randint(1, 4)), said, kind="x")
            if rng.random() < 0.2:
                acts.undo(store, rng.choice(people))
        if not many:
            curation.save_suggestions(
                store, "s", [(n, [(one, round(rng.random() / 4, 3)) for one in rng.sample(labels, 3)]) for n in range(1, 16)],
                job_id=0,
            )  # fmt: skip
        with store.write() as connection:
            repairs.put(connection, 1, "x", 1, 0, [
                NewRepair(n, 0.9, rng.random() < 0.5, "r", given=any_label(), label=any_label(),
                          soft=rng.choice([None, {"a": 0.5, "b": 0.5}]))
                for n in rng.sample(range(1, 16), 6)
            ])  # fmt: skip
        views.save(store, "v", "label:a,b")
        states = [(contents(store), store.project.settings.read_text())]
        for number in range(5):
            there = Project(store.project.folder).config.task.label_names
            how = rng.choice(["rename", "merge", "split", "add", "move"]) if len(there) > 2 else "split"
            names = rng.sample(there, 2)
            one = {
                "rename": change("rename", names[0], into=(f"r{number}",)),
                "merge": change("merge", *names, into=(rng.choice([names[0], f"m{number}"]),)),
                "split": change("split", names[0], into=(rng.choice([names[0], f"s{number}"]), f"t{number}"),
                                words=rng.choice([{}, {f"t{number}": ["w1", "w2", "e1"]}])),
                "add": change("add", into=(f"n{number}",)),
                "move": change("move", names[0], position=rng.randint(1, len(there))),
            }[how]  # fmt: skip
            made(store, one)
            states.append((contents(store), store.project.settings.read_text()))
            carried = {name for (label,) in store.read("SELECT label FROM sample WHERE label IS NOT NULL") for name in (
                json.loads(label) if many else [json.loads(label)])}  # fmt: skip
            assert carried <= set(Project(store.project.folder).config.task.label_names)
        states.pop()
        while states:
            undone(store)
            was, text = states.pop()
            now = contents(store)
            for table in now:
                assert now[table] == was[table], (table, len(states))
            assert store.project.settings.read_text() == text


@pytest.mark.parametrize("seed", range(12))
def test_history_reads_as_the_opinions_are_whatever_people_do_between_changes(tmp_path: Path, seed: int) -> None:
    """Acts, undo and redo of two people between changes and their undoing: what the history gives, taken through the
    changes in force, is what is stored as everybody's opinion; no sample has a label that the task has not got."""
    rng = random.Random(seed)
    with Store(create(tmp_path / "p", labels=["a", "b", "c"]), durable=True) as store:
        samples.add(store, [NewSample({"text": f"w{n % 4}"}, rng.choice("abc")) for n in range(8)])
        people = [acts.annotator(store, name) for name in ("anna", "ben")]
        for number in range(40):
            labels = Project(store.project.folder).config.task.label_names
            who, ids = rng.choice(people), rng.sample(range(1, 9), 2)
            kind = rng.choice(["label", "label", "accept", "undo", "redo", "edit", "change", "back"])
            if kind == "label":
                acts.apply(store, who, ids, Change(label=rng.choice(labels), status="accepted"), kind="label")
            elif kind == "accept":
                acts.apply(store, who, ids, Change(status=rng.choice(["accepted", "rejected"])), kind="accept")
            elif kind == "edit":
                acts.apply(store, who, ids, Change(fields={"text": f"e{rng.randint(0, 3)}"}), kind="edit")
            elif kind in ("undo", "redo"):
                (acts.undo if kind == "undo" else acts.redo)(store, who)
            elif kind == "change":
                names, new = rng.sample(labels, 2), f"n{number}"
                made(store, rng.choice([
                    change("rename", names[0], into=(new,)),
                    change("merge", *names, into=(names[1],)) if len(labels) > 2 else change("add", into=(new,)),
                    change("split", names[0], into=(names[0], new), words={new: ["w1"]}),
                    change("split", names[0], into=(f"{new}x", new)),
                ]))  # fmt: skip
            else:
                try:
                    undone(store)
                except UsageError as error:
                    assert "Since then" in str(error) or "no change" in str(error)  # noqa: PT017
            labels = Project(store.project.folder).config.task.label_names
            assert {json.loads(label) for (label,) in store.read("SELECT label FROM sample")} <= set(labels)
            for sample, person, *state in store.read(
                "SELECT sample_id, annotator_id, label, status, fields FROM opinion"
            ):
                read = opinions._below(store.connection, 2**62, person, sample)[1]
                assert [read[0], read[2], read[4]] == state, (number, kind, sample)


def test_a_snapshot_is_read_and_put_back_in_the_names_of_now(store: Store) -> None:
    ids = fill(store, 3)
    me = acts.annotator(store, "me")
    before = snapshots.create(store, views.ids(store, views.parse("set:yes")), "set:yes", name="before")
    made(store, change("rename", "a", into=("z",)))
    between = snapshots.create(store, views.ids(store, views.parse("set:yes")), "set:yes", name="between")
    assert versions.compare(store, before.id).same == 3
    assert versions.restoring(store, before).same == 3
    acts.apply(store, me, ids[:1], Change(label="c"), kind="label")
    versions.restore(store, me, versions.restoring(store, before))
    assert samples.get(store, ids[0]).label == "z"
    undone(store)
    assert samples.get(store, ids[0]).label == "a"
    assert versions.compare(store, between.id).same == 3  # z was only there between the two
    acts.apply(store, me, ids[:1], Change(label="c"), kind="label")
    versions.restore(store, me, versions.restoring(store, between))
    assert samples.get(store, ids[0]).label == "a"


def test_a_snapshot_put_back_keeps_the_fields_of_now(tmp_path: Path) -> None:
    with Store(create(tmp_path / "p", kind="free", fields=[("title", "text"), ("body", "text")])) as store:
        samples.add(store, [NewSample({"title": "t", "body": "b"})])
        before = snapshots.create(store, views.ids(store, views.parse("set:yes")), "set:yes", name="before")
        made(store, change("add", into=("tone",), what="field", kind="text", default="calm"))
        made(store, change("rename", "body", into=("content",), what="field"))
        plan_back = versions.restoring(store, before)
        assert (plan_back.same, plan_back.fields) == (1, 0)


def test_undoing_a_change_after_a_purge_leaves_what_is_gone(store: Store) -> None:
    ids = fill(store, 6)
    made(store, change("rename", "a", into=("z",)))
    purging.delete(store, acts.annotator(store, "me"), ids[:1])
    undone(store)
    assert [row[0] for row in store.read("SELECT DISTINCT label FROM sample ORDER BY 1")] == ['"a"', '"b"', '"c"']
    assert store.one("SELECT count(*) FROM reshaped WHERE sample_id = ?", (ids[0],)) == (0,)
    assert all(ids[0] not in acts.unpack(blob) for (blob,) in store.read("SELECT targets FROM reshaping") if blob)
