"""Pairs of outputs of two or more sets: the same input where tasks have inputs, else the same label.

Every two contenders meet equally often; which of two outputs is the duel's first is drawn, as is everything else, from a
seed. Only what may be trained on is paired (``pipeline.contenders``).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import UsageError
from workbench.evaluate.base import Sample
from workbench.pipeline import contenders as contending
from workbench.store import splits
from workbench.store.connection import Store
from workbench.store.duels import NewDuel

if TYPE_CHECKING:
    from workbench.pipeline.contenders import Contender
    from workbench.project import Project

#: What is asked, by how outputs were paired.
QUESTIONS: Mapping[str, str] = {
    "input": "Which output is better for this input?",
    "label": "Which text is the better example of this label?",
    "any": "Which of the two samples is better?",
}


class Piece(NamedTuple):
    """A sample as it is judged: ``group`` says what it may meet, ``input`` is shown above both."""

    sample_id: int
    group: str
    input: str
    output: str


@dataclass
class Paired:
    """Duels of contenders. ``how``: "input", "label" or "any"; ``notes``: what could not be paired."""

    contenders: list[str]
    question: str
    duels: list[NewDuel]
    how: str
    details: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def pair(
    project: Project, store: Store, written: Sequence[str], *, pairs: int, seed: int = 0, question: str | None = None
) -> Paired:
    """Draw ``pairs`` duels in all, as evenly over every two contenders as there are outputs to pair.

    Raises ``UsageError``: fewer than two contenders, one that is not there, or nothing that can be paired.
    """
    if pairs < 1:
        raise UsageError("--pairs takes a number from 1.")
    found = contending.sets(project, store, written)
    ids = sorted({sample.id for one in found for sample in one.samples})
    fields, labels = splits.trainable_fields(store, ids), splits.labels_for_evaluation(store, ids)
    how, cut = _cutter(project.config.task.kind)
    notes = [note for one in found for note in one.notes]
    sets = [list(_pieces(one, fields, labels, cut)) for one in found]
    if how == "input" and not any(_shared(a, b) for a, b in combinations(sets, 2)):
        notes.append("No two contenders have an input in common, so whole samples are compared.")
        how, cut = "any", _whole
        sets = [list(_pieces(one, fields, labels, cut)) for one in found]
    draw = random.Random(seed)
    duels, met = _draw(sets, pairs, draw)
    if not duels:
        raise UsageError(
            "There is nothing to pair: the contenders have the same samples, or none with the same label or input."
        )
    names = [one.name for one in found]
    short = [f"{names[a]} and {names[b]} {met[a, b]:,}" for a, b in met if met[a, b] < pairs // len(met)]
    if len(duels) < pairs:
        notes.append(f"{len(duels):,} pairs could be made of {pairs:,} that were wanted: {', '.join(short)}.")
    details = {"how": how, "seed": seed, "specs": [one.spec for one in found], "notes": notes}
    return Paired(names, question or QUESTIONS[how], duels, how, details, notes)


def _shared(a: Sequence[Piece], b: Sequence[Piece]) -> bool:
    return not {one.group for one in a}.isdisjoint(one.group for one in b)


def _draw(
    sets: Sequence[Sequence[Piece]], pairs: int, draw: random.Random
) -> tuple[list[NewDuel], dict[tuple[int, int], int]]:
    """Duels in random order, and how often each two met."""
    couples = list(combinations(range(len(sets)), 2))
    lots = {couple: _couples(sets[couple[0]], sets[couple[1]], draw) for couple in couples}
    duels: list[NewDuel] = []
    met = dict.fromkeys(couples, 0)
    while lots and len(duels) < pairs:
        for couple in list(lots):  # one of each in turn: what one two have too few of, the others get
            if len(duels) == pairs:
                break
            two = next(lots[couple], None)
            if two is None:
                del lots[couple]
                continue
            met[couple] += 1
            duels.append(_duel(couple, two, turned=draw.random() < 0.5))
    draw.shuffle(duels)
    return duels, met


def _duel(places: tuple[int, int], two: tuple[Piece, Piece], *, turned: bool) -> NewDuel:
    (a, b), (one, other) = places, two
    if turned:
        a, b, one, other = b, a, other, one
    return NewDuel(two[0].input, a, b, one.output, other.output, one.sample_id, other.sample_id)


def _couples(a: Sequence[Piece], b: Sequence[Piece], draw: random.Random) -> Iterator[tuple[Piece, Piece]]:
    """Pieces of one group that differ, each at most once, groups in turn so that none prevails."""
    ours, theirs = _grouped(a, draw), _grouped(b, draw)
    groups = sorted(ours.keys() & theirs.keys())
    draw.shuffle(groups)
    while groups:
        for group in list(groups):
            if not ours[group] or not theirs[group]:
                groups.remove(group)
                continue
            one, other = ours[group].pop(), theirs[group].pop()
            if one.output != other.output:
                yield one, other


def _grouped(pieces: Sequence[Piece], draw: random.Random) -> dict[str, list[Piece]]:
    groups: dict[str, list[Piece]] = {}
    for piece in sorted(pieces):
        groups.setdefault(piece.group, []).append(piece)
    for some in groups.values():
        draw.shuffle(some)
    return groups


# Cutting samples into what is given and what is judged

Cut = Callable[[Mapping[str, Any], Any], tuple[str, str, str] | None]


def _pieces(
    contender: Contender, fields: Mapping[int, Mapping[str, Any]], labels: Mapping[int, Any], cut: Cut
) -> Iterator[Piece]:
    for sample in contender.samples:
        own = contender.fields.get(sample.id, fields.get(sample.id))
        if own is None:
            continue
        made = cut(own, _label(sample, labels))
        if made is not None and made[2].strip():
            yield Piece(sample.id, *made)


def _label(sample: Sample, labels: Mapping[int, Any]) -> Any:
    """The label as the contender has it; one that is not one name is the sample's own."""
    return sample.label if sample.label is not None else labels.get(sample.id)


def _cutter(kind: str) -> tuple[str, Cut]:
    by_input: dict[str, Cut] = {
        "question_answering": _parts(("context", "question"), "answer"),
        "instruction": _parts(("instruction", "input"), "output"),
        "preference": _parts(("prompt",), "chosen"),
        "dialogue": _last_turn,
        "extraction": _extracted,
    }
    return ("input", by_input[kind]) if kind in by_input else ("label", _labelled)


def _parts(given: Sequence[str], judged: str) -> Cut:
    def cut(fields: Mapping[str, Any], _label: Any) -> tuple[str, str, str] | None:
        parts = [str(fields[name]) for name in given if fields.get(name)]
        text = "\n\n".join(parts)
        return (_same(text), text, str(fields.get(judged) or "")) if parts else None

    return cut


def _last_turn(fields: Mapping[str, Any], _label: Any) -> tuple[str, str, str] | None:
    turns = fields.get("messages") or []
    answers = [at for at, turn in enumerate(turns) if turn.get("role") == "assistant"]
    if not answers or not answers[-1]:
        return None
    before = "\n".join(_turn(turn) for turn in turns[: answers[-1]])
    return _same(before), before, str(turns[answers[-1]].get("content", ""))


def _turn(turn: Mapping[str, Any]) -> str:
    return f"{turn.get('role', '')}: {turn.get('content', '')}"


def _extracted(fields: Mapping[str, Any], label: Any) -> tuple[str, str, str] | None:
    text = str(fields.get("text") or "")
    return (_same(text), text, json.dumps(label, ensure_ascii=False, indent=1)) if text and label is not None else None


def _labelled(fields: Mapping[str, Any], label: Any) -> tuple[str, str, str] | None:
    if label is None:
        return "", "", _body(fields)
    if isinstance(label, list):  # several labels, in whatever order
        shown = ", ".join(sorted(map(str, label))) or "none"
    else:
        shown = label if isinstance(label, str) else json.dumps(label, ensure_ascii=False, sort_keys=True)
    return shown, f"Label: {shown}", _body(fields)


def _whole(fields: Mapping[str, Any], _label: Any) -> tuple[str, str, str]:
    return "", "", _body(fields)


def _body(fields: Mapping[str, Any]) -> str:
    """All fields; named where there are several."""
    values = {name: _in_words(value) for name, value in fields.items() if value not in (None, "")}
    return next(iter(values.values())) if len(values) == 1 else "\n\n".join(f"{n}: {v}" for n, v in values.items())


def _in_words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and "content" in one for one in value):
        return "\n".join(_turn(one) for one in value)
    return json.dumps(value, ensure_ascii=False)


def _same(text: str) -> str:
    """What counts as the same input: whatever the case and white space."""
    return " ".join(text.casefold().split())
