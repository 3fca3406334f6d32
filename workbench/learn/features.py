"""Texts as numbers: units, TF-IDF rows of words and of characters.

The words come from ``workbench.text.tokens`` (``text.TOKENIZER``), so that a classifier, a metric and a filter cut a
text in the same places. scikit-learn loads inside the functions: importing this module costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.text import tokens, words

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Told how far something is: ``(done, total)``, in whatever it counts.
Progress = Callable[[int, int], None]

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
    return _fit(texts, analyzer=analyser)


def char_tfidf(texts: Sequence[str], low: int = 2, high: int = 4) -> tuple[Any, csr_matrix]:
    """TF-IDF of character n-grams inside words (``char_wb``, ``low`` to ``high``): shapes and errors as
    ``word_tfidf``."""
    return _fit(texts, analyzer="char_wb", ngram_range=(low, high))


def _fit(texts: Sequence[str], **settings: Any) -> tuple[Any, csr_matrix]:
    import numpy
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(sublinear_tf=True, dtype=numpy.float32, **settings)
    try:
        return vectoriser, vectoriser.fit_transform(texts)
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        raise WorkbenchError("None of the texts holds a word, so there is nothing to learn from.") from error
