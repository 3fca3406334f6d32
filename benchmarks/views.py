"""How long a view of many samples takes, from the key to its first and its last row: python benchmarks/views.py

Makes a project (or uses ``--project``), gives its samples scores, verdicts, statuses, opinions, tags, clusters and requests
of two recipes, and opens views as the screen does: what is not there within some milliseconds is looked for in a thread.
Each view stands beside its gate: first rows in 0.3 s where an index narrows it, else the whole in 3 s. "Key blocked" is how
long the screen's own thread is kept from the next key, "later keys" the longest that a step's reads take while the thread reads.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from workbench.project import Project, find  # noqa: E402 - run as a script, from anywhere
from workbench.store import acts, curation, jobs, samples, views  # noqa: E402
from workbench.store.connection import Store  # noqa: E402
from workbench.store.curation import Drop  # noqa: E402
from workbench.tui.listing import Listing, start_fill  # noqa: E402

#: Views that an index narrows: their first rows have to be there in 0.3 s.
NARROWED = (
    "", "label:refund", "status:rejected", "label:refund status:rejected", "label:refund status:accepted dropped:yes",
    "score.uncertainty>0.999", "score.margin>0.9999", "score.margin>0.9999 label:refund status:pending",
    "score.confidence<0.0005 sort:-margin", "score.cluster=17", "cluster:17", "cluster:17 sort:-margin",
    "cluster:17 status:pending",
    '"999999"', '"my card" "999"', "987654 label:refund", '"my card" label:refund', "by:anna", "by:ben status:rejected",
    "tag:slang",
    "tag:slang label:refund", "reason:off_topic", "disagreed:yes", "disagreed:yes sort:-margin", "opinions>=2", "noted:yes",
    "dropped:length", "dropped:near_duplicate label:refund", "dropped:length sort:-margin", "near:17", "group:1000",
    "relabelled:yes", "edited:yes", "repair:open", "id:999999", "opinions:0", "-dropped:near_duplicate", "-label:refund",
    "sort:-margin", "label:refund sort:-margin", "sort:uncertainty", "status:rejected sort:margin",
)  # fmt: skip
#: Views that must look at every sample, or at so many that no index helps.
SCANNED = (
    "recipe:attrprompt", "-recipe:zerogen", "score.margin>0.99 score.confidence>0.99", "score.margin>0.9 score.confidence<0.001",
    "split:test", '-card -refund -account -PIN -exchange -transfer -top -cash -identity -payment -mobile -check',
    "score.margin>0.5 score.confidence>0.5 cluster:1,2,3,4,5,6,7,8,9", "opinions:0 status:rejected sort:-confidence",
    "-score.margin<0.9999",
)  # fmt: skip
FIRST_GATE, WHOLE_GATE = 0.3, 3.0


def enrich(project: Project, count: int, seed: int = 1) -> None:
    """Give ``count`` samples what views ask for."""
    draw = random.Random(seed)
    everything = range(1, count + 1)

    def some(share: float) -> list[int]:
        return sorted(draw.sample(everything, int(count * share)))

    with Store(project) as store:
        made, judged = (jobs.create(store, kind, {}, None) for kind in ("generate", "curate"))
        for name in ("confidence", "margin", "filter.length"):
            with store.write() as connection:
                curation.put_scores(
                    connection, name, ((one, draw.random()) for one in everything), version=1, job_id=judged
                )
        with store.write() as connection:
            clusters = ((one, float(draw.randrange(1, 200))) for one in everything)
            curation.put_scores(connection, "cluster", clusters, version=1, job_id=judged)
            curation.put_drops(
                connection, judged,
                [Drop(one, "near_duplicate", 1, {}, "like", 0.9, max(1, one - 3)) for one in some(0.03)],
            )  # fmt: skip
            curation.put_drops(connection, judged, [Drop(one, "length", 1, {}, "short") for one in some(0.0005)])
        anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
        with store.write() as connection:
            for status, share in (("accepted", 0.02), ("rejected", 0.005)):
                connection.executemany(
                    "UPDATE sample SET status = ? WHERE id = ?", [(status, one) for one in some(share)]
                )
            act = connection.execute(
                "INSERT INTO act (uuid, annotator_id, kind, change, total, applied, created_at) "
                "VALUES (randomblob(16), ?, 'label', '{}', 0, 0, '')",
                (anna,),
            ).lastrowid
            said = connection.execute(
                "INSERT INTO annotation (uuid, act_id, sample_id, annotator_id, created_at) VALUES (randomblob(16), ?, 1, ?, '')",
                (act, anna),
            ).lastrowid
            connection.executemany(
                "INSERT OR REPLACE INTO opinion (sample_id, annotator_id, annotation_id, label, status, note, tags, reason) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (one, anna, said, '"refund"', "accepted" if at % 40 else "rejected", "n" if at % 100 == 0 else None,
                     '["slang"]' if at % 50 == 0 else None, None if at % 40 else "off_topic")
                    for at, one in enumerate(some(0.2))
                ] + [
                    (one, ben, said, '"refund"' if at % 3 else '"change_pin"', "accepted", None, None, None)
                    for at, one in enumerate(some(0.05))
                ],
            )  # fmt: skip
            connection.execute("INSERT INTO prompt (id, hash, messages) VALUES (1, randomblob(8), '[]')")
            for series, recipe in ((1, "zerogen"), (2, "attrprompt")):
                connection.execute(
                    "INSERT INTO series (id, key, recipe, parameters, model, seed, created_at) "
                    "VALUES (?, randomblob(8), ?, '{}', 'm', 0, '')",
                    (series, recipe),
                )
            connection.executemany(
                "INSERT INTO request (id, series_id, ordinal, job_id, prompt_id, parameters, conditions, parents, draw, state, "
                "attempts, created_at) VALUES (?, ?, ?, ?, 1, '{}', '{}', '{}', 0, 'parsed', 1, '')",
                ((one, 1 if one < count * 0.99 else 2, one, made) for one in everything),
            )
            connection.execute("UPDATE sample SET request_id = id, job_id = ?", (made,))
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def opened(store: Store, text: str) -> tuple[float, float, float, int, float]:
    """(seconds the key is blocked, to the first row, to the last one, samples, the longest that a later key's reads took)."""
    done, first = threading.Event(), [0.0]
    began = time.perf_counter()
    listing = Listing(store, views.parse(text))
    blocked = time.perf_counter() - began
    if listing.ids:
        first[0] = blocked

    def tell(finished: bool) -> None:
        if listing.ids and not first[0]:
            first[0] = time.perf_counter() - began
        if finished:
            done.set()

    def fail(error: Exception) -> None:
        raise error

    waits = [blocked]
    if not listing.finished:
        start_fill(listing, store, tell, fail)
        while not done.wait(0.01):  # meanwhile the screen's thread reads what a step down reads
            at = time.perf_counter()
            samples.rows(store, range(1, 41))
            samples.get(store, 17)
            waits.append(time.perf_counter() - at)
    whole = time.perf_counter() - began
    return blocked, first[0] or whole, whole, len(listing.ids), max(waits[1:], default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path, help="a project made by an earlier run (with --keep)")
    parser.add_argument("--keep", type=Path, help="make the project here and leave it")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.project
        if folder is None:
            from benchmarks.make_project import build

            folder = arguments.keep or Path(temporary) / "project"
            enrich(build(folder, arguments.samples), arguments.samples)
        figures = measure(find(folder))
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{'view':<62} {'samples':>10} {'key blocked':>12} {'later keys':>12} {'first row':>10} {'whole':>8}   gate")
    for text, (blocked, later, first, whole, number, gate, held) in figures.items():
        row = f"{text or '(all)':<62.62} {number:>10,} {blocked * 1000:>9.0f} ms {later * 1000:>9.0f} ms"
        row += f" {first:>8.2f} s {whole:>6.2f} s"
        print(f"{row}   {gate}{'' if held else '  MISSED'}")


def measure(project: Project) -> dict[str, tuple[float, float, float, float, int, str, bool]]:
    """View to (seconds: key blocked, later key at most, first row, last row; samples, gate, whether it held)."""
    figures = {}
    with Store(project) as store:
        opened(store, "")  # the file cache is warm, as it is beside a screen at work
        for text in (*NARROWED, *SCANNED):
            blocked, first, whole, number, later = opened(store, text)
            narrowed = text in NARROWED
            gate = f"first <= {FIRST_GATE} s" if narrowed else f"whole <= {WHOLE_GATE:.0f} s"
            held = first <= FIRST_GATE if narrowed else whole <= WHOLE_GATE
            figures[text] = (blocked, later, first, whole, number, gate, held)
    return figures


if __name__ == "__main__":
    main()
