"""Why this sample stands where it stands, and what labelling has bought so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.store import choosing
from workbench.store.choosing import Point
from workbench.store.connection import Store
from workbench.tui.widgets.charts import Whisker, intervals
from workbench.tui.widgets.lines import Run, cut, number, wrap
from workbench.tui.widgets.prompts import Reading

#: Points of the curve that are drawn.
POINTS = 10


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the page says. ``lines`` are (strategy, sentence), the queue's own first when there is a queue."""

    sample_id: int
    strategy: str | None
    lines: list[tuple[str, str]]
    about: list[str]
    curve: list[Point]
    no_curve: str


def gather(
    store: Store, sample_id: int, strategy: str | None, label_shape: str, *, mine: int | None = None
) -> Gathered:
    """Read everything; for the reading thread. ``mine``: the person who may not see what others said before speaking."""
    from workbench.curate.labels.explained import why
    from workbench.curate.labels.selecting import STRATEGIES, describe, unfit

    names = [name for name in STRATEGIES if unfit(STRATEGIES.get(name), label_shape) is None]
    if strategy in names:
        names = [strategy, *(name for name in names if name != strategy)]
    found = [(name, why(store, name, sample_id, mine=mine)) for name in names]
    lines = [(name, one.sentence) for name, one in found if one.score is not None or name == strategy]
    about = []
    if strategy is not None:
        told = describe(STRATEGIES.get(strategy))
        about = [str(told["summary"]), f"{told['paper']}; computed {told['computed']}."]
    points = choosing.curve(store)
    return Gathered(sample_id, strategy, lines, about, points, "" if points else choosing.no_curve(store))


class WhyScreen(Reading):
    """Opened with one key from Review."""

    def __init__(self, gathered: Gathered) -> None:
        super().__init__(f"Sample {gathered.sample_id}: why this one", [])
        self.gathered = gathered

    def lay_out(self) -> None:
        width = max(20, self.text.size.width)
        hint = "j k scroll  esc closes"
        title = cut(self.question, max(1, width - len(hint) - 1))
        self.text.show([(title, "pane--title"), (f" {hint}", "pane--muted")], page(self.gathered, width))


def page(found: Gathered, width: int) -> list[list[Run]]:
    """The page's lines."""
    lines: list[list[Run]] = [[]]

    def say(text: str, style: str = "pane--value") -> None:
        lines.extend([(line, style)] for line in wrap(text, width))

    first = found.lines[:1] if found.strategy else []
    for _, sentence in first:
        say(f"{sentence[:1].upper()}{sentence[1:]}.")
    for text in found.about:
        say(text, "pane--muted")
    others = found.lines[len(first) :]
    if others:
        if first:
            lines.append([])
        say("By other orders" if first else "By the orders that are computed (Q chooses one)", "pane--key")
        for _, sentence in others:
            say(f"- {sentence}")
    elif not first:
        say("No order has scored this sample yet: Q chooses what to look at first.")
    lines.append([])
    say("What labelling has bought so far", "pane--key")
    if not found.curve:
        say(found.no_curve)
        return lines
    say(bought(found.curve))
    lines.extend([(content.plain, "pane--value")] for content in intervals(whiskers(found.curve), width))
    return lines


def bought(points: Sequence[Point]) -> str:
    """One sentence about the curve's two ends."""
    last = points[-1]
    now = f"accuracy {last.accuracy:.3f} ({last.low:.3f}-{last.high:.3f})"
    on = f"on {number(last.validation)} validation texts, trained on {number(last.trained_on)}"
    if len(points) == 1:
        return f"After {number(last.labelled)} {'decision' if last.labelled == 1 else 'decisions'}: {now} {on}."
    first = points[0]
    return (
        f"From {number(first.labelled)} to {number(last.labelled)} decisions: accuracy {first.accuracy:.3f}, now "
        f"{now} {on}."
    )


def whiskers(points: Sequence[Point]) -> list[Whisker]:
    """At most ``POINTS`` of the curve at even steps, the first and the last among them."""
    most = min(POINTS, len(points))
    places = [round(at * (len(points) - 1) / max(1, most - 1)) for at in range(most)]
    return [
        Whisker(f"{number(points[at].labelled)} decided", points[at].accuracy, points[at].low, points[at].high)
        for at in places
    ]
