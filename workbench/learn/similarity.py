"""ROUGE-L between texts and against a growing pool: the novelty rule of Self-Instruct and its descendants.

ROUGE-L's F-measure is ``2 LCS / (|a| + |b|)``, which is the normalised Indel similarity of the two token sequences;
rapidfuzz computes that bit-parallel once each token has become one character. Decisions equal those of the package
``rouge_score`` (``rougeL``, no stemming) on the same tokens, the floating-point formula included. The tokens differ by
default: ``rouge_score`` keeps runs of ``[a-z0-9]`` only, so that text in other scripts vanishes, while
``text.tokens`` keeps every script and makes punctuation marks tokens. Pass ``tokenise`` to use other tokens.

Source: Lin, ROUGE (2004); Wang et al., Self-Instruct (arXiv 2212.10560), which keeps an instruction when its highest
ROUGE-L against the pool is at most 0.7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.text import tokens

if TYPE_CHECKING:
    import numpy

#: A single-precision score this close to a bound is computed again from whole numbers.
_SLACK = 1e-5
_CHARACTERS = 0x110000


class _Codes(dict[str, str]):
    def __missing__(self, token: str) -> str:
        self[token] = code = chr(len(self) % _CHARACTERS)
        return code


class TokenMap:
    """One character per distinct token, in order of appearance.

    Exact for the first 1,114,112 distinct tokens; later ones share characters with earlier ones.
    """

    def __init__(self) -> None:
        self._codes = _Codes()
        self._code = self._codes.__getitem__

    def __len__(self) -> int:
        return len(self._codes)

    def encode(self, found: Sequence[str]) -> str:
        """A string as long as ``found``: equal tokens, equal characters."""
        return "".join(map(self._code, found))


def rouge_l(a_tokens: Sequence[str], b_tokens: Sequence[str]) -> float:
    """ROUGE-L F-measure of two token lists, 0 to 1; 0 when either is empty (as ``rouge_score`` has it)."""
    mapping = TokenMap()
    return _exact(mapping.encode(a_tokens), mapping.encode(b_tokens))


def _exact(a: str, b: str) -> float:
    from rapidfuzz.distance import LCSseq

    common = LCSseq.similarity(a, b)
    if not common:
        return 0.0
    precision, recall = common / len(b), common / len(a)
    return 2 * precision * recall / (precision + recall)


class RougePool:
    """Texts that new ones are compared with, in the order they were added (index 0 is the first)."""

    def __init__(self, texts: Sequence[str] = (), tokenise: Callable[[str], Sequence[str]] = tokens) -> None:
        self._tokenise = tokenise
        self._map = TokenMap()
        self.codes: list[str] = []
        for text in texts:
            self.add(text)

    def __len__(self) -> int:
        return len(self.codes)

    def add(self, text: str) -> None:
        """Put ``text`` at the end of the pool."""
        self.codes.append(self.encode(text))

    def encode(self, text: str) -> str:
        """``text`` in the pool's own alphabet: one character per token."""
        return self._map.encode(self._tokenise(text))

    def best(self, text: str, cutoff: float = 0.0) -> tuple[int | None, float]:
        """``(index, score)`` of the most similar text in the pool, the earliest of equals; ``(None, 0.0)`` when none
        reaches ``cutoff`` (inclusive) or shares a token."""
        query = self.encode(text)
        if not query or not self.codes:
            return None, 0.0
        return self.best_of(query, _scores([query], self.codes, cutoff)[0], cutoff)

    def best_of(self, query: str, scores: numpy.ndarray[Any, Any], cutoff: float) -> tuple[int | None, float]:
        """As ``best``, given the approximate ``scores`` of the encoded ``query`` against the whole pool."""
        high = float(scores.max(initial=0.0))
        if high <= 0.0:
            return None, 0.0
        top: tuple[int | None, float] = (None, 0.0)
        for index in (scores >= high - _SLACK).nonzero()[0].tolist():
            score = _exact(query, self.codes[index])
            if score >= cutoff and score > top[1]:
                top = (index, score)
        return top


def _scores(queries: Sequence[str], pool: Sequence[str], cutoff: float) -> numpy.ndarray[Any, Any]:
    """Approximate (single precision) F-measures, shape ``(len(queries), len(pool))``; 0 where below ``cutoff``."""
    import numpy
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    scores: numpy.ndarray[Any, Any] = process.cdist(
        queries,
        pool,
        scorer=Indel.normalized_similarity,
        score_cutoff=max(0.0, cutoff - _SLACK),
        dtype=numpy.float32,
        workers=2 if len(queries) * len(pool) > 100_000 else 1,
    )
    return scores
