"""The samples behind a number of an evaluation, in order, by a name such as ``benchmark.accuracy/wrong``.

View terms ``behind:NAME`` and ``behind:12:NAME`` list them. Test rows reached in this way can be looked at and never worked
on: who mends a data set by its test errors has no test set any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.errors import UsageError
from workbench.store.connection import Store

if TYPE_CHECKING:
    from workbench.store.samples import Sample
    from workbench.store.views import View

#: Samples that are kept of one name: more than anybody looks at.
MOST = 1_000
#: Under which name the rows of a split stand that a benchmark got wrong.
_WRONG = {"validation": "benchmark.validation_accuracy/wrong", "test": "benchmark.accuracy/wrong_test"}
#: Ids in one statement.
_SOME = 500


def save(store: Store, evaluation_id: int, found: Mapping[str, Sequence[int]]) -> None:
    """Keep the samples behind an evaluation's numbers, the first ``MOST`` of each name, in short transactions; what a name
    had before is replaced."""
    for name, ids in found.items():
        kept = name.encode("utf-8", "replace").decode()
        rows = [(evaluation_id, kept, place, int(one)) for place, one in enumerate(dict.fromkeys(ids))][:MOST]
        with store.write() as connection:
            connection.execute("DELETE FROM behind WHERE evaluation_id = ? AND name = ?", (evaluation_id, kept))
            connection.executemany(
                "INSERT INTO behind (evaluation_id, name, position, sample_id) VALUES (?, ?, ?, ?)", rows
            )


def names(store: Store, evaluation_id: int) -> dict[str, int]:
    """How many samples are kept under each name of an evaluation."""
    return dict(store.read("SELECT name, count(*) FROM behind WHERE evaluation_id = ? GROUP BY name", (evaluation_id,)))


def ids(store: Store, evaluation_id: int, name: str) -> list[int]:
    """The samples behind a number, in order."""
    found = store.read(
        "SELECT sample_id FROM behind WHERE evaluation_id = ? AND name = ? ORDER BY position", (evaluation_id, name)
    )
    return [sample_id for (sample_id,) in found]


def taken_for(store: Store, sample: Sample) -> tuple[str, int] | None:
    """What the benchmark's classifier said of a validation or test row that it got wrong, and the number of the evaluation:
    of the newest in which it did."""
    if (name := _WRONG.get(sample.split)) is None:
        return None
    metric = name.partition("/")[0]
    row = store.one(
        "SELECT evaluation.id, json_extract(result, ?) FROM behind JOIN evaluation ON evaluation.id = evaluation_id "
        "WHERE sample_id = ? AND name = ? ORDER BY evaluation.id DESC LIMIT 1",
        (f'$.metrics."{metric}".details', sample.id, name),
    )
    details = json.loads(row[1]) if row is not None and row[1] is not None else {}
    if (
        row is None
        or not {"test_ids", "predicted", "classes"} <= details.keys()
        or sample.id not in details["test_ids"]
    ):
        return None
    return str(details["classes"][details["predicted"][details["test_ids"].index(sample.id)]]), int(row[0])


def tests_among(store: Store, sample_ids: Sequence[int]) -> int:
    """How many of these samples are test rows."""
    found = 0
    for start in range(0, len(sample_ids), _SOME):
        some = list(sample_ids[start : start + _SOME])
        marks = ",".join("?" * len(some))
        row = store.one(f"SELECT count(*) FROM sample WHERE id IN ({marks}) AND split = 'test'", some)
        found += int(row[0]) if row else 0
    return found


def only_look(store: Store, view: View, sample_ids: Sequence[int]) -> None:
    """Raise ``UsageError`` when a decision is about to be made on test rows that were found by a measurement."""
    if not view.behind or not (tests := tests_among(store, sample_ids)):
        return
    which = "Test rows" if len(sample_ids) == 1 else f"{tests:,} test rows"
    raise UsageError(f"{which} behind a number are only to be looked at: work on validation rows.")
