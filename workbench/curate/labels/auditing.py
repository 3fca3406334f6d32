"""What an audit says so far: how many are right, between which bounds, and how many more it takes. Pure Python."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workbench.learn.audits import Bounds, Count, more, sequence, stratified, wilson
from workbench.store import audits
from workbench.store.audits import Audit, Finding
from workbench.store.connection import Store
from workbench.text import clean

#: Which interval is shown, in words.
SHOWN = {
    "sequence": "95 % at any moment: you may stop when you like (confidence sequence)",
    "wilson": "95 % if it ends at the planned number (Wilson, finite population)",
}


@dataclass(frozen=True, slots=True)
class Group:
    """One label's part of an audit, or the whole."""

    label: str | None
    count: Count
    accuracy: float | None
    low: float
    high: float
    more: int


@dataclass(frozen=True, slots=True)
class State:
    """An audit so far. ``interval`` is "sequence" or "wilson"; ``reached`` whether its target is met."""

    audit: int
    view: str
    whole: Group
    labels: tuple[Group, ...]
    interval: str
    target: float | None
    size: int | None
    reached: bool
    closed: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def state(store: Store, audit: Audit) -> State:
    """How an audit stands; a closed one as it was when it was closed."""
    if audit.result is not None:
        return _stored(audit.result)
    return judge(audit, audits.findings(store, audit))


def judge(audit: Audit, found: list[Finding | None]) -> State:
    """The state from the findings in order. Those that were passed over count as undecided."""
    goal = audit.goal
    always = goal.size is None
    interval = sequence if always else wilson
    target = goal.half_width if goal.half_width is not None else 0.0
    if not goal.by_label:
        count = _count(audit.population, found)
        # Beyond what is frozen nobody can look: the number of more is about what is.
        left = min(len(audit.frozen), audit.population) - count.looked
        bounds = interval(count, 0.05)
        extra = more(count, target, sequence) if always else max(0, (goal.size or 0) - count.looked)
        whole = Group(None, count, count.accuracy, bounds.low, bounds.high, min(extra, left))
        labels: tuple[Group, ...] = ()
    else:
        whole, labels = _by_label(audit, found, always, target)
    reached = (
        all(Bounds(one.low, one.high).half_width <= target for one in labels or (whole,))
        if always
        else whole.count.looked >= min(goal.size or 0, len(audit.frozen))
    )
    name = "sequence" if always else "wilson"
    return State(
        audit.id, audit.view, whole, labels, name, goal.half_width, goal.size, reached, audit.closed_at is not None
    )


def _by_label(
    audit: Audit, found: list[Finding | None], always: bool, target: float
) -> tuple[Group, tuple[Group, ...]]:
    interval = sequence if always else wilson
    of_label: dict[str, list[Finding | None]] = {label: [] for label in audit.goal.populations or {}}
    for (_, label), finding in zip(audit.frozen, found, strict=False):
        of_label.setdefault(label, []).append(finding)
    counts = {
        label: _count((audit.goal.populations or {}).get(label, len(some)), some) for label, some in of_label.items()
    }
    groups = []
    for label, count in counts.items():
        low, high = interval(count, 0.05)
        extra = more(count, target, sequence) if always else 0
        groups.append(Group(label, count, count.accuracy, low, high, extra))
    share, bounds = stratified(list(counts.values()), always=always)
    total = Count(
        audit.population,
        sum(count.right for count in counts.values()),
        sum(count.wrong for count in counts.values()),
        sum(count.undecided for count in counts.values()),
    )
    extra = sum(group.more for group in groups) if always else max(0, (audit.goal.size or 0) - total.looked)
    return Group(None, total, share, bounds.low, bounds.high, extra), tuple(groups)


def _count(population: int, found: list[Finding | None]) -> Count:
    right, wrong = found.count("right"), found.count("wrong")
    return Count(population, right, wrong, len(found) - right - wrong)


def _stored(result: dict[str, Any]) -> State:
    def group(value: dict[str, Any]) -> Group:
        return Group(**{**value, "count": Count(**value["count"])})

    return State(
        **{
            **result,
            "whole": group(result["whole"]),
            "labels": tuple(group(one) for one in result["labels"]),
            "closed": True,
        }
    )


def close(store: Store, audit: Audit) -> State:
    """End an audit; what it says now is kept."""
    last = state(store, audit)
    audits.close(store, audit.id, last.to_json())
    return last


def sentence(now: State) -> str:
    """``60 looked at: accuracy 0.92, 0.77-0.98; about 950 more for ±0.03``."""
    whole = now.whole
    looked = f"{whole.count.looked:,} looked at"
    if whole.count.undecided:
        looked += f" ({whole.count.undecided:,} undecided)"
    if whole.accuracy is None:
        said = (
            f"{looked}: no share yet, {_span(whole)}"
            if whole.count.looked
            else f"{looked} of {whole.count.population:,}"
        )
    else:
        said = f"{looked}: accuracy {whole.accuracy:.2f}, {_span(whole)}"
    return f"{said}; {_left(now)}"


def _span(group: Group) -> str:
    return f"{group.low:.2f}-{group.high:.2f}"


def _left(now: State) -> str:
    if now.closed:
        return "closed"
    if now.size is not None:
        return f"{now.whole.more:,} more of the planned {now.size:,}" if now.whole.more else "all of the plan looked at"
    width = f"±{now.target:g}" + (" of each label" if now.labels else "")
    return f"the target of {width} is reached" if now.reached else f"about {_about(now.whole.more)} more for {width}"


def _about(number: int) -> str:
    """A number that is only an estimate: two digits that count."""
    step = 10 ** max(0, len(str(number)) - 2)
    return f"{-(-number // step) * step:,}"


def lines(now: State) -> list[str]:
    """The audit in full: the sentence, which interval it is, each label."""
    found = [
        f"Audit {now.audit} of {clean(now.view) or 'all samples'} ({now.whole.count.population:,} samples)",
        sentence(now),
        f"The interval: {SHOWN[now.interval]}.",
    ]
    if now.whole.count.undecided:
        found.append("Undecided ones may all be wrong at the lower end, all right at the upper one.")
    if now.labels:
        found.append(
            "Each label's interval is about that label alone; over all, labels weigh as many samples as they have."
        )
    for group in now.labels:
        share = "-" if group.accuracy is None else f"{group.accuracy:.2f}"
        extra = f", about {_about(group.more)} more" if group.more and not now.closed and now.size is None else ""
        found.append(
            f"  {clean(group.label or '')}: {share}, {_span(group)}, {group.count.looked:,} of {group.count.population:,}{extra}"
        )
    return found
