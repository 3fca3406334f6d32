"""Unigram shift: are the words as frequent as in real rows?"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.fidelity.reference import around, halves, lacking, sides, unknown
from workbench.evaluate.ngrams import Encoded
from workbench.text import TOKENIZER

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

NAME = "fidelity.unigram_shift"
#: Samples of a side at most, and at least; under ``ROUGH`` the interval is rough.
MOST, FEWEST, ROUGH = 20_000, 10, 300
#: Resamples for the interval, and for what chance alone would show.
DRAWS = 200
WORDS = 20
#: What is longer is no word that tells anything.
LONGEST = 60
#: Numbers that are held at a time while resamples are counted.
_ROOM = 4_000_000


@METRICS.register(NAME)
def unigram_shift(material: Material) -> list[Metric]:
    """Jensen-Shannon divergence in bits of the token shares: ``H((p+q)/2) - (H(p) + H(q))/2``, 0 (the same) to 1 (nothing
    in common); p of the samples, q of the real rows, at most 20,000 of either, drawn (Lin, *Divergence measures based on
    the Shannon entropy*, IEEE TIT 37, 1991).

    Shares seen in few texts always differ, so the value is above 0 for two draws of one source too, the more the fewer
    the texts: ``same_source`` says how far (``mean``, and ``high``, its 95 % end, over random splits of both sides' texts
    mixed), ``above_chance`` what is left without that mean, and ``p`` how often a split is as far apart. The interval
    draws whole texts, not tokens; it is laid around the value.

    Details: ``words`` over- and under-used, [word, share in samples, share in real rows], by how much each adds to the
    divergence; ``seeds`` the divergence of two halves of the real rows, ``same_size`` the samples' and that one at the
    halves' size.
    """
    import numpy

    found = sides(material, MOST, equal=False)
    if (why := lacking(found, FEWEST)) is not None:
        return [unknown(NAME, why, "bits", "lower")]
    mine, theirs = found.corpora(material)
    rows, vocabulary = _rows(mine.encoded.part(found.chosen), theirs.encoded.part(found.chosen_real))
    m, n = len(found.samples), len(found.real)
    first, second = numpy.zeros(m + n), numpy.zeros(m + n)
    first[:m] = second[m:] = 1
    p, q = rows.T @ first, rows.T @ second
    if not p.any() or not q.any():
        side = "The samples hold" if not p.any() else f"The {found.which} hold"
        return [unknown(NAME, f"{side} no word.", "bits", "lower")]
    value = float(shannon(p[:, None], q[:, None])[0])
    random = numpy.random.default_rng(material.seed)

    def drawn(start: int) -> tuple[Array, Array]:
        one, two = numpy.zeros((m + n, start)), numpy.zeros((m + n, start))
        one[:m] = random.poisson(1.0, (m, start))
        two[m:] = random.poisson(1.0, (n, start))
        return one, two

    def split(start: int) -> tuple[Array, Array]:
        one = numpy.zeros((m + n, start))
        for column in range(start):
            one[random.choice(m + n, m, replace=False), column] = 1
        return one, 1 - one

    low, high = around(value, _repeated(rows, drawn))
    chance = _repeated(rows, split)
    details: dict[str, Any] = {
        **found.details,
        "tokenizer": TOKENIZER,
        "same_source": {"mean": float(chance.mean()), "high": float(numpy.quantile(chance, 0.95))},
        "above_chance": max(0.0, value - float(chance.mean())),
        "p": (1 + int((chance >= value).sum())) / (1 + DRAWS),
        "words": _words(p, q, vocabulary),
    }
    details |= _halves(rows, m, n, material.seed)
    above = details["above_chance"]
    note = (
        f"{m:,} samples against {n:,} {found.which}; two draws of one source would be "
        f"{details['same_source']['mean']:.3f} bits apart, and these are "
        + (f"{above:.3f} further." if above > 0 else "no further.")
    )
    rough = min(m, n) < ROUGH
    return [Metric(NAME, value, low, high, note, "bits", "lower", details, rough=rough)]


def shannon(p: Array, q: Array) -> Array:
    """Jensen-Shannon divergence in bits of counts by columns, ``(v, b)`` each: ``(b,)``."""
    import numpy

    p, q = p / p.sum(axis=0), q / q.sum(axis=0)
    middle = (p + q) / 2
    found: Array = numpy.zeros(p.shape[1])
    for side in (p, q):
        ratio = numpy.divide(side, middle, out=numpy.ones_like(middle), where=side > 0)
        found += (side * numpy.log2(ratio)).sum(axis=0) / 2
    return numpy.clip(found, 0.0, 1.0)


def _rows(first: Encoded, second: Encoded) -> tuple[csr_matrix, list[str]]:
    """Token counts of both sides' texts, ``(m + n, v)``, and the v tokens."""
    import numpy
    from scipy.sparse import csr_matrix

    numbers = {word: place for place, word in enumerate(first.vocabulary)}
    own = numpy.array([numbers.setdefault(word, len(numbers)) for word in second.vocabulary], numpy.int64)
    tokens = numpy.concatenate([first.ids, own[second.ids] if len(second.ids) else second.ids])
    lengths = numpy.concatenate([first.lengths, second.lengths])
    indptr = numpy.concatenate([[0], numpy.cumsum(lengths)])
    rows = csr_matrix((numpy.ones(len(tokens), numpy.float32), tokens, indptr), (len(lengths), len(numbers)))
    rows.sum_duplicates()
    return rows, list(numbers)


def _repeated(rows: csr_matrix, weigh: Any) -> Array:
    """The divergence under ``DRAWS`` pairs of weights of the texts, ``weigh(count)`` at a time: ``(DRAWS,)``."""
    import numpy

    across = rows.T.tocsr()
    step = max(1, min(DRAWS, _ROOM // max(1, *rows.shape)))
    found = []
    for start in range(0, DRAWS, step):
        one, two = weigh(min(step, DRAWS - start))
        found.append(shannon(across @ one, across @ two))
    return numpy.concatenate(found)


def _halves(rows: csr_matrix, m: int, n: int, seed: int) -> dict[str, Any]:
    """The divergence of two halves of the real rows, and of as many samples from one of them."""
    import numpy

    one, other = halves(n, seed)
    if not len(one):
        return {"seeds": None}

    def counted(places: Array) -> Array:
        return numpy.asarray(rows[places].sum(axis=0)).reshape(-1, 1)

    half = counted(m + other)
    if not half.any() or not (first := counted(m + one)).any():
        return {"seeds": None}
    reference = float(shannon(first, half)[0])
    drawn = numpy.random.default_rng(seed).permutation(m)[: len(one)]
    found: dict[str, Any] = {"seeds": reference}
    if len(drawn) == len(one) and (some := counted(drawn)).any():
        found["same_size"] = {"count": len(one), "samples": float(shannon(some, half)[0]), "seeds": reference}
    return found


def _words(p: Array, q: Array, vocabulary: list[str]) -> dict[str, list[list[Any]]]:
    """The words that add most to the divergence, on either side: [word, share in samples, share in real rows]."""
    import numpy

    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    parts = numpy.zeros(len(p))
    for side in (p, q):
        parts += side * numpy.log2(numpy.divide(side, middle, out=numpy.ones_like(middle), where=side > 0)) / 2
    order = numpy.argsort(-parts, kind="stable")

    def listed(mask: Array) -> list[list[Any]]:
        best = (place for place in order[mask[order]].tolist() if len(vocabulary[place]) <= LONGEST)
        return [
            [vocabulary[place], float(f"{p[place]:.3g}"), float(f"{q[place]:.3g}")] for place in islice(best, WORDS)
        ]

    return {"over": listed(p > q), "under": listed(p < q)}
