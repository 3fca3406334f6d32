"""Lines through scores: tidy steps, and counts that are exact on each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from workbench.project import create
from workbench.store import curation, cuts, jobs, samples
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(create(tmp_path_factory.mktemp("cuts") / "p", labels=["a", "b"]))
    samples.add(made, [NewSample({"text": f"text {n}"}) for n in range(40)])
    jobs.create(made, "curate", {})
    return made


def scored(store: Store, name: str, values: list[float]) -> None:
    with store.write() as connection:
        connection.execute("DELETE FROM score WHERE name = ?", (name,))
    curation.save_scores(store, name, list(enumerate(values, 1)), version=1, job_id=1)


@pytest.mark.parametrize(("least", "step"), [(0.004, 0.005), (0.005, 0.005), (1.0, 1), (3, 5), (0.3, 0.5), (70, 100)])
def test_steps_are_1_2_or_5_times_a_power_of_ten(least: float, step: float) -> None:
    assert cuts.tidy(least) == step


def test_lines_reach_below_the_lowest_and_above_the_highest(store: Store) -> None:
    scored(store, "a", [0.0, 0.25, 0.5, 0.5, 1.0])
    found = cuts.steps(store, "a")
    assert found is not None
    assert (found.step, found.edges[0], found.edges[-1], found.total) == (0.005, 0.0, 1.005, 5)
    assert [found.under(value) for value in (0.0, 0.25, 0.255, 0.5, 0.505, 1.005)] == [0, 1, 2, 2, 4, 5]
    assert found.under(0.2501) is None  # no line is there
    assert sum(found.counts) == 5


def test_moving_goes_from_line_to_line_and_stops_at_the_ends(store: Store) -> None:
    scored(store, "a", [0.0, 1.0])
    found = cuts.steps(store, "a")
    assert found is not None
    assert found.moved(0.5, 1) == 0.505
    assert found.moved(0.5, -10) == 0.45
    assert (found.moved(0.502, 1), found.moved(0.502, -1)) == (0.505, 0.5)  # from between two lines
    assert (found.moved(0.0, -5), found.moved(1.0, 500)) == (0.0, 1.005)


def test_whole_numbers_and_a_value_far_away(store: Store) -> None:
    scored(store, "a", [3.0, 4.0, 9.0])
    found = cuts.steps(store, "a", around=20.0, whole=True)
    assert found is not None
    assert found.step == 1.0
    assert (found.under(4), found.under(5), found.under(20)) == (1, 2, 3)


def test_one_value_and_none(store: Store) -> None:
    scored(store, "a", [0.7])
    found = cuts.steps(store, "a")
    assert found is not None
    assert (found.below[0], found.below[-1], found.total) == (0, 1, 1)
    assert cuts.steps(store, "nobody has it") is None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([0.0, 2e-311])
@example([1e6, 1e6 + 1e-9])
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_counts_are_those_of_counting(store: Store, values: list[float]) -> None:
    scored(store, "a", values)
    found = cuts.steps(store, "a")
    assert found is not None
    assert list(found.below) == [sum(value < edge for value in values) for edge in found.edges]
    middle = found.edges[len(found.edges) // 2]
    assert cuts.under(store, "a", middle) == found.under(middle)


def test_what_a_filter_said(store: Store) -> None:
    curation.save_drops(store, 1, [Drop(2, "twins", 1, {}, "like 1", 0.9, 1), Drop(3, "words", 1, {}, "short", 1.0)])
    assert cuts.said(store, "twins", [1, 2, 3]) == {2: ("like 1", 1)}


def test_a_view_lists_several_samples(tmp_path: Path) -> None:
    from workbench.errors import UsageError
    from workbench.store import views

    with Store(create(tmp_path / "p", labels=["a", "b"])) as own:
        samples.add(own, [NewSample({"text": str(n)}) for n in range(5)])
        assert views.first(own, views.parse("id:4,2"), 9) == [2, 4]
    with pytest.raises(UsageError, match="number is needed"):
        views.parse("id:4,x")


def test_a_picture_of_two_scores_counts_each_sample_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    scored(store, "x", [n / 39 for n in range(40)])
    scored(store, "y", [(n * 7 % 40) / 39 for n in range(40)][:30])  # ten samples have only the other score
    monkeypatch.setattr(curation, "SCATTERED", 7)
    grid, bounds = curation.scatter(store, "x", "y", 5, 4)
    expected = [[0] * 5 for _ in range(4)]
    for n in range(30):
        expected[min(3, int(((n * 7 % 40) / 39) / (bounds[3] / 4)))][min(4, int(n / 39 * 5))] += 1
    assert (grid, bounds[0], bounds[1]) == (expected, 0.0, 1.0)
    assert curation.scatter(store, "x", "nobody has it", 5, 4) == ([[0] * 5] * 4, (0.0, 0.0, 0.0, 0.0))
