"""What clusters hold: statuses and labels of their samples, in short reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workbench.store.clusters import SCORE
from workbench.store.connection import Store

#: Samples that one read looks at.
READ = 20_000


@dataclass(slots=True)
class Held:
    """Samples of a cluster by status, and by label (those whose label is one text)."""

    statuses: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(self.statuses.values())

    @property
    def purity(self) -> tuple[str, float] | None:
        """The most frequent label and its share of the labelled samples; None where nothing has a label that is one text."""
        if not self.labels:
            return None
        label = max(self.labels, key=lambda one: (self.labels[one], one))
        return label, self.labels[label] / sum(self.labels.values())


def held(store: Store) -> Iterator[tuple[dict[int, Held], float]]:
    """Cluster to what it holds as far as it has been read, and the share (0 to 1) of the samples that have been read.

    The index on origins holds all that is counted: no text is read.
    """
    found: dict[int, Held] = {}
    row = store.one("SELECT ifnull(max(id), 0) FROM sample")
    high = int(row[0]) if row else 0
    for after in range(0, high, READ):
        for cluster, status, label, number in store.read(
            "SELECT CAST(value AS INTEGER), status, label_key, count(*) FROM sample INDEXED BY sample_scan "
            "JOIN score ON sample_id = sample.id AND name = ? "
            "WHERE origin IN ('seed', 'synthetic', 'real', 'unlabelled') AND sample.id BETWEEN ? AND ? GROUP BY 1, 2, 3",
            (SCORE, after + 1, after + READ),
        ):
            one = found.setdefault(cluster, Held())
            one.statuses[status] = one.statuses.get(status, 0) + number
            if label is not None:
                one.labels[label] = one.labels.get(label, 0) + number
        yield found, min(1.0, (after + READ) / high)
