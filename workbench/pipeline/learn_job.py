"""The learn job: suggested labels, orders to look at samples in, clusters, nearest neighbours, and the learning curve."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.jobs.run import Cancelled, Ended, JobContext
from workbench.pipeline import learn_parts, start
from workbench.pipeline.features import features_of
from workbench.pipeline.learn_parts import Known
from workbench.store import choosing, curation, jobs, samples, splits
from workbench.store.encoding import encode
from workbench.store.splits import Generated

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array, Block, Pool, Score
    from workbench.learn.classifier import TextClassifier

SOURCE = "tfidf"
#: Labels suggested per sample.
SUGGESTED = 9
#: Most samples that get neighbours in one job, from among about twice as many.
NEIGHBOURS = 100_000
#: Samples per step of the classifier.
STEP = 5_000
#: Suggestions and scores that move by less are left as they are stored: most of them, after a few more labels.
MOVED = 0.005


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
    limits = jobs.get(context.store, context.job.id).limits
    if limits.get("again"):
        start.learn_later(context.store, strategies=sorted(limits.get("strategies", ())))


def _learn(context: JobContext) -> dict[str, Any]:
    took: dict[str, float] = {}
    rows = list(splits.generated(context.store, "status != 'rejected'"))
    pending = [row for row in rows if row.status == "pending"]
    known: Known = [(text, label) for _, text, label in splits.training(context.store) if label is not None]
    known += [(row.text, row.label) for row in rows if row.status == "accepted" and row.label]
    result: dict[str, Any] = {"trained_on": len(known)}
    features = features_of(context.project)
    classifier = None
    if len({label for _, label in known}) >= 2:
        from workbench.learn.classifier import TextClassifier

        began = time.monotonic()
        context.report(0, len(pending), "learning from labelled samples")
        classifier = TextClassifier(features.grams)
        classifier.fit([text for text, _ in known], [label for _, label in known], seed=0)
        took["classifier"] = time.monotonic() - began
    else:
        result["note"] = "There are no suggestions: they need real or accepted samples of at least two labels."
    result |= learn_parts.curve(context, classifier, len(known))
    asked = (context.job.parameters, jobs.get(context.store, context.job.id).limits)
    space = learn_parts.Space(rows, features.grams, lambda note: context.report(0, None, note))
    began = time.monotonic()
    result["clusters"] = learn_parts.clusters(context, rows, space, anew=any(one.get("clusters") for one in asked))
    took["clusters"] = time.monotonic() - began
    pool = learn_parts.pool(context, rows, pending, known, space, features.grams)
    scorers, skipped = learn_parts.scorers(
        context,
        pool,
        [name for one in asked for name in one.get("strategies", ())],
        learnt=classifier is not None,
        took=took,
    )
    began = time.monotonic()
    result["suggested"] = _blocks(context, classifier, pool, scorers)
    took["suggesting"] = time.monotonic() - began
    result["strategies"] = sorted(scorers)
    if skipped:
        result["skipped"] = skipped
        for sentence in skipped.values():
            context.log("warning", sentence)
    if features.problem:
        context.log("warning", features.problem)
    began = time.monotonic()
    result["neighbours"], result["covered"] = _neighbours(context, rows)
    took["neighbours"] = time.monotonic() - began
    return {**result, "took": {name: round(seconds, 3) for name, seconds in took.items()}}


def _blocks(
    context: JobContext, classifier: TextClassifier | None, pool: Pool, scorers: dict[str, tuple[int, Score]]
) -> int:
    """Suggestions and scores of all pending samples, a block at a time; returns how many have suggestions."""
    import numpy

    from workbench.curate.labels.selecting import Block

    classes = [] if classifier is None else list(classifier.classes)
    if classifier is None and not scorers:
        return 0
    for begin in range(0, len(pool.ids), STEP):
        end = min(begin + STEP, len(pool.ids))
        chances: Array = numpy.zeros((end - begin, 0))
        if classifier is not None:
            chances = classifier.probabilities(pool.texts[begin:end])
            _suggest(context, pool.ids[begin:end], chances, classes)
        _score(context, pool.ids[begin:end], Block(begin, end, chances, classes), scorers)
        context.report(end, len(pool.ids), "suggesting labels")
    return len(pool.ids) if classifier is not None else 0


def _suggest(context: JobContext, ids: Sequence[int], chances: Array, classes: list[str]) -> None:
    """Store the best labels of a block, where they are not as they are stored (but for less than ``MOVED``)."""
    best = (-chances).argsort(axis=1, kind="stable")[:, :SUGGESTED]
    before = choosing.tops(context.store, SOURCE, ids[0], ids[-1])
    names = [encode(name) for name in classes]
    suggested = []
    for place, sample_id in enumerate(ids):
        labels = [(column, float(chances[place, column])) for column in best[place].tolist()]
        old = before.get(sample_id, [])
        if len(old) != 2 or any(
            names[column] != label or abs(score - value) >= MOVED
            for (column, score), (label, value) in zip(labels[:2], old, strict=True)
        ):
            suggested.append((sample_id, [(classes[column], score) for column, score in labels]))
    if suggested:
        curation.save_suggestions(context.store, SOURCE, suggested, job_id=context.job.id)


def _score(context: JobContext, ids: Sequence[int], block: Block, scorers: dict[str, tuple[int, Score]]) -> None:
    import numpy

    for name, (version, scorer) in scorers.items():
        values = numpy.asarray(scorer(block), numpy.float64)
        before = choosing.scores_between(context.store, name, ids[0], ids[-1])
        # Whole orders differ by little from one place to the next: only what is the same is left as it is.
        least = MOVED if name in learn_parts.SMOOTH else 1e-12
        changed = [
            (sample_id, value)
            for sample_id, value in zip(ids, values.tolist(), strict=True)
            if not math.isnan(value) and abs(before.get(sample_id, numpy.inf) - value) >= least
        ]
        if changed:
            curation.save_scores(context.store, name, changed, version=version, job_id=context.job.id)


def wanting(rows: Sequence[Generated], covered: int = 0) -> list[Generated]:
    """The samples that get neighbours in this job: pending ones that have none, newest first, then the others.

    Up to sample ``covered`` all have been looked at, so that those without neighbours there have none. Where less than a
    tenth are left to be looked at, the others keep theirs: after a few labels there is nothing to do.
    """
    without = [row for row in rows if not row.has_neighbours and row.id > covered]
    chosen = rows if 10 * len(without) >= len(rows) else without
    ranked = sorted(chosen, key=lambda row: (row.status != "pending", row.has_neighbours, -row.id))
    return ranked[:NEIGHBOURS]


def _neighbours(context: JobContext, rows: Sequence[Generated]) -> tuple[int, int]:
    """How many samples got neighbours, and up to which sample all have been looked at."""
    from workbench.learn.neighbours import nearest_neighbours

    if len(rows) < 2:
        return 0, 0

    def progress(done: int, total: int) -> None:
        context.report(done, total, "finding neighbours")

    before = choosing.covered(context.store)
    chosen = {row.id for row in wanting(rows, before)}
    missed = any(row.id > before and not row.has_neighbours and row.id not in chosen for row in rows)
    covered = before if missed else rows[-1].id
    if not chosen:
        return 0, covered
    step = max(1, len(rows) // NEIGHBOURS)  # among themselves, and as many others from all over the project
    among = [row for place, row in enumerate(rows) if row.id in chosen or place % step == 0]
    queries = [place for place, row in enumerate(among) if row.id in chosen]
    try:
        found = nearest_neighbours([row.text for row in among], 5, queries=queries, progress=progress)
    except Cancelled:
        raise
    except WorkbenchError as error:
        context.log("warning", f"No neighbours: {error}")
        return 0, before
    pairs = [
        (among[place].id, [(among[other].id, similarity) for other, similarity in near])
        for place, near in zip(queries, found, strict=True)
    ]
    curation.save_neighbours(context.store, pairs)
    return len(pairs), covered
