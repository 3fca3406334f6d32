"""The embedded model: a class-conditional n-gram language model trained on the project's own seeds, in process.

It exists so that the whole loop can be tried without a key, a download or a GPU. It is not a substitute for a language
model: it knows nothing but the seeds, and its texts are recombinations of them.

**Distribution.** With class c, history h_k (the last k - 1 tokens) and orders k = 4 ... 1::

    p_k(w | h, c) = m_c f_c(w | h_k) + m_b f_b(w | h_k) + r p_{k-1}(w | h, c),     m_c + m_b + r = 1

f are relative frequencies in the class (c) and over all classes (b, background). Each takes its share by Witten and
Bell's estimate of how far a history can be trusted, n / (n + CAUTION[k] d), with n tokens and d distinct tokens seen
after it (Witten & Bell 1991, "The zero-frequency problem", method C at CAUTION = 1): m_c is that estimate times
``1 - BACKGROUND[k]``, m_b that estimate times ``BACKGROUND[k]``. Order 1 has r = 0.

**Temperature, exactly.** p_k >= r p_{k-1} holds token by token, so the weights p_k^(1/T) split into a sparse part
(p_k^(1/T) - (r p_{k-1})^(1/T), nonzero only for tokens seen after h_k) and r^(1/T) times those of the order below. So
every history needs a small table and a pointer, and sampling walks down a few tables; nothing is truncated.
"""

from __future__ import annotations

import math
import random
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from itertools import accumulate
from time import perf_counter

from workbench.errors import UsageError
from workbench.models.base import Answer, BadRequest, Capability, Request
from workbench.text import canonical, clean, content_hash, normalise

DESCRIPTION = (
    "A small n-gram model trained on this project's own seeds: good for trying the loop, not for making real data."
)
CAPABILITIES: frozenset[Capability] = frozenset({"text_given_label", "logprobs"})

#: Changes whenever the same seeds would give other answers, so that cached ones are not taken for new ones.
VERSION = 1
ORDER = 4
#: By order k (index k - 1): the caution of the back-off and the share of the background model.
CAUTION = (0.0, 0.1, 0.35, 1.0)
BACKGROUND = (0.08, 0.08, 0.08, 0.08)
#: A text that is a seed (or empty) is drawn again: so often as asked, then so often with histories of one token.
TRIES = 8
SHORT_TRIES = 8
#: Below this temperature the most probable token is taken: p^(1/T) would leave the range of a double.
GREEDY_BELOW = 0.05
HIGHEST_TEMPERATURE = 5.0
#: Sampling tables are dropped when there are more: about 100 MB at the worst.
MOST_TABLES = 200_000

_START, _END = "\x02", "\x03"
# Scripts written without spaces are modelled by character; elsewhere a word keeps its inner marks (e-mail, 24/7, 3.50).
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LETTERS = rf"(?:(?![{_UNSPACED}])[^\W_])+"
_PIECE = re.compile(rf"[^\S\n]*\n\s*|\s*(?:[{_UNSPACED}]|{_LETTERS}(?:['’.,/&@:-]{_LETTERS})*|\S)")
_WORD_START = re.compile(rf"(?![{_UNSPACED}])\w")


#: History (the last 0 to 3 tokens): how often each token followed, and how many followed in all.
_Counts = dict[tuple[str, ...], tuple[dict[str, int], int]]
_NOTHING: tuple[dict[str, int], int] = ({}, 0)


class _Table:
    """Sampling after one history of one class at one temperature: its own weights, then the table of the order below.

    ``here`` and ``everywhere`` count what followed the history in the class and in all; ``scale`` and ``outside`` turn
    their counts into m_c f_c and m_b f_b, ``rest`` is r. ``total`` is the sum of all weights, those of lower orders
    (``below``, None at order 1) included. Weights are worked out when first drawn from: most tables are only passed by.
    """

    __slots__ = (
        "_likeliest", "below", "cumulative", "everywhere", "here", "outside", "own", "rest", "scale", "total",
        "words",
    )  # fmt: skip

    def __init__(
        self,
        here: dict[str, int],
        scale: float,
        everywhere: dict[str, int],
        outside: float,
        rest: float,
        below: _Table | None,
        temperature: float,
    ) -> None:
        self.here = here
        self.scale = scale
        self.everywhere = everywhere
        self.outside = outside
        self.rest = rest
        self.below = below
        self.words: tuple[str, ...] | None = None
        # Arrays and tuples of strings cost the garbage collector nothing; there are tens of thousands of them.
        self.cumulative: array[float] | None = None
        self._likeliest: str | None = None
        self.own = 1 - rest
        self.total = 1.0
        if temperature != 1:
            self._weigh(1 / max(temperature, GREEDY_BELOW))

    def draw(self, uniform: Callable[[], float]) -> str:
        """A token with probability proportional to p_k^(1/T); ``uniform`` gives numbers in [0, 1)."""
        table = self
        point = uniform() * table.total
        while point >= table.own and table.below is not None:
            table = table.below
            point = uniform() * table.total
        words = table.words
        if words is None:
            words = table._weigh()
        if table.cumulative is None:
            return words[0]
        return words[min(bisect_right(table.cumulative, point), len(words) - 1)]

    def _weigh(self, power: float = 1.0) -> tuple[str, ...]:
        self.words = tuple(self.everywhere)
        if power == 1 and len(self.words) == 1:
            return self.words
        scale, here, outside, rest = self.scale, self.here, self.outside, self.rest
        weights: Iterable[float] = [scale * here.get(word, 0) + outside * n for word, n in self.everywhere.items()]
        if power != 1 and self.below is None:
            weights = [chance**power for chance in weights]
        elif power != 1 and self.below is not None:
            others = [rest * self.below.chance(word) for word in self.words]
            weights = [
                max(0.0, (chance + other) ** power - other**power)
                for chance, other in zip(weights, others, strict=True)
            ]
        self.cumulative = array("d", accumulate(weights))
        self.own = self.cumulative[-1]
        self.total = self.own + (rest**power * self.below.total if self.below is not None else 0.0)
        return self.words

    def chance(self, word: str) -> float:
        """p_k(word | history) at temperature 1; 0 for a token that no seed holds."""
        chance, factor = 0.0, 1.0
        table: _Table | None = self
        while table is not None:
            count = table.everywhere.get(word)
            if count is not None:  # what never followed in all did not follow in the class
                chance += factor * (table.scale * table.here.get(word, 0) + table.outside * count)
            factor *= table.rest
            table = table.below
        return chance

    def likeliest(self) -> str:
        """The token of highest probability (the first in the alphabet among equals)."""
        if self._likeliest is None:
            candidates: set[str] = set()
            table: _Table | None = self
            while table is not None:
                candidates.update(table.everywhere)
                table = table.below
            self._likeliest = min(candidates, key=lambda word: (-self.chance(word), word))
        return self._likeliest


class EmbeddedModel:
    """Texts given a label, from ``examples``: pairs of text and label, at least one with a text.

    An answer depends only on the request (messages, conditions and draw choose the random numbers; the temperature
    bends the distribution), the examples (in any order) and ``seed``. It is never an example's text, compared by
    ``text.normalise``: such a draw is repeated up to ``TRIES`` times, then up to ``SHORT_TRIES`` times at order 2 and a
    temperature of at least 1; after that tokens are appended until the text is none of the examples, at the latest
    when it is longer than the longest. That rule is stronger than ``max_tokens``.

    Parameters read: ``temperature`` (0 to 5, default 1), ``max_tokens``; others mean nothing here. Tokens are words and
    marks; ``logprobs`` are natural logarithms at temperature 1, one for each. Raises ``UsageError`` without examples.
    """

    name = "embedded"
    capabilities = CAPABILITIES
    description = DESCRIPTION

    def __init__(self, examples: Sequence[tuple[str, str]], *, seed: int = 0) -> None:
        pairs = sorted((text, label) for text, label in examples if text.strip())
        if not pairs:
            raise UsageError("The embedded model learns from seeds and there are none: import some with --as seed.")
        self.seed = seed
        self.group = "embedded:" + content_hash([VERSION, seed, [list(pair) for pair in pairs]])[:16]
        self.labels = sorted({label for _, label in pairs})
        self._seeds = {normalise(text) for text, _ in pairs}
        tokens = [(_tokens(text), label) for text, label in pairs]
        longest = max(len(text) for text, _ in tokens)
        self._longest = max(12, longest + longest // 2)
        self._background = _counts(text for text, _ in tokens)
        self._classes = {label: _counts(text for text, its in tokens if its == label) for label in self.labels}
        self._tables: dict[tuple[str, float, tuple[str, ...]], _Table] = {}

    def __repr__(self) -> str:
        return f"<EmbeddedModel {self.group}: {len(self._seeds)} seeds, {len(self.labels)} labels>"

    async def complete(self, request: Request) -> Answer:
        """``complete_sync``; it takes well under a millisecond, so it never gives way to other tasks."""
        return self.complete_sync(request)

    async def close(self) -> None:
        """Nothing to release."""

    def complete_sync(self, request: Request) -> Answer:
        """One new text for ``request.conditions["label"]``; ``BadRequest`` when label or temperature is unusable."""
        began = perf_counter()
        label = self._label(request)
        temperature = _temperature(request)
        most = self._most_tokens(request)
        rng = random.Random(self._random_seed(request))
        for attempt in range(TRIES + SHORT_TRIES):
            short = attempt >= TRIES
            heat = max(1.0, temperature) if short else temperature
            tokens, logprobs, ended = self._draw(label, heat, most, 2 if short else ORDER, rng)
            text = _text(tokens)
            if text and normalise(text) not in self._seeds:
                break
        else:
            text, ended = self._lengthen(label, tokens, logprobs, rng)
        return Answer(
            text=text,
            model=self.name,
            finish_reason="stop" if ended else "length",
            input_tokens=sum(len(message.get("content", "").split()) for message in request.messages),
            output_tokens=len(logprobs),
            logprobs=logprobs,
            seconds=perf_counter() - began,
        )

    def chance(self, label: str, history: Sequence[str], token: str) -> float:
        """p(token | last three tokens of history, label) at temperature 1; the end of a text is ``"\\x03"``.

        Tokens are as in ``workbench.models.embedded`` texts: words with their leading space, marks without.
        """
        return self._table(label, 1.0, ((_START,) * (ORDER - 1) + tuple(history))[1 - ORDER :]).chance(token)

    def _label(self, request: Request) -> str:
        label = request.conditions.get("label")
        if label is None:
            raise BadRequest(
                "The embedded model writes texts for a label and the request names none: use a recipe that gives one, "
                "such as zerogen, or another model.",
                reason="no label",
            )
        if not isinstance(label, str) or label not in self._classes:
            raise BadRequest(
                f"The embedded model has no seed with the label {clean(str(label), limit=80)!r}: "
                "import one with --as seed.",
                reason="unknown label",
            )
        return label

    def _most_tokens(self, request: Request) -> int:
        asked = request.parameters.get("max_tokens") or request.parameters.get("max_completion_tokens")
        return min(self._longest, max(1, asked)) if isinstance(asked, int) else self._longest

    def _random_seed(self, request: Request) -> int:
        digest = blake2b(digest_size=8)
        digest.update(
            f"{self.seed} {request.draw} {canonical(dict(request.conditions))}".encode("utf-8", "surrogatepass")
        )
        for message in request.messages:
            for part in (message.get("role", ""), message.get("content", "")):
                digest.update(b"\0" + part.encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest(), "big")

    def _draw(
        self, label: str, temperature: float, most: int, order: int, rng: random.Random
    ) -> tuple[list[str], list[float], bool]:
        """One text: its tokens, their natural log-probabilities at temperature 1, and whether it ended by itself."""
        greedy = temperature < GREEDY_BELOW
        keep = order - 1
        uniform = rng.random
        tokens: list[str] = []
        logprobs: list[float] = []
        history: tuple[str, ...] = (_START,) * keep
        table = self._table(label, temperature, history)
        while len(tokens) < most:
            word = table.likeliest() if greedy else table.draw(uniform)
            if word == _END:
                return tokens, logprobs, True
            tokens.append(word)
            logprobs.append(math.log(table.chance(word)))
            history = (*history, word)[-keep:]
            table = self._table(label, temperature, history)
        return tokens, logprobs, False

    def _lengthen(self, label: str, tokens: list[str], logprobs: list[float], rng: random.Random) -> tuple[str, bool]:
        """Append likely tokens in place until the text is no seed; ends because seeds have a longest one."""
        words = self._table(label, 1.0, ())
        while True:
            word = words.draw(rng.random)
            if word in (_END, "\n"):
                word = next(other for other in words.everywhere if other not in (_END, "\n"))
            tokens.append(word)
            logprobs.append(math.log(words.chance(word)))
            text = _text(tokens)
            if text and normalise(text) not in self._seeds:
                return text, False

    def _table(self, label: str, temperature: float, history: tuple[str, ...]) -> _Table:
        """The table after the longest end of ``history`` that the seeds contain."""
        while history and history not in self._background:
            history = history[1:]
        key = (label, temperature, history)
        found = self._tables.get(key)
        if found is None:
            if len(self._tables) >= MOST_TABLES:
                self._tables.clear()
            found = self._tables[key] = self._build(label, temperature, history)
        return found

    def _build(self, label: str, temperature: float, history: tuple[str, ...]) -> _Table:
        order = len(history)
        everywhere, all_tokens = self._background[history]
        here, class_tokens = self._classes[label].get(history, _NOTHING)
        share = BACKGROUND[order]
        if not history:  # order 1 takes all that is left
            scale, outside, rest, below = (1 - share) / class_tokens, share / all_tokens, 0.0, None
        else:
            # Each is trust / tokens: n / (n + CAUTION d) / n.
            scale = (1 - share) / (class_tokens + CAUTION[order] * len(here)) if here else 0.0
            outside = share / (all_tokens + CAUTION[order] * len(everywhere))
            rest = 1 - scale * class_tokens - outside * all_tokens
            below = self._table(label, temperature, history[1:])
        return _Table(here, scale, everywhere, outside, rest, below, temperature)


def _temperature(request: Request) -> float:
    asked = request.parameters.get("temperature")
    if asked is None:
        return 1.0
    if isinstance(asked, bool) or not isinstance(asked, (int, float)) or not 0 <= asked <= HIGHEST_TEMPERATURE:
        raise BadRequest(
            f"The embedded model takes a temperature from 0 to {HIGHEST_TEMPERATURE:g}, "
            f"not {clean(repr(asked), limit=40)}.",
            reason="temperature",
        )
    return float(asked)


def _tokens(text: str) -> list[str]:
    """Words and marks, each with the space before it if it had one, and line ends: joined, they give the text again."""
    tokens = []
    for index, piece in enumerate(_PIECE.findall(text.strip())):
        bare = piece.strip()
        if not bare:
            tokens.append("\n")
        elif index and piece[0].isspace():
            tokens.append(" " + bare)
        else:
            # The first word gets its space too: it is the same word as in the middle of a text.
            tokens.append(" " + bare if not index and bare[0].isalnum() else bare)
    return tokens


def _text(tokens: Iterable[str]) -> str:
    """Tokens joined; words that no seed put side by side get the space that was missing."""
    text = ""
    for token in tokens:
        if token[0].isalnum() and text and _WORD_START.match(token) and _WORD_START.match(text[-1]):
            text += " "
        text += token
    return text.strip()


def _counts(texts: Iterable[Sequence[str]]) -> _Counts:
    counts: dict[tuple[str, ...], dict[str, int]] = {}
    for tokens in texts:
        padded = (*(_START,) * (ORDER - 1), *tokens, _END)
        for place in range(ORDER - 1, len(padded)):
            word = padded[place]
            for start in range(place - ORDER + 1, place + 1):
                seen = counts.setdefault(padded[start:place], {})
                seen[word] = seen.get(word, 0) + 1
    return {history: (seen, sum(seen.values())) for history, seen in counts.items()}
