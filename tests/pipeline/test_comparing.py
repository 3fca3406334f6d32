"""A comparison as a job: its result, what is kept of it, and what it leaves alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from tests.pipeline.conftest import RunJob, add
from workbench.evaluate.base import evaluate
from workbench.evaluate.outside import Answers, Lesson
from workbench.generate.parts import Example, Setting
from workbench.jobs.run import JobContext
from workbench.models.base import Request
from workbench.pipeline import standing
from workbench.pipeline.contenders import sets
from workbench.pipeline.evaluate_job import Shared, newest
from workbench.pipeline.setting import inputs_of
from workbench.recipe import everyone
from workbench.store import behind, jobs, samples, snapshots, splits
from workbench.store.connection import Store
from workbench.store.samples import NewSample

WORDS = {
    "refund": ["refund", "money", "back", "payment", "return", "charge", "paid", "twice", "cheque"],
    "lost_card": ["card", "lost", "stolen", "wallet", "missing", "gone", "block", "replace"],
}
FILLER = ["please", "my", "the", "I", "you", "can", "help", "today", "again", "need", "want", "for", "a"]


def texts(label: str, count: int, seed: int) -> list[str]:
    source = random.Random(f"{label}{seed}")
    return [" ".join(source.choices(FILLER, k=4) + source.choices(WORDS[label], k=3)) for _ in range(count)]


@pytest.fixture
def filled(store: Store) -> tuple[int, int]:
    """Two import jobs with 60 samples each, the second one's labels swapped in half of its samples; 80 test rows."""
    made = []
    for number in range(2):
        job = jobs.create(store, "import", {})
        rows = [(text, label) for label in WORDS for text in texts(label, 30, number)]
        if number:
            rows = [(text, "refund" if place % 2 else "lost_card") for place, (text, _) in enumerate(rows)]
        samples.add(store, [NewSample({"text": text}, label, job_id=job) for text, label in rows])
        made.append(job)
    for label in WORDS:
        add(store, *texts(label, 40, 9), label=label, origin="real", split="test")
    return made[0], made[1]


NAMES = ["benchmark.accuracy", "diversity.vocabulary", "diversity.distinct_2"]


def test_right_labels_are_really_better_than_swapped_ones(store: Store, run: RunJob, filled: tuple[int, int]) -> None:
    a, b = filled
    job = run("evaluate", contenders=[f"good=job:{a}", f"bad=job:{b}"], metrics=NAMES)
    assert (job.state, job.error) == ("done", None)
    result = job.result or {}
    assert result["kind"] == "comparison"
    assert [(one["name"], one["spec"], one["samples"], one["generated"], one["cost"]) for one in result["contenders"]] == [
        ("good", f"job:{a}", 60, 60, None), ("bad", f"job:{b}", 60, 60, None),
    ]  # fmt: skip
    (pair,) = result["differences"]["benchmark.accuracy"]
    assert (pair["verdict"], pair["paired"]) == ("worse", True)
    assert pair["p"] < 0.05
    assert result["best"]["benchmark.accuracy"] == 0
    assert result["same_size"] is None
    assert "good is really better:" in result["summary"][1]
    assert set(result["contenders"][0]["metrics"]) == set(NAMES)


def test_sets_of_unequal_size_are_compared_at_one(store: Store, run: RunJob, filled: tuple[int, int]) -> None:
    a, _ = filled
    job = run("evaluate", contenders=["all=set", f"half=job:{a}"], metrics=NAMES)
    result = job.result or {}
    assert result["same_size"] == 60
    assert result["overlaps"] == [[0, 1, 60]]
    one = result["contenders"][0]["metrics"]["diversity.vocabulary"]
    assert one["details"]["at_size"] == 60
    assert one["details"]["full"]["value"] >= one["value"]
    assert "unequal sizes, from 60 to 120" in result["summary"][-1]


def test_nothing_but_the_evaluation_is_written(
    store: Store, run: RunJob, filled: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Store] = []
    monkeypatch.setattr(standing, "refresh", asked.append)  # what people judged meanwhile is worked out at its end
    tables = ("verdict", "weight", "repair", "score", "snapshot", "sample")
    before = [store.read(f"SELECT count(*) FROM {table}")[0][0] for table in tables]
    job = run("evaluate", contenders=["set", "once=set+exact_duplicate+length:min_words=3"], metrics=NAMES)
    assert job.state == "done"
    assert [store.read(f"SELECT count(*) FROM {table}")[0][0] for table in tables] == before
    assert [one["view"] for one in snapshots.evaluations(store)] == ["comparison"]
    assert len(asked) == 1


def test_the_card_takes_the_newest_evaluation_of_the_data_set_itself(
    store: Store, run: RunJob, filled: tuple[int, int]
) -> None:
    assert newest(store) is None
    whole = run("evaluate", metrics=NAMES).result or {}
    part = run("evaluate", metrics=NAMES, view="label:refund").result or {}
    run("evaluate", metrics=NAMES, contenders=["set", "raw=set+none"])
    assert (whole["samples"], part["samples"]) == (120, 60)
    assert part["spec"] == "view:label:refund"
    assert (newest(store) or {})["samples"] == 120
    assert [one["view"] for one in snapshots.evaluations(store)] == ["comparison", "view label:refund", "data set"]


def test_a_snapshot_is_measured_as_it_was(store: Store, run: RunJob, filled: tuple[int, int]) -> None:
    snapshots.create(store, [1, 2, 3], "all", name="three")
    result = run("evaluate", metrics=NAMES, snapshot="three").result or {}
    assert (result["samples"], result["spec"]) == (3, "snapshot:three")


def test_ids_behind_a_number_stand_in_a_table_of_their_own(store: Store, run: RunJob, filled: tuple[int, int]) -> None:
    result = (
        run("evaluate", metrics=["benchmark.accuracy"], contenders=[f"a=job:{filled[0]}", f"b=job:{filled[1]}"]).result
        or {}
    )
    number = result["evaluation"]
    names = behind.names(store, number)
    for place, one in enumerate(result["contenders"], 1):
        for key, count in one["metrics"]["benchmark.accuracy"]["details"].get("behind", {}).items():
            assert count == 0 or names[f"benchmark.accuracy/{key}/{place}"] == min(count, behind.MOST)
    assert all(name.endswith(("/1", "/2")) for name in names)


def test_real_rows_are_not_held_against_themselves(store: Store, run: RunJob, filled: tuple[int, int]) -> None:
    for label in WORDS:
        add(store, *texts(label, 30, 5), label=label, origin="real")
    names = ["fidelity.seed_similarity", "diversity.vocabulary"]
    result = run("evaluate", contenders=["set", "real=view:origin:real"], metrics=names).result or {}
    made, real = (one["metrics"] for one in result["contenders"])
    assert made["fidelity.seed_similarity"]["value"] is not None
    assert real["fidelity.seed_similarity"]["value"] is None
    assert real["fidelity.seed_similarity"]["note"].startswith("60 of its samples are real rows")
    assert result["differences"]["fidelity.seed_similarity"][0]["verdict"] == "missing"
    assert real["diversity.vocabulary"]["value"] is not None


def test_a_mistake_in_a_contender_fails_the_job_with_its_sentence(store: Store, run: RunJob) -> None:
    add(store, "a text")
    job = run("evaluate", contenders=["set", "job:77"])
    assert (job.state, job.error) == ("failed", "job:77: job 77 added no samples; there are no jobs with samples yet.")


def test_cancelling_stops_between_contenders(
    store: Store, run: RunJob, filled: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    real = JobContext.report

    def report(self: JobContext, done: int, total: int | None, note: str, result: object = None) -> None:
        told.append(note)
        if note.startswith("second"):
            jobs.cancel(store, self.job.id)
        self._told = 0.0
        real(self, done, total, note)

    monkeypatch.setattr(JobContext, "report", report)
    job = run("evaluate", contenders=["first=set", "second=set+none", "third=raw"], metrics=NAMES)
    assert job.state == "cancelled"
    assert not [one for one in told if one.startswith("third")]
    assert snapshots.evaluations(store) == []


def test_test_rows_reach_no_training_even_when_somebody_makes_them_contenders(
    store: Store, run: RunJob, filled: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a classifier is trained on and what the trainer's file holds: neither has a test row's text."""
    tests = {text for (text,) in store.read("SELECT text FROM sample WHERE split = 'test'")}
    own = {text for (text,) in store.read("SELECT text FROM sample WHERE split = 'train'")}
    assert not tests & own
    from workbench.learn.classifier import TextClassifier

    trained: set[str] = set()
    fit = TextClassifier.fit

    def watched(self: TextClassifier, texts: list[str], *rest: object, **options: object) -> object:
        trained.update(texts)
        return fit(self, texts, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(TextClassifier, "fit", watched)
    everything = [row[0] for row in store.read("SELECT id FROM sample")]
    snapshots.create(store, everything, "all", name="all")
    job = run("evaluate", metrics=NAMES, contenders=["set", "a=view:split:test", "b=snapshot:all", "c=view:sort:-id"])
    assert job.state == "done"
    assert [one["samples"] for one in (job.result or {})["contenders"]] == [120, 0, 120, 120]
    assert trained
    assert not trained & tests


def test_neither_the_judge_nor_the_users_trainer_is_shown_a_test_rows_label_or_given_it_for_training(
    store: Store, run: RunJob, filled: tuple[int, int]
) -> None:
    everything = [row[0] for row in store.read("SELECT id FROM sample")]
    snapshots.create(store, everything, "all", name="all")
    tests = {text for (text,) in store.read("SELECT text FROM sample WHERE split = 'test'")}
    context = JobContext(store.project, store, jobs.get(store, jobs.create(store, "evaluate", {})))
    prompts: list[str] = []
    lessons: list[Lesson] = []

    def ask(requests: Iterable[Request]) -> Iterator[None]:
        for one in requests:
            prompts.append(str(one.messages))
            yield None

    def train(lesson: Lesson) -> Answers:
        lessons.append(lesson)
        return Answers()

    with Shared(context) as shared:
        for found in sets(store.project, store, ["snapshot:all", "view:sort:-id"]):
            material = replace(shared.material(found), ask=ask, train_outside=train)
            evaluate(material, ["faithfulness.judge", "benchmark.external"])
    assert len(prompts) > 100
    assert not [one for one in prompts if any(text in one for text in tests)]
    assert len(lessons) == 2
    for lesson in lessons:
        assert not tests & {str(row["text"]) for row in lesson.train}
        assert tests == {str(row["text"]) for row in lesson.test}
        assert not [row for row in lesson.test if "label" in row]


def test_no_recipe_gets_test_rows_as_seeds_demonstrations_or_inputs(store: Store, filled: tuple[int, int]) -> None:
    add(store, *texts("refund", 8, 3), origin="seed")
    add(store, *texts("refund", 8, 4), origin="unlabelled")
    add(store, *texts("refund", 8, 5), origin="unlabelled", split="test")
    add(store, *texts("refund", 8, 6), origin="seed", split="test")
    tests = {text for (text,) in store.read("SELECT text FROM sample WHERE split = 'test'")}
    for recipe in everyone():
        setting = Setting(
            store.project.config, {}, 0, [Example(*row) for row in splits.seeds(store)], inputs=inputs_of(store, recipe)
        )
        shown = {one.text for one in setting.seeds} | {one.text for one in setting.inputs}
        assert shown
        assert not shown & tests, recipe.name
