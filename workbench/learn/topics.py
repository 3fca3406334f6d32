"""Groups of texts about the same thing, and words that tell a group from the others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.learn.covering import spread
from workbench.learn.features import units

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Rows that centres are fitted on, rows that are assigned at a time, texts whose words make the titles.
FITTED, STEP, READ = 20_000, 20_000, 20_000
#: Groups are as many as the root of half the samples, within these.
FEWEST, MOST = 2, 60
#: Characters of a word; what is longer (a text without a space) is no word that names a group.
LONGEST = 60


def fitting_number(size: int) -> int:
    """How many groups ``size`` samples are put into: ``sqrt(size / 2)``, 2 to 60."""
    return max(FEWEST, min(MOST, round(math.sqrt(size / 2))))


def k_means(vectors: Array, count: int, seed: int = 0) -> tuple[Array, Array]:
    """Each row's group ``(n,)`` int64, 0 the largest, and its squared distance to the group's centre ``(n,)``.

    Mini-batch k-means (Sculley 2010, Web-Scale K-Means Clustering) of scikit-learn on at most ``FITTED`` rows spread
    evenly; every row goes to the nearest centre. Groups that stay empty are left out. Deterministic.
    """
    import warnings

    import numpy
    from sklearn.cluster import MiniBatchKMeans

    if not len(vectors):
        return numpy.zeros(0, numpy.int64), numpy.zeros(0)
    some = vectors[spread(len(vectors), FITTED)]
    with warnings.catch_warnings(action="ignore"):  # fewer different rows than groups
        model = MiniBatchKMeans(min(count, len(some)), n_init=3, random_state=seed, batch_size=2_048).fit(some)
    return ordered(*assign(vectors, model.cluster_centers_))


def assign(vectors: Array, centres: Array) -> tuple[Array, Array]:
    """The nearest centre of each row, ``(n,)`` int64, and the squared distance to it, ``(n,)``; the earlier of equals."""
    import numpy

    member = numpy.zeros(len(vectors), numpy.int64)
    distance = numpy.zeros(len(vectors))
    own = (centres**2).sum(axis=1)
    for start in range(0, len(vectors), STEP):
        part = vectors[start : start + STEP]
        squared = own[None, :] - 2.0 * (part @ centres.T) + (part**2).sum(axis=1, keepdims=True)
        member[start : start + STEP] = squared.argmin(axis=1)
        distance[start : start + STEP] = numpy.maximum(squared.min(axis=1), 0.0)
    return member, distance


def ordered(member: Array, distance: Array) -> tuple[Array, Array]:
    """The same groups numbered by size, 0 the largest (of equals the earlier number), without empty ones."""
    import numpy

    sizes = numpy.bincount(member)
    rank = numpy.empty(len(sizes), numpy.int64)
    rank[numpy.argsort(-sizes, kind="stable")] = numpy.arange(len(sizes))
    return rank[member], distance


def centres_of(vectors: Array, member: Array, count: int) -> Array:
    """The mean of each group's rows, ``(count, d)``; far away for a group without rows."""
    import numpy

    sums = numpy.zeros((count, vectors.shape[1]))
    numpy.add.at(sums, member, vectors)
    sizes = numpy.bincount(member, minlength=count)
    found: Array = sums / numpy.maximum(sizes, 1)[:, None]
    found[sizes == 0] = 1e3
    return found.astype(numpy.float32)


def ranks(member: Array, distance: Array) -> Array:
    """Each row's place in its group by its distance, 0 the nearest, ``(n,)``; of equals the earlier row."""
    import numpy

    order = numpy.lexsort((numpy.arange(len(member)), distance, member))
    first = numpy.searchsorted(member[order], numpy.arange(int(member.max(initial=-1)) + 1))
    found = numpy.empty(len(member), numpy.int64)
    found[order] = numpy.arange(len(member)) - first[member[order]]
    return found


def top_terms(texts: Sequence[str], member: Array, count: int, most: int = 8) -> list[list[tuple[str, float]]]:
    """For each of ``count`` groups its ``most`` terms by class-based TF-IDF, heaviest first.

    ``W = tf(t, c) / |c| * ln(1 + A / f(t))`` with tf(t, c) the group's texts that hold the word, |c| the words of the group,
    f(t) the sum over groups and A the mean of |c| (Grootendorst 2022, BERTopic, arXiv 2203.05794, equation 2), over at
    most ``READ`` texts spread evenly. A word that says nothing is taken only where nothing else is left: one that stands in
    over a tenth of all texts, a single letter or digit, and an English function word (scikit-learn's list, and what is
    contracted with an apostrophe).
    """
    words: list[Counter[str]] = [Counter() for _ in range(count)]
    read = spread(len(texts), READ).tolist()
    for place in read:
        words[int(member[place])].update(word for word in set(units(texts[place])) if len(word) <= LONGEST)
    total: Counter[str] = Counter()
    for group in words:
        total.update(group)
    mean = sum(sum(group.values()) for group in words) / max(1, count)
    found = []
    for group in words:
        size = max(1, sum(group.values()))
        weights = {word: n / size * math.log(1.0 + mean / total[word]) for word, n in group.items()}
        plain = {word for word in group if total[word] * 10 > len(read) or _says_little(word)}
        best = sorted(weights, key=lambda word: (word in plain, -weights[word], word))[:most]
        found.append([(word, round(weights[word], 5)) for word in best])
    return found


def _says_little(word: str) -> bool:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return (len(word) == 1 and word.isascii()) or word in ENGLISH_STOP_WORDS or "'" in word or "\u2019" in word
