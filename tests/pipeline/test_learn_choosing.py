"""What the learn job computes so that people can choose: orders, clusters, and a point of the learning curve."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.conftest import RunJob, add
from tests.pipeline.test_learn_job import LEARN_LATER, SEEDS, fill
from workbench.curate.labels.explained import why
from workbench.curate.labels.selecting import STRATEGIES
from workbench.pipeline import start
from workbench.project import create
from workbench.store import acts, choosing, clusters, curation, jobs
from workbench.store.acts import Change
from workbench.store.connection import Store

TEXTS = tuple(
    f"refund my money please {word}" for word in ("now", "today", "again", "soon", "at once", "tomorrow")
) + tuple(f"my card is lost {word}" for word in ("here", "abroad", "again", "at home", "in town", "yesterday"))


def accept(store: Store, *ids: int) -> None:
    acts.apply(store, acts.annotator(store, "me"), ids, Change(status="accepted"), kind="accept")


def test_only_what_is_wanted_is_computed(store: Store, run: RunJob) -> None:
    fill(store, *TEXTS)
    assert run("learn").result["strategies"] == ["uncertainty"]
    assert choosing.scored(store, ["uncertainty", "margin"]) == {"uncertainty": 12, "margin": 0}
    job = run("learn", limits={"strategies": {"margin": True}})
    assert job.result["strategies"] == ["margin", "uncertainty"]
    assert choosing.computed_by(store, "margin") == job.id
    assert choosing.overview(store, ["margin", "entropy"])["entropy"] == (0, None)


def test_every_strategy_runs_and_explains_itself(store: Store, run: RunJob) -> None:
    fill(store, *TEXTS)
    job = run("learn", strategies=list(STRATEGIES))
    assert job.result["strategies"] == sorted(STRATEGIES)
    assert "skipped" not in job.result
    for name in STRATEGIES:
        assert choosing.has_score(store, name), name
        said = why(store, name, 5)
        assert said.sentence, name
        assert "\n" not in said.sentence


def test_the_same_project_gives_the_same_orders(store: Store, run: RunJob) -> None:
    fill(store, *TEXTS)
    orders = []
    for _ in range(2):
        run("learn", strategies=list(STRATEGIES), clusters=True)
        orders.append({name: curation.scores(store, name) for name in STRATEGIES})
    assert orders[0] == orders[1]


def test_what_needs_labels_says_so_where_there_are_none(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    job = run("learn", strategies=["margin", "random"])
    assert job.result["strategies"] == ["random"]
    assert job.result["skipped"] == {"margin": "margin needs real or accepted samples of at least two labels."}
    assert "two labels" in choosing.no_curve(store) or "validation" in choosing.no_curve(store)


def test_a_tiny_project_has_no_clusters_and_no_trouble(store: Store, run: RunJob) -> None:
    fill(store, "refund my payment")
    job = run("learn", strategies=list(STRATEGIES))
    assert (job.state, job.result["clusters"]) == ("done", 0)
    assert clusters.all(store) == []


def test_clusters_keep_their_numbers_while_samples_are_added(store: Store, run: RunJob) -> None:
    fill(store, *TEXTS)
    run("learn")
    before = clusters.all(store)
    assert sum(one.size for one in before) == 12
    assert all(one.title for one in before)
    belongs = clusters.of(store, 5)
    add(store, "refund my money please twice")
    run("learn")
    now = clusters.all(store)
    assert {one.id: one.title for one in now} == {one.id: one.title for one in before}
    assert sum(one.size for one in now) == 13
    assert clusters.of(store, 17) is not None
    assert clusters.of(store, 5).id == belongs.id  # type: ignore[union-attr]
    assert 5 in next(clusters.members(store, belongs.id))  # type: ignore[union-attr]
    counted = list(clusters.counts(store))[-1]
    assert sum(n for states in counted.values() for n in states.values()) == 13


def test_clusters_are_made_anew_when_the_project_has_doubled(store: Store, run: RunJob) -> None:
    fill(store, *TEXTS)
    run("learn")
    add(store, *(f"{text} really" for text in TEXTS))
    run("learn")
    assert {one.made_of for one in clusters.all(store)} == {24}


def test_scores_that_hardly_moved_are_left_alone(store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, *TEXTS)
    run("learn", strategies=["random", "margin"])
    written: list[str] = []
    real = curation.save_scores
    monkeypatch.setattr(
        curation,
        "save_scores",
        lambda store, name, *more, **named: (written.append(name), real(store, name, *more, **named)),
    )
    job = run("learn", strategies=["random", "margin"])
    assert (written, job.result["neighbours"]) == ([], 0)


def test_the_curve_grows_with_what_people_say(store: Store, run: RunJob) -> None:
    fill(store, *TEXTS)
    assert run("learn").result["curve_note"].startswith("There are no labelled validation texts")
    assert "--as validation" in choosing.no_curve(store)
    add(store, "please refund", "a refund", label="refund", origin="real", split="validation")
    add(store, "lost card", "card lost", label="lost_card", origin="real", split="validation")
    add(store, "the secret test text", label="refund", origin="real", split="test")
    run("learn")
    accept(store, 5, 6)
    run("learn")
    run("learn")  # nobody said anything in between: the last one counts
    points = choosing.curve(store)
    assert [(one.labelled, one.trained_on, one.validation) for one in points] == [(0, 4, 4), (2, 6, 4)]
    assert points[1].job_id == jobs.newest(store)[0].id
    assert all(one.low <= one.accuracy <= one.high for one in points)


def test_wishes_add_up_in_one_job(store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "learn_later", LEARN_LATER)
    monkeypatch.setattr(start, "launch", lambda *_: None)
    first = start.learn_later(store, strategies=["margin"])
    assert first is not None
    assert start.learn_later(store, strategies=["entropy"], clusters=True) is None
    limits = jobs.get(store, first).limits
    assert (sorted(limits["strategies"]), limits["clusters"]) == (["entropy", "margin"], True)


def test_a_wish_of_a_running_job_is_for_the_next(store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.pipeline import learn_job

    monkeypatch.setattr(start, "learn_later", LEARN_LATER)
    monkeypatch.setattr(start, "launch", lambda *_: None)
    fill(store, *TEXTS)
    real = learn_job._neighbours

    def meanwhile(context: Any, rows: Any) -> Any:
        start.learn_later(store, strategies=["margin"])
        return real(context, rows)

    monkeypatch.setattr(learn_job, "_neighbours", meanwhile)
    run("learn")
    assert jobs.newest(store)[0].limits["strategies"] == {"margin": True}


def test_a_task_without_labels_has_orders_all_the_same(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, run: RunJob
) -> None:
    from workbench.jobs.run import run as run_job
    from workbench.pipeline.process import _KINDS, _loader
    from workbench.project import Project
    from workbench.store import samples
    from workbench.store.samples import NewSample

    with Store(create(tmp_path / "free", kind="instruction")) as store:
        fields = {"instruction": "{}", "output": "an answer"}
        samples.add(store, [NewSample({**fields, "instruction": text}, None) for text in (*SEEDS, *TEXTS)])
        number = jobs.create(store, "learn", {"strategies": ["core_set", "margin"]})
        run_job(Project(store.project.folder), number, {one: _loader(one) for one in _KINDS})
        job = jobs.get(store, number)
        assert job.state == "done", job.error
        assert job.result["strategies"] == ["core_set"]
        assert job.result["skipped"] == {"margin": "margin needs a task with one label per sample."}
