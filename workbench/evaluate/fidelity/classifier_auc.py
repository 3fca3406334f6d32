"""Real or synthetic: can a classifier tell a sample from a real row?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.evaluate.base import METRICS, Direction, Material, Metric
from workbench.evaluate.fidelity.reference import Sides, lacking, sides, unknown
from workbench.text import normalise

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

NAME = "fidelity.classifier_auc"
#: Samples of a side at most, and at least; under ``ROUGH`` the interval is rough.
MOST, FEWEST, ROUGH = 5_000, 20, 100
FOLDS = 5
#: How much more the area varies than DeLong's error says, by simulation (``benchmarks/fidelity.py``).
CROSSED = 1.35
LISTED, WORDS = 1000, 15
#: Words that fewer of the texts hold tell nothing about others.
COMMON = 5
#: What is longer is no word that tells anything.
LONGEST = 60


@METRICS.register(NAME)
def classifier_auc(material: Material) -> list[Metric]:
    """Area under the ROC curve of a classifier that tells samples from real rows: 0.5 it cannot, 1 it always can.

    A two-sample test by classifier (Lopez-Paz & Oquab, *Revisiting Classifier Two-Sample Tests*, ICLR 2017): equally many
    of both (at most 5,000, drawn), the project's small classifier in 5-fold cross-validation, the area over all that were
    held out. Equal texts fall into one fold, so that none is recognised by its twin. The interval is on the logit scale,
    from DeLong's standard error times 1.35: that error takes the classifier as given, while other draws train others and
    folds share their training rows. (Over draws of 150 to 1,000 TREC rows a side the area varies 1.2 to 1.37 times as much
    as DeLong's error where sides are the same or nearly so, 1.1 times at an area of 0.8.)

    An area really below 0.5 comes of near-copies: a held-out sample's nearest neighbours are then real rows, and the other
    way round. Neither way is the good one there, and nothing is called better by it.

    Details: ``p`` of "cannot be told apart", ``words`` the most telling ones on either side with their coefficients in a
    classifier of words alone. ``behind["most_synthetic"]``: samples, the most recognisable first.
    """
    import numpy

    from workbench.learn.auc import area, interval, p_value

    found = sides(material, MOST)
    if (why := lacking(found, FEWEST)) is not None:
        return [unknown(NAME, why, "area", "lower")]
    try:
        scores = _scores(found, material.seed)
        words = _words(found)
    except WorkbenchError as error:
        return [unknown(NAME, str(error), "area", "lower")]
    synthetic = numpy.arange(2 * found.size) < found.size
    given = area(scores, synthetic)
    result = given._replace(error=CROSSED * given.error)
    low, high = interval(result, found.size, found.size)
    order = numpy.argsort(-scores[: found.size], kind="stable")[:LISTED].tolist()
    details: dict[str, Any] = {
        **found.details,
        "error": result.error,
        "p": p_value(result),
        "words": words,
        "behind": {"most_synthetic": [found.samples[place].id for place in order if scores[place] > 0.5]},
    }
    note = (
        f"0.5 cannot be told apart, 1 always; {found.size:,} samples and {found.size:,} {found.which}, "
        f"{FOLDS}-fold. p of no difference: {_short(details['p'])}."
    )
    twins = high < 0.5
    if twins:
        note += (
            " Below 0.5 is not better: samples are so near to single real rows that each looks like its twin on the other "
            "side (see fidelity.seed_similarity)."
        )
    direction: Direction = "none" if twins else "lower"
    return [Metric(NAME, result.value, low, high, note, "area", direction, details, rough=found.size < ROUGH)]


def _scores(found: Sides, seed: int) -> Array:
    """Of each sample, then each real row, the held-out probability that it is synthetic, ``(2 size,)``."""
    import numpy

    from workbench.learn.classifier import TextClassifier
    from workbench.learn.features import text_rows

    texts = [sample.text for sample in (*found.samples, *found.real)]
    rows = text_rows(texts)
    fold = folds(texts, found.size, seed)
    sides_of = numpy.array(["synthetic"] * found.size + ["true"] * found.size, object)
    scores = numpy.full(len(texts), 0.5)
    for turn in range(FOLDS):
        held, train = numpy.flatnonzero(fold == turn), numpy.flatnonzero(fold != turn)
        if not len(held) or len(set(sides_of[train].tolist())) < 2:
            continue
        model = TextClassifier().fit_rows(rows[train], sides_of[train].tolist())
        scores[held] = model.probabilities_rows(rows[held])[:, model.classes.index("synthetic")]
    return scores


def folds(texts: Sequence[str], size: int, seed: int) -> Array:
    """The fold of each text, ``(n,)``: equal texts (normalised) in one; texts of the first ``size``, of the others, and of
    both are each spread evenly."""
    import numpy

    from workbench.learn.folds import deal

    numbers: dict[str, int] = {}
    group = numpy.array([numbers.setdefault(normalise(text), len(numbers)) for text in texts], numpy.int64)
    kind = numpy.zeros(len(numbers), numpy.int64)
    kind[group[:size]] |= 1
    kind[group[size:]] |= 2
    fold: Array = deal(kind, FOLDS, seed)[group]
    return fold


def _words(found: Sides) -> dict[str, list[list[Any]]]:
    """The words by which a classifier of words tells the sides best, [word, coefficient], the most telling first."""
    import numpy

    from workbench.learn.classifier import STRENGTH
    from workbench.learn.features import word_tfidf
    from workbench.learn.logistic import fit_logistic

    vectoriser, rows = word_tfidf([sample.text for sample in (*found.samples, *found.real)])
    common = numpy.flatnonzero(numpy.bincount(rows.indices, minlength=rows.shape[1]) >= COMMON)
    if not len(common):
        return {"synthetic": [], "real": []}
    names = vectoriser.get_feature_names_out()[common]
    kept: csr_matrix = rows[:, common]
    targets = numpy.zeros((len(found.samples) + len(found.real), 2), numpy.float32)
    targets[: found.size, 1] = targets[found.size :, 0] = 1
    weight = fit_logistic(kept, targets, STRENGTH)[:-1, 0]
    order = numpy.argsort(-weight, kind="stable")

    def listed(places: Array) -> list[list[Any]]:
        return [
            [str(names[place]), round(float(weight[place]), 3)]
            for place in places.tolist()
            if len(names[place]) <= LONGEST
        ]

    return {
        "synthetic": listed(order[:WORDS][weight[order[:WORDS]] > 0]),
        "real": listed(order[::-1][:WORDS][weight[order[::-1][:WORDS]] < 0]),
    }


def _short(p: float) -> str:
    return f"{p:.2f}" if p >= 0.005 else "under 0.005"
