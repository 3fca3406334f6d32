"""Cells: what stands in one column of the terminal, and how it looks.

A cell is (text, look): one grapheme, or "" for the second column of a wide one. Blanks whose letters' colour nobody sees
are equal when their backgrounds are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from rich.cells import get_character_cell_size, split_graphemes
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style

#: Graphemes that every terminal shows in one cell: letters of the Latin, Greek and Cyrillic alphabets, common punctuation,
#: arrows, lines and blocks. Of all others (emoji, combined signs, Arabic, Indic scripts) terminals think differently.
NARROW = re.compile(
    "[ -~\xa0-\xac\xae-\u02ff\u0384-\u038a\u038e-\u03a1\u03a3-\u0482\u048a-\u052f"
    "\u2010-\u2027\u2030-\u203a\u2190-\u2193\u2500-\u259f]*"
)
#: Graphemes that every terminal shows in two cells: kana, Chinese characters, Hangul syllables, full-width letters.
WIDE = re.compile(
    "[\u3001-\u3029\u3041-\u3096\u30a0-\u30ff\u3400-\u4dbf\u4e00-\u9fcc\uac00-\ud7a3\uff01-\uff60\uffe0-\uffe6]"
)

#: Attribute of a ``Style`` -> its bit and the code that switches it on.
ATTRIBUTES = {
    name: (1 << at, code)
    for at, (name, code) in enumerate(
        [("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("blink", "5"), ("reverse", "7"),
         ("conceal", "8"), ("strike", "9"), ("blink2", "6"), ("underline2", "21"), ("frame", "51"), ("encircle", "52"),
         ("overline", "53")]
    )
}  # fmt: skip
_SEEN_ON_BLANKS = sum(
    ATTRIBUTES[name][0] for name in ("underline", "reverse", "strike", "underline2", "frame", "encircle", "overline")
)


class Look:
    """Colours as SGR parameters ("" = the terminal's own), a set of attributes as bits, a hyperlink as its OSC 8 words.

    There is one object for each look: looks are compared by ``is``.
    """

    __slots__ = ("attributes", "back", "blank", "fore", "link", "seen_on_blanks")
    _known: ClassVar[dict[tuple[str, str, int, str], Look]] = {}
    fore: str
    back: str
    attributes: int
    link: str
    #: Whether a blank in this look shows more than its background.
    seen_on_blanks: bool
    #: The look of a blank written in this one.
    blank: Look

    def __new__(cls, fore: str = "", back: str = "", attributes: int = 0, link: str = "") -> Look:
        key = (fore, back, attributes, link)
        found = cls._known.get(key)
        if found is None:
            found = super().__new__(cls)
            found.fore, found.back, found.attributes, found.link = key
            found.seen_on_blanks = bool(attributes & _SEEN_ON_BLANKS or link)
            cls._known[key] = found
            found.blank = found if found.seen_on_blanks else cls("", back)
        return found

    def __repr__(self) -> str:
        return f"Look({self.fore!r}, {self.back!r}, {self.attributes}, {self.link!r})"


PLAIN = Look()
Cell = tuple[str, Look]
Row = list[Cell | None]  # None: not known


def certain(text: str) -> bool:
    """Whether all terminals agree on the width of a cell's grapheme."""
    return len(text) <= 1 and (text.isascii() or bool(NARROW.fullmatch(text) or WIDE.match(text)))


def reach(text: str) -> int:
    """The most columns that a terminal may give to a grapheme, each of its characters counted by itself."""
    return sum(max(1, get_character_cell_size(character)) for character in text)


class Maker:
    """Makes cells of Textual's segments, and remembers those made of a text in a style.

    ``simple`` says of the cells made last whether each of them is one narrow character.
    """

    REMEMBERED = 4_000

    def __init__(self) -> None:
        self.system: ColorSystem | None = None
        self.simple = True
        self._made: dict[tuple[str, Style | None], tuple[list[Cell], bool]] = {}
        self._looks: dict[Style | None, Look] = {}

    def cells(self, segments: Iterable[Segment], width: int, system: ColorSystem) -> list[Cell]:
        """The ``width`` cells of a line's segments."""
        if system is not self.system:
            self.system = system
            self._made.clear()
            self._looks.clear()
        cells: list[Cell] = []
        made = self._made
        self.simple = True
        for text, style, control in segments:
            if control or not text:
                continue
            found = made.get((text, style))
            if found is None:
                if len(made) >= self.REMEMBERED:
                    made.clear()
                    self._looks.clear()
                found = made[text, style] = self._make(text, style, system)
            cells += found[0]
            self.simple = self.simple and found[1]
        if len(cells) < width:
            cells += [(" ", PLAIN)] * (width - len(cells))
        elif len(cells) > width:
            del cells[width:]
            mend_end(cells)
        return cells

    def _make(self, text: str, style: Style | None, system: ColorSystem) -> tuple[list[Cell], bool]:
        look = self._looks.get(style)
        if look is None:
            look = self._looks[style] = look_of(style, system)
        space = (" ", look.blank)
        if NARROW.fullmatch(text):
            return [space if character == " " else (character, look) for character in text], True
        cells: list[Cell] = []
        before = ""  # signs without a width before any that has one
        for start, end, width in split_graphemes(text)[0]:
            grapheme = text[start:end]
            if not width:
                if cells and cells[-1][0]:
                    cells[-1] = (cells[-1][0] + grapheme, look)
                elif len(cells) > 1:
                    cells[-2] = (cells[-2][0] + grapheme, look)
                else:
                    before += grapheme
                continue
            cells.append(space if grapheme == " " and not before else (before + grapheme, look))
            cells += [("", look)] * (width - 1)
            before = ""
        return cells, False


def mend_end(cells: list[Cell]) -> None:
    """A wide grapheme cut through by the end of ``cells`` becomes a blank, as Textual shows it."""
    if cells and cells[-1][0] and width_of(cells[-1][0]) > 1:
        cells[-1] = (" ", cells[-1][1].blank)


def width_of(text: str) -> int:
    """Columns of one cell's grapheme as Textual counts them."""
    return 1 if NARROW.fullmatch(text) else split_graphemes(text)[1]


def look_of(style: Style | None, system: ColorSystem) -> Look:
    """A style as the terminal is told of it, with the colours that it has."""
    if style is None:
        return PLAIN
    attributes = sum(bit for name, (bit, _) in ATTRIBUTES.items() if getattr(style, name))
    link = f"id={style.link_id};{style.link}" if style.link else ""
    return Look(_colour(style.color, system, True), _colour(style.bgcolor, system, False), attributes, link)


def _colour(colour: Color | None, system: ColorSystem, fore: bool) -> str:
    if colour is None or colour.is_default:
        return ""
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground=fore))
