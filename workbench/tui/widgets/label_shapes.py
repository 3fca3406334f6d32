"""What the label pane shows where a label is a set, a number, an object, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from workbench.store.samples import Sample
from workbench.text import clean
from workbench.tui import actions, blind, spans
from workbench.tui.marks import leaves, standing
from workbench.tui.scales import Steps
from workbench.tui.widgets.lines import Run, cut, number, safe, short, wrap
from workbench.tui.writing import in_words, is_set

KEY, VALUE, MUTED, HERE = "pane--key", "pane--value", "pane--muted", "pane--here"
#: The decisions, each with what it says and the status that it gives.
DECISIONS = (
    ("accept", "right as it stands", "accepted"),
    ("reject", "does not belong", "rejected"),
    ("flag", "doubtful, for later", "flagged"),
)
#: Lines that a decision takes where there is room.
TALL = 3
KeyOf = Callable[[str], str]


def chosen(label: Any) -> list[str]:
    """The names of a label that is a set; a single name counts as a set of one."""
    found = [label] if isinstance(label, str) else list(label) if is_set(label) else []
    return [name for name in found if isinstance(name, str)]


def set_lines(
    order: Sequence[str], label: Any, suggested: Mapping[str, float], width: int, room: int, key: KeyOf,
    codes: Mapping[str, str],
) -> list[list[Run]]:  # fmt: skip
    """Every label with its digit or code, and its mark; below them, none."""
    here = set(chosen(label))
    below = 1 if room > 2 else 0
    listed = order[: room - below if len(order) <= room - below else max(1, room - below - 1)]
    lines: list[list[Run]] = []
    for at, name in enumerate(listed):
        right = f" {suggested[name]:.2f}".replace("0.", ".") if name in suggested else ""
        lines.append(
            _marked(key(f"label_{at + 1}") if at < 9 else codes.get(name, ""), name, name in here, width, right)
        )
    if len(listed) < len(order):
        more = order[len(listed) :]
        marked = sum(1 for name in more if name in here)
        said = f", {number(marked)} set" if marked else ""
        keyed = [(f"{key('code')} ", KEY)] if codes else []
        lines.append([(f" … {number(len(more))} more{said}: ", MUTED), *keyed, (key("find_label"), KEY)])
    if below:
        lines.append(_marked(key("label_none"), "none of them", is_set(label) and not label, width, ""))
    return lines


def _marked(key: str, name: str, here: bool, width: int, right: str) -> list[Run]:
    shown = cut(safe(name), max(4, width - 8 - len(right)))
    return [
        (f"{key:>2} ", KEY), ("[x] " if here else "[ ] ", HERE if here else MUTED), (shown, HERE if here else VALUE),
        (f"{right} ", MUTED),
    ]  # fmt: skip


def scale_lines(
    steps: Steps, label: Any, width: int, room: int, key: KeyOf, codes: Sequence[str] = ()
) -> list[list[Run]]:
    """The steps with their digits where they suffice, else their codes, else the ends; and what the label is now."""
    now: list[list[Run]] = [[], [(" now ", MUTED), (cut(safe(in_words(label)), width - 6), HERE)]]
    digits = steps.digits
    if codes and not digits and len(codes) + len(now) + 1 <= room:
        coded: list[list[Run]] = [[(f" {key('code')}", KEY), (" and a letter", MUTED)]]
        for code, value in zip(codes, steps.values, strict=True):
            here = not isinstance(label, bool) and label == value
            coded.append([(f" {code} ", KEY), (f"{value:g}{' <' if here else ''}", HERE if here else VALUE)])
        return [*coded, *now]
    if not digits or len(digits) + len(now) > room:
        ends = f" {steps.low:g} to {steps.high:g}" + (f", steps of {steps.step:g}" if steps.step != 1 else "")
        keyed = [(f" {key('find_label')} ", KEY), (" asks for a number", VALUE)]
        if digits:
            keyed = [(f" {min(digits)}-{max(digits)} ", KEY), (" sets one", VALUE)]
        return [[(cut(ends, width), VALUE)], keyed, *now]
    lines: list[list[Run]] = []
    for digit, value in digits.items():
        here = not isinstance(label, bool) and label == value
        pressed = key("label_none" if digit == 0 else f"label_{digit}")
        lines.append([(f" {pressed:<1} ", KEY), (f" {value:g}{' <' if here else ''}", HERE if here else VALUE)])
    if not isinstance(label, (int, float)) or label not in digits.values():
        lines += now
    return lines


def object_lines(sample: Sample | None, texts: Collection[str], width: int, room: int) -> list[list[Run]]:
    """The object's parts, each with a sign: whether its values stand in the text."""
    label = sample.label if sample is not None else None
    if not isinstance(label, dict):
        said = "none" if label is None else in_words(label)
        return [[(cut(f" {safe(said)}", width), MUTED)]]
    text = "\n".join(clean(one, multiline=True, limit=20_000) for one in texts)
    stored = [one for one in (sample.fields.values() if sample is not None else ()) if isinstance(one, str)]
    label = {name: spans.quoted(value, stored[0] if stored else "") for name, value in label.items()}
    lines: list[list[Run]] = []
    for name, value in list(label.items())[: max(1, room - 3)]:
        missing = any(not standing(text, leaf) for leaf in leaves(value) if str(leaf).strip())
        sign = "?" if missing else "+" if next(leaves(value), None) is not None else " "
        head = f" {sign} {short(safe(name), width // 2)} "
        shown = cut(safe(in_words(value) if value is not None else "null"), max(0, width - len(head) - 1))
        lines.append([(head, KEY if sign == "+" else VALUE), (shown, VALUE if sign == "+" else MUTED)])
    if len(label) > max(1, room - 3):
        lines.append([(f" … {number(len(label) - max(1, room - 3))} more", MUTED)])
    return [*lines, [], [(" + stands in the text", MUTED)], [(" ? does not", MUTED)]]


def pair_lines(
    order: tuple[str, str], came: tuple[str, str], undecided: bool, status: str, width: int, room: int, key: KeyOf
) -> list[list[Run]]:
    """Which of two answers is better; once the person has said so, which one came or was made the better."""
    better = "" if undecided or status != "accepted" else order.index(blind.BETTER)
    rows = [
        (key("label_1"), "A IS BETTER", better == 0),
        (key("label_2"), "B IS BETTER", better == 1),
        (key("label_none"), "A TIE", status == "rejected" and not undecided),
    ]
    tall = room >= 14
    lines: list[list[Run]] = [[]] if tall else []
    for pressed, title, here in rows:
        lines += [[(f"  {pressed:<2} ", KEY), (f"{title}{' <' if here else ''}", HERE)], *([[]] if tall else [])]
    for name in ("reject", "flag"):
        said = actions.ACTIONS[f"review.{name}"].title.lower()
        lines.append([(f"  {key(name):<2} ", KEY), (f"{said}{' <' if status == f'{name}ed' else ''}", VALUE)])
    if undecided:
        hidden = "Which is which shows when you have said it."
        lines += [[], *([(f" {line}", MUTED)] for line in wrap(hidden, max(8, width - 2)))] if tall else []
    else:
        lines += [[], [(cut(f" A came as {came[0]}", width), MUTED)], [(cut(f" B came as {came[1]}", width), MUTED)]]
    return lines[:room]


def decision_lines(status: str, width: int, room: int, key: KeyOf, guidelines: str) -> list[list[Run]]:
    """Accept, reject and flag as what there is to decide, and the key of the guidelines."""
    tall = room >= len(DECISIONS) * TALL + 2
    lines: list[list[Run]] = [[]] if tall else []
    for name, says, gives in DECISIONS:
        here = status == gives
        title = actions.ACTIONS[f"review.{name}"].title.upper()
        lines.append([(f"  {key(name):<2} ", KEY), (f"{title}{' <' if here else ''}", HERE)])
        if tall:
            lines += [*([(f"     {part}", MUTED)] for part in wrap(says, max(8, width - 6))), []]
    if guidelines:
        lines.append([(f"  {guidelines} ", KEY), ("guidelines", VALUE)])
    return lines[:room]
