"""Where samples come from, for sets that are compared: by job, recipe, model and round, and what their answers cost.

Ids alone are given; who trains on them gets the samples from ``splits.trainable``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from workbench.store.connection import Store
from workbench.store.ledger import CHOSEN

#: Rows of one read.
CHUNK = 20_000
_REQUESTED = "sample JOIN request ON request.id = sample.request_id JOIN series ON series.id = request.series_id"


def of_job(store: Store, job_id: int) -> array[int]:
    """Samples that a job made or imported."""
    return _ids(store, "SELECT id FROM sample WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?", job_id)


def of_recipe(store: Store, name: str) -> array[int]:
    """Samples that a recipe made, by whichever job."""
    return _ids(
        store, f"SELECT sample.id FROM {_REQUESTED} WHERE recipe = ? AND sample.id > ? ORDER BY 1 LIMIT ?", name
    )


def of_series(store: Store, series_id: int) -> array[int]:
    """Samples of one series: a recipe with certain parameters, model and seed."""
    return _ids(
        store, f"SELECT sample.id FROM {_REQUESTED} WHERE series.id = ? AND sample.id > ? ORDER BY 1 LIMIT ?", series_id
    )


def series_of(store: Store, recipe: str) -> list[int]:
    """The series of a recipe in which something was asked."""
    return [
        row[0]
        for row in store.read(
            "SELECT id FROM series WHERE recipe = ? AND EXISTS (SELECT 1 FROM request WHERE series_id = series.id) ORDER BY id",
            (recipe,),
        )
    ]


def recipe_of(store: Store, series_id: int) -> str | None:
    """The recipe of a series that has requests; None where there is none."""
    row = store.one(
        "SELECT recipe FROM series WHERE id = ? AND EXISTS (SELECT 1 FROM request WHERE series_id = series.id)",
        (series_id,),
    )
    return str(row[0]) if row else None


def of_model(store: Store, spec: str) -> array[int]:
    """Samples that a model wrote."""
    return _ids(
        store,
        f"SELECT sample.id FROM {_REQUESTED} WHERE ifnull({CHOSEN}, model) = ? AND sample.id > ? ORDER BY 1 LIMIT ?",
        spec,
    )


def synthetic(store: Store) -> array[int]:
    """All synthetic samples."""
    return _ids(store, "SELECT id FROM sample WHERE origin = ? AND id > ? ORDER BY id LIMIT ?", "synthetic")


def _ids(store: Store, sql: str, value: Any) -> array[int]:
    """``sql`` takes (value, after, limit) and gives ids in order."""
    found: array[int] = array("q")
    after = 0
    while chunk := store.read(sql, (value, after, CHUNK)):
        found.extend(row[0] for row in chunk)
        after = chunk[-1][0]
    return found


def refused(store: Store) -> set[int]:
    """Samples that their own recipe's rules did not keep and nobody accepted."""
    return {
        row[0]
        for row in store.read(
            "SELECT DISTINCT sample_id FROM verdict JOIN sample ON sample.id = sample_id "
            "WHERE active AND filter GLOB 'recipe.*' AND status != 'accepted'"
        )
    }


def jobs(store: Store) -> dict[int, tuple[str, str]]:
    """Jobs that added samples: id to (kind, recipe or "")."""
    return {
        row[0]: (row[1], row[2] or "")
        for row in store.read(
            "SELECT id, kind, json_extract(parameters, '$.recipe') FROM job "
            "WHERE EXISTS (SELECT 1 FROM sample WHERE job_id = job.id) ORDER BY id"
        )
    }


def rounds(store: Store) -> list[int]:
    """Generate jobs that added samples, in the order in which they were made."""
    return [job_id for job_id, (kind, _) in jobs(store).items() if kind == "generate"]


def recipes(store: Store) -> list[str]:
    """Recipes that have made samples."""
    return _made(store, "recipe")


def models(store: Store) -> list[str]:
    """Models that have written samples."""
    return _made(store, f"ifnull({CHOSEN}, model)")


def _made(store: Store, column: str) -> list[str]:
    found = store.read(
        f"SELECT DISTINCT {column} FROM series JOIN request ON request.series_id = series.id "
        "WHERE request.state = 'parsed' ORDER BY 1"
    )
    return [row[0] for row in found if row[0]]


def parameters_of(store: Store, recipe: str) -> dict[str, Any]:
    """The recipe's own parameters in its newest series; none where it made nothing."""
    import json

    row = store.one("SELECT parameters FROM series WHERE recipe = ? ORDER BY id DESC LIMIT 1", (recipe,))
    found: dict[str, Any] = json.loads(row[0]) if row else {}
    return {name: value for name, value in found.items() if name not in ("version", "made_of")}


class Costs:
    """What the answers behind samples cost, each answer once, whichever job asked for it first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_job(self, job_id: int) -> float | None:
        """Of all requests of a job; None where it made none, or a price is not known."""
        return self._sum("job_id = ?", job_id)

    def of_recipe(self, name: str) -> float | None:
        return self._sum("series_id IN (SELECT id FROM series WHERE recipe = ?)", name)

    def of_series(self, series_id: int) -> float | None:
        return self._sum("series_id = ?", series_id)

    def of_everything(self) -> float | None:
        return self._sum("1 = ?", 1)

    def of_model(self, spec: str) -> float | None:
        return self._sum(f"ifnull({CHOSEN}, (SELECT model FROM series WHERE series.id = series_id)) = ?", spec)

    def of_samples(self, ids: Sequence[int]) -> float | None:
        """Of the requests that made these samples; None where one of them was not made by a request of known price."""
        answers: dict[int, float | None] = {}
        for start in range(0, len(ids), CHUNK):
            some = list(ids[start : start + CHUNK])
            found = self._store.read(
                "SELECT sample.id, answer.id, answer.cost, first.id, first.cost FROM sample "
                "JOIN request ON request.id = request_id JOIN answer ON answer.id = answer_id "
                f"LEFT JOIN answer AS first ON first.id = first_answer_id WHERE sample.id IN ({','.join('?' * len(some))})",
                some,
            )
            if len(found) < len(set(some)):
                return None
            for _, one, cost, first, its in found:
                answers[one] = cost
                if first is not None:
                    answers[first] = its
        return _total(answers.values()) if answers else None

    def _sum(self, where: str, value: Any) -> float | None:
        row = self._store.one(
            "SELECT count(*), count(cost), ifnull(sum(cost), 0.0) FROM answer WHERE id IN "
            f"(SELECT answer_id FROM request WHERE {where} UNION SELECT first_answer_id FROM request WHERE {where})",
            (value, value),
        )
        assert row is not None
        return float(row[2]) if row[0] and row[0] == row[1] else None


def _total(costs: Iterable[float | None]) -> float | None:
    known = list(costs)
    return None if any(one is None for one in known) else float(sum(one for one in known if one is not None))
