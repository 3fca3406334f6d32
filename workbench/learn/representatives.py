"""Representatives of a set of rows: k-means, then the row nearest to each centre; and the nearest of them to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Rows whose similarities to all representatives are in memory at once.
BLOCK = 4_096


def representatives(rows: csr_matrix, count: int, seed: int = 0) -> list[int]:
    """The rows nearest to the centres of ``count`` clusters, ascending; all rows when there are no more than that.

    k-means++ and Lloyd's rounds by scikit-learn, one start; the earlier row wins among equally near ones. Clusters that
    share their nearest row, or stay empty because rows repeat, give fewer.
    """
    import numpy

    size = rows.shape[0]
    if size <= count:
        return list(range(size))
    import warnings

    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # fewer different rows than clusters
        model = KMeans(count, n_init=1, random_state=seed).fit(rows)
    away = model.transform(rows)
    chosen = set()
    for cluster in range(count):
        members = numpy.flatnonzero(model.labels_ == cluster)
        if len(members):
            chosen.add(int(members[away[members, cluster].argmin()]))
    return sorted(chosen)


def nearest_rows(queries: csr_matrix, rows: csr_matrix, count: int) -> tuple[Array, Array]:
    """For each of ``queries`` (m, v) the ``count`` most similar of ``rows`` (r, v) by dot product (cosine for rows of
    length 1), nearest first and the earlier among equals: ``(m, min(count, r))`` places and similarities."""
    import numpy

    places, values = [], []
    for start in range(0, queries.shape[0], BLOCK):
        near = (queries[start : start + BLOCK] @ rows.T).toarray()
        order = numpy.argsort(-near, axis=1, kind="stable")[:, :count]
        places.append(order)
        values.append(numpy.take_along_axis(near, order, axis=1))
    if not places:
        shape = (0, min(count, rows.shape[0]))
        return numpy.zeros(shape, numpy.int64), numpy.zeros(shape)
    return numpy.concatenate(places), numpy.concatenate(values)
