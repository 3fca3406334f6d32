"""How often A wins against B: with both orders of showing them, and at equal length of their answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.learn.intervals import RESAMPLES, Interval, bounded_mean, is_rough, z_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Weight of the drawn duel at equal length, and standard deviation of the prior of the length's coefficient (Gelman,
#: Jakulin, Pittau, Su, *A weakly informative default prior distribution*, Annals of Applied Statistics 2, 2008): where
#: length, or one side, explains everything, the likelihood alone has no finite answer.
DRAWN = 1.0
SPREAD = 2.5

#: With a slope like this length decides nearly every duel: the win rate at equal length hangs on the few of nearly equal length.
_STEEP = 3 * SPREAD

_STEPS = 60


@dataclass(frozen=True, slots=True)
class WinRate:
    """A's wins against B. ``value`` between 0 and 1 with the ends ``low`` and ``high``; ``wins``, ``losses`` and ``ties`` of
    A over ``n`` duels. ``flips``: share of duels judged in both orders (``both`` of them) whose two verdicts differ;
    ``reversals``: those where each order named another winner; None where no duel was judged in both.
    ``first``: how often what was shown first was preferred, draws as halves, over all verdicts (0.5: no bias of
    position), with ``first_low`` and ``first_high``; None where only one order was judged: it cannot be told from A's
    wins. ``rough``: outside of the checked grid."""

    value: float
    low: float
    high: float
    n: int
    wins: int
    losses: int
    ties: int
    both: int
    flips: float | None
    reversals: float | None
    first: float | None
    first_low: float | None
    first_high: float | None
    rough: bool


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """Win rate at equal length: ``value`` with the ends ``low`` and ``high``; ``slope``: log odds per unit of the squashed
    difference of lengths (above 0: longer answers win); ``spread``: standard deviation of the differences. ``rough``: outside
    of the checked grid, or length decides nearly every duel."""

    value: float
    low: float
    high: float
    slope: float
    slope_low: float
    slope_high: float
    spread: float
    n: int
    rough: bool


def win_rate(duels: Sequence[tuple[float | None, float | None]], confidence: float = 0.95) -> WinRate:
    """A's share of the duels, each given as A's score (1 won, 0.5 drawn, 0 lost) when shown first and when shown second;
    None where that order was not judged. A duel with neither is left out.

    A duel judged in both orders counts 1 where both favour A, 0 where both favour B, and 1/2 else: a verdict that turns with
    the order says nothing about the answers (Zheng et al., *Judging LLM-as-a-judge with MT-bench and Chatbot Arena*,
    NeurIPS 2023, section 3.4). One judged in one order counts its score. The interval is ``bounded_mean`` over duels,
    not verdicts. Raises ``ValueError`` when no duel was judged, or for another score.
    """
    judged = [pair for pair in duels if pair != (None, None)]
    if any(score not in (None, 0, 0.5, 1) for pair in judged for score in pair):
        raise ValueError("a score is 0, 0.5 or 1")
    if not judged:
        raise ValueError("no duel was judged")
    scores = [score_of_duel(*pair) for pair in judged]
    low, high = bounded_mean(scores, confidence)
    both = [(a, b) for a, b in judged if a is not None and b is not None]
    # Within a duel the two verdicts lean on the same answers: the mean of both is one observation.
    first = [(a + 1 - b) / 2 for a, b in both]
    first_ends = bounded_mean(first, confidence) if both else None
    value = math.fsum(scores) / len(scores)
    return WinRate(
        value,
        low,
        high,
        len(scores),
        sum(score == 1 for score in scores),
        sum(score == 0 for score in scores),
        sum(score == 0.5 for score in scores),
        len(both),
        sum(a != b for a, b in both) / len(both) if both else None,
        sum(abs(a - b) == 1 for a, b in both) / len(both) if both else None,
        math.fsum(first) / len(first) if both else None,
        first_ends.low if first_ends else None,
        first_ends.high if first_ends else None,
        is_rough(len(scores), value),
    )


def score_of_duel(shown_first: float | None, shown_second: float | None) -> float:
    """One score of A from both orders, as ``win_rate`` counts it. At least one of them was judged."""
    if shown_first is None or shown_second is None:
        return float(shown_first if shown_second is None else shown_second)  # type: ignore[arg-type]
    if shown_first + shown_second > 1.5:
        return 1.0
    return 0.0 if shown_first + shown_second < 0.5 else 0.5


def length_controlled(
    scores: Sequence[float],
    lengths_a: Sequence[float],
    lengths_b: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> LengthControlled:
    """A's win rate were its answers as long as B's: ``scores`` of A (0 to 1) and the lengths of both answers, per duel.

    ``logit P(A wins) = t + f tanh((length_a - length_b) / sd)`` with ``sd`` the standard deviation of the differences, read
    at difference 0: ``1 / (1 + exp(-t))`` (Dubois, Galambosi, Liang, Hashimoto, *Length-controlled AlpacaEval*, COLM 2024;
    their term for the difficulty of an instruction, shared between many models, is left out: here are two). A weak prior keeps
    it finite: one drawn duel at equal length, ``f`` normal with standard deviation 2.5. The interval is normal in log odds,
    its error from a Bayesian bootstrap over duels (Rubin, Annals of Statistics 9, 1981). Raises ``ValueError`` for no duels,
    unequal lengths or other scores.
    """
    import numpy as np

    won = np.asarray(scores, dtype=np.float64)
    gaps = np.asarray(lengths_a, dtype=np.float64) - np.asarray(lengths_b, dtype=np.float64)
    if not len(won) or len(won) != len(gaps):
        raise ValueError(f"{len(won)} scores and {len(gaps)} pairs of lengths are not as many duels")
    if won.min() < 0 or won.max() > 1:
        raise ValueError("a score lies between 0 and 1")
    spread = float(gaps.std())
    squashed = np.tanh(gaps / spread) if spread else np.zeros(len(gaps))
    centre, slope = _fit(np.ones((1, len(won))), won, squashed)
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.ones(len(won)), resamples) * len(won)
    # The drawn duel is an observation like the others: its weight varies with theirs.
    t, f = _fit(weights, won, squashed, random.gamma(DRAWN / 2, 2.0, (resamples, 2)) / 2)
    # Symmetric in log odds: percentiles would lean outwards twice, as the estimate itself leans outwards a little.
    wide = z_of(confidence) * math.sqrt(len(won) / max(1, len(won) - 2))
    half, half_slope = wide * float(t.std()), wide * float(f.std())
    rates = Interval(*(float(1 / (1 + np.exp(-(centre[0] + end)))) for end in (-half, half)))
    slopes = Interval(float(slope[0]) - half_slope, float(slope[0]) + half_slope)
    value = float(1 / (1 + np.exp(-centre[0])))
    rough = is_rough(len(won), value) or max(abs(slopes.low), abs(slopes.high)) > _STEEP
    return LengthControlled(value, *rates, float(slope[0]), *slopes, spread, len(won), rough)


def _fit(weights: Floats, won: Floats, squashed: Floats, drawn: Floats | None = None) -> tuple[Floats, Floats]:
    """Intercepts and slopes, one of each per row of ``weights`` (r, n), by Newton's method. ``drawn`` (r, 2): weights of the
    added win and loss at equal length."""
    import numpy as np

    rows = len(weights)
    extra = np.full((rows, 2), DRAWN / 2) if drawn is None else drawn
    x = np.append(squashed, 0.0)
    y = np.append(won, 0.0)
    w = np.column_stack([weights, extra.sum(axis=1)])
    y_sum = (w[:, :-1] * won).sum(axis=1) + extra[:, 0]
    xy_sum = (w * x) @ y
    t, f = np.zeros(rows), np.zeros(rows)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(t[:, None] + f[:, None] * x)))
        pull = w * chance
        gradient_t, gradient_f = y_sum - pull.sum(axis=1), xy_sum - pull @ x - f / SPREAD**2
        curve = pull * (1 - chance)
        tt, tf, ff = curve.sum(axis=1), curve @ x, curve @ (x * x) + 1 / SPREAD**2
        det = tt * ff - tf * tf
        step_t, step_f = (ff * gradient_t - tf * gradient_f) / det, (tt * gradient_f - tf * gradient_t) / det
        # Far from the answer Newton's step overshoots: at most 2 in log odds at a time.
        scale = np.minimum(1.0, 2.0 / np.maximum(1e-300, np.maximum(np.abs(step_t), np.abs(step_f))))
        t, f = t + scale * step_t, f + scale * step_f
        if max(np.abs(step_t).max(), np.abs(step_f).max()) < 1e-10:
            break
    return t, f


def as_json(found: WinRate | LengthControlled) -> dict[str, Any]:
    """The fields, for results kept as JSON."""
    from dataclasses import asdict

    return asdict(found)
