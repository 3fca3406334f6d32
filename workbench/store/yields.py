"""What generate jobs yielded: samples kept by their recipe's rules, and those that people accepted, by job."""

from __future__ import annotations

from workbench.store.connection import Store

#: Rows of one read: some milliseconds.
CHUNK = 20_000


def refused(store: Store, job_id: int) -> dict[int, int]:
    """Samples that a recipe's own rules refused when this job decided, by the job that made them (mostly the same)."""
    found: dict[int, int] = {}
    after = 0
    while True:
        rows = store.read(
            "SELECT chosen.sample_id, sample.job_id FROM (SELECT DISTINCT sample_id FROM verdict WHERE job_id = ? "
            "AND active = 1 AND sample_id > ? AND filter GLOB 'recipe.*' ORDER BY sample_id LIMIT ?) AS chosen "
            "JOIN sample ON sample.id = chosen.sample_id ORDER BY chosen.sample_id",
            (job_id, after, CHUNK),
        )
        for _, made_by in rows:
            found[made_by] = found.get(made_by, 0) + 1
        if len(rows) < CHUNK:
            return found
        after = rows[-1][0]


def accepted(store: Store) -> dict[int, int]:
    """Samples that people accepted, by the job that made them; a few milliseconds for each ``CHUNK`` of them."""
    found: dict[int, int] = {}
    after = 0
    while True:
        rows = store.read(
            "SELECT id, job_id FROM sample WHERE status = 'accepted' AND id > ? AND origin = 'synthetic' ORDER BY id LIMIT ?",
            (after, CHUNK),
        )
        for _, job_id in rows:
            if job_id is not None:
                found[job_id] = found.get(job_id, 0) + 1
        if len(rows) < CHUNK:
            return found
        after = rows[-1][0]


def last_annotation(store: Store) -> int:
    """The newest annotation's id, 0 without any: what people accepted is unchanged while it is."""
    row = store.one("SELECT ifnull(max(id), 0) FROM annotation")
    return int(row[0]) if row else 0
