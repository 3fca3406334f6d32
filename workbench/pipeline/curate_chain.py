"""A chain of curation: filters, label repairs and weightings in order, each over what the ones before it left.

Works on items in memory and writes nothing; what it found is in ``Chain`` for the job to store.
"""

from __future__ import annotations

import dataclasses
import math
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from workbench.curate.base import Context, Item, Kind, Proposal, Verdict, Weight, parse_step, trait
from workbench.errors import WorkbenchError
from workbench.store.curation import Drop
from workbench.store.repairs import NewRepair

#: Examples per step that a preview keeps for the screen.
EXAMPLES = 40


@dataclass(frozen=True)
class Step:
    """One technique of the chain; ``name`` is unique in it."""

    name: str
    spec: str
    kind: Kind
    technique: Any
    place: int

    @property
    def described(self) -> dict[str, Any]:
        """What the job's result and the data card keep of it."""
        one = self.technique
        return {
            "name": self.name,
            "kind": self.kind,
            "version": one.version,
            "parameters": dataclasses.asdict(one),
            "paper": one.paper,
        }


def steps(specs: Sequence[str]) -> list[Step]:
    """The chain that specs name; the very same one twice counts once. Raises ``UsageError`` for a wrong one."""
    chosen = list(dict.fromkeys(specs))
    parsed = [parse_step(spec) for spec in chosen]
    return [
        Step(unique_name(spec, one.name, chosen), spec, kind, one, place)
        for place, (spec, (kind, one)) in enumerate(zip(chosen, parsed, strict=True))
    ]


def unique_name(spec: str, name: str, specs: Sequence[str]) -> str:
    """The technique's name; its place is added when the chain has it twice, so that both keep their verdicts."""
    own = spec.partition(":")[0].strip()
    same = [other for other in specs if other.partition(":")[0].strip() == own]
    return name if len(same) == 1 else f"{name}-{same.index(spec) + 1}"


@dataclass
class Values:
    """A number of many samples, 16 bytes each."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    numbers: array[float] = field(default_factory=lambda: array("d"))

    def add(self, sample_id: int, number: float | None) -> None:
        if number is not None and math.isfinite(number):
            self.ids.append(sample_id)
            self.numbers.append(float(number))

    def __len__(self) -> int:
        return len(self.ids)

    def chunks(self, size: int) -> Iterator[list[tuple[int, float]]]:
        for start in range(0, len(self.ids), size):
            part = slice(start, start + size)
            yield list(zip(self.ids[part], self.numbers[part], strict=True))


#: Called after each step with the numbers it gave (by score's name).
Keep = Callable[[Step, Mapping[str, Values]], None]


def _nothing(*_: Any) -> None:
    return None


@dataclass
class Chain:
    """A run of the chain over ``items``; afterwards what each step dropped, proposed and weighted.

    ``items`` change where a repair is applied; ``alive`` has a byte per item, 1 while no filter has dropped it.
    ``preview``: also what each filter would drop alone; steps that ask a model are left out and only counted.
    ``old``: samples that were judged earlier; then only steps that can tell how new ones compare with them take part.
    """

    items: list[Item]
    context: Context
    preview: bool = False
    old: Sequence[Item] | None = None
    begin: Callable[[Step], None] = _nothing
    keep: Keep = _nothing
    dropped: dict[str, int] = field(default_factory=dict)
    alone: dict[str, int] = field(default_factory=dict)
    rules: dict[str, dict[str, int]] = field(default_factory=dict)
    overlap: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Any]] = field(default_factory=dict)
    asks: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    drops: list[Drop] = field(default_factory=list)
    repairs: dict[str, list[NewRepair]] = field(default_factory=dict)
    weights: tuple[Step, list[tuple[int, float, str]]] | None = None
    soft: dict[int, Mapping[str, float]] = field(default_factory=dict)
    unrepaired: dict[int, Item] = field(default_factory=dict)  # what an applied repair changed, as it was
    _alone_sets: dict[str, bytearray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alive = bytearray(b"\x01" * len(self.items))

    def left(self) -> list[Item]:
        """The items that nothing has dropped so far."""
        return [item for item, alive in zip(self.items, self.alive, strict=True) if alive]

    def run(self, chain: Sequence[Step]) -> None:
        """Run the steps in order, weightings last: they weigh what all filters keep. Raises what a technique raises."""
        for step in sorted(chain, key=lambda one: one.kind == "weighting"):
            self.begin(step)
            self.context.step(0, 1)
            if self.preview and trait(step.technique, "asks"):
                self._count_requests(step)
            elif step.kind == "filter":
                self._filter(step)
            elif self.old is not None:
                self.left_out[step.name] = "looks at all samples together: run the whole chain"
            elif step.kind == "repair":
                self._repair(step)
            else:
                self._weigh(step)
        self._overlaps()

    def _count_requests(self, step: Step) -> None:
        count = getattr(step.technique, "requests", None)
        left = self.left()
        self.asks[step.name] = {"requests": count(left, self.context) if count else len(left), "cost": None}
        self.left_out[step.name] = "asks a model: a preview does not pay for answers"

    # Filters

    def _filter(self, step: Step) -> None:
        if self.old is not None and trait(step.technique, "asks"):
            self.left_out[step.name] = "asks a model, which is left to a run that somebody starts"
            return
        if self.old is not None and not (trait(step.technique, "pointwise") or hasattr(step.technique, "judge_new")):
            self.left_out[step.name] = "looks at all samples together: run the whole chain"
            return
        everyone = all(self.alive)
        pointwise = trait(step.technique, "pointwise")
        values: dict[str, Values] = {}
        if self.preview and (pointwise or everyone):
            verdicts = self._take(step, self.items, values)
            self._settle(step, verdicts, alone=True)
        else:
            self._settle(step, self._take(step, self.left(), values), alone=False)
            if self.preview:
                self._stand_alone(step)
        self.keep(step, values)

    def _take(self, step: Step, items: Sequence[Item], values: dict[str, Values]) -> Iterator[tuple[Item, Verdict]]:
        judge = step.technique.judge
        if self.old is not None and hasattr(step.technique, "judge_new"):
            verdicts = step.technique.judge_new(items, self.old, self.context)
        else:
            verdicts = judge(items, self.context)
        own = values.setdefault(f"filter.{step.name}", Values())
        for item, verdict in zip(items, verdicts, strict=True):
            own.add(item.id, verdict.value)
            for name, number in (verdict.scores or {}).items():
                values.setdefault(name, Values()).add(item.id, number)
            yield item, verdict

    def _settle(self, step: Step, verdicts: Iterator[tuple[Item, Verdict]], *, alone: bool) -> None:
        """Take note of what a filter drops; with ``alone`` the verdicts are about all items, not only those left."""
        places = range(len(self.items)) if alone else [place for place, one in enumerate(self.alive) if one]
        by_itself, count, parameters = bytearray(len(self.items)), 0, dataclasses.asdict(step.technique)
        rules: dict[str, int] = {}
        examples: list[Any] = []
        # What it drops is collected first: the filter looks at `alive` for as long as it judges.
        gone: list[int] = []
        for place, (item, verdict) in zip(places, verdicts, strict=True):
            if verdict.keep:
                continue
            by_itself[place] = 1
            if not self.alive[place]:
                continue
            gone.append(place)
            count += 1
            if verdict.rule:
                rules[verdict.rule] = rules.get(verdict.rule, 0) + 1
            if len(examples) < EXAMPLES:
                examples.append([item.id, item.text[:500], verdict.reason, verdict.other])
            if not self.preview:
                self.drops.append(
                    Drop(
                        item.id,
                        step.name,
                        step.technique.version,
                        parameters,
                        verdict.reason,
                        verdict.value,
                        verdict.other,
                    )
                )
        for place in gone:
            self.alive[place] = 0
        self.dropped[step.name], self.examples[step.name] = count, examples
        if rules:
            self.rules[step.name] = dict(sorted(rules.items(), key=lambda one: -one[1]))
        if self.preview and alone:
            self.alone[step.name] = sum(by_itself)
            self._alone_sets[step.name] = by_itself

    def _stand_alone(self, step: Step) -> None:
        by_itself = bytearray(0 if verdict.keep else 1 for verdict in step.technique.judge(self.items, self.context))
        self.alone[step.name] = sum(by_itself)
        self._alone_sets[step.name] = by_itself

    def _overlaps(self) -> None:
        """How many samples each two filters would both drop, each alone."""
        import numpy

        sets = {name: numpy.frombuffer(flags, numpy.uint8) for name, flags in self._alone_sets.items()}
        for (first, one), (second, other) in combinations(sets.items(), 2):
            if both := int(numpy.count_nonzero(one & other)):
                self.overlap[f"{first}|{second}"] = both

    # Label repairs

    def _repair(self, step: Step) -> None:
        left = [place for place, one in enumerate(self.alive) if one]
        limit = getattr(step.technique, "apply", None)
        found: list[NewRepair] = []
        values, examples = Values(), list[Any]()
        changes: list[tuple[int, Item]] = []
        proposals: Iterator[Proposal | None] = step.technique.propose(
            [self.items[place] for place in left], self.context
        )
        for place, proposal in zip(left, proposals, strict=True):
            item = self.items[place]
            if proposal is None:
                continue
            if item.settled and proposal.fields is None:
                raise WorkbenchError(
                    f"{step.name} would change what a person said of sample {item.id}; this is a mistake."
                )
            applied = proposal.soft is not None or (limit is not None and proposal.confidence >= limit)
            values.add(item.id, proposal.confidence)
            found.append(
                NewRepair(
                    item.id,
                    proposal.confidence,
                    applied,
                    proposal.reason,
                    item.label,
                    proposal.label,
                    proposal.fields,
                    proposal.soft,
                    proposal.other,
                )
            )
            if len(examples) < EXAMPLES and (proposal.label is not None or proposal.fields is not None):
                example = [item.id, item.text[:500], proposal.reason, proposal.other]
                examples.append([*example, item.label, proposal.label, proposal.confidence, applied])
            if applied:
                changes.append((place, self._repaired(item, proposal)))
        for place, item in changes:
            self.unrepaired.setdefault(item.id, self.items[place])
            self.items[place] = item
        self.repairs[step.name], self.examples[step.name] = found, examples
        self.keep(step, {f"repair.{step.name}": values})

    def _repaired(self, item: Item, proposal: Proposal) -> Item:
        from workbench.store.encoding import text_of

        if proposal.label is not None:
            item = replace(item, label=proposal.label)
            self.soft.pop(item.id, None)  # it was made from the label that has just been changed
        if proposal.soft is not None:
            self.soft[item.id] = proposal.soft
        if proposal.fields is not None:
            item = replace(item, fields=proposal.fields, text=text_of(proposal.fields))
        return item

    # Weightings

    def _weigh(self, step: Step) -> None:
        left = self.left()
        weights: Iterator[Weight] = step.technique.weigh(left, self.context)
        found = [(item.id, float(one.value), one.reason) for item, one in zip(left, weights, strict=True)]
        if any(not 0 <= value < float("inf") for _, value, _ in found):
            raise WorkbenchError(f"{step.name} gave a weight that is no number from 0 up; this is a mistake.")
        values = Values()
        for sample_id, value, _ in found:
            values.add(sample_id, value)
        self.weights = (step, found)
        self.keep(step, {f"weight.{step.name}": values})

    def summary(self) -> dict[str, Any]:
        """What the job's result says about the chain."""
        said: dict[str, Any] = {
            "checked": len(self.items),
            "kept": sum(self.alive),
            "dropped": self.dropped,
            "alone": self.alone,
            "rules": self.rules,
            "overlap": self.overlap,
            "repairs": {
                name: {
                    "proposed": len(found),
                    "applied": (applied := sum(one.applied for one in found)),
                    "open": len(found) - applied,
                }
                for name, found in self.repairs.items()
            },
            "weights": {},
            "asks": self.asks,
            "left_out": self.left_out,
            "examples": self.examples if self.preview else {},
        }
        if self.weights is not None and self.weights[1]:
            numbers = [value for _, value, _ in self.weights[1]]
            said["weights"][self.weights[0].name] = {
                "low": min(numbers),
                "mean": sum(numbers) / len(numbers),
                "high": max(numbers),
                "zero": sum(number == 0 for number in numbers),
            }
        return said
