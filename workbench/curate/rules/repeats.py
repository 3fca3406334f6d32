"""How much of one text repeats what stood in it before: Gopher's fractions, and runs that show in short texts."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from workbench.curate.rules.measures import repeated_characters

#: Gopher's table A1 (Rae et al. 2021): the largest fraction of a text's characters in its most frequent n-gram (n = 2 to 4),
#: and in n-grams that stood there before (n = 5 to 10).
TOP = {2: 0.20, 3: 0.18, 4: 0.16}
REPEATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
#: The same table, of lines and of paragraphs: repeated ones among all, and the share of characters in repeated ones.
LINES, LINE_CHARACTERS = 0.30, 0.20
#: Gopher's fractions of n-grams were made for pages: they mean something from this many words on (in a word problem of 60, one
#: phrase of four words said twice is 16 %), those of lines and paragraphs from this many of them.
LEAST_WORDS, LEAST_LINES = 100, 4
#: Ours, for texts of 10 to 99 words: the largest fraction in runs of five words that stood there before.
REPEATED_SHORT = 0.40
#: Ours, for texts of any length: the same character, and the same word, so many times in a row.
CHARACTER_RUN, WORD_RUN = 20, 5
#: Ours: from ten words on, the largest share of words in the most frequent phrase of one to four words that stands there
#: three times.
LEAST_PHRASE_WORDS, PHRASE = 10, 0.60
#: Ours: repeated turns among a dialogue's turns of at least four words.
TURNS = 0.30
_RUN = re.compile(r"([^\s\d_=\-*#.~])\1{4,}")
_RULER = re.compile(r"([_=\-*#.~\d])\1{4,}")


class Repeat(NamedTuple):
    """A rule's fraction (or run) in a text, its limit, and what a person should see."""

    rule: str
    measured: float
    limit: float
    reason: str

    @property
    def ratio(self) -> float:
        return self.measured / self.limit


def top_fraction(words: Sequence[str], n: int) -> tuple[float, str, int]:
    """(fraction, n-gram, times): the characters of the words in the most frequent n-gram, times how often it stands there,
    over the characters of all words; the first one where several are as frequent. 0 where none stands there twice. As
    Gopher counts, occurrences may overlap, so that the fraction may be over 1."""
    total = sum(map(len, words))
    grams = Counter(zip(*(words[start:] for start in range(n)), strict=False))
    if not grams or not total:
        return 0.0, "", 0
    (gram, times) = max(grams.items(), key=lambda pair: pair[1])
    if times < 2:
        return 0.0, "", 0
    return min(1.0, sum(map(len, gram)) * times / total), " ".join(gram), times


def repeated_fraction(words: Sequence[str], n: int) -> float:
    """The characters of the words inside n-grams that stood in the text before, each word counted once, over the characters
    of all words; the first occurrence does not count (as in datatrove's GopherRepetitionFilter)."""
    total = sum(map(len, words))
    seen: set[tuple[str, ...]] = set()
    repeated = covered = 0
    for place, gram in enumerate(zip(*(words[start:] for start in range(n)), strict=False)):
        if gram in seen:
            start = max(place, covered)
            repeated += sum(map(len, words[start : place + n]))
            covered = place + n
        else:
            seen.add(gram)
    return repeated / total if total else 0.0


def repeats(text: str, words: Sequence[str]) -> Iterator[Repeat]:
    """The fractions and runs of a text that are over 0, in the order of the rules; ``words`` are its units."""
    yield from _runs(text, words)
    if "\n" in text:
        yield from _parts("line", [line.strip() for line in text.splitlines() if line.strip()])
        paragraphs = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
        yield from _parts("paragraph", paragraphs)
    if len(words) < LEAST_WORDS:
        if len(words) >= LEAST_PHRASE_WORDS and (fraction := repeated_fraction(words, 5)):
            yield _again(5, fraction, REPEATED_SHORT)
        return
    for n, limit in TOP.items():
        fraction, gram, times = top_fraction(words, n)
        if fraction:
            reason = f'"{gram[:60]}" {times} times is {fraction:.0%} of the characters, at most {limit:.0%} wanted'
            yield Repeat(f"top_{n}_gram", fraction, limit, reason)
    for n, limit in REPEATED.items():
        fraction = repeated_fraction(words, n)
        if not fraction:
            return  # where no five words in a row come again, no six do
        yield _again(n, fraction, limit)


def _again(n: int, fraction: float, limit: float) -> Repeat:
    reason = f"{fraction:.0%} of the characters are in repeated runs of {n} words, at most {limit:.0%} wanted"
    return Repeat(f"repeated_{n}_grams", fraction, limit, reason)


def _runs(text: str, words: Sequence[str]) -> Iterator[Repeat]:
    longest = max(_RUN.finditer(text), key=_length, default=None)
    if longest is not None:
        times = _length(longest)
        reason = f'"{longest[1]}" {times:,} times in a row, fewer than {CHARACTER_RUN} wanted'
        yield Repeat("characters", times, CHARACTER_RUN - 1, reason)
    # Rules of dashes and dots to fill in are usual: they count where they are most of the text.
    rulers = sum(map(_length, _RULER.finditer(text)))
    if rulers:
        share = rulers / len(text)
        yield Repeat("signs", share, 0.5, f"{share:.0%} of the text is signs or digits in a row, at most 50% wanted")
    if len(words) < 2:
        return
    word, times = max(((word, sum(1 for _ in run)) for word, run in itertools.groupby(words)), key=lambda pair: pair[1])
    if times > 2 and not word.isdigit():
        reason = f'"{word[:60]}" {times:,} times in a row, fewer than {WORD_RUN} wanted'
        yield Repeat("words", times, WORD_RUN - 1, reason)
    if LEAST_PHRASE_WORDS <= len(words) < LEAST_WORDS and len(set(words)) * 2 < len(words):
        for n in (1, 2, 3, 4):
            gram, times = max(
                Counter(zip(*(words[start:] for start in range(n)), strict=False)).items(), key=lambda pair: pair[1]
            )
            share = min(1.0, times * n / len(words))
            if times >= 3:
                reason = (
                    f'"{" ".join(gram)[:60]}" {times} times is {share:.0%} of the words, at most {PHRASE:.0%} wanted'
                )
                yield Repeat("phrase", share, PHRASE, reason)


def _length(match: re.Match[str]) -> int:
    return match.end() - match.start()


def _parts(noun: str, parts: Sequence[str]) -> Iterator[Repeat]:
    if len(parts) < LEAST_LINES:
        return
    share = 1.0 - len(set(parts)) / len(parts)
    if not share:
        return
    most = Counter(parts).most_common(1)[0][0][:60]
    yield Repeat(
        f"{noun}s", share, LINES, f'{share:.0%} of the {noun}s stood there before ("{most}"), at most 30% wanted'
    )
    inside = repeated_characters(list(parts)) / sum(map(len, parts))
    reason = f'{inside:.0%} of the characters are in repeated {noun}s ("{most}"), at most 20% wanted'
    yield Repeat(f"{noun}_characters", inside, LINE_CHARACTERS, reason)


def repeated_turns(turns: Sequence[str]) -> Repeat | None:
    """The share of a dialogue's turns (of four words or more) that somebody said before, or None where there are fewer than
    four turns or none comes again."""
    said = [turn for turn in (" ".join(one.casefold().split()) for one in turns) if turn.count(" ") >= 3]
    again = len(said) - len(set(said))
    if len(turns) < LEAST_LINES or not again:
        return None
    share = again / len(turns)
    most = Counter(said).most_common(1)[0][0][:60]
    reason = f'{share:.0%} of the turns were said before ("{most}"), at most {TURNS:.0%} wanted'
    return Repeat("turns", share, TURNS, reason)
