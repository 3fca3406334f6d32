"""Pairs of outputs: the same input, else the same label, balanced over contenders, drawn from a seed; and from files."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import FileError, UsageError
from workbench.pipeline import standing
from workbench.pipeline.pairing import pair
from workbench.pipeline.pairing_files import load
from workbench.project import Project, create
from workbench.store import acts, duels, jobs, samples, snapshots
from workbench.store.connection import Store
from workbench.store.duels import NewDuel
from workbench.store.samples import NewSample

LLMBAR = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "llmbar" / "natural.json"


def made(store: Store, *new: NewSample) -> int:
    """The samples of one job; its number."""
    job = jobs.create(store, "import", {})
    with store.write() as connection:
        samples.insert(
            connection,
            samples.encoded([
                NewSample(one.fields, one.label, one.origin, one.split, job_id=job) for one in new
            ]),
        )  # fmt: skip
    return job


def texts(store: Store, tag: str, n: int = 12, labels: tuple[str, ...] = ("refund", "lost_card")) -> int:
    return made(store, *(NewSample({"text": f"{tag} {at}"}, labels[at % len(labels)]) for at in range(n)))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create(tmp_path / "p", labels=["lost_card", "refund"])


def test_texts_of_one_label_meet_and_every_two_contenders_equally_often(project: Project) -> None:
    with Store(project) as store:
        for tag in ("one", "two", "three"):
            texts(store, tag, 20)
        specs = ["a=job:1", "b=job:2", "c=job:3"]
        found = pair(project, store, specs, pairs=30, seed=1)
        assert (found.contenders, found.how) == (["a", "b", "c"], "label")
        assert found.question == "Which text is the better example of this label?"
        met = Counter(tuple(sorted((duel.first, duel.second))) for duel in found.duels)
        assert met == {(0, 1): 10, (0, 2): 10, (1, 2): 10}
        label = {one.id: f"Label: {one.label}" for one in samples.many(store, range(1, 61))}
        tags = ("one", "two", "three")
        for duel in found.duels:
            assert duel.first_sample is not None
            assert duel.second_sample is not None
            assert duel.input == label[duel.first_sample] == label[duel.second_sample]
            assert duel.first_text.startswith(tags[duel.first])
            assert duel.second_text.startswith(tags[duel.second])
        assert Counter(duel.input for duel in found.duels) == {"Label: refund": 15, "Label: lost_card": 15}
        assert 8 <= sum(duel.first > duel.second for duel in found.duels) <= 22  # either may be the first
        assert pair(project, store, specs, pairs=30, seed=1).duels == found.duels
        assert pair(project, store, specs, pairs=30, seed=2).duels != found.duels


def test_too_few_outputs_are_said(project: Project) -> None:
    with Store(project) as store:
        texts(store, "one", 10)
        texts(store, "two", 4)
        found = pair(project, store, ["job:1", "job:2"], pairs=10)
        assert len(found.duels) == 4
        assert found.notes == ["4 pairs could be made of 10 that were wanted: job:1 and job:2 4."]
        made(store, *(NewSample({"text": "refund"}, "refund") for _ in range(3)))
        made(store, NewSample({"text": "refund"}, "refund"), NewSample({"text": "x"}, "lost_card"))
        with pytest.raises(UsageError, match="between 2 and"):
            pair(project, store, ["job:1"], pairs=10)
        with pytest.raises(UsageError, match="nothing to pair"):
            pair(project, store, ["job:3", "job:4"], pairs=10)  # nothing to choose between


def test_rows_kept_for_testing_are_never_paired(project: Project) -> None:
    with Store(project) as store:
        texts(store, "one", 6)
        made(store, *(NewSample({"text": f"kept {n}"}, "refund", "real", "test") for n in range(6)))
        with pytest.raises(UsageError):
            pair(project, store, ["job:1", "job:2"], pairs=3)


TASKS: list[tuple[str, list[dict[str, Any]], str, str]] = [
    ("instruction", [{"instruction": "Say hi", "input": "to Bo", "output": "Hi, {}!"}], "Say hi\n\nto Bo", "Hi, {}!"),
    ("question_answering", [{"context": "It rains.", "question": "What?", "answer": "Rain {}"}], "It rains.\n\nWhat?",
     "Rain {}"),
    ("preference", [{"prompt": "Hello", "chosen": "good {}", "rejected": "bad {}"}], "Hello", "good {}"),
    ("dialogue", [{"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes {}"},
                                {"role": "user", "content": "bye"}]}], "user: Hello", "Yes {}"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "rows", "given", "judged"), TASKS, ids=[one[0] for one in TASKS])
def test_the_same_input_meets_itself(
    tmp_path: Path, kind: str, rows: list[dict[str, Any]], given: str, judged: str
) -> None:
    project = create(tmp_path / kind, kind=kind)

    def filled(who: str, *, upper: bool = False) -> list[NewSample]:
        [row] = rows
        text = json.dumps(row).replace("{}", who)
        fields = json.loads(text.replace("Hello", "HELLO ") if upper else text)
        return [NewSample(fields, None)]

    with Store(project) as store:
        made(store, *filled("Ann"))
        made(store, *filled("Ben", upper=True))  # case and white space do not matter
        [duel] = pair(project, store, ["job:1", "job:2"], pairs=5).duels
        assert duel.input == given
        assert {duel.first_text, duel.second_text} == {judged.replace("{}", who) for who in ("Ann", "Ben")}


def test_extracted_objects_of_one_text_meet(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    project = create(tmp_path / "x", kind="extraction", schema=schema)
    with Store(project) as store:
        made(store, NewSample({"text": "Bo came."}, {"name": "Bo"}))
        made(store, NewSample({"text": "Bo came."}, {"name": "came"}))
        [duel] = pair(project, store, ["job:1", "job:2"], pairs=5).duels
        assert duel.input == "Bo came."
        assert {duel.first_text, duel.second_text} == {'{\n "name": "Bo"\n}', '{\n "name": "came"\n}'}


def test_without_an_input_in_common_whole_samples_are_compared(tmp_path: Path) -> None:
    project = create(tmp_path / "i", kind="instruction")
    with Store(project) as store:
        for who in ("a", "b"):
            made(store, *(NewSample({"instruction": f"Do {who}{n}", "output": "Done"}, None) for n in range(3)))
        found = pair(project, store, ["job:1", "job:2"], pairs=3)
        assert found.how == "any"
        assert found.notes[0] == "No two contenders have an input in common, so whole samples are compared."
        assert {duel.first_text[:18] for duel in found.duels} <= {"instruction: Do a" + "0", "instruction: Do a1",
            "instruction: Do a2", "instruction: Do b0", "instruction: Do b1", "instruction: Do b2"}  # fmt: skip


def test_a_snapshot_is_paired_as_it_was_frozen(project: Project) -> None:
    with Store(project) as store:
        texts(store, "one", 4)
        snapshots.create(store, range(1, 5), "all", name="first")
        with store.write() as connection:
            connection.execute("UPDATE sample SET fields = '{\"text\": \"now\"}', text = 'now'")
        found = pair(project, store, ["snapshot:first", "job:1"], pairs=4)
        assert {frozenset((duel.first_text[:3], duel.second_text)) for duel in found.duels} >= {
            frozenset(("one", "now"))
        }


# From files


def test_a_file_of_outputs_by_name(tmp_path: Path) -> None:
    rows = [
        {"input": "a", "outputs": {"x": "1", "y": "2"}, "preferred": "y"},
        {"input": "b", "outputs": {"x": "3", "y": "4", "z": "5"}, "preferred": "x"},
        {"input": "c", "outputs": {"x": "6", "y": "7"}, "preferred": "tie"},
        {"input": "d", "outputs": {"x": "8", "y": "9"}},
        {"input": "e", "outputs": {"x": "8"}}, {"input": 3, "outputs": {"x": "8", "y": "9"}},
        {"input": "f", "outputs": {"x": "8", "y": "9"}, "preferred": "w"}, {"input": "g", "outputs": {"x": 1, "y": "9"}},
    ]  # fmt: skip
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "broken\n", encoding="utf-8")
    found = load(path)
    assert (found.contenders, found.read) == (["x", "y", "z"], 8)
    assert [bad.line for bad in found.failed] == [5, 6, 7, 8, 9]
    names = ("x", "y", "z")

    def winner(first: int, second: int, gold: str | None) -> str | None:
        return {"first": names[first], "second": names[second]}.get(gold or "", gold)

    told = [
        (duel.input, {names[duel.first], names[duel.second]}, winner(duel.first, duel.second, duel.gold))
        for duel in found.duels
    ]
    assert told == [
        ("a", {"x", "y"}, "y"), ("b", {"x", "y"}, "x"), ("b", {"x", "z"}, "x"), ("b", {"y", "z"}, None),
        ("c", {"x", "y"}, "tie"), ("d", {"x", "y"}, None),
    ]  # fmt: skip


def test_a_file_without_pairs_is_refused_with_its_first_fault(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    path.write_text('{"text": "x"}\n', encoding="utf-8")
    with pytest.raises(FileError, match=r'holds no pairs of outputs; line 1: has no "outputs"'):
        load(path)


def test_standings_are_worked_out_anew_where_somebody_has_judged_since(project: Project) -> None:
    with Store(project) as store:
        made = [
            duels.create(store, name, "?", ["a", "b"], [NewDuel("i", 0, 1, "p", "q")] * 3) for name in ("one", "two")
        ]
        assert standing.refresh(store) == 0
        anna = acts.annotator(store, "anna")
        [seen] = duels.waiting(store, made[0].id, anna)
        duels.choose(store, anna, seen, "tie")
        assert [standing.refresh(store) for _ in range(2)] == [1, 0]
        kept = duels.get(store, made[0].id).details["standings"]
        assert kept["counts"]["people"] == {"anna": 1}
        time.sleep(0.002)  # moments are told apart by milliseconds
        duels.choose(store, anna, seen, "first")
        assert standing.refresh(store) == 1
        assert duels.get(store, made[1].id).details == {}


@pytest.mark.skipif(not LLMBAR.exists(), reason="the shared data is not there")
def test_llmbar_has_its_own_shape_and_its_answers_are_kept(project: Project) -> None:
    found = load(LLMBAR)
    rows = json.loads(LLMBAR.read_text(encoding="utf-8"))
    assert (len(found.duels), found.failed, found.contenders) == (100, [], ["output_1", "output_2"])
    for row, duel in zip(rows, found.duels, strict=True):
        better = duel.first_text if duel.gold == "first" else duel.second_text
        assert better == row[f"output_{row['label']}"]
    with Store(project) as store:
        one = duels.create(store, "llmbar", "?", found.contenders, found.duels)
        kept = standing.keep(store, one.id)
        assert kept["summary"] == ["Nobody has judged these pairs yet."]
        assert duels.get(store, one.id).details["standings"] == kept
