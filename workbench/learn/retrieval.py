"""Texts of a corpus that are about each of some queries: sparse, in rounds, each widened by what the last one found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.learn.features import units, word_tfidf

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Retrieved texts per query that widen it in the next round: a round costs queries x so many x corpus, sparse.
WIDENED = 50


def progressive(texts: Sequence[str], queries: Sequence[str], *, each: int, rounds: int = 2) -> list[list[int]]:
    """For each of the ``queries`` at most ``each`` places in ``texts``, best first; no text stands under two queries.

    Similarity is the cosine of word TF-IDF rows (0 to 1); a text that shares no word with a query is never found. Round 1
    ranks by the query itself. In each later round the ``WIDENED`` best texts of a query become queries of their own, each
    added to the query's words, and a text counts with the highest of its similarities to them (Yu et al. 2023, ReGen,
    arXiv 2305.10703, section 3.1: "progressive" retrieval with the concatenation of label words and retrieved documents;
    dense vectors there, TF-IDF here). A text is under the query that it is most similar to; of equals the first.
    """
    import numpy
    from scipy.sparse import vstack
    from sklearn.preprocessing import normalize

    if not texts or not queries or not any(units(query) for query in queries):
        return [[] for _ in queries]
    _, rows = word_tfidf([*texts, *queries], units)
    corpus, asked = rows[: len(texts)], rows[len(texts) :]
    scores = _dense(corpus, asked)
    for _ in range(rounds - 1):
        widened = numpy.zeros_like(scores)
        for place in range(len(queries)):
            best = _best(scores, place, WIDENED)
            wide = asked[place] if not len(best) else normalize(vstack([corpus[one] + asked[place] for one in best]))
            widened[:, place] = (corpus @ wide.T).max(axis=1).toarray().ravel()
        scores = widened
    return [_best(scores, place, each).tolist() for place in range(len(queries))]


def _dense(corpus: csr_matrix, asked: csr_matrix) -> Array:
    import numpy

    found: Array = numpy.asarray((corpus @ asked.T).todense(), numpy.float64)
    return found


def _best(scores: Array, place: int, most: int) -> Array:
    """The texts that are most similar to this query of all, best first; of equals the earlier."""
    import numpy

    mine = numpy.flatnonzero((scores.argmax(axis=1) == place) & (scores[:, place] > 0))
    order = numpy.lexsort((mine, -scores[mine, place]))
    return mine[order[:most]]
