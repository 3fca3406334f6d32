"""When two answers are the same: labels of every shape, and answers in words by SQuAD's rule."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_MARKS = str.maketrans("", "", string.punctuation)


def plain(answer: str) -> str:
    """Lower case, without ASCII punctuation, English articles and spare spaces: the normalisation of SQuAD's own script
    (Rajpurkar et al., *SQuAD: 100,000+ Questions for Machine Comprehension of Text*, EMNLP 2016)."""
    return " ".join(_ARTICLE.sub(" ", answer.lower().translate(_MARKS)).split())


def token_f1(given: str, known: str) -> float:
    """SQuAD's F1: the harmonic mean of precision and recall over the words of both plain answers; 1 where both are empty."""
    one, other = plain(given).split(), plain(known).split()
    if not one or not other:
        return float(one == other)
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other))


def leaves(value: Any) -> Counter[tuple[str, str]]:
    """The (path, plain value) pairs of a JSON value; the places in a list do not count, only what stands in it."""

    def walk(path: str, inner: Any) -> Iterator[tuple[str, str]]:
        if isinstance(inner, Mapping):
            for key, one in inner.items():
                yield from walk(f"{path}/{key}", one)
        elif isinstance(inner, list):
            for one in inner:
                yield from walk(f"{path}/*", one)
        else:
            yield path, plain(inner) if isinstance(inner, str) else json.dumps(inner)

    return Counter(walk("", value))


def overlap(given: Any, known: Any) -> float:
    """F1 over the ``leaves`` of two JSON values; 1 where neither has any."""
    one, other = leaves(given), leaves(known)
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def jaccard(given: Any, known: Any) -> float:
    """Share of labels in common of two sets of labels; 1 where both are empty."""
    one, other = set(given), set(known)
    return len(one & other) / len(one | other) if one | other else 1.0
