"""Thresholds of the quality heuristics, by what a text is: those of the papers for web pages, and ours for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from workbench.curate.rules.pieces import Piece

Name = Literal["short", "long", "instruction", "response", "dialogue", "web"]
#: From so many words on a text is long; it is also Gopher's least length of a page.
LONG_WORDS = 50


@dataclass(frozen=True, slots=True)
class Profile:
    """Limits; None switches a rule off. Shares are from 0 to 1, ratios are per word.

    Sources of ``web``: Gopher (Rae et al. 2021, arXiv 2112.11446, appendix A.1.1), C4 (Raffel et al. 2020, arXiv 1910.10683,
    section 2.2, and its released code for the longest word), FineWeb (Penedo et al. 2024, arXiv 2406.17557, section 3.6).
    """

    #: Gopher: between 50 and 100,000 words.
    min_words: int = 1
    max_words: int = 100_000
    #: Gopher: mean word length between 3 and 10 characters. Ours only from three words on.
    min_mean_length: float | None = 2.0
    max_mean_length: float | None = 14.0
    #: C4's code: lines with a word of more than 1,000 characters go. Ours: the longest run without white space, links aside.
    max_word: int = 200
    #: Gopher: hash signs, and ellipses, at most 0.1 per word.
    max_hashes: float | None = 0.5
    max_ellipses: float | None = 0.5
    #: Gopher: at most 90 % of the lines start with a bullet, at most 30 % end with an ellipsis. Ours from four lines on.
    max_bullet_lines: float | None = None
    max_ellipsis_lines: float | None = None
    #: Gopher: at least 80 % of the words have a letter.
    min_alphabetic_words: float | None = 0.5
    #: Share of letters, digits and gaps (___) among the characters that are no space (ours).
    min_letters: float | None = 0.5
    #: Gopher: two of the, be, to, of, and, that, have, with. Ours: only where the task is in English.
    min_stop_words: int = 0
    #: C4: five sentences, in lines that end in a terminal mark, have at least three words and no "javascript".
    min_sentences: int = 0
    #: C4: no page with a curly bracket, none with "lorem ipsum".
    curly_brackets: bool = True
    lorem_ipsum: bool = False
    #: FineWeb: more than 12 % of the lines end in a terminal mark; less than 67 % of the lines have up to 30 characters;
    #: less than 1 % of the characters are in repeated lines; at most 0.3 line ends per word.
    min_terminal_lines: float | None = None
    max_short_lines: float | None = None
    max_repeated_lines: float | None = 0.5
    max_line_ends: float | None = None
    #: Control characters, U+FFFD and mis-decoded letters per character (ours; off in web, which the papers say nothing of).
    max_broken: float | None = 0.02


PROFILES: Mapping[Name, Profile] = MappingProxyType(
    {
        "short": Profile(min_words=2, max_words=500),
        "long": Profile(
            min_words=20,
            min_mean_length=2.5,
            max_mean_length=12.0,
            max_hashes=0.2,
            max_ellipses=0.2,
            max_bullet_lines=0.95,
            max_ellipsis_lines=0.5,
            min_alphabetic_words=0.6,
            min_letters=0.6,
            min_stop_words=1,
            max_repeated_lines=0.3,
            max_line_ends=0.6,
        ),
        # An instruction may be a table or code to work on; a response may be one word, a number, a list or a program.
        "instruction": Profile(min_words=2, max_words=5_000, min_alphabetic_words=0.2, min_letters=0.4),
        "response": Profile(
            max_words=20_000,
            min_mean_length=None,
            max_mean_length=None,
            max_word=1_000,
            max_hashes=None,
            max_ellipses=1.0,
            min_alphabetic_words=None,
            min_letters=None,
            max_repeated_lines=0.6,
        ),
        "dialogue": Profile(
            max_words=5_000,
            min_mean_length=None,
            max_mean_length=None,
            max_hashes=None,
            max_ellipses=1.0,
            min_alphabetic_words=None,
            min_letters=None,
        ),
        "web": Profile(
            min_words=50,
            min_mean_length=3.0,
            max_mean_length=10.0,
            max_word=1_000,
            max_hashes=0.1,
            max_ellipses=0.1,
            max_bullet_lines=0.9,
            max_ellipsis_lines=0.3,
            min_alphabetic_words=0.8,
            min_letters=None,
            min_stop_words=2,
            min_sentences=5,
            curly_brackets=False,
            min_terminal_lines=0.12,
            max_short_lines=0.67,
            max_repeated_lines=0.01,
            max_line_ends=0.3,
            max_broken=None,
        ),
    }
)


def profile_of(piece: Piece, words: int) -> Name:
    """The profile for one text by what it is there for and how many words it has: nothing but the text itself decides, so
    that a verdict stays the same whatever else is judged."""
    if piece.part == "turn":
        return "dialogue"
    if piece.part == "instruction":
        return "instruction"
    if piece.part in ("response", "material"):  # both may be a word, a list, a table, a program
        return "response"
    return "short" if words < LONG_WORDS else "long"
