"""The learn job: suggested labels, an order by uncertainty, and nearest neighbours, for the review screen to read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from workbench.errors import WorkbenchError
from workbench.jobs.run import Cancelled, Ended, JobContext
from workbench.pipeline import start
from workbench.pipeline.features import features_of
from workbench.store import curation, jobs, samples, splits
from workbench.store.splits import Generated

SOURCE = "tfidf"
VERSION = 1
#: Labels suggested per sample.
SUGGESTED = 9
#: Most samples that get neighbours in one job, from among about twice as many.
NEIGHBOURS = 100_000
#: Samples per step of the classifier.
STEP = 5_000


def run(context: JobContext) -> Ended:
    """Train on real training texts and what people accepted; suggest labels for the pending samples.

    What is added meanwhile is not seen: whoever adds it leaves word, and another learn job follows this one.
    """
    started = time.monotonic()
    result: dict[str, Any] = {"trained_on": 0, "suggested": 0, "neighbours": 0}
    if samples.counts(context.store)["pending"]:
        result |= _learn(context)
    else:
        result["note"] = "Nothing is pending."
    return Ended({**result, "seconds": round(time.monotonic() - started, 3)}, afterwards=lambda: _again(context))


def _again(context: JobContext) -> None:
    if jobs.get(context.store, context.job.id).limits.get("again"):
        start.learn_later(context.store)


def _learn(context: JobContext) -> dict[str, Any]:
    rows = list(splits.generated(context.store, "status != 'rejected'"))
    pending = [row for row in rows if row.status == "pending"]
    known = [(text, label) for _, text, label in splits.training(context.store) if label is not None]
    known += [(row.text, row.label) for row in rows if row.status == "accepted" and row.label]
    result: dict[str, Any] = {"trained_on": len(known)}
    if len({label for _, label in known}) >= 2:
        result["suggested"] = _suggest(context, known, [(row.id, row.text) for row in pending])
    else:
        result["note"] = "There are no suggestions: they need real or accepted samples of at least two labels."
    return {**result, "neighbours": _neighbours(context, rows)}


def _suggest(context: JobContext, known: list[tuple[str, str]], pending: list[tuple[int, str]]) -> int:
    from workbench.learn.classifier import TextClassifier

    context.report(0, len(pending), "learning from labelled samples")
    features = features_of(context.project)
    classifier = TextClassifier(features.grams)
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
    if features.problem:
        context.log("warning", features.problem)
    return len(pending)


def wanting(rows: Sequence[Generated]) -> list[Generated]:
    """The samples that get neighbours in this job: pending ones that have none, newest first, then the others."""
    ranked = sorted(rows, key=lambda row: (row.status != "pending", row.has_neighbours, -row.id))
    return ranked[:NEIGHBOURS]


def _neighbours(context: JobContext, rows: Sequence[Generated]) -> int:
    from workbench.learn.neighbours import nearest_neighbours

    if len(rows) < 2:
        return 0

    def progress(done: int, total: int) -> None:
        context.report(done, total, "finding neighbours")

    chosen = {row.id for row in wanting(rows)}
    step = max(1, len(rows) // NEIGHBOURS)  # among themselves, and as many others from all over the project
    among = [row for place, row in enumerate(rows) if row.id in chosen or place % step == 0]
    queries = [place for place, row in enumerate(among) if row.id in chosen]
    try:
        found = nearest_neighbours([row.text for row in among], 5, queries=queries, progress=progress)
    except Cancelled:
        raise
    except WorkbenchError as error:
        context.log("warning", f"No neighbours: {error}")
        return 0
    pairs = [
        (among[place].id, [(among[other].id, similarity) for other, similarity in near])
        for place, near in zip(queries, found, strict=True)
    ]
    curation.save_neighbours(context.store, pairs)
    return len(pairs)
