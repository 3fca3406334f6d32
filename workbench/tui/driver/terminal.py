"""What the terminal shows, and the fewest bytes that bring it to show something else.

The cells that differ are gathered into runs of one look. Runs go out look by look, because a change of colour is 15 to 40
bytes and a jump of the cursor 4 to 8; a few equal cells are sent again where that is shorter than a jump. A row in which a
grapheme comes or goes whose width terminals disagree about is sent from left to right, with what it may have covered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from rich.color import ColorSystem
from rich.segment import Segment

from workbench.tui.driver.cells import NARROW, PLAIN, Cell, Look, Maker, Row, certain, reach
from workbench.tui.driver.sequences import change, erase, move, right

_BLANKS = re.compile(" {4,}")


class Run:
    """Neighbouring cells of one row that one look can write; a run of blanks needs only its background."""

    __slots__ = ("cells", "look", "x", "y")

    def __init__(self, x: int, y: int, cell: Cell) -> None:
        self.x, self.y, self.look, self.cells = x, y, cell[1], [cell[0]]

    @property
    def end(self) -> int:
        return self.x + len(self.cells)

    def with_cell(self, cell: Cell) -> Look | None:
        """The look that writes this run and one more cell; None when none does."""
        text, look = cell
        own = self.look
        if look is own:
            return own
        if look.back != own.back or look.seen_on_blanks or own.seen_on_blanks:
            return None
        if text == " " and look is own.blank:
            return own
        return look if own is own.blank and all(kept == " " for kept in self.cells) else None

    def take(self, row: Row, to: int, erases: bool) -> bool:
        """Grow to column ``to``, the equal cells before it included, if that is shorter than to begin anew there."""
        cell = row[to]
        wide = to - self.end > 4
        if cell is None or (wide and not (erases and cell[0] == " " == self.cells[-1])):
            return False
        gap = row[self.end : to]
        if wide and not all(kept is not None and kept[0] == " " for kept in gap):
            return False
        price = 0
        look, count = self.look, len(self.cells)
        for kept in gap:
            found = None if kept is None else self.with_cell(kept)
            if kept is None or found is None or not certain(text := kept[0]):
                break
            self.look = found
            self.cells.append(text)
            price += 1 if text.isascii() else len(text.encode())
        else:
            last = self.with_cell(cell)
            if last is not None and (wide or price <= len(right(len(gap)))):
                self.look = last
                self.cells.append(cell[0])
                return True
        del self.cells[count:]
        self.look = look
        return False


class Terminal:
    """What the terminal shows, as far as it is known. ``erases``: erased cells take the background in force."""

    def __init__(self, *, erases: bool = False) -> None:
        self.erases = erases
        self.columns = 0
        self.shown: dict[int, Row] = {}
        self.wanted: dict[int, Row] = {}
        self._maker = Maker()
        self._special: set[int] = set()  # rows that have held more than narrow characters

    def forget(self) -> None:
        """Nothing is known: everything is sent again."""
        self.columns = 0
        self.shown.clear()
        self.wanted.clear()
        self._special.clear()

    def update(self, pieces: Iterable[tuple[int, int, Iterable[Segment], int]], system: ColorSystem) -> str:
        """What brings the terminal to show ``pieces`` (column, row, segments, width); "" when it does already.

        The pen is the terminal's own before and after it; where the cursor is does not matter and is not known after it.
        """
        touched = {}
        for x, y, segments, width in pieces:
            if width > 0:
                self._want(x, y, self._maker.cells(segments, width, system))
                if not self._maker.simple:
                    self._special.add(y)
                touched[y] = True
        pen = Pen(self.columns, self.erases)
        grouped: list[Run] = []
        for y in sorted(touched):
            runs, careful = self._runs(y)
            if careful:
                for run in runs:
                    pen.write(run)
            else:
                grouped += runs
        for run in by_look(grouped, pen.look):
            pen.write(run)
        return pen.end()

    def _want(self, x: int, y: int, cells: list[Cell]) -> None:
        row = self.wanted.setdefault(y, [])
        shown = self.shown.setdefault(y, [])
        end = x + len(cells)
        if len(row) < end:
            row.extend([None] * (end - len(row)))
            shown.extend([None] * (end - len(shown)))
            self.columns = max(self.columns, end)
        if x and (cut := row[x]) is not None and cut[0] == "" and (head := row[x - 1]) is not None:
            row[x - 1] = (" ", Look("", head[1].back))
        while end < len(row) and (cut := row[end]) is not None and cut[0] == "":
            row[end] = (" ", Look("", cut[1].back))
            end += 1
        row[x : x + len(cells)] = cells

    def _runs(self, y: int) -> tuple[list[Run], bool]:
        """The runs of row ``y`` that must be sent, and whether they must be sent in their order."""
        row, shown = self.wanted[y], self.shown[y]
        if row == shown:
            return [], False
        changed = [
            x
            for x, (new, old) in enumerate(zip(row, shown, strict=True))
            if new is not old and new != old and new is not None
        ]
        careful = False
        if y in self._special:
            careful = any(not certain(cell[0]) for x in changed for cell in (row[x], shown[x]) if cell is not None)
            changed = _whole(row, self._covered(row, shown, changed) if careful else changed)
        self.shown[y] = row.copy()
        return self._gather(y, row, changed), careful

    def _covered(self, row: Row, shown: Row, changed: list[int]) -> list[int]:
        """``changed`` and the columns that a grapheme of doubtful width among them may have covered or may cover."""
        found: list[int] = []
        until = -1
        due = set(changed)
        for x, cell in enumerate(row):
            if cell is None or not (x in due or x < until):
                continue
            found.append(x)
            for there in (cell, shown[x]):
                if there is not None and there[0] and not certain(there[0]):
                    until = max(until, x + reach(there[0]))
        return found

    def _gather(self, y: int, row: Row, columns: list[int]) -> list[Run]:
        runs: list[Run] = []
        run, end = None, -1
        for x in columns:
            cell = row[x]
            assert cell is not None
            if run is not None:
                if x == end and cell[1] is run.look:
                    run.cells.append(cell[0])
                    end += 1
                    continue
                if run.take(row, x, self.erases):
                    end = x + 1
                    continue
            run, end = Run(x, y, cell), x + 1
            runs.append(run)
        return runs


def _whole(row: Row, columns: list[int]) -> list[int]:
    """``columns`` with the other halves of their wide graphemes."""
    whole: list[int] = []
    for x in columns:
        first, last = x, x
        while first and _half(row[first]):
            first -= 1
        while last + 1 < len(row) and _half(row[last + 1]):
            last += 1
        whole += [at for at in range(first, last + 1) if not whole or at > whole[-1]]
    return whole


def _half(cell: Cell | None) -> bool:
    return cell is not None and not cell[0]


def _empty(text: str) -> bool:
    return not text


class Pen:
    """Writes runs; knows where the cursor is, as far as that is sure, and which look is in force."""

    def __init__(self, columns: int, erases: bool) -> None:
        self.columns, self.erases = columns, erases
        self.out: list[str] = []
        self.at: tuple[int, int] | None = None
        self.look = PLAIN

    def write(self, run: Run) -> None:
        look = run.look
        text = "".join(run.cells)
        bare = self.look.back == look.back and look is look.blank is self.look.blank and not text.strip(" ")
        if look is not self.look and not bare:
            self.out.append(change(self.look, look))
            self.look = look
        self.out.append(move(self.at, run.x, run.y))
        at: tuple[int, int] | None = (run.end, run.y)
        if not (len(text) == len(run.cells) and NARROW.fullmatch(text)) and not all(map(certain, run.cells)):
            at = at if self._doubtful(run) else None
        elif self.erases and "    " in text and not look.seen_on_blanks:
            text, behind = erased(text)
            at = (run.end - behind, run.y)
            self.out.append(text)
        else:
            self.out.append(text)
        # At the edge terminals differ: the cursor stands on the last column or behind it.
        self.at = at if at is not None and at[0] < self.columns else None

    def _doubtful(self, run: Run) -> bool:
        """Write graphemes of doubtful width, each after one where it belongs; whether the cursor's place is sure now."""
        sure = True
        for x, text in enumerate(run.cells, run.x):
            if text:
                if not sure:
                    self.out.append(move(None, x, run.y))
                sure = certain(text)
                halves = 0 if sure else sum(1 for _ in takewhile(_empty, run.cells[x - run.x + 1 :]))
                if halves:  # a terminal that makes it narrower shows blanks behind it
                    self.out.append(" " * (halves + 1) + move(None, x, run.y))
                self.out.append(text)
        return sure

    def end(self) -> str:
        if self.out:
            self.out.append(change(self.look, PLAIN))
        return "".join(self.out)


def erased(text: str) -> tuple[str, int]:
    """``text`` with its longer stretches of blanks erased instead of written, and how many columns the cursor stays behind."""
    out: list[str] = []
    done = behind = 0
    for blanks in _BLANKS.finditer(text):
        count = blanks.end() - blanks.start()
        if blanks.end() == len(text):
            if count > len(erase(count)):
                out.append(text[done : blanks.start()] + erase(count))
                done, behind = len(text), count
        elif count > len(erase(count)) + len(right(count)):
            out.append(text[done : blanks.start()] + erase(count) + right(count))
            done = blanks.end()
    out.append(text[done:])
    return "".join(out), behind


def by_look(runs: list[Run], look: Look) -> list[Run]:
    """Runs look by look, each time the look next that takes the shortest change; runs of blanks with any of their background."""
    groups: dict[Look, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.look, []).append(run)
    for blank in [own for own in groups if own is own.blank and not own.seen_on_blanks]:
        if all(text == " " for run in groups[blank] for text in run.cells):
            host = next((own for own in groups if own is not blank and own.blank is blank), None)
            if host is not None:
                groups[host] = sorted(groups[host] + groups.pop(blank), key=lambda run: (run.y, run.x))
    ordered: list[Run] = []
    while groups:
        next_look = min(groups, key=lambda own: len(change(look, own)))
        ordered += groups.pop(next_look)
        look = next_look
    return ordered
