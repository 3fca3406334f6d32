"""Few that stand for many: the greedy choices against slow ones that follow the definition."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest

from workbench.learn import covering
from workbench.learn.covering import coverage, k_centre, nearest, spread, vote_k, votes


def points(n: int, d: int = 4, seed: int = 0) -> Any:
    rows = numpy.random.default_rng(seed).normal(size=(n, d)).astype(numpy.float32)
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def slow_k_centre(rows: Any, anchors: Any, size: int) -> list[int]:
    chosen: list[int] = []
    if not len(anchors):
        chosen.append(int(((rows - rows.mean(axis=0)) ** 2).sum(axis=1).argmin()))
    while len(chosen) < size:
        centres = numpy.concatenate([rows[chosen], anchors])
        away = [min(float(((row - one) ** 2).sum()) for one in centres) for row in rows]
        chosen.append(int(numpy.argmax(away)))
    return chosen


@pytest.mark.parametrize("anchors", [0, 3])
def test_k_centre_takes_the_farthest_each_time(anchors: int) -> None:
    rows, fixed = points(40), points(anchors, seed=1).reshape(-1, 4)
    assert k_centre(rows, fixed, 12)[0] == slow_k_centre(rows, fixed, 12)


def test_distances_when_chosen_never_grow_and_every_row_has_one() -> None:
    rows = points(60)
    chosen, when = k_centre(rows, rows[:0], 20)
    assert list(when[chosen]) == sorted(when[chosen], reverse=True)
    rest = [row for row in range(60) if row not in chosen]
    for row in rest:
        assert when[row] == pytest.approx(min(numpy.linalg.norm(rows[row] - rows[one]) for one in chosen), abs=1e-3)


def test_k_centre_is_at_most_twice_the_best_cover() -> None:
    rows = points(9, 2)
    chosen, _ = k_centre(rows, rows[:0], 3)

    def radius(centres: tuple[int, ...]) -> float:
        return max(min(float(numpy.linalg.norm(row - rows[one])) for one in centres) for row in rows)

    assert radius(tuple(chosen)) <= 2 * min(map(radius, itertools.combinations(range(9), 3))) + 1e-6


def test_it_stops_when_everything_is_covered() -> None:
    same = numpy.ones((5, 2), numpy.float32)
    chosen, when = k_centre(same, same[:0], 4)
    assert len(chosen) == 1
    assert not when.any()


def test_samples_beyond_the_candidates_come_after_the_chosen_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covering, "CANDIDATES", 10)
    rows = points(50)
    found = coverage(rows, rows[:0], size=5)
    looked_at = set(spread(50, 10).tolist())
    best = numpy.argsort(-found)[:5].tolist()
    assert set(best) <= looked_at
    assert not numpy.isnan(found).any()


def test_nothing_to_choose_from() -> None:
    none = numpy.zeros((0, 3), numpy.float32)
    assert k_centre(none, none, 5)[0] == []
    assert len(coverage(none, none)) == len(votes(none, none)) == 0
    one = points(1)
    assert len(coverage(one, none)) == 1
    assert votes(one, none).tolist() == [0.0]


def slow_vote_k(graph: Any, size: int) -> list[int]:
    chosen: list[int] = []
    for _ in range(size):
        spoken = [sum(1 for one in chosen if one in set(edges.tolist())) for edges in graph]
        score = [
            -1.0 if u in chosen else sum(10.0 ** -spoken[v] for v in range(len(graph)) if u in graph[v])
            for u in range(len(graph))
        ]
        chosen.append(int(numpy.argmax(score)))
    return chosen


def test_vote_k_follows_the_definition() -> None:
    rows = points(40)
    graph = nearest(rows, rows, 6, own=True)
    chosen, when = vote_k(graph, 15)
    assert chosen == slow_vote_k(graph, 15)
    assert list(when[chosen]) == sorted(when[chosen], reverse=True)


def test_a_vote_by_hand() -> None:
    # 0, 1 and 2 vote for 3, which votes for 0. 3 goes first with 3 votes; 0 then still has that of 3: 1.
    chosen, when = vote_k(numpy.array([[3], [3], [3], [0]]), 2)
    assert chosen == [3, 0]
    assert when.tolist() == [1.0, 0.0, 0.0, 3.0]


def test_neighbours_of_a_row_are_the_nearest_others() -> None:
    rows = points(30)
    found = nearest(rows, rows, 4, own=True)
    for place, near in enumerate(found):
        order = [one for one in numpy.argsort(-(rows @ rows[place])).tolist() if one != place]
        assert set(near.tolist()) == set(order[:4])


def test_places_are_spread_evenly() -> None:
    assert spread(3, 10).tolist() == [0, 1, 2]
    assert spread(10, 5).tolist() == [0, 2, 4, 6, 8]
