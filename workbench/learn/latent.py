"""Texts as short dense rows in which near means alike: latent semantic analysis, fitted on some, applied to all.

Deerwester et al. 1990, Indexing by Latent Semantic Analysis. A million texts take 256 bytes each; fitting looks at
``FITTED`` of them, spread evenly, so that its cost does not grow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.learn.covering import spread
from workbench.learn.features import Progress, fitted_rows
from workbench.learn.grams import Grams, count_grams

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Texts that are fitted on, columns (the most frequent), dimensions, texts that are turned at a time.
FITTED, COLUMNS, DIMENSIONS, STEP = 10_000, 20_000, 64, 5_000


class Latent:
    """``Latent(texts)`` fits; ``rows(texts)`` gives ``(n, d)`` float32 of length 1, or 0 for a text without known words.

    d is ``DIMENSIONS``, or less for few texts. Deterministic for the same texts in the same order.
    """

    def __init__(
        self, texts: Sequence[str], count: Callable[[Sequence[str]], Grams] | None = None, dimensions: int = DIMENSIONS
    ) -> None:
        import numpy
        from sklearn.utils.extmath import randomized_svd

        self._count = count or count_grams
        self._features: Any = None
        self._axes: Array = numpy.zeros((0, 1), numpy.float32)
        try:
            chosen = [texts[place] for place in spread(len(texts), FITTED).tolist()]
            self._features, rows = fitted_rows(self._count(chosen))
        except WorkbenchError:  # no text holds a word: all rows are 0
            return
        occurs = numpy.bincount(rows.indices, minlength=rows.shape[1])
        wanted = numpy.argsort(-occurs, kind="stable")[:COLUMNS]
        self._columns = numpy.sort(wanted[occurs[wanted] > 1] if (occurs > 1).any() else wanted)
        rows = rows[:, self._columns]
        size = max(1, min(dimensions, min(rows.shape) - 1))
        _, _, axes = randomized_svd(rows, size, n_iter=2, random_state=0)
        self._axes = axes.T.astype(numpy.float32)

    def rows(self, texts: Sequence[str], progress: Progress | None = None) -> Array:
        """Rows of any texts, ``STEP`` at a time."""
        import numpy

        found = numpy.zeros((len(texts), self._axes.shape[1]), numpy.float32)
        if self._features is None:
            return found
        for start in range(0, len(texts), STEP):
            part = self._features.rows(self._count(texts[start : start + STEP]))[:, self._columns] @ self._axes
            length = numpy.linalg.norm(part, axis=1, keepdims=True)
            found[start : start + STEP] = numpy.divide(part, length, out=numpy.zeros_like(part), where=length > 1e-6)
            if progress is not None:
                progress(min(start + STEP, len(texts)), len(texts))
        return found
