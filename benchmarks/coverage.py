"""How often the 95 % intervals hold the truth: a simulation of each kind over a grid of sizes and shares.

    python benchmarks/coverage.py [--quick] [--only wilson,bootstrap,...]

Each row prints the coverage in per cent for shares 0.6, 0.7, 0.8, 0.9 and 0.95, its largest Monte-Carlo error (one
standard error) and whether all cells hold 95 +- 2; a simulated cell fails when it is outside by more than two of its
errors. Cells in brackets stand outside of the checked grid (``is_rough``): they are shown, not judged. Wilson's coverage
is a sum over all outcomes, without error; in a cell marked * no end can be moved by
one count without getting further from 95.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

import numpy as np

from workbench.learn.bradley_terry import bradley_terry
from workbench.learn.f1 import bootstrap_macro_f1, paired_macro_f1
from workbench.learn.intervals import (
    FEWEST_DIFFERING,
    FEWEST_PER_LABEL,
    bootstrap,
    is_rough,
    wilson,
    z_of,
)
from workbench.learn.score_intervals import paired_difference, paired_ratio
from workbench.learn.significance import apart
from workbench.learn.win_rate import length_controlled, win_rate

SIZES = (60, 100, 200, 500, 1000)
SHARES = (0.6, 0.7, 0.8, 0.9, 0.95)
LOW, HIGH = 0.93, 0.97

Random = np.random.Generator
#: A trial: whether each interval made in it held its truth.
Trial = Callable[[Random], list[bool]]


@dataclass(frozen=True)
class Cell:
    """Coverage of one kind at one size and share; ``error`` is the Monte-Carlo one (0: computed exactly)."""

    coverage: float
    error: float
    checked: bool
    #: Outside, but one count more or less at either end would be further from 95 %.
    unattainable: bool = False

    @property
    def holds(self) -> bool:
        slack = 2 * self.error
        return not self.checked or self.unattainable or LOW - slack <= self.coverage <= HIGH + slack

    def __str__(self) -> str:
        shown = f"{100 * self.coverage:.1f}" + ("*" if self.unattainable else "")
        return shown if self.checked else f"({shown})"


@dataclass(frozen=True)
class Row:
    kind: str
    size: str
    cells: tuple[Cell, ...]

    @property
    def holds(self) -> bool:
        return all(cell.holds for cell in self.cells)


def simulated(trial: Trial, trials: int, start: int, *, checked: bool = True) -> Cell:
    """Intervals of one trial are not independent: the error is over trials."""
    random = np.random.default_rng(start)
    shares = np.array([np.mean(trial(random)) for _ in range(trials)])
    # Where few trials all held, their own spread would call that certain: at least the spread of 95 %.
    error = float(shares.std(ddof=1))
    if bool(np.isin(shares, (0.0, 1.0)).all()):
        error = max(error, math.sqrt(0.95 * 0.05))
    return Cell(float(shares.mean()), error / math.sqrt(trials), checked)


def held(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] - 1e-9 <= truth <= interval[1] + 1e-9


# ---- shares ----------------------------------------------------------------------------------------------------------


def exact(n: int, share: float) -> Cell:
    """Wilson's coverage: the chances of all numbers of right ones whose interval holds the share."""
    chances = [
        math.exp(
            math.lgamma(n + 1)
            - math.lgamma(k + 1)
            - math.lgamma(n - k + 1)
            + k * math.log(share)
            + (n - k) * math.log1p(-share)
        )
        for k in range(n + 1)
    ]
    holding = [k for k in range(n + 1) if held(wilson(k, n), share)]
    first, last = holding[0], holding[-1]
    coverage = math.fsum(chances[first : last + 1])
    moved = [(-1, 0), (1, 0), (0, -1), (0, 1)]
    neighbours = [math.fsum(chances[max(0, first + a) : min(n, last + b) + 1]) for a, b in moved]
    outside = not LOW <= coverage <= HIGH
    nearest = all(abs(coverage - 0.95) <= abs(one - 0.95) for one in neighbours)
    return Cell(coverage, 0.0, not is_rough(n, share), outside and nearest)


def of_shares(quick: bool) -> Iterator[Row]:
    for n in SIZES:
        yield Row("Wilson (exact)", str(n), tuple(exact(n, share) for share in SHARES))


def of_new_shares(quick: bool) -> Iterator[Row]:
    """Two shares of different items: b is 0.05 above or below a."""
    trials = 500 if quick else 4000
    for n in SIZES[::2] if quick else SIZES:

        def cell(p: float, n: int = n) -> Cell:
            other = p - 0.05

            def trial(random: Random) -> list[bool]:
                a, b = int(random.binomial(n, p)), int(random.binomial(n, other))
                return [held(apart(a / n, wilson(a, n), b / n, wilson(b, n)), other - p)]

            return simulated(trial, trials, n + int(100 * p))

        yield Row("difference of shares", str(n), tuple(map(cell, SHARES)))


# ---- paired answers --------------------------------------------------------------------------------------------------


def together(a: float, b: float, correlation: float) -> list[float]:
    """Chances that both, only the first, only the second, neither are right."""
    both = min(a, b, a * b + correlation * math.sqrt(a * (1 - a) * b * (1 - b)))
    return [both, a - both, b - both, 1 - a - b + both]


@lru_cache(maxsize=200_000)
def gain(table: tuple[int, ...]) -> tuple[float, float]:
    return paired_difference(*table, z=z_of(0.95))


@lru_cache(maxsize=200_000)
def ratio(table: tuple[int, ...]) -> tuple[float, float]:
    return paired_ratio(*table, z=z_of(0.95))


def seed(random: Random) -> int:
    """Another one for each trial: else all share the bootstrap's own error."""
    return int(random.integers(1 << 30))


def of_pairs(quick: bool) -> Iterator[Row]:
    """Two classifiers on the same rows, b 0.02 better, whose errors are independent, alike or nearly the same."""
    trials = 300 if quick else 1000
    for correlation in (0.5,) if quick else (0.0, 0.5, 0.9):
        for n in SIZES[::2] if quick else SIZES:
            differences, ratios = [], []
            for p in SHARES:
                chances = together(p, p + 0.02, correlation)
                checked = n * (chances[1] + chances[2]) >= FEWEST_DIFFERING

                def trial(random: Random, n: int = n, chances: list[float] = chances, p: float = p) -> list[bool]:
                    table = tuple(int(count) for count in random.multinomial(n, chances))
                    return [held(gain(table), 0.02)]

                def divided(random: Random, n: int = n, chances: list[float] = chances, p: float = p) -> list[bool]:
                    table = tuple(int(count) for count in random.multinomial(n, chances))
                    return [held(ratio(table), p / (p + 0.02))]

                differences.append(simulated(trial, trials, n, checked=checked))
                ratios.append(simulated(divided, trials, n, checked=checked))
            yield Row(f"paired difference, correlation {correlation}", str(n), tuple(differences))
            yield Row(f"ratio, correlation {correlation}", str(n), tuple(ratios))


# ---- macro-F1 --------------------------------------------------------------------------------------------------------


def confusing(labels: int, uneven: float, right: float) -> np.ndarray:
    """Chances of (right label, prediction); labels are as frequent as ``1 / rank ** uneven``."""
    frequent = np.arange(1, labels + 1, dtype=float) ** -uneven
    frequent /= frequent.sum()
    table = np.zeros((labels, labels))
    random = np.random.default_rng(labels)
    for label in range(labels):
        others = np.arange(labels) != label
        table[label, others] = frequent[label] * (1 - right) * random.dirichlet(2 * np.ones(labels - 1))
        table[label, label] = frequent[label] * right
    return table


def exact_f1(table: np.ndarray) -> float:
    return float(np.mean(2 * np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))))


def of_macro_f1(quick: bool) -> Iterator[Row]:
    trials = 120 if quick else 600
    for labels, uneven in ((3, 1.0), (10, 0.0)):
        for n in (60, 200) if quick else (60, 200, 500):
            cells = []
            for p in SHARES:
                table = confusing(labels, uneven, p)

                def trial(random: Random, n: int = n, table: np.ndarray = table) -> list[bool]:
                    drawn = random.choice(table.size, n, p=table.ravel())
                    gold, predicted = (drawn // len(table)).tolist(), (drawn % len(table)).tolist()
                    return [
                        held(bootstrap_macro_f1(gold, predicted, resamples=400, seed=seed(random)), exact_f1(table))
                    ]

                cells.append(simulated(trial, trials, n, checked=n >= FEWEST_PER_LABEL * labels))
            yield Row(f"macro-F1, {labels} labels", str(n), tuple(cells))


def of_paired_macro_f1(quick: bool) -> Iterator[Row]:
    """Two classifiers that repeat each other's answer in half of the rows."""
    trials, labels = 150 if quick else 600, 3
    for n in (60, 200) if quick else SIZES[:4]:
        cells = []
        for p in SHARES:
            table = confusing(labels, 1.0, p)
            frequent = table.sum(axis=1)
            chances = table / frequent[:, None]
            totals = np.cumsum(chances, axis=1)
            # b repeats a with chance 1/2, else it answers anew, a little better.
            better = confusing(labels, 1.0, min(0.97, p + 0.04))
            mixed = (table + better) / 2
            truth = exact_f1(mixed) - exact_f1(table)
            anew = np.cumsum(better / better.sum(axis=1, keepdims=True), axis=1)

            def trial(
                random: Random,
                n: int = n,
                totals: np.ndarray = totals,
                anew: np.ndarray = anew,
                truth: float = truth,
                frequent: np.ndarray = frequent,
            ) -> list[bool]:
                gold = random.choice(labels, n, p=frequent)
                a = (random.random((n, 1)) > totals[gold]).sum(axis=1)
                other = (random.random((n, 1)) > anew[gold]).sum(axis=1)
                b = np.where(random.random(n) < 0.5, a, other)
                return [
                    held(
                        paired_macro_f1(gold.tolist(), a.tolist(), b.tolist(), resamples=400, seed=seed(random)), truth
                    )
                ]

            differing = n * (1 - p) * 0.9
            cells.append(simulated(trial, trials, n, checked=differing >= FEWEST_DIFFERING))
        yield Row("paired macro-F1, 3 labels", str(n), tuple(cells))


# ---- means, duels ----------------------------------------------------------------------------------------------------


def of_means(quick: bool) -> Iterator[Row]:
    """The bootstrap of a mean: of normal, uniform and exponential numbers, of a median (no share to vary: one row each)."""
    trials = 100 if quick else 600
    kinds: dict[str, tuple[Callable[[Random, int], np.ndarray], float]] = {
        "normal": (lambda random, n: random.normal(0, 1, n), 0.0),
        "uniform": (lambda random, n: random.random(n), 0.5),
        "exponential": (lambda random, n: random.exponential(1, n), 1.0),
    }
    for name, (draw, truth) in kinds.items():
        cells = []
        for n in SIZES[:4]:

            def trial(random: Random, n: int = n) -> list[bool]:
                return [held(bootstrap(draw(random, n), seed=seed(random)), truth)]  # noqa: B023

            cells.append(simulated(trial, trials, n))
        yield Row(f"bootstrap of a mean, {name} (n {SIZES[:4]})", "", tuple(cells))


def of_win_rates(quick: bool) -> Iterator[Row]:
    """Both orders judged; a share of duels turns with the order (0, 0.2, 0.4 of them count a half)."""
    trials = 200 if quick else 1000
    for ties in (0.2,) if quick else (0.0, 0.2, 0.4):
        for n in SIZES[::2] if quick else SIZES:
            cells = []
            for p in SHARES:
                if p + ties / 2 > 1 + 1e-9:
                    continue
                chances = (p - ties / 2, ties, max(0.0, 1 - p - ties / 2))

                def trial(random: Random, n: int = n, p: float = p, chances: tuple[float, ...] = chances) -> list[bool]:
                    won, tied, lost = random.multinomial(n, chances)
                    found = win_rate([(1, 1)] * won + [(1, 0)] * tied + [(0, 0)] * lost)
                    return [held((found.low, found.high), p)]

                cells.append(simulated(trial, trials, n))
            yield Row(f"win rate, {ties:.0%} ties", str(n), tuple(cells))


def of_rankings(quick: bool) -> Iterator[Row]:
    """Strengths evenly spread; the share is the chance of the strongest against the weakest. All strengths are judged,
    and the chance of the first two against each other."""
    for contenders, ties in ((4, 0.2),) if quick else ((2, 0.0), (2, 0.2), (4, 0.0), (4, 0.2), (8, 0.0)):
        trials = 60 if quick else (1000, 400, 120)[(2, 4, 8).index(contenders)]
        for n in (60,) if quick else (60, 200):
            cells = []
            for p in SHARES:
                truth = np.linspace(0.5, -0.5, contenders) * math.log(p / (1 - p))
                cells.append(simulated(ranked(truth, n, ties), trials, n + contenders))
            yield Row(f"Bradley-Terry, {contenders} contenders, {ties:.0%} ties", f"{n} a pair", tuple(cells))


def ranked(truth: np.ndarray, n: int, ties: float) -> Trial:
    """A win at chance c, with ``ties`` of the smaller of c and 1 - c taken from either side: the mean score stays c."""
    contenders = len(truth)
    pairs = [(i, j) for i in range(contenders) for j in range(i + 1, contenders)]
    first = np.repeat([i for i, _ in pairs], n)
    second = np.repeat([j for _, j in pairs], n)
    chances = 1 / (1 + np.exp(truth[second] - truth[first]))
    halves = ties * np.minimum(chances, 1 - chances)

    def trial(random: Random) -> list[bool]:
        u = random.random(len(first))
        scores = np.where(u < chances - halves, 1.0, np.where(u < chances + halves, 0.5, 0.0))
        found = bradley_terry(contenders, list(zip(first.tolist(), second.tolist(), scores.tolist(), strict=True)))
        chance = 1 / (1 + math.exp(truth[1] - truth[0]))
        return [
            *(held((found.low[k], found.high[k]), float(truth[k])) for k in range(contenders)),
            held(found.probability(0, 1), chance),
        ]

    return trial


def of_length_control(quick: bool) -> Iterator[Row]:
    """Wins drawn from the model itself: the share is the win rate at equal length, A's answers are longer on average."""
    trials = 100 if quick else 300
    for n in (60,) if quick else (60, 100, 200):
        cells = []
        for p in SHARES:

            def trial(random: Random, n: int = n, p: float = p) -> list[bool]:
                longer = random.normal(100, 200, n)
                squashed = np.tanh(longer / longer.std())
                chance = 1 / (1 + np.exp(-(math.log(p / (1 - p)) + 0.8 * squashed)))
                found = length_controlled(
                    (random.random(n) < chance).astype(float), longer, np.zeros(n), resamples=300, seed=seed(random)
                )
                return [held((found.low, found.high), p)]

            cells.append(simulated(trial, trials, n))
        yield Row("length-controlled win rate", str(n), tuple(cells))


KINDS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "wilson": of_shares,
    "difference": of_new_shares,
    "paired": of_pairs,
    "macro_f1": of_macro_f1,
    "paired_macro_f1": of_paired_macro_f1,
    "bootstrap": of_means,
    "win_rate": of_win_rates,
    "bradley_terry": of_rankings,
    "length": of_length_control,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer trials and cells, about 20 seconds")
    parser.add_argument("--only", default=",".join(KINDS), help=f"some of {', '.join(KINDS)}")
    given = parser.parse_args()
    failed, start = 0, perf_counter()
    print(f"{'':44} {'n':>10}  " + " ".join(f"{share:>7}" for share in SHARES) + "   error  95 +- 2")
    for kind in given.only.split(","):
        began = perf_counter()
        for row in KINDS[kind](given.quick):
            failed += not row.holds
            error = max(cell.error for cell in row.cells)
            shown = " ".join(f"{cell!s:>7}" for cell in row.cells)
            shown += "        " * (len(SHARES) - len(row.cells))
            print(
                f"{row.kind:44} {row.size:>10}  {shown}   {100 * error:5.2f}  {'yes' if row.holds else 'NO'}",
                flush=True,
            )
        print(f"{kind}: {perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    print(f"{perf_counter() - start:.0f} s, rows outside: {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
