"""A sample's fields as lines, by their kinds: texts, pairs side by side, dialogues as turns, JSON, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.project import Outline
from workbench.store.samples import Sample
from workbench.text import clean
from workbench.tui.marks import Spans, differing, standing
from workbench.tui.spans import marks as label_marks
from workbench.tui.widgets.json_lines import json_lines
from workbench.tui.widgets.lines import Run, cells, cut, number, safe, wrap
from workbench.tui.writing import kind_of

#: Characters of a text, turns of a dialogue that are laid out; what is left out is marked.
SHOWN, TURNS = 20_000, 400
#: Cells of the column that holds names, as below the text; a pane narrower than ``NAMED`` has none.
NAMES, NAMED = 10, 34
#: Cells that each of two texts side by side needs, and the line between them.
COLUMN, BETWEEN = 21, " │ "
#: Fields that stand side by side, by the kind of task: the last two of these kinds.
PAIRS = frozenset({"text_pair", "preference"})
#: Fields that somebody asks or says; what answers them is set lighter.
ASKING = frozenset({"instruction", "question", "prompt"})

TEXT, PLAIN, NAME, MUTED, MARK, BAD, TURN = (
    "pane--text", "pane--value", "pane--name", "pane--muted", "pane--mark", "pane--mark-bad", "pane--turn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """How a sample is looked at: the turn of its dialogue that is at hand; the fields of a pair in the order in which they
    stand, and whether they keep their names to themselves."""

    turn: int | None = None
    pair: tuple[str, str] | None = None
    blind: bool = False


def contents(
    sample: Sample, outline: Outline, width: int, *, columns: bool = True, look: Look | None = None
) -> list[list[Run]]:
    """The lines of a sample's fields, ``width`` cells wide plus a cell of margin at the left, an empty line around each part.

    ``columns`` lets pairs stand side by side where they fit.
    """
    look = look or Look()
    declared = {field.name: field.kind for field in outline.fields}
    if declared.get(outline.text_field) == "text" and sample.fields.keys() == {outline.text_field}:
        text = clean(sample.text, multiline=True, limit=SHOWN)
        if outline.label_shape == "object" and sample.label is not None:
            found = label_marks(sample.label, str(sample.fields[outline.text_field]), text)
            return [[], *_margin(marked(text, found, width, TEXT)), []]
        return [[], *([(f" {line}", TEXT)] for line in wrap(text, width)), []]
    return _fields(sample, outline, width, columns, look)


def _fields(sample: Sample, outline: Outline, width: int, columns: bool, look: Look) -> list[list[Run]]:
    declared = {field.name: field.kind for field in outline.fields}
    optional = {field.name for field in outline.fields if not field.required}
    names = [name for name in declared if name in sample.fields]
    names = [name for name in names if name not in optional or sample.fields[name] not in ("", None)]
    names += [name for name in sample.fields if name not in declared]  # the settings have changed since
    made: list[list[Run]] = [[]]
    pair = names[-2:] if outline.kind in PAIRS and len(names) >= 2 else []
    for name in names[: len(names) - len(pair)]:
        value = sample.fields[name]
        made += [*_field(name, kind_of(declared.get(name), value), value, sample, outline, width, look), []]
    if pair and look.pair and set(pair) == set(look.pair):
        pair = list(look.pair)
    if pair:
        made += [*_pair(pair, sample.fields, width, columns, look, marks=outline.kind == "preference"), []]
    return made


def _field(
    name: str, kind: str, value: Any, sample: Sample, outline: Outline, width: int, look: Look
) -> list[list[Run]]:
    title: list[Run] = [(f" {safe(name, limit=width)}", NAME)]
    alone = len(sample.fields) == 1
    if kind == "messages":
        return [*([] if alone else [title]), *_margin(turn_lines(value, width, look.turn))]
    if kind == "number" and not alone:
        short = safe(name)
        return [[(f" {short:<{NAMES}} ", NAME), (safe(value), PLAIN)]]
    if kind != "text":
        return [*([] if alone else [title]), *_margin(json_lines(value, width))]
    text = clean(value, multiline=True, limit=SHOWN)
    style = TEXT if alone or name in ASKING or (outline.kind == "free" and name == outline.text_field) else PLAIN
    spans: Spans = ()
    if outline.kind == "question_answering" and name == "context":
        spans = standing(text, sample.fields.get("answer"))
    elif outline.label_shape == "object":
        spans = label_marks(sample.label, str(value), text)
    return [title, *_margin(marked(text, spans, width, style))]


def _pair(
    names: Sequence[str], fields: Mapping[str, Any], width: int, columns: bool, look: Look, *, marks: bool
) -> list[list[Run]]:
    """Two texts side by side, or one under the other; ``marks`` underlines the words that only one of them has."""
    values = [fields[name] for name in names]
    texts = [
        clean(value if isinstance(value, str) else str(value), multiline=True, limit=SHOWN // 2) for value in values
    ]
    spans = differing(texts[0], texts[1]) if marks else None
    found: tuple[Spans, Spans] = spans or ((), ())
    room = (width - len(BETWEEN)) // 2
    beside = columns and room >= COLUMN
    style = PLAIN if marks else TEXT
    sides = []
    for at, (name, text) in enumerate(zip(names, texts, strict=True)):
        # In blind order neither name nor colour says which of the two is which.
        title = "AB"[at] if look.blind else f"{'AB'[at]}  {name}" if look.pair else name
        mark = BAD if not look.blind and name == "rejected" else MARK
        sides.append(
            [[(safe(title, limit=room), NAME)], *marked(text, found[at], room if beside else width, style, mark)]
        )
    made = _margin(side_by_side(sides[0], sides[1], room)) if beside else [*_margin(sides[0]), [], *_margin(sides[1])]
    if marks and texts[0] != texts[1] and spans is None:
        made += [[], *([(f" {line}", MUTED)] for line in wrap("Too different for words to be marked.", width))]
    elif marks and texts[0] == texts[1]:
        made += [[], [(cut(" Both are the same text.", width), MUTED)]]
    return made


def side_by_side(left: Sequence[list[Run]], right: Sequence[list[Run]], room: int) -> list[list[Run]]:
    """Lines of two columns, each ``room`` cells wide, as lines of both."""
    made: list[list[Run]] = []
    for at in range(max(len(left), len(right))):
        line = list(left[at]) if at < len(left) else []
        used = sum(cells(text) for text, _ in line)
        line += [(" " * (room - used), PLAIN), (BETWEEN, MUTED)]
        made.append([*line, *(right[at] if at < len(right) else [])])
    return made


def turn_lines(turns: Sequence[Mapping[str, Any]], width: int, current: int | None = None) -> list[list[Run]]:
    """A dialogue: who speaks in a column of names (a line above where there is no room), what a person says in bold, the
    system's word muted. The column of the turn ``current`` is painted."""
    made: list[list[Run]] = []
    room = SHOWN
    for at, turn in enumerate(turns):
        if at == TURNS or room <= 0:
            made.append([(f"… {number(len(turns) - at)} more turns", MUTED)])
            break
        role, name = safe(turn["role"], limit=30), turn.get("name")
        text = clean(turn["content"], multiline=True, limit=room)
        room -= len(text)
        style = {"user": TEXT, "system": MUTED}.get(role, PLAIN)
        named = [role, *([safe(name, limit=30)] if name else [])]
        who_style = TURN if at == current else NAME
        if at:
            made.append([])
        if width < NAMED:
            made.append([(cut(" ".join(named), width), who_style)])
            made += [[(line, style)] for line in wrap(text, width)]
            continue
        lines = wrap(text, width - NAMES)
        for row in range(max(len(lines), len(named))):
            who = cut(named[row], NAMES - 1) + " " if row < len(named) else " " * NAMES
            made.append([(who[:-1], who_style), (" ", NAME), (lines[row] if row < len(lines) else "", style)])
    return made


def marked(text: str, spans: Spans, width: int, style: str, mark: str = MARK) -> list[list[Run]]:
    """``text`` (clean) wrapped, with the places at ``spans`` in another style."""
    lines = wrap(text, width)
    if not spans:
        return [[(line, style)] for line in lines]
    made: list[list[Run]] = []
    at, next_span = 0, 0
    for line in lines:
        start = max(at, text.find(line, at))  # between two lines there is at most white space
        at = start + len(line)
        while next_span < len(spans) and spans[next_span][1] <= start:
            next_span += 1
        runs: list[Run] = []
        done = start
        for first, last in spans[next_span:]:
            if first >= at:
                break
            begin, end = max(first, start), min(last, at)
            runs += [(text[done:begin], style), (text[begin:end], mark)]
            done = end
        made.append([run for run in [*runs, (text[done:at], style)] if run[0]])
    return made


def _margin(lines: Sequence[list[Run]]) -> list[list[Run]]:
    return [[(" ", PLAIN), *line] if line else [] for line in lines]
