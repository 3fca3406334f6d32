"""Open evaluation against known answers: ``python benchmarks/llmbar.py [--judges 200]``.

LLMBar's 100 natural pairs (Zeng et al., *Evaluating Large Language Models at Evaluating Instruction Following*, ICLR 2024)
have a known better output. Judges scripted from that, with a given accuracy and a given bias towards what stands first, show
whether the machinery finds the accuracy, the flip rate, the bias and a ranking that were put in, and how often its intervals
hold them. Then a judge of lengths alone: how often it is right, and what length control makes of it.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from workbench.evaluate.open.standings import standings
from workbench.pipeline.pairing_files import load
from workbench.store.duels import Choice, Comparison, Duel, NewDuel, Side

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "llmbar" / "natural.json"
#: What a judge prefers of two outputs, in the duel's own terms.
Opinion = Callable[[Duel], Side]
GRID = ((0.95, 0.0), (0.9, 0.1), (0.8, 0.2), (0.7, 0.3))
STRENGTHS = (1.0, 0.0, -1.0)


@dataclass(frozen=True, slots=True)
class Found:
    """What a judge's standings say, each as (value, low, high)."""

    accuracy: tuple[float, float, float]
    flips: tuple[float, float, float]
    position: tuple[float, float, float]
    win_rate: tuple[float, float, float]
    at_equal_length: tuple[float, float, float]


def better_and_worse() -> tuple[Comparison, list[Duel]]:
    """LLMBar's pairs with the better output as contender "better"."""
    duels = []
    for at, one in enumerate(load(DATA).duels, 1):
        first, second = (0, 1) if one.gold == "first" else (1, 0)
        duels.append(_duel(replace(one, first=first, second=second), at))
    return Comparison(
        1, "llmbar", "Which output follows the instruction better?", ("better", "worse"), {}, "", 0
    ), duels


def _duel(one: NewDuel, at: int) -> Duel:
    return Duel(
        one.input, one.first, one.second, one.first_text, one.second_text, None, None, one.gold, id=at, position=at
    )


def judged(duels: Sequence[Duel], opinion: Opinion, bias: float, draw: random.Random) -> Iterator[Choice]:
    """Both orders of every duel: its opinion, or with chance ``bias`` whatever stands first.

    A flip is then a duel in whose order against the opinion the bias struck: the flip rate is ``bias``. A judge whose
    opinion is right with chance ``a`` is right in ``a (1 - bias) + bias / 2``.
    """
    for duel in duels:
        view = opinion(duel)
        for swapped in (False, True):
            shown_first: Side = "second" if swapped else "first"
            yield Choice(duel.id, "judge", False, swapped, shown_first if draw.random() < bias else view, "", None)


def right(accuracy: float, draw: random.Random) -> Opinion:
    """The known answer, or with chance ``1 - accuracy`` the other one."""

    def opinion(duel: Duel) -> Side:
        assert duel.gold is not None
        wrong: Side = "second" if duel.gold == "first" else "first"
        return duel.gold if draw.random() < accuracy else wrong

    return opinion


def longer(duel: Duel) -> Side:
    """The longer output."""
    gap = len(duel.first_text) - len(duel.second_text)
    return "tie" if not gap else "first" if gap > 0 else "second"


def measured(comparison: Comparison, duels: Sequence[Duel], choices: Sequence[Choice]) -> Found:
    metrics = standings(comparison, duels, choices)["judges"][0]["metrics"]

    def ends(name: str) -> tuple[float, float, float]:
        one: dict[str, Any] = metrics[name]
        return one["value"], one["low"], one["high"]

    return Found(
        ends("open.accuracy"), ends("open.flip_rate"), ends("open.position"), ends("open.win_rate"),
        ends("open.length_controlled"),
    )  # fmt: skip


def tournament(duels: Sequence[Duel], strengths: Sequence[float], draw: random.Random) -> list[Duel]:
    """Contenders of known strengths: every two meet over all inputs, and the better output is i's with the chance that
    Bradley and Terry's model gives i."""
    made: list[Duel] = []
    for i, j in combinations(range(len(strengths)), 2):
        for one in duels:
            wins = draw.random() < 1 / (1 + math.exp(strengths[j] - strengths[i]))
            first, second = (i, j) if wins == (one.gold == "first") else (j, i)
            made.append(replace(one, first=first, second=second, id=len(made) + 1))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--judges", type=int, default=200, help="scripted judges for each line (default: 200)")
    options = parser.parse_args()
    if not DATA.exists():
        raise SystemExit(f"{DATA} is not there: put LLMBar's natural pairs beside the checkout.")
    comparison, duels = better_and_worse()
    print(f"{len(duels)} pairs; {options.judges} judges a line; held: how often the 95 % interval has what was put in")
    print(f"{'put in':<26}{'accuracy':>16}{'held':>7}{'flips':>9}{'held':>7}{'first':>9}{'held':>7}")
    for accuracy, bias in GRID:
        scripted(comparison, duels, accuracy, bias, options.judges)
    ranked(comparison, duels, max(1, options.judges // 4))
    lengths(comparison, duels)


def scripted(comparison: Comparison, duels: Sequence[Duel], accuracy: float, bias: float, judges: int) -> None:
    wanted = (accuracy * (1 - bias) + bias / 2, bias, (1 + bias) / 2)
    found = []
    for seed in range(judges):
        draw = random.Random(seed)
        one = measured(comparison, duels, list(judged(duels, right(accuracy, draw), bias, draw)))
        found.append((one.accuracy, one.flips, one.position))
    cells = ""
    for at, truth in enumerate(wanted):
        mean = sum(one[at][0] for one in found) / judges
        held = sum(one[at][1] - 1e-9 <= truth <= one[at][2] + 1e-9 for one in found) / judges
        cells += f"{mean:>9.3f}{f' ({truth:.3f})' if at == 0 else ''}{held:>7.0%}"
    print(f"accuracy {accuracy:.2f}, bias {bias:.2f}   {cells}")


def ranked(comparison: Comparison, duels: Sequence[Duel], rounds: int) -> None:
    comparison = replace(comparison, contenders=("a", "b", "c"))
    order = held = 0
    for seed in range(rounds):
        draw = random.Random(seed)
        meetings = tournament(duels, STRENGTHS, draw)
        found = standings(comparison, meetings, list(judged(meetings, right(1.0, draw), 0.0, draw)))
        rows = found["judges"][0]["ranking"]
        order += [row["contender"] for row in rows] == [0, 1, 2]
        held += sum(row["low"] <= STRENGTHS[row["contender"]] <= row["high"] for row in rows)
    print(
        f"three contenders of strengths 1, 0, -1, 100 duels each two: order found in {order / rounds:.0%} of {rounds}"
    )
    print(f"  rounds, strengths inside their intervals in {held / rounds / 3:.0%}")


def lengths(comparison: Comparison, duels: Sequence[Duel]) -> None:
    one = measured(comparison, duels, list(judged(duels, longer, 0.0, random.Random(0))))
    print("a judge that takes the longer output:")
    for title, ends in (
        ("right", one.accuracy),
        ("better wins", one.win_rate),
        ("at equal length", one.at_equal_length),
    ):
        print(f"  {title:<16}{ends[0]:.3f} ({ends[1]:.3f}-{ends[2]:.3f})")


if __name__ == "__main__":
    main()
