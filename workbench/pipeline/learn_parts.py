"""Parts of the learn job: clusters, the strategies that are wanted, and a point of the learning curve."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.curate.labels.selecting import ALWAYS, STRATEGIES, Pool, Score, unfit
from workbench.errors import UsageError, WorkbenchError
from workbench.jobs.run import Cancelled, JobContext
from workbench.store import choosing, curation, splits
from workbench.store import clusters as cluster_store
from workbench.store.clusters import Cluster
from workbench.store.splits import Generated

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array
    from workbench.learn.classifier import TextClassifier
    from workbench.learn.grams import Grams

#: Texts with their labels.
Known = list[tuple[str, str]]
#: Fewer samples are in no clusters.
FEWEST = 8
#: Validation texts that the learning curve is measured on at most, spread evenly.
MEASURED = 10_000
#: Words of a cluster's title.
TITLE = 3
#: Scores that are read as numbers: where they move by very little, the stored ones stand.
SMOOTH = frozenset({"uncertainty", "margin", "entropy", "model_disagreement", "label_error"})


class Space:
    """Rows of all samples in which near means alike, made when something first asks for them."""

    def __init__(
        self, rows: Sequence[Generated], count: Callable[[Sequence[str]], Grams], tell: Callable[[str], None]
    ) -> None:
        self._texts = [row.text for row in rows]
        self._count, self._tell = count, tell

    @cached_property
    def _latent(self) -> Any:
        from workbench.learn.latent import Latent

        self._tell("comparing texts")
        return Latent(self._texts, self._count)

    @cached_property
    def vectors(self) -> Array:
        """``(n, d)`` in the order of the rows; 256 bytes a sample."""
        found: Array = self._latent.rows(self._texts, lambda _done, _total: self._tell("comparing texts"))
        return found

    def of(self, texts: Sequence[str]) -> Array:
        """The same of other texts."""
        found: Array = self._latent.rows(texts)
        return found


def curve(context: JobContext, classifier: TextClassifier | None, trained_on: int) -> dict[str, Any]:
    """What labelling has bought so far: the classifier's accuracy on the validation split, never on the test split."""
    from workbench.learn.covering import spread

    gold = [(text, label) for _, text, label in splits.validation(context.store) if label is not None]
    if classifier is None:
        return {"curve_note": "Nothing can be measured before two labels have real or accepted samples."}
    if not gold:
        return {"curve_note": "There are no labelled validation texts to measure on; import some --as validation."}
    from workbench.learn.intervals import wilson

    gold = [gold[place] for place in spread(len(gold), MEASURED).tolist()]
    right = sum(
        said == label for said, (_, label) in zip(classifier.predict([text for text, _ in gold]), gold, strict=True)
    )
    interval = wilson(right, len(gold))
    return {
        "curve": {
            "labelled": choosing.labelled(context.store),
            "trained_on": trained_on,
            "validation": len(gold),
            "accuracy": round(right / len(gold), 5),
            "low": round(interval.low, 5),
            "high": round(interval.high, 5),
        }
    }


def clusters(context: JobContext, rows: Sequence[Generated], space: Space, *, anew: bool) -> int:
    """Clusters of all samples: made anew when asked, when there are none, or when the samples have doubled; else new
    samples join the nearest ones, so that a cluster keeps its number while people work in it. Returns how many."""
    if len(rows) < FEWEST:
        return 0
    store = context.store
    there = cluster_store.all(store)
    made_of = max((one.made_of for one in there), default=0)
    if anew or not there or len(rows) >= 2 * made_of:
        return _make(context, rows, space)
    stored = curation.scores(store, cluster_store.SCORE)
    if all(row.id in stored for row in rows):
        return len(there)
    _join(context, rows, space, there, {sample_id: int(value) for sample_id, value in stored.items()})
    return len(there)


def _make(context: JobContext, rows: Sequence[Generated], space: Space) -> int:
    import numpy

    from workbench.learn.topics import fitting_number, k_means, top_terms

    context.report(0, None, "making clusters")
    member, _ = k_means(space.vectors, fitting_number(len(rows)))
    count = int(member.max()) + 1
    terms = top_terms([row.text for row in rows], member, count)
    sizes = numpy.bincount(member, minlength=count).tolist()
    made = [
        Cluster(place + 1, _title(words), sizes[place], tuple(words), len(rows)) for place, words in enumerate(terms)
    ]
    pairs = [(row.id, int(group) + 1) for row, group in zip(rows, member.tolist(), strict=True)]
    cluster_store.save(context.store, made, pairs, job_id=context.job.id)
    return count


def _title(words: Sequence[tuple[str, float]]) -> str:
    return ", ".join(word for word, _ in words[:TITLE]) or "no words"


def _join(
    context: JobContext, rows: Sequence[Generated], space: Space, there: Sequence[Cluster], stored: dict[int, int]
) -> None:
    import numpy

    from workbench.learn.topics import assign, centres_of

    context.report(0, None, "putting new samples into clusters")
    numbers = sorted(one.id for one in there)
    column = {number: place for place, number in enumerate(numbers)}
    old = [(place, column[stored[row.id]]) for place, row in enumerate(rows) if stored.get(row.id) in column]
    new = [place for place, row in enumerate(rows) if row.id not in stored]
    groups = numpy.array([group for _, group in old], numpy.int64)
    centres = centres_of(space.vectors[[place for place, _ in old]], groups, len(numbers))
    joined, _ = assign(space.vectors[new], centres)
    pairs = [(rows[place].id, numbers[group]) for place, group in zip(new, joined.tolist(), strict=True)]
    sizes = numpy.bincount(numpy.concatenate([groups, joined]), minlength=len(numbers)).tolist()
    now = [Cluster(one.id, one.title, sizes[column[one.id]], one.terms, one.made_of) for one in there]
    cluster_store.save(context.store, now, pairs, job_id=context.job.id, replace=False)


def pool(
    context: JobContext,
    rows: Sequence[Generated],
    pending: Sequence[Generated],
    known: Known,
    space: Space,
    count: Callable[[Sequence[str]], Grams],
) -> Pool:
    """The pending samples as strategies see them; what is dear is made when a strategy asks for it."""
    import numpy

    from workbench.learn.covering import ANCHORS, spread

    waiting = numpy.array([place for place, row in enumerate(rows) if row.status == "pending"], numpy.int64)

    def anchors() -> Array:
        some = [known[place][0] for place in spread(len(known), ANCHORS).tolist()]
        return space.of(some)

    def groups() -> tuple[Array, Array]:
        from workbench.learn.topics import centres_of

        stored = curation.scores(context.store, cluster_store.SCORE)
        member = numpy.array([int(stored.get(row.id, 0)) for row in rows], numpy.int64)
        centres = centres_of(space.vectors, member, int(member.max(initial=0)) + 1)
        mine = member[waiting]
        return mine, ((space.vectors[waiting] - centres[mine]) ** 2).sum(axis=1)

    return Pool(
        ids=[row.id for row in pending],
        texts=[row.text for row in pending],
        given=[row.label for row in pending],
        original=[row.original_label for row in pending],
        known=known,
        accepted=choosing.accepted(context.store),
        labels=[label.name for label in context.project.config.task.labels],
        vectors=lambda: space.vectors[waiting],
        anchors=anchors,
        groups=groups,
        count=count,
        progress=lambda done, total: context.report(done, total, "choosing what to look at"),
    )


def scorers(
    context: JobContext, given: Pool, wanted: Sequence[str], *, learnt: bool, took: dict[str, float]
) -> tuple[dict[str, tuple[int, Score]], dict[str, str]]:
    """(version, scores) of each strategy that is computed in this job, and why others that were wanted are not."""
    found: dict[str, tuple[int, Score]] = {}
    skipped: dict[str, str] = {}
    shape = context.project.config.task.label_shape
    for name in dict.fromkeys([*ALWAYS, *wanted]):
        try:
            strategy = STRATEGIES.get(name)
            reason = unfit(strategy, shape)
            if reason is None and strategy.learns and not learnt:
                reason = f"{name} needs real or accepted samples of at least two labels"
            if reason is None and given.ids:
                began = time.monotonic()
                found[name] = (strategy.version, strategy().prepare(given))
                took[name] = time.monotonic() - began
            elif reason and name not in ALWAYS:
                skipped[name] = f"{reason}."
        except Cancelled:
            raise
        except (UsageError, WorkbenchError) as error:
            skipped[name] = str(error)
    return found, skipped
