"""Texts as rows whose dot products say how alike they are: one scale for everything that one evaluation compares.

``Scale`` holds the word weights (TF-IDF), ``LatentMap`` shortens its rows to at most ``DIMENSIONS`` numbers, and
``EmbeddedMap`` asks the project's embedding model instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from workbench.learn.covering import spread

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    from workbench.evaluate.corpus import Corpus

    Array = numpy.ndarray[Any, Any]

#: Dimensions that an embedding may keep.
WIDEST = 512
#: Dimensions of a row; texts that the axes are fitted on; their most frequent words, which alone take part.
DIMENSIONS, FITTED, COLUMNS = 256, 10_000, 20_000


class Scale:
    """Word weights of several corpora together: scikit-learn's ``TfidfVectorizer(sublinear_tf=True)`` on all their texts.

    A token weighs ``(1 + ln count) (ln((1 + n) / (1 + df)) + 1)``, n and df over all texts; a row has length 1, or 0
    without a known token.
    """

    def __init__(self, corpora: Sequence[Corpus]) -> None:
        import numpy

        self._columns: dict[str, int] = {}
        for corpus in corpora:
            for token in corpus.encoded.vocabulary:
                self._columns.setdefault(token, len(self._columns))
        self.size = len(self._columns)
        frequency = numpy.zeros(self.size)
        for corpus in corpora:
            places = self._places(corpus)
            numpy.add.at(frequency, places, numpy.bincount(corpus.incidence.indices, minlength=len(places)))
        total = sum(len(corpus.texts) for corpus in corpora)
        self._idf = (numpy.log((1 + total) / (1 + frequency)) + 1).astype(numpy.float32)

    def rows(self, corpus: Corpus) -> csr_matrix:
        """Shape (N, ``size``), float32; tokens that the fitted corpora lack are left out."""
        import numpy
        from scipy.sparse import csr_matrix as sparse

        counts, places = corpus.incidence, self._places(corpus)
        columns = places[counts.indices]
        values = (numpy.log(counts.data.astype(numpy.float32)) + 1) * self._idf[columns]
        values[columns < 0] = 0.0
        owner = numpy.repeat(numpy.arange(counts.shape[0]), numpy.diff(counts.indptr))
        squares = numpy.bincount(owner, weights=values.astype(numpy.float64) ** 2, minlength=counts.shape[0])
        scale = numpy.zeros(len(squares))
        numpy.divide(1.0, numpy.sqrt(squares), out=scale, where=squares > 0)
        values *= scale.astype(numpy.float32)[owner]
        shape = (counts.shape[0], max(1, self.size))
        return sparse((values, numpy.maximum(columns, 0), counts.indptr), shape=shape)

    def _places(self, corpus: Corpus) -> Array:
        import numpy

        vocabulary = corpus.encoded.vocabulary
        return numpy.fromiter((self._columns.get(token, -1) for token in vocabulary), numpy.int64, len(vocabulary))


class TextMap:
    """Rows of corpora, computed once for each: ``rows(corpus)`` is (N, d) float32, each of length 1 or 0.

    ``name`` says what the rows are made of. Rows of one map may be compared with each other, of two maps not.
    """

    def __init__(self, name: str, make: Callable[[Corpus], Array]) -> None:
        self.name = name
        self._make = make
        self._kept: dict[int, tuple[Corpus, Array]] = {}

    def rows(self, corpus: Corpus) -> Array:
        kept = self._kept.get(id(corpus))
        if kept is None:
            # The corpus stays beside its rows: its address cannot become another one's.
            kept = self._kept[id(corpus)] = corpus, self._make(corpus)
        return kept[1]


def embedded_map(embed: Callable[[Sequence[str]], Any]) -> TextMap:
    """Rows by the project's embedding model.

    Of more than ``WIDEST`` dimensions, by a seeded random projection to that many, whose cosines are off by about
    1/sqrt(``WIDEST``) (Johnson & Lindenstrauss 1984): work on d x d matrices grows with the cube of d.
    """
    return TextMap("the project's embeddings", lambda corpus: _narrow(embed(corpus.texts)))


def _narrow(rows: Array) -> Array:
    import numpy

    if rows.shape[1] <= WIDEST:
        return rows
    turn = numpy.random.default_rng(0).standard_normal((rows.shape[1], WIDEST)).astype(numpy.float32)
    return _unit(numpy.asarray(rows, numpy.float32) @ turn)


def _unit(rows: Array) -> Array:
    """Scales rows to length 1, in place; rows shorter than 1e-6 become 0."""
    import numpy

    length = numpy.sqrt(numpy.einsum("ij,ij->i", rows, rows))[:, None]
    rows *= numpy.where(length > 1e-6, 1 / numpy.maximum(length, 1e-6), 0).astype(numpy.float32)
    return rows


def latent_map(scale: Scale, corpora: Sequence[Corpus], seed: int = 0) -> TextMap:
    """Latent semantic analysis of TF-IDF rows (Deerwester et al., *Indexing by Latent Semantic Analysis*, JASIS 41, 1990).

    The axes are fitted on at most ``FITTED`` texts spread evenly over all ``corpora``, so that time and memory grow
    with the number of texts alone. Up to ``DIMENSIONS`` texts lose nothing: cosines are those of their TF-IDF; of more,
    the largest ``DIMENSIONS`` axes are kept by a randomised decomposition (Halko, Martinsson & Tropp, SIAM Review 53,
    2011) and rows are scaled to length 1 again.
    """
    import numpy
    from scipy.sparse import vstack

    drawn = spread(sum(len(corpus.texts) for corpus in corpora), FITTED)
    parts, before = [], 0
    for corpus in corpora:
        mine = drawn[(drawn >= before) & (drawn < before + len(corpus.texts))] - before
        if len(mine):
            parts.append(scale.rows(corpus)[mine])
        before += len(corpus.texts)
    if not parts:
        return TextMap("word TF-IDF", lambda corpus: numpy.zeros((len(corpus.texts), 1), numpy.float32))
    some = vstack(parts, format="csr")
    occurs = numpy.bincount(some.indices, minlength=some.shape[1])
    columns = numpy.sort(numpy.argsort(-occurs, kind="stable")[: min(COLUMNS, int((occurs > 0).sum()) or 1)])
    axes = _axes(some[:, columns], seed)

    def rows(corpus: Corpus) -> Array:
        return _unit(numpy.asarray(scale.rows(corpus)[:, columns] @ axes, dtype=numpy.float32))

    return TextMap(f"word TF-IDF, latent semantic analysis, {axes.shape[1]} dimensions", rows)


def alone() -> AbstractContextManager[Any]:
    """A context in which libraries compute with one thread.

    On a machine whose cores are busy, threads wait for each other ten times longer than they work on matrices of these
    sizes: the Vendi score of 100,000 texts took 2.8 s with two of them and 0.15 s with one.
    """
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[Any] = threadpool_limits(1)
    return limited


def _axes(rows: csr_matrix, seed: int) -> Array:
    """(v, d) float32 orthonormal columns that span the rows, or the most of them."""
    import numpy

    if rows.shape[0] <= DIMENSIONS:
        exact = rows.astype(numpy.float64)
        with alone():
            values, vectors = numpy.linalg.eigh((exact @ exact.T).toarray())
        held = values > 1e-9 * max(1.0, float(values.max(initial=0.0)))
        if not held.any():
            return numpy.zeros((rows.shape[1], 1), numpy.float32)
        axes = (exact.T @ vectors[:, held]) / numpy.sqrt(values[held])
        return numpy.asarray(axes, dtype=numpy.float32)
    from sklearn.utils.extmath import randomized_svd

    with alone():
        _, _, turned = randomized_svd(rows, max(1, min(DIMENSIONS, *rows.shape)), n_iter=3, random_state=seed)
    return numpy.asarray(turned.T, dtype=numpy.float32)
