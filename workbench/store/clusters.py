"""Groups of samples about the same thing: made by the learn job; a sample's score ``cluster`` says which one it is in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.store import curation
from workbench.store.connection import Store
from workbench.store.encoding import encode

#: The score that holds a sample's cluster.
SCORE = "cluster"
VERSION = 1
#: Scores that one read of ``counts`` and ``members`` looks at.
READ = 20_000


@dataclass(frozen=True, slots=True)
class Cluster:
    """``title`` is its top terms with commas between; ``size`` the samples in it when it was last counted by a learn job;
    ``terms`` the top terms with their weights, heaviest first; ``made_of`` all samples that clusters were made of."""

    id: int
    title: str
    size: int
    terms: tuple[tuple[str, float], ...] = ()
    made_of: int = 0


def all(store: Store) -> list[Cluster]:  # noqa: A001 - read as clusters.all(store)
    """All clusters, largest first (their ids are in that order when they are made)."""
    found = store.read("SELECT id, title, size, details FROM cluster ORDER BY size DESC, id")
    return [_cluster(*row) for row in found]


def get(store: Store, cluster_id: int) -> Cluster | None:
    row = store.one("SELECT id, title, size, details FROM cluster WHERE id = ?", (cluster_id,))
    return None if row is None else _cluster(*row)


def of(store: Store, sample_id: int) -> Cluster | None:
    """The cluster that a sample is in."""
    row = store.one("SELECT value FROM score WHERE sample_id = ? AND name = ?", (sample_id, SCORE))
    return None if row is None else get(store, int(row[0]))


def number(store: Store) -> int:
    """How many clusters there are."""
    row = store.one("SELECT count(*) FROM cluster")
    return int(row[0]) if row else 0


def members(store: Store, cluster_id: int, limit: int | None = None) -> Iterator[list[int]]:
    """Ids of a cluster's samples, rising, in short reads."""
    after, left = 0, limit
    while left is None or left > 0:
        size = READ if left is None else min(READ, left)
        found = store.read(
            "SELECT sample_id FROM score WHERE name = ? AND value = ? AND sample_id > ? ORDER BY sample_id LIMIT ?",
            (SCORE, float(cluster_id), after, size),
        )
        if found:
            yield [row[0] for row in found]
        if len(found) < size:
            return
        after = found[-1][0]
        left = None if left is None else left - len(found)


def counts(store: Store) -> Iterator[dict[int, dict[str, int]]]:
    """Samples per cluster and status as they are now, ``{cluster: {status: n}}``: the sums so far after each short read
    (about 0.2 s in all for 100,000 samples), so call it in a thread."""
    found: dict[int, dict[str, int]] = {}
    after = 0
    last = store.one("SELECT ifnull(max(sample_id), 0) FROM score")
    while after < (last[0] if last else 0):
        for cluster_id, status, n in store.read(
            "SELECT CAST(value AS INTEGER), status, count(*) FROM score NOT INDEXED JOIN sample ON sample.id = sample_id "
            "WHERE sample_id BETWEEN ? AND ? AND name = ? GROUP BY 1, 2",
            (after + 1, after + READ, SCORE),
        ):
            of_cluster = found.setdefault(cluster_id, {})
            of_cluster[status] = of_cluster.get(status, 0) + n
        after += READ
        yield found


def save(
    store: Store, made: Sequence[Cluster], members_of: Sequence[tuple[int, int]], *, job_id: int, replace: bool = True
) -> None:
    """Store clusters and (sample, cluster) pairs, in short transactions; with ``replace`` all earlier ones go.

    With ``replace=False`` the clusters' sizes and titles are brought up to date and samples are added to them.
    """
    if replace:
        _forget(store, {sample_id for sample_id, _ in members_of})
    with store.write() as connection:
        if replace:
            connection.execute("DELETE FROM cluster")
        connection.executemany(
            "INSERT OR REPLACE INTO cluster (id, title, size, details, job_id) VALUES (?, ?, ?, ?, ?)",
            [
                (one.id, one.title, one.size, encode({"terms": one.terms, "made_of": one.made_of}), job_id)
                for one in made
            ],
        )
    pairs = [(sample_id, float(cluster_id)) for sample_id, cluster_id in members_of]
    curation.save_scores(store, SCORE, pairs, version=VERSION, job_id=job_id)


def _forget(store: Store, kept: set[int]) -> None:
    """Take away the membership of samples that are in no cluster any more."""
    gone = [sample_id for sample_id in curation.scores(store, SCORE) if sample_id not in kept]
    for start in range(0, len(gone), 2_000):
        with store.write() as connection:
            connection.executemany(
                "DELETE FROM score WHERE sample_id = ? AND name = ?",
                [(sample_id, SCORE) for sample_id in gone[start : start + 2_000]],
            )


def _cluster(cluster_id: int, title: str, size: int, details: str) -> Cluster:
    more = json.loads(details)
    terms = tuple((str(term), float(weight)) for term, weight in more.get("terms", []))
    return Cluster(cluster_id, title, size, terms, int(more.get("made_of", 0)))
