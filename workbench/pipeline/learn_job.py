"""The learn job: suggested labels, an order by uncertainty, and nearest neighbours, for the review screen to read."""

from __future__ import annotations

import time
from typing import Any

from workbench.errors import WorkbenchError
from workbench.jobs.run import Ended, JobContext
from workbench.store import curation, splits

SOURCE = "tfidf"
VERSION = 1
#: Labels suggested per sample.
SUGGESTED = 9
#: Most samples that get neighbours in one job; the earliest pending ones come first.
NEIGHBOURS = 100_000
#: Samples per step of the classifier.
STEP = 5_000


def run(context: JobContext) -> Ended:
    """Train on real training texts and what people accepted; suggest labels for the pending samples."""
    started = time.monotonic()
    rows = list(splits.generated(context.store, "status != 'rejected'"))
    pending = list(splits.generated(context.store, "status = 'pending'"))
    known = [(text, label) for _, text, label in splits.training(context.store) if label is not None]
    known += [(text, label) for _, text, label, _, _ in splits.generated(context.store, "status = 'accepted'") if label]
    result: dict[str, Any] = {"trained_on": len(known), "suggested": 0, "neighbours": 0}
    if pending and len({label for _, label in known}) >= 2:
        result["suggested"] = _suggest(context, known, [(row[0], row[1]) for row in pending])
    else:
        result["note"] = "There are no suggestions: they need real or accepted samples of at least two labels."
    result["neighbours"] = _neighbours(context, [(row[0], row[1]) for row in rows[:NEIGHBOURS]])
    return Ended({**result, "seconds": round(time.monotonic() - started, 3)})


def _suggest(context: JobContext, known: list[tuple[str, str]], pending: list[tuple[int, str]]) -> int:
    from workbench.learn.classifier import TextClassifier

    context.report(0, len(pending), "learning from labelled samples")
    classifier = TextClassifier()
    classifier.fit([text for text, _ in known], [label for _, label in known], seed=0)
    classes = list(classifier.classes)
    for begin in range(0, len(pending), STEP):
        part = pending[begin : begin + STEP]
        rows = classifier.probabilities([text for _, text in part])
        best = (-rows).argsort(axis=1, kind="stable")[:, :SUGGESTED]
        suggested = [
            (sample_id, [(classes[column], float(rows[place, column])) for column in best[place]])
            for place, (sample_id, _) in enumerate(part)
        ]
        curation.save_suggestions(context.store, SOURCE, suggested, job_id=context.job.id)
        doubts = [(sample_id, 1.0 - labels[0][1]) for sample_id, labels in suggested]
        curation.save_scores(context.store, "uncertainty", doubts, version=VERSION, job_id=context.job.id)
        context.report(begin + len(part), len(pending), "suggesting labels")
    return len(pending)


def _neighbours(context: JobContext, rows: list[tuple[int, str]]) -> int:
    from workbench.learn.neighbours import nearest_neighbours

    if len(rows) < 2:
        return 0

    def progress(done: int, total: int) -> None:
        context.report(done, total, "finding neighbours")

    try:
        found = nearest_neighbours([text for _, text in rows], 5, progress=progress)
    except WorkbenchError as error:
        context.log("warning", f"No neighbours: {error}")
        return 0
    pairs = [
        (rows[place][0], [(rows[other][0], similarity) for other, similarity in near])
        for place, near in enumerate(found)
    ]
    curation.save_neighbours(context.store, pairs)
    return len(pairs)
