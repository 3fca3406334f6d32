"""What the quality heuristics measure in one text, and which rules of a profile it breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from workbench.curate.rules.counting import count_units
from workbench.curate.rules.profiles import Profile
from workbench.learn.features import units

#: Characters of a text that are measured (its first); more is only counted. Shares of a million say what the rest is like.
MEASURED = 1_000_000
#: Gopher's stop words.
STOP_WORDS = frozenset(["the", "be", "to", "of", "and", "that", "have", "with"])
#: Our longer list: any English text of some length has one of these.
COMMON = STOP_WORDS | frozenset(
    [
        "a",
        "an",
        "in",
        "is",
        "it",
        "i",
        "you",
        "we",
        "he",
        "she",
        "they",
        "this",
        "these",
        "are",
        "was",
        "were",
        "for",
        "on",
        "as",
        "at",
        "by",
        "from",
        "my",
        "your",
        "not",
        "or",
        "if",
        "do",
        "can",
    ]
)
TERMINAL = (".", "!", "?", '"', "'")
_TERMINAL_ANY = (*TERMINAL, "”", "’", "。", "！", "？", "।", "؟", "…", ")", ":")
_BULLETS = ("•", "‣", "▪", "*", "-", "–", "·")
_ELLIPSES = ("...", "…")
_SENTENCE_END = re.compile(r"[.!?](?=[\s\"')\]]|$)")
_HAS_LETTER = re.compile(r"[^\W\d_]")
#: Control characters, the replacement character, and what UTF-8 read as Latin-1 or Windows-1252 looks like.
_BROKEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\ufffd\ud800-\udfff]|Ã[\x80-\xbf‚ƒ„…†‡ˆ‰Š‹Œ©¨¤¶¼±]|â€[\x80-\xbf™œ\u009d“”¦]"
)
#: Scripts whose words are longer or shorter than the letters that the rules about word length were made for, or unspaced.
_WORDS_DIFFER = re.compile("[\u0900-\u1fff\u3040-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")
_LINK = ("http://", "https://", "www.")


class Broken(NamedTuple):
    """A rule that a text breaks: its name, and the number against the limit in words."""

    rule: str
    reason: str


class Measured(NamedTuple):
    """One text, measured once for all rules. ``words`` are its units; ``total`` may be more where the text is longer than
    ``MEASURED``."""

    text: str
    words: list[str]
    total: int


def measure(text: str, most: int) -> Measured:
    """A text ready for ``broken``; words are counted up to some number over ``most``."""
    head = text[:MEASURED]
    words = units(head)
    count = len(words)
    if len(text) > MEASURED:
        count += count_units(text[MEASURED:], max(0, most - count))
    return Measured(head, words, count)


def broken(measured: Measured, profile: Profile, *, english: bool, verbatim: bool) -> Iterator[Broken]:
    """The rules of ``profile`` that a text breaks, in the order of the profile.

    ``english``: whether rules about English words apply. ``verbatim``: count as the papers do (``web``), without the least
    numbers of words and lines that keep shares of next to nothing from deciding.
    """
    text, words, count = measured
    if count < profile.min_words:
        yield Broken("word_count", f"{count:,} words, at least {profile.min_words:,} wanted")
    elif count > profile.max_words:
        yield Broken("word_count", f"{count:,} words, at most {profile.max_words:,} wanted")
    if not words:
        return
    characters = sum(map(len, words))
    yield from _words(text, words, characters, profile, english=english, verbatim=verbatim)
    yield from _signs(text, len(words), characters, profile)
    if verbatim or "\n" in text:
        yield from _lines(text, words, profile, verbatim)


def _words(
    text: str, words: list[str], characters: int, profile: Profile, *, english: bool, verbatim: bool
) -> Iterator[Broken]:
    total = len(words)
    spaced = verbatim or text.isascii() or not _WORDS_DIFFER.search(text)
    if spaced and (verbatim or total >= 3):
        mean = characters / total
        if profile.min_mean_length is not None and mean < profile.min_mean_length:
            yield Broken("word_length", f"{mean:.1f} characters a word, at least {profile.min_mean_length:g} wanted")
        elif profile.max_mean_length is not None and mean > profile.max_mean_length:
            yield Broken("word_length", f"{mean:.1f} characters a word, at most {profile.max_mean_length:g} wanted")
    if spaced and len(text) > profile.max_word:
        longest = max((len(run) for run in text.split() if verbatim or not run.startswith(_LINK)), default=0)
        if longest > profile.max_word:
            yield Broken("longest_word", f"{longest:,} characters without a space, at most {profile.max_word:,} wanted")
    if profile.min_alphabetic_words is not None and (verbatim or total >= 3):
        share = 1.0 - sum([not word.isalpha() and not _HAS_LETTER.search(word) for word in words]) / total
        if share < profile.min_alphabetic_words:
            yield Broken(
                "alphabetic_words", _percent(share, "of the words have a letter", profile.min_alphabetic_words)
            )
    if profile.min_stop_words and english and (verbatim or total >= 30):
        stops = STOP_WORDS if verbatim else COMMON
        found = sum([word in stops for word in words])
        if found < profile.min_stop_words:
            yield Broken("stop_words", f"{found} stop words, at least {profile.min_stop_words} wanted")


def _signs(text: str, total: int, characters: int, profile: Profile) -> Iterator[Broken]:
    if profile.max_hashes is not None and "#" in text and (ratio := text.count("#") / total) > profile.max_hashes:
        yield Broken("hashes", f"{ratio:.2f} hash signs a word, at most {profile.max_hashes:g} wanted")
    if profile.max_ellipses is not None and ("..." in text or "…" in text):
        ratio = (text.count("...") + text.count("…")) / total
        if ratio > profile.max_ellipses:
            yield Broken("ellipses", f"{ratio:.2f} ellipses a word, at most {profile.max_ellipses:g} wanted")
    # The whole text is longer than its visible part: where letters are enough of it, they are of the part.
    if profile.min_letters is not None and characters < profile.min_letters * len(text):
        share = (characters + text.count("_")) / len("".join(text.split()))  # "___" is a gap to fill in
        if share < profile.min_letters:
            yield Broken("letters", _percent(share, "of the characters are letters or digits", profile.min_letters))
    if not profile.curly_brackets and "{" in text:
        yield Broken("curly_bracket", "has a curly bracket")
    if not profile.lorem_ipsum and "orem" in text and "lorem ipsum" in text.casefold():
        yield Broken("lorem_ipsum", "has the words lorem ipsum")
    if (profile.max_broken is not None and not text.isprintable()) or "Ã" in text or "â" in text:
        share = sum(map(len, _BROKEN.findall(text))) / len(text)
        if profile.max_broken is not None and share > profile.max_broken:
            yield Broken("broken_characters", f"{share:.1%} control or wrongly decoded characters")


def _lines(text: str, words: list[str], profile: Profile, verbatim: bool) -> Iterator[Broken]:
    lines = text.split("\n")
    total, enough = len(lines), verbatim or len(lines) >= 4
    if profile.max_bullet_lines is not None and enough:
        marks = ("•",) if verbatim else _BULLETS
        share = sum([line.lstrip().startswith(marks) for line in lines]) / total
        if share > profile.max_bullet_lines:
            yield Broken(
                "bullet_lines", _percent(share, "of the lines are bullets", profile.max_bullet_lines, most=True)
            )
    if profile.max_ellipsis_lines is not None and enough:
        share = sum([line.rstrip().endswith(_ELLIPSES) for line in lines]) / total
        if share > profile.max_ellipsis_lines:
            reason = _percent(share, "of the lines end with an ellipsis", profile.max_ellipsis_lines, most=True)
            yield Broken("ellipsis_lines", reason)
    if profile.min_sentences and (sentences := c4_sentences(lines)) < profile.min_sentences:
        yield Broken("sentences", f"{sentences} sentences in whole lines, at least {profile.min_sentences} wanted")
    if profile.min_terminal_lines is not None and enough:
        share = sum([line.endswith(TERMINAL if verbatim else _TERMINAL_ANY) for line in lines]) / total
        if share <= profile.min_terminal_lines:
            reason = (
                f"{share:.0%} of the lines end in a terminal mark, more than {profile.min_terminal_lines:.0%} wanted"
            )
            yield Broken("terminal_marks", reason)
    if profile.max_short_lines is not None and enough:
        share = sum([len(line) <= 30 for line in lines]) / total
        if share >= profile.max_short_lines:
            reason = (
                f"{share:.0%} of the lines have up to 30 characters, less than {profile.max_short_lines:.0%} wanted"
            )
            yield Broken("short_lines", reason)
    if profile.max_repeated_lines is not None and enough:
        share = repeated_characters([line for line in lines if line.strip()]) / max(1, len(text) - total + 1)
        if share >= profile.max_repeated_lines:
            reason = f"{share:.0%} of the characters are in repeated lines, less than {profile.max_repeated_lines:.0%} wanted"
            yield Broken("repeated_lines", reason)
    if profile.max_line_ends is not None and enough and (ratio := (total - 1) / len(words)) > profile.max_line_ends:
        yield Broken("line_ends", f"{ratio:.2f} line ends a word, at most {profile.max_line_ends:g} wanted")


def c4_sentences(lines: list[str]) -> int:
    """Sentences in the lines that C4 keeps: those that end in a terminal mark but no ellipsis, have at least three words and
    do not say "javascript". A sentence ends at ``.!?`` before white space, a closing mark or the line's end."""
    count = 0
    for line in map(str.strip, lines):
        if not line.endswith(TERMINAL) or line.endswith("...") or len(line.split(None, 3)) < 3:
            continue
        if "javascript" not in line.casefold():
            count += max(1, len(_SENTENCE_END.findall(line)))
    return count


def repeated_characters(parts: list[str]) -> int:
    """Characters in the parts (lines, paragraphs) that stood there before."""
    seen: set[str] = set()
    total = 0
    for part in parts:
        if part in seen:
            total += len(part)
        else:
            seen.add(part)
    return total


def _percent(share: float, what: str, limit: float, *, most: bool = False) -> str:
    return f"{share:.0%} {what}, at {'most' if most else 'least'} {limit:.0%} wanted"
