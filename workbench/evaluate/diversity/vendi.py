"""Vendi score: how many different texts there effectively are."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import data_set, direct, text_map
from workbench.evaluate.estimates import GROUPS, Estimate, jackknife
from workbench.learn.threads import one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Eigenvalues below this are rounding of zero.
ZERO = 1e-12
#: Rows that are multiplied at a time.
BLOCK = 8_192


@METRICS.register("diversity.vendi")
def vendi(material: Material) -> list[Metric]:
    """``VS = exp(- sum lambda ln lambda)``, lambda the eigenvalues of K/n, K the cosines of the texts' rows (Friedman &
    Dieng, *The Vendi Score*, TMLR 2023): 1 for copies, n for n texts that have nothing in common.

    The rows are the project's embeddings, or word TF-IDF projected to 512 dimensions (``text_map``); K/n and the d x d
    matrix X'X/n have the same eigenvalues, so that the work grows with n, not with its square. Texts without a token are left
    out. Grows with the number of texts, up to the number of dimensions. Interval: delete-a-group jackknife
    over 20 drawn groups, map taken as given. Details:
    ``features``, ``dimensions``.
    """
    rows = text_map(material)
    found = direct(
        "diversity.vendi",
        material,
        lambda corpus: effective_number(rows.rows(corpus)),
        unit="texts",
        direction="higher",
        note="As many texts without anything in common would be as varied; grows with the set.",
        lacking="No text holds a token.",
        more=lambda: {"features": rows.name, "dimensions": rows.rows(data_set(material)).shape[1]},
    )
    return [found]


def effective_number(rows: NDArray[np.floating[Any]], seed: int = 0) -> Estimate | None:
    """The Vendi score of rows of length 1, shape (n, d), zero rows left out, with its error; None without a row.

    O(n d^2 + ``GROUPS`` d^3) time, or with n in d's place where n is the smaller; ``GROUPS`` d^2 memory beside the rows.
    """
    import numpy as np

    used = np.flatnonzero(np.einsum("ij,ij->i", rows, rows) > 0.5)
    size, groups = len(used), min(GROUPS, len(used))
    if not size:
        return None
    # Drawn, not by place: neighbours in a data set often share a label.
    shuffled = np.random.default_rng(seed).permutation(used)
    cuts = np.linspace(0, size, groups + 1).astype(int)
    parts = [(shuffled[start:end], size - (end - start)) for start, end in pairwise(cuts)]
    with one_thread():
        if size <= rows.shape[1]:
            kernel = rows[used].astype(np.float64) @ rows[used].T.astype(np.float64)
            score = _score(kernel / size)
            kept = [~np.isin(used, part) for part, _ in parts]
            without = [_score(kernel[np.ix_(some, some)] / some.sum()) for some in kept if some.any()]
        else:
            products = [_products(rows, part) for part, _ in parts]
            total = np.sum(products, axis=0)
            score = _score(total / size)
            without = [_score((total - one) / left) for one, (_, left) in zip(products, parts, strict=True)]
    return jackknife(score, without, (1.0, float(size)))


def _products(rows: NDArray[np.floating[Any]], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """X'X of some rows, (d, d); blocks are summed as float64, whatever the rows are."""
    import numpy as np

    found = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(places), BLOCK):
        block = rows[places[start : start + BLOCK]]
        found += block.T @ block
    return found


def _score(covariance: NDArray[np.float64]) -> float:
    import numpy as np

    values = np.linalg.eigvalsh(covariance)
    values = values[values > ZERO]
    return math.exp(-float((values * np.log(values)).sum()))
