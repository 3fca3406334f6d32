"""Average pairwise similarity: how alike two texts of the data set are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import data_set, scale, seeds
from workbench.evaluate.estimates import CHECKED_FROM, Estimate, jackknife

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Similarity(NamedTuple):
    """Mean cosine over all pairs, over pairs within a class, and over pairs from two classes; None without pairs."""

    overall: float | None
    within: float | None
    between: float | None


@METRICS.register("diversity.aps")
def aps(material: Material) -> list[Metric]:
    """``APS = 2/(N(N-1)) sum over pairs of cos(e_i, e_j)``, e the word TF-IDF of a text (Yu et al., NeurIPS 2023).

    It does not move with the number of texts. Interval: exact delete-one jackknife over texts, the word weights taken as
    given. Details: ``within`` classes and ``between`` classes, by resolved label, and the ``seeds``' value. The map's
    weights come from the data set, the seeds and the real rows together, so that all are measured on one scale.
    """
    name = "diversity.aps"
    if len(material.samples) < 2:
        note = "Similarity is about pairs of texts: at least two samples are needed."
        return [Metric(name, None, note=note, unit="cosine", direction="lower")]
    weights, data, reference = scale(material), data_set(material), seeds(material)
    if not len(data.encoded.ids):
        return [Metric(name, None, note="No text holds a token.", unit="cosine", direction="lower")]
    rows, seed_rows = weights.rows(data), weights.rows(reference)
    found = similarity(rows, [sample.label for sample in material.samples])
    line = similarity(seed_rows, [sample.label for sample in material.seeds])
    estimate, seed_estimate = mean_cosine(rows), mean_cosine(seed_rows)
    low, high = estimate.ends()
    seeds_low, seeds_high = seed_estimate.ends()
    details = {
        "features": "word TF-IDF",
        "within": found.within,
        "between": found.between,
        "seeds": line.overall,
        "seeds_low": seeds_low,
        "seeds_high": seeds_high,
        "seeds_within": line.within,
        "seeds_between": line.between,
        "seed_count": len(material.seeds),
    }
    parts = [("within classes", found.within), ("between classes", found.between), ("seeds", line.overall)]
    known = ", ".join(f"{name} {value:.3f}" for name, value in parts if value is not None)
    note = f"Mean cosine of two texts (word TF-IDF); lower is more varied. {known.capitalize()}".rstrip()
    note += "." if known else ""
    rough = low is not None and (len(material.samples) < CHECKED_FROM or not estimate.error)
    return [Metric(name, found.overall, low, high, note, "cosine", "lower", details=details, rough=rough)]


def mean_cosine(vectors: csr_matrix) -> Estimate:
    """The overall mean of ``similarity`` with its error; the value is 0 for fewer than two rows."""
    import numpy as np

    vectors = vectors.astype(np.float64)
    size = vectors.shape[0]
    if size < 2:
        return Estimate(0.0)
    norms = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
    total = np.asarray(vectors.sum(axis=0)).ravel()
    everything = float(total @ total) - float(norms.sum())
    if size == 2:
        return Estimate(everything / 2)
    # Without row i its pairs with all others go, in both orders.
    without = (everything - 2 * (vectors @ total - norms)) / ((size - 1) * (size - 2))
    return jackknife(everything / (size * (size - 1)), without, (-1.0, 1.0))


def similarity(vectors: csr_matrix, labels: Sequence[str | None]) -> Similarity:
    """Mean cosines of the rows of ``vectors``, shape (N, V), L2-normalised; all-zero rows have cosine 0 with any row.

    Closed form: the sum over ordered pairs is ``|sum e|^2 - sum |e|^2``, for all rows and for each class; rows without
    a label count for the overall mean only. O(non-zeros), no pair is ever formed.
    """
    import numpy as np
    from scipy.sparse import csr_matrix as sparse

    # Sums over many rows need more digits than the rows have.
    vectors = vectors.astype(np.float64)
    codes = {label: code for code, label in enumerate(dict.fromkeys(label for label in labels if label is not None))}
    rows = np.array([codes[label] for label in labels if label is not None], np.int64)
    columns = np.array([position for position, label in enumerate(labels) if label is not None], np.int64)
    norms = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
    total = np.asarray(vectors.sum(axis=0)).ravel()
    n = len(labels)
    overall = _mean(float(total @ total) - float(norms.sum()), n * (n - 1))
    if not codes:
        return Similarity(overall, None, None)

    member = sparse((np.ones(len(rows)), (rows, columns)), shape=(len(codes), n))
    sums = member @ vectors
    sizes = np.bincount(rows, minlength=len(codes))
    inside = float(sums.multiply(sums).sum())
    labelled = np.asarray(sums.sum(axis=0)).ravel()
    within = _mean(inside - float(norms[columns].sum()), int((sizes * (sizes - 1)).sum()))
    between = _mean(float(labelled @ labelled) - inside, int(sizes.sum()) ** 2 - int((sizes * sizes).sum()))
    return Similarity(overall, within, between)


def _mean(total: float, pairs: int) -> float | None:
    return total / pairs if pairs else None
