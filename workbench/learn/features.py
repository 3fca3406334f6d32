"""Texts as numbers: units, TF-IDF rows of words and of characters.

The words come from ``workbench.text.tokens`` (``text.TOKENIZER``), so that a classifier, a metric and a filter cut a
text in the same places. scikit-learn loads inside the functions: importing this module costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.learn.grams import CHARACTERS, Grams, count_grams
from workbench.learn.kept import runs
from workbench.text import tokens, words

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Told how far something is: ``(done, total)``, in whatever it counts.
Progress = Callable[[int, int], None]

NO_WORDS = "None of the texts holds a word, so there is nothing to learn from."

#: Scripts written without spaces (Thai, Lao, Myanmar, Khmer, kana, Han): a run of letters there is a sentence, not a
#: word.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_PIECE = re.compile(f"[{_UNSPACED}]|[^{_UNSPACED}]+")


def units(text: str) -> list[str]:
    """The words of ``text``, case-folded, without punctuation; single characters in scripts written without spaces."""
    found = words(text)
    if not _HAS_UNSPACED.search(text):
        return found
    return [piece for word in found for piece in _PIECE.findall(word)]


def word_tfidf(texts: Sequence[str], analyser: Callable[[str], list[str]] = tokens) -> tuple[Any, csr_matrix]:
    """TF-IDF of words: ``(vectoriser, rows)``.

    ``analyser`` is ``workbench.text.tokens`` unless told. ``rows`` is ``(len(texts), v)``
    float32, each row of length 1 (L2), or 0 where a text has no token. Weights are ``(1 + ln tf) * (ln((1+n)/(1+df))
    + 1)``, scikit-learn's ``TfidfVectorizer(sublinear_tf=True)``. Raises ``WorkbenchError`` when no text has a token.
    """
    import numpy
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(sublinear_tf=True, dtype=numpy.float32, analyzer=analyser)
    try:
        return vectoriser, vectoriser.fit_transform(texts)
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        raise WorkbenchError(NO_WORDS) from error


def text_rows(texts: Sequence[str]) -> csr_matrix:
    """TF-IDF of words beside TF-IDF of characters, ``(len(texts), v)`` float32; each row has length 1 (or 0).

    Columns stand in no order that means anything. The document frequencies are those of ``texts``: the same texts give
    the same rows, whatever else a project holds. Raises ``WorkbenchError`` when no text has a token.
    """
    return fitted_rows(count_grams(texts))[1]


def fitted_rows(grams: Grams) -> tuple[GramTfidf, csr_matrix]:
    """(fitted, rows) of counted texts; shapes and errors as ``text_rows``."""
    import numpy

    ordered = numpy.sort(grams.hashes)
    if not len(ordered):
        raise WorkbenchError(NO_WORDS)
    first = numpy.concatenate([[0], numpy.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
    columns = ordered[first]
    frequencies = numpy.diff(first, append=len(ordered))
    fitted = GramTfidf(columns, (numpy.log((1 + len(grams)) / (1 + frequencies)) + 1).astype(numpy.float32))
    return fitted, fitted.rows(grams)


@dataclass(frozen=True, slots=True)
class GramTfidf:
    """Document frequencies of the texts that it was fitted on: ``columns`` (v,) are their grams (uint32, rising),
    ``idf`` (v,) is ``ln((1 + n) / (1 + df)) + 1``, float32."""

    columns: Array
    idf: Array

    def rows(self, grams: Grams) -> csr_matrix:
        """``(n, v)`` float32 rows of length 1: words and characters each have half of the squared length.

        A gram weighs ``(1 + ln count) * idf``, as in scikit-learn's ``TfidfVectorizer(sublinear_tf=True)``; grams that
        the fitted texts lack are left out. A row is 0 where nothing is left.
        """
        import numpy
        from scipy.sparse import csr_matrix

        parts = [self._part(grams, start, stop) for start, stop in runs(grams.indptr)]
        sizes = numpy.concatenate([numpy.zeros(1, numpy.int64), *(sizes for _, _, sizes in parts)])
        data = numpy.concatenate([values for values, _, _ in parts] or [numpy.zeros(0, numpy.float32)])
        indices = numpy.concatenate([places for _, places, _ in parts] or [numpy.zeros(0, numpy.int32)])
        found = csr_matrix((data, indices, numpy.cumsum(sizes)), shape=(len(grams), len(self.columns)))
        found.has_sorted_indices = found.has_canonical_format = True
        return found

    def _part(self, grams: Grams, start: int, stop: int) -> tuple[Array, Array, Array]:
        """(values, columns, number of columns per row) of the texts from ``start`` to ``stop``."""
        import numpy

        within = slice(int(grams.indptr[start]), int(grams.indptr[stop]))
        hashes, counts = grams.hashes[within], grams.counts[within]
        row = numpy.repeat(numpy.arange(stop - start), numpy.diff(grams.indptr[start : stop + 1]))
        places = numpy.searchsorted(self.columns, hashes).astype(numpy.int32)
        places[places == len(self.columns)] = 0
        known = self.columns[places] == hashes
        if not known.all():
            hashes, counts, row, places = hashes[known], counts[known], row[known], places[known]
        values = numpy.log(counts.astype(numpy.float32)) + numpy.float32(1)
        values *= self.idf[places]
        block = 2 * row + (hashes >= CHARACTERS)
        # Of no grams at all bincount counts whole numbers, weights or not.
        squares = numpy.bincount(block, weights=values.astype(numpy.float64) ** 2, minlength=2 * (stop - start)).astype(
            float
        )
        blocks = (squares.reshape(-1, 2) > 0).sum(axis=1)
        scale = numpy.zeros_like(squares)
        numpy.divide(1.0, numpy.sqrt(squares * numpy.repeat(blocks, 2)), out=scale, where=squares > 0)
        values *= scale.astype(numpy.float32)[block]
        return values, places, numpy.bincount(row, minlength=stop - start)
