"""N-gram counts of many texts at once: one sort per order serves distinct-n, self-BLEU and self-repetition.

Texts are encoded as one array of token numbers. An n-gram gets its number from the number of the (n-1)-gram that it
starts with and its last token, so keys stay below (number of tokens)^2 and n-grams never cross samples.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from workbench.text import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class Encoded:
    """Texts as numbers: ``ids`` holds all tokens in order, shape (T,), ``lengths`` the tokens of each text, (N,)."""

    ids: Integers
    lengths: Integers
    vocabulary: Sequence[str]

    def part(self, chosen: Integers | Sequence[int]) -> Encoded:
        """The texts at the positions ``chosen``, in that order; the vocabulary stays."""
        import numpy as np

        chosen = np.asarray(chosen, np.int64)
        starts = np.cumsum(self.lengths) - self.lengths
        lengths = self.lengths[chosen]
        inside = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return Encoded(self.ids[np.repeat(starts[chosen], lengths) + inside], lengths, self.vocabulary)


@dataclass(frozen=True)
class Shared:
    """N-grams that at least two texts hold, as a list of (n-gram, text) pairs sorted by n-gram, then text, int32.

    ``gram`` numbers the n-grams from 0, ``text`` is the holder, ``times`` how often it holds it; each shape (P,).
    ``first`` is where each n-gram begins, ``holders`` how many texts hold it; each shape (G,).
    """

    gram: Integers
    text: Integers
    times: Integers
    first: Integers
    holders: Integers


@dataclass(frozen=True)
class NGrams:
    """Counts of one order ``n`` over N texts.

    ``total`` and ``unique`` are over all texts. Per text, shape (N,): ``possible`` n-grams in it; ``clipped`` how many
    of them another text holds, each counted at most as often as the other text that has most of it (BLEU's modified
    precision against all other texts); ``repeats`` the sum over its different n-grams g of ``df(g) - 1``, df being the
    number of texts with g; ``single`` how many different n-grams stand in no other text. ``shared`` lists the others.
    """

    n: int
    total: int
    unique: int
    possible: Integers
    clipped: Integers
    repeats: Integers
    single: Integers
    shared: Shared


def encode(texts: Iterable[str]) -> Encoded:
    """Tokenise with ``workbench.text.tokens`` and number the tokens by first appearance."""
    import numpy as np

    number: defaultdict[str, int] = defaultdict(count().__next__)
    # Text by text: the cut strings of a million texts together would take gigabytes.
    ids, lengths = array("q"), array("q")
    for text in texts:
        cut = tokens(text)
        lengths.append(len(cut))
        ids.extend(map(number.__getitem__, cut))
    return Encoded(np.array(ids, np.int64), np.array(lengths, np.int64), list(number))


def ngram_counts(encoded: Encoded, highest: int = 4) -> list[NGrams]:
    """The counts of orders 1 to ``highest``. O(T log T) time per order, O(T) memory, whatever the number of pairs."""
    import numpy as np

    number_of_texts = len(encoded.lengths)
    width = len(encoded.vocabulary)
    owner = np.repeat(np.arange(number_of_texts), encoded.lengths)
    ends = np.cumsum(encoded.lengths)[owner]
    start = np.arange(len(encoded.ids))
    gram = encoded.ids
    found: list[NGrams] = []
    for n in range(1, highest + 1):
        if n > 1:
            inside = start + n <= ends
            owner, ends, start, gram = owner[inside], ends[inside], start[inside], gram[inside]
            gram = gram * width + encoded.ids[start + n - 1]
        gram, counts = _count(n, gram, owner, number_of_texts)
        found.append(counts)
    return found


def _count(n: int, gram: Integers, owner: Integers, number_of_texts: int) -> tuple[Integers, NGrams]:
    """Renumber ``gram`` from 0 without gaps, and count; both arrays list every n-gram in text order."""
    import numpy as np

    size = len(gram)
    possible = np.bincount(owner, minlength=number_of_texts)
    if size == 0:
        nothing, none = np.zeros(number_of_texts, np.int64), np.zeros(0, np.int64)
        return gram, NGrams(n, 0, 0, possible, nothing, nothing, nothing, Shared(none, none, none, none, none))
    # Stable: inside an n-gram the texts stay in order, so equal (n-gram, text) pairs lie together after one sort.
    order = np.argsort(gram, kind="stable")
    ordered, owners = gram[order], owner[order]
    new_gram = np.empty(size, bool)
    new_gram[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new_gram[1:])
    new_pair = new_gram.copy()
    new_pair[1:] |= owners[1:] != owners[:-1]

    numbers = np.cumsum(new_gram) - 1
    renumbered = np.empty(size, np.int64)
    renumbered[order] = numbers

    pairs = np.flatnonzero(new_pair)
    times = np.diff(pairs, append=size)
    pair_text, pair_gram = owners[pairs], numbers[pairs]
    texts_with = np.bincount(pair_gram)
    first = np.cumsum(texts_with) - texts_with
    most = np.maximum.reduceat(times, first)
    has_most = times == most[pair_gram]
    second = np.maximum.reduceat(np.where(has_most, 0, times), first)
    shared_most = np.add.reduceat(has_most.astype(np.int64), first) > 1
    others = np.where(has_most & ~shared_most[pair_gram], second[pair_gram], most[pair_gram])

    def per_text(weights: Integers) -> Integers:
        return np.bincount(pair_text, weights=weights, minlength=number_of_texts).astype(np.int64)

    clipped = per_text(np.minimum(times, others))
    repeats = per_text(texts_with[pair_gram] - 1)
    several = texts_with[pair_gram] > 1
    single = np.bincount(pair_text[~several], minlength=number_of_texts)
    holders = texts_with[texts_with > 1]
    shared = Shared(
        np.repeat(np.arange(len(holders), dtype=np.int32), holders),
        pair_text[several].astype(np.int32),
        times[several].astype(np.int32),
        np.cumsum(holders) - holders,
        holders,
    )
    return renumbered, NGrams(n, size, len(texts_with), possible, clipped, repeats, single, shared)
