"""Several sources label the same items: the majority, and each source's error rates by Dawid and Skene.

Dawid, Skene 1979, Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm (Applied Statistics 28).
Votes are three arrays ``(m,)``: which item, which source, which class it said; a source may speak of an item repeatedly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.learn.features import Progress

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Stands for probability 0 in logarithms: a class that an item's votes exclude stays excluded.
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Votes:
    """``item``, ``source`` and ``label`` are ``(m,)`` int64; ``items``, ``sources`` and ``labels`` how many there are."""

    item: Array
    source: Array
    label: Array
    items: int
    sources: int
    labels: int

    def counts(self) -> Array:
        """How often each item was given each label, ``(items, labels)`` int64."""
        import numpy

        cells = numpy.bincount(self.item * self.labels + self.label, minlength=self.items * self.labels)
        return cells.reshape(self.items, self.labels)


@dataclass(frozen=True, slots=True)
class Majority:
    """``label`` (n,) is the most frequent one (the lowest number among equals), ``share`` (n,) of the item's votes that
    it has, and ``tied`` (n,) whether another has as many. Without votes: 0, 0 and True."""

    label: Array
    share: Array
    tied: Array


def majority(votes: Votes) -> Majority:
    """The most frequent label of each item."""
    import numpy

    counts = votes.counts()
    most = counts.max(axis=1)
    share = most / numpy.maximum(counts.sum(axis=1), 1)
    return Majority(counts.argmax(axis=1), share, (counts == most[:, None]).sum(axis=1) > 1)


@dataclass(frozen=True, slots=True)
class Crowd:
    """``posterior`` ``(items, labels)``: how likely each item has each true label. ``prior`` ``(labels,)``: the classes'
    shares. ``rates`` ``(sources, labels, labels)``: how often a source says the last index of an item whose true label is
    the middle one; a row of zeros where nothing speaks of it. ``likelihood`` is the log-likelihood."""

    posterior: Array
    prior: Array
    rates: Array
    likelihood: float
    converged: bool
    steps: int


def dawid_skene(
    votes: Votes,
    *,
    known: Array | None = None,
    smoothing: float = 0.0,
    tolerance: float = 1e-5,
    most: int = 100,
    progress: Progress | None = None,
) -> Crowd:
    """True labels and error rates of the sources, by EM from the shares of votes (the paper's equation 3.1).

    ``known`` (items,) fixes the true label of some items, -1 elsewhere. ``smoothing`` votes are added to every cell of
    the error rates; 0 is the paper's maximum likelihood. Ends when priors and rates together move by less than
    ``tolerance``, or after ``most`` steps. Every item needs a vote or a known label (else it keeps the prior). One step
    costs ``O(m k)``; memory is ``O(n k + sources k^2)``.
    """
    import numpy
    from scipy.sparse import csr_matrix

    said = csr_matrix(
        (numpy.ones(len(votes.item)), (votes.item, votes.source * votes.labels + votes.label)),
        shape=(votes.items, votes.sources * votes.labels),
    )
    heard = said.T.tocsr()
    counts = votes.counts().astype(numpy.float64)
    posterior = (counts + 1e-12) / (counts + 1e-12).sum(axis=1, keepdims=True)
    fixed = numpy.zeros(0, numpy.int64) if known is None else numpy.flatnonzero(known >= 0)
    _fix(posterior, fixed, known)
    shape = (votes.sources, votes.labels, votes.labels)
    prior, rates = numpy.zeros(votes.labels), numpy.zeros(shape)
    converged, likelihood, step = False, 0.0, 0
    for step in range(1, most + 1):
        before_prior, before_rates = prior, rates
        prior = posterior.mean(axis=0)
        # heard @ posterior is (source, said, true): turned so that the true class comes before what was said.
        rates = (heard @ posterior).reshape(shape).transpose(0, 2, 1) + smoothing
        rates /= numpy.maximum(rates.sum(axis=2, keepdims=True), TINY)
        logs = numpy.log(numpy.maximum(rates, TINY)).transpose(0, 2, 1).reshape(-1, votes.labels)
        scores = said @ logs + numpy.log(numpy.maximum(prior, TINY))
        top = scores.max(axis=1, keepdims=True)
        posterior = numpy.exp(scores - top)
        whole = posterior.sum(axis=1, keepdims=True)
        posterior /= whole
        likelihood = float((numpy.log(whole) + top).sum())
        _fix(posterior, fixed, known)
        if progress is not None:
            progress(step, most)
        if numpy.abs(prior - before_prior).sum() < tolerance and numpy.abs(rates - before_rates).sum() < tolerance:
            converged = True
            break
    return Crowd(posterior, prior, rates, likelihood, converged, step)


def _fix(posterior: Array, fixed: Array, known: Array | None) -> None:
    if known is not None and len(fixed):
        posterior[fixed] = 0.0
        posterior[fixed, known[fixed]] = 1.0
