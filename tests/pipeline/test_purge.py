"""Purging: a text that was purged stands in no file of the project any more, and the project works on."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from workbench.errors import StoreError
from workbench.pipeline import features, purge
from workbench.project import Project, create
from workbench.store import (
    acts,
    behind,
    curation,
    duels,
    jobs,
    ledger,
    purge_memory,
    purge_rows,
    purge_scope,
    purging,
    repairs,
    samples,
    snapshots,
    views,
)
from workbench.store.acts import Change
from workbench.store.connection import Store, new_uuid, now
from workbench.store.curation import Drop
from workbench.store.duels import Judged, NewDuel
from workbench.store.repairs import NewRepair
from workbench.store.samples import NewSample

#: A text that nothing else holds, with what JSON and shells escape; and its words, by which a part of it would show.
CANARY = 'My name is "Quillon Zebrafinch",\nmy card is 4000-1234-quokka'
TRACES = ("Quillon", "Zebrafinch", "quokka", "quillon", "zebrafinch")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create(tmp_path / "p", labels=["lost_card", "refund"])


def everywhere(store: Store) -> tuple[list[int], int]:
    """The canary as a generated sample and as a seed, in everything that is ever made from samples; (their numbers, an
    innocent sample)."""
    samples.add(store, [NewSample({"text": f"please refund payment {n}"}, "refund") for n in range(6)])
    source = snapshots.add_source(store, b"x" * 32, "seed", "{}", str(store.project.folder / "seeds.jsonl"), None)
    samples.add(store, [NewSample({"text": CANARY}, "lost_card", "seed", source_id=source, source_line=1)])
    seed = store.read("SELECT max(id) FROM sample")[0][0]
    job = jobs.create(store, "generate", {"recipe": "zerogen"})
    series = ledger.series(store, "zerogen", {}, "openai:x", 0)
    ledger.open_wave(store, series, 0, 0, 10, {"seeds": [[seed, CANARY, "lost_card"], [1, "fine", "refund"]]}, job)
    told = [{"role": "user", "content": f"Write one like: {CANARY}\nNow:"}]
    asked = [
        ledger.Asked(0, told, {}, {"label": "lost_card", "like": CANARY}, {"examples": [seed]}, 0, 1, "ab" * 32,
                     answer_text=json.dumps({"text": CANARY}), answer_model="x", cost=0.25),
        ledger.Asked(1, told, {}, {}, {}, 0, 4, "cd" * 32, reason="http 400", error=f"refused: {CANARY}"),
    ]  # fmt: skip
    judged = ledger.Asked(9, [], {}, {}, {}, 0, 1, "ef" * 32, answer_text="A person called Quillon speaks.")
    with store.write() as connection:
        made = ledger.record(connection, ledger.Prompts(), series, job, asked)
        ledger.keep_answers(connection, [judged])
        samples.insert(connection, samples.encoded([
            NewSample({"text": CANARY}, "lost_card", job_id=job, request_id=made[0], parents={"examples": [seed]}),
            NewSample({"text": "made from it, but says nothing of it"}, "lost_card", parents={"original": [seed]}),
        ]))  # fmt: skip
    gone = store.read("SELECT id FROM sample WHERE request_id = ?", (made[0],))[0][0]
    me = acts.annotator(store, "anna")
    acts.apply(store, me, [gone], Change(note=f"this is {CANARY}", label="refund"), kind="note")
    acts.apply(store, me, [gone], Change(fields={"text": f"{CANARY} please"}), kind="edit")
    acts.undo(store, me)
    acts.apply(store, me, [1, gone], Change(status="accepted"), kind="accept")
    acts.apply_each(
        store, me, {gone: Change(fields={"text": CANARY.upper()}), 2: Change(status="flagged")}, kind="restore"
    )
    snapshots.create(store, [1, gone, 3], "all", name="first")
    samples.add(store, [NewSample({"text": "another innocent one"}, "refund")])
    other = store.read("SELECT max(id) FROM sample")[0][0]
    curation.save_scores(store, "cluster", [(gone, 1.0), (other, 1.0)], version=1, job_id=job)
    curation.save_drops(store, job, [Drop(other, "near_duplicate", 1, {}, f".9 like {gone}: {CANARY}", 0.9, gone)])
    curation.save_neighbours(store, [(other, [(gone, 0.9)]), (gone, [(other, 0.9)])])
    curation.save_suggestions(store, "tfidf", [(gone, [("refund", 0.7)])], job_id=job)
    jobs.finish(store, job, "done", result={"examples": {"length": [[gone, CANARY, "long", None]]}}, error=None)
    jobs.log(store, job, "warning", f"odd: {CANARY}")
    views.save(store, "it", f"status:accepted {CANARY!r}")
    acts.stop_at(store, me, "review", {"view": '"my card is 4000-1234-quokka"', "sample": gone})
    with store.write() as connection:
        repairs.put(connection, job, "rewrite", 1, 0, [NewRepair(gone, 0.9, True, "x", fields={"text": CANARY[::-1]})])
        repairs.put(connection, job, "rewrite", 1, 0, [NewRepair(other, 0.9, False, f"not like {CANARY}")])
        connection.execute("INSERT INTO cluster (id, title, size) VALUES (1, 'quillon, zebrafinch, card', 2)")
        frozen = zlib.compress(json.dumps([[gone, "refund"], [1, "refund"]]).encode())
        connection.execute(
            "INSERT INTO audit (uuid, annotator_id, view, population, seed, frozen, goal, after_annotation, created_at) "
            "VALUES (?, ?, '', 2, 0, ?, '{}', 0, ?)",
            (new_uuid(), me, frozen, now()),
        )
        connection.execute(
            "INSERT INTO reshaping (annotator_id, kind, change, settings_before, settings_after, after_act, after_annotation, "
            "after_sample, state, created_at) VALUES (?, 'rename', '{}', '', '', 0, 0, 0, 'done', ?)",
            (me, now()),
        )
        body = json.dumps({"body": CANARY})
        connection.execute("INSERT INTO reshaped VALUES (1, ?, 'fields', ?, ?)", (gone, body, body))
    compared(store, me, gone, other)
    features.features_of(store.project).add([CANARY, "another innocent one"])
    jobs.log_path(store.project, job).write_text(f"Traceback\nValueError: {CANARY!r}\n", encoding="utf-8")
    store.path.with_name(f"{store.path.name}.backup-2").write_bytes(CANARY.encode())
    return [gone, seed], other


def compared(store: Store, me: int, gone: int, other: int) -> None:
    """Outputs side by side, one of them the canary, one pair that only quotes it; and an evaluation with words of texts."""
    made = duels.create(
        store, "side by side", "Which is better?", ["a", "b"],
        [NewDuel("Introduce yourself", 0, 1, CANARY, "another innocent one", gone, other),
         NewDuel(f"Rewrite: {CANARY}", 1, 0, "as it was", "as it is"), NewDuel("Say hello", 0, 1, "hello", "good day")],
    )  # fmt: skip
    for _ in range(3):
        [first] = duels.waiting(store, made.id, me)
        duels.choose(store, me, first, "first", reason=f"It says {CANARY}")
    duels.undo(store, me, made.id)
    judged = [Judged(one.id, False, "first", f"better than {CANARY}") for one in duels.contents(store, made.id)]
    duels.record(store, "openai:x", judged)
    evaluation = snapshots.save_evaluation(store, job_id=1, view="", samples=9, result={
        "kind": "set", "metrics": {"fidelity.unigram_shift": {"value": 0.2, "details": {
            "words": {"more": [["Quillon", 0.4], ["refund", 0.1]], "zebrafinch": 3}, "samples": 9}}},
    })  # fmt: skip
    behind.save(store, evaluation, {"fidelity.unigram_shift/closest": [gone, other]})


def traces(folder: Path) -> list[str]:
    """Files that hold a trace of the canary, compressed parts of the database included."""
    found = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        found += [f"{path.name}: {word}" for word in TRACES if word.encode() in content]
    with Store(Project(folder)) as store:
        for table, column in (("act", "targets"), ("act", "choices"), ("audit", "frozen")):
            for (blob,) in store.read(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"):
                found += [f"{table}.{column}" for word in TRACES if word.encode() in zlib.decompress(blob)]
    return found


def test_nothing_of_a_purged_text_is_left_in_any_file(project: Project) -> None:
    with Store(project, durable=True) as store:
        ids, other = everywhere(store)
        before = purge_scope.effects(store, ids)
        done = purge.purge(store, acts.annotator(store, "anna"), ids)
        assert (before.samples, before.answers, before.judged, before.derived) == (2, 2, 1, 1)
        assert before.people == {"anna": 5}
        assert before.duels == 1
        assert before.snapshots == {"first": 1}
        assert done.samples == 2
        assert done.left == []
        assert done.kept_rows == 1
        # The project works on: counts, search, undo, snapshot, money spent.
        assert samples.counts(store)["total"] == 8
        assert list(views.ids(store, views.parse("innocent"))) == [other]
        assert list(views.ids(store, views.parse("quokka"))) == []
        assert [one[0] for one in snapshots.contents(store, 1)] == [1, 3]
        assert snapshots.get(store, 1).details == {"purged": 1}
        assert ledger.spent(store)[0] == 0.25
        me = acts.annotator(store, "anna")
        assert acts.undo(store, me) is not None
        assert acts.undo(store, me) is not None
        assert samples.get(store, 1).status == "pending"
        # Pairs with a purged output are gone, those that quote one are blanked, the others stand with what was chosen.
        [left] = duels.listed(store)
        assert [(one.input, one.first_text) for one in duels.contents(store, left.id)] == [
            ("[purged]", "as it was"), ("Say hello", "hello"),
        ]  # fmt: skip
        assert [(one.person, one.reason) for one in duels.choices(store, left.id)] == [
            (True, "[purged]"), (False, "[purged]"), (False, "[purged]"),
        ]  # fmt: skip
        [evaluation] = snapshots.evaluations(store)
        found = evaluation["result"]["metrics"]["fidelity.unigram_shift"]["details"]
        assert found == {"words": {"more": [["refund", 0.1]]}, "samples": 9}
        assert store.read("SELECT sample_id FROM behind") == [(other,)]
        verdict = store.read("SELECT reason, other_id FROM verdict")
        assert verdict == [(purge_rows.SEEN, None)]
        assert store.read("PRAGMA foreign_key_check") == []
        assert store.read("PRAGMA quick_check") == [("ok",)]
    assert traces(project.folder) == []


def test_the_place_in_the_series_stays_taken(project: Project) -> None:
    """Else resuming the series would ask for the same text again."""
    with Store(project, durable=True) as store:
        ids, _ = everywhere(store)
        purge.purge(store, acts.annotator(store, "anna"), ids)
        assert ledger.recorded(store, 1, 0, 10) == [(0, "parsed"), (1, "failed")] or [
            one[0] for one in ledger.recorded(store, 1, 0, 10)
        ] == [0, 1]


def test_a_purged_row_is_known_again_without_its_text(project: Project) -> None:
    with Store(project, durable=True) as store:
        ids, _ = everywhere(store)
        me = acts.annotator(store, "anna")
        purge.purge(store, me, ids)
        memory = purge_memory.Memory(store)
        assert memory.when({"text": CANARY}) == now()[:10]
        assert memory.when({"text": "please refund payment 1"}) is None
        purge.purge(store, me, [1], remember=False)
        assert purge_memory.Memory(store).when({"text": "please refund payment 0"}) is None


def test_who_else_is_in_the_project_is_named(project: Project) -> None:
    with Store(project, durable=True) as store:
        samples.add(store, [NewSample({"text": "one"}, "refund")])
        code = (
            "import sys; from workbench.project import Project; from workbench.store.connection import Store; "
            "from pathlib import Path; s = Store(Project(Path(sys.argv[1]))); print('in', flush=True); sys.stdin.read()"
        )
        other = subprocess.Popen(
            [sys.executable, "-c", code, str(project.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"in\n"
            with pytest.raises(StoreError, match=f"process {other.pid} of .* is in the project; nothing was changed"):
                purge.purge(store, acts.annotator(store, "anna"), [1])
            assert samples.counts(store)["total"] == 1
        finally:
            other.communicate()
        with store.clone() as second:  # our own other doors do not stand in the way
            purge.purge(store, acts.annotator(store, "anna"), [1])
            assert samples.counts(second)["total"] == 0


def test_a_purge_that_was_cut_off_is_finished(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(project, durable=True) as store:
        ids, _ = everywhere(store)

        def power_cut(*_: object) -> None:
            raise KeyboardInterrupt

        me = acts.annotator(store, "anna")
        with monkeypatch.context() as patched:
            patched.setattr(purging, "_rewrite", power_cut)
            with pytest.raises(KeyboardInterrupt):
                purge.purge(store, me, ids)
        assert purging.unfinished(store)
        purge.finish(store)
        assert not purging.unfinished(store)
    assert [one for one in traces(project.folder) if not one.startswith("job-")] == []
