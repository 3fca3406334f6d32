"""Ranking from duels: Bradley and Terry's model, with intervals and the contenders that cannot be told apart."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.learn.intervals import Interval, z_of
from workbench.learn.significance import holm, two_sided

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Duels = tuple[NDArray[np.int64], NDArray[np.int64], Floats]

#: Drawn duels that every pair is given where the duels alone have no finite answer.
PRIOR = 0.5

#: The smallest p, corrected for all pairs, with which two contenders still count as equal.
LEVEL = 0.05

_STEPS = 200
_CLOSE = 1e-12

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """What duels say about ``n`` contenders; everything is in the order in which they are numbered.

    ``strengths``: log odds against an average contender (mean 0), with the ends ``low`` and ``high``.
    ``probabilities[i][j]``: that i beats j. ``p[i][j]``: of no difference, corrected by Holm for all pairs. ``ranks``: best and
    worst place (1 is best) that the real differences leave. ``tiers``: contenders from the best; the members of a tier
    cannot be told apart from its first. ``covariance``: of the strengths. ``connected``: every contender can be compared
    with every other through duels. ``prior``: drawn duels added for each pair (0: none were needed). ``note``: what is rough.
    """

    strengths: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    probabilities: Matrix
    p: Matrix
    ranks: tuple[tuple[int, int], ...]
    tiers: tuple[tuple[int, ...], ...]
    covariance: Matrix
    duels: int
    connected: bool
    prior: float
    note: str

    @property
    def order(self) -> tuple[int, ...]:
        """The contenders from the strongest; equal ones in the order of their numbers."""
        return tuple(sorted(range(len(self.strengths)), key=lambda one: (-self.strengths[one], one)))

    def probability(self, i: int, j: int, confidence: float = 0.95) -> Interval:
        """The interval of the chance that ``i`` beats ``j``."""
        centre = self.strengths[i] - self.strengths[j]
        half = z_of(confidence) * _error(self.covariance, i, j)
        return Interval(_logistic(centre - half), _logistic(centre + half))


def bradley_terry(
    n: int,
    duels: Sequence[tuple[int, int, float]],
    *,
    units: Sequence[Hashable] | None = None,
    prior: float | None = None,
    confidence: float = 0.95,
) -> Ranking:
    """Maximum-likelihood strengths of ``n`` contenders from ``duels`` (i, j, score of i: 1 won, 0 lost, 0.5 drawn).

    ``P(i beats j) = 1 / (1 + exp(s_j - s_i))``; a draw counts as half a win for each (Bradley, Terry, *Rank analysis of
    incomplete block designs*, Biometrika 39, 1952; Hunter, *MM algorithms for generalized Bradley-Terry models*, Annals
    of Statistics 32, 2004). Solved by Newton's method.

    Intervals are ``s +- z * error`` with the sandwich ``H^-1 B H^-1`` (Huber 1967; for ranking models Chiang et al., *Chatbot
    Arena*, ICML 2024): draws make scores vary less than the model thinks, and duels about one thing (one input judged by
    several people or in both orders: equal ``units``) are not independent; ``B`` adds each unit's scores up first. It also
    holds the variance of one more duel for each pair, so that duels that all ended alike still leave a doubt.
    With a prior the model's own variance ``H^-1`` stands instead: there the sandwich takes a lack of surprises for certainty.

    Where the duels have no finite answer - somebody, or some group, never lost or never met the others (Ford 1957) - each
    pair is given ``PRIOR`` drawn duels, or the given ``prior``; the ranking says so and its intervals are rough. Raises
    ``ValueError`` for a contender who is not there, who meets himself, or a score outside 0 to 1.
    """
    import numpy as np

    _check(n, duels)
    table = _arrays(duels)
    wins = np.zeros((n, n))
    np.add.at(wins, (table[0], table[1]), table[2])
    np.add.at(wins, (table[1], table[0]), 1 - table[2])
    connected = _reaches_all((wins + wins.T) > 0)
    finite = n < 2 or _reaches_all(wins > 0)
    added = (0.0 if finite else PRIOR) if prior is None else prior
    wins += added / 2 * (1 - np.eye(n))
    strengths = _solve(wins)
    covariance = _sandwich(strengths, wins, table, units, added)
    half = z_of(confidence) * np.sqrt(np.diag(covariance))
    spread = _matrix(covariance)
    adjusted = _adjusted(strengths, spread)
    chances = 1 / (1 + np.exp(np.clip(strengths[None, :] - strengths[:, None], -700, 700)))
    return Ranking(
        tuple(strengths.tolist()),
        tuple((strengths - half).tolist()),
        tuple((strengths + half).tolist()),
        _matrix(chances),
        adjusted,
        _ranks(strengths, adjusted),
        _tiers(strengths, adjusted),
        spread,
        len(duels),
        connected,
        added,
        _note(connected, finite, added),
    )


def _note(connected: bool, finite: bool, added: float) -> str:
    if finite:
        return ""
    why = "somebody never lost, or never won" if connected else "some contenders never met, not even through others"
    return f"Rough: {why}, so {added:g} drawn duels were added for each pair."


def _check(n: int, duels: Sequence[tuple[int, int, float]]) -> None:
    if n < 1:
        raise ValueError("there is nobody to rank")
    for i, j, score in duels:
        if not (0 <= i < n and 0 <= j < n) or i == j:
            raise ValueError(f"contenders {i} and {j} of {n} cannot meet")
        if not 0 <= score <= 1:
            raise ValueError(f"a score lies between 0 and 1, not {score}")


def _arrays(duels: Sequence[tuple[int, int, float]]) -> Duels:
    import numpy as np

    count = len(duels)
    return (
        np.fromiter((duel[0] for duel in duels), np.int64, count),
        np.fromiter((duel[1] for duel in duels), np.int64, count),
        np.fromiter((duel[2] for duel in duels), np.float64, count),
    )


def _reaches_all(arrows: NDArray[Any]) -> bool:
    """Whether from every one every other can be reached (strongly connected)."""
    return all(_reached(matrix) == len(arrows) for matrix in (arrows, arrows.T))


def _reached(arrows: NDArray[Any]) -> int:
    import numpy as np

    seen = np.zeros(len(arrows), dtype=bool)
    seen[:1] = True
    while True:
        more = seen | arrows[seen].any(axis=0)
        if more.sum() == seen.sum():
            return int(seen.sum())
        seen = more


def _solve(wins: Floats) -> Floats:
    """Strengths with mean 0 from the matrix of wins (i over j), by Newton's method with halved steps where needed."""
    import numpy as np

    n = len(wins)
    strengths = np.zeros(n)
    games = wins + wins.T

    def loss(at: Floats) -> float:
        return float((wins * np.logaddexp(0, at[None, :] - at[:, None])).sum())

    current = loss(strengths)
    for _ in range(_STEPS):
        chances = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
        gradient = wins.sum(axis=1) - (games * chances).sum(axis=1)
        if np.abs(gradient).max(initial=0.0) < _CLOSE * (1 + games.sum()):
            break
        step = _inverse(_information(games, chances)) @ gradient
        scale = 1.0
        while (tried := loss(strengths + scale * step)) > current and scale > 1e-10:
            scale /= 2
        strengths, current = strengths + scale * step, min(current, tried)
        strengths -= strengths.mean()
        if np.abs(scale * step).max() < _CLOSE:
            break
    return strengths


def _information(games: Floats, chances: Floats) -> Floats:
    import numpy as np

    weights = games * chances * chances.T
    found: Floats = np.diag(weights.sum(axis=1)) - weights
    return found


def _inverse(information: Floats) -> Floats:
    """The inverse on strengths of mean 0: adding the same to all changes nothing, so that direction has no information."""
    import numpy as np

    n = len(information)
    level = np.full((n, n), 1 / n)
    found: Floats = np.linalg.pinv(information + level, hermitian=True) - level
    return found


def _sandwich(strengths: Floats, wins: Floats, table: Duels, units: Sequence[Hashable] | None, prior: float) -> Floats:
    import numpy as np

    n = len(strengths)
    first, second, score = table
    if units is not None and len(units) != len(first):
        raise ValueError(f"{len(first)} duels need as many units, not {len(units)}")
    chances = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    bread = _inverse(_information(wins + wins.T, chances))
    surprise = score - chances[first, second]
    numbers = {unit: place for place, unit in enumerate(dict.fromkeys(units))} if units is not None else {}
    of = np.array([numbers[unit] for unit in units], dtype=np.int64) if units is not None else np.arange(len(first))
    count = len(numbers) if units is not None else len(first)
    pull = np.zeros((count, n))
    np.add.at(pull, (of, first), surprise)
    np.add.at(pull, (of, second), -surprise)
    if prior:
        # Who never lost surprises nobody: the sandwich would call that certainty. So the model's own variance, as if each
        # unit were one duel.
        model: Floats = bread * max(1.0, len(first) / max(1, count))
        return model
    met = np.zeros((n, n))
    met[first, second] = met[second, first] = 1.0
    # One less unit than there are: with few of them the plain sum is too small (as in HC1). One more duel for each pair that
    # met: where all their duels ended alike, nothing would vary.
    filling = pull.T @ pull * (count / max(1, count - 1))
    filling = filling + _information(met, chances)
    found: Floats = bread @ filling @ bread
    return found


def _adjusted(strengths: Floats, covariance: Matrix) -> Matrix:
    n = len(strengths)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    errors = [_error(covariance, i, j) for i, j in pairs]
    gaps = [abs(float(strengths[i] - strengths[j])) for i, j in pairs]
    ps = holm([two_sided(gap / error) if error else 1.0 for gap, error in zip(gaps, errors, strict=True)])
    table = [[1.0] * n for _ in range(n)]
    for (i, j), p in zip(pairs, ps, strict=True):
        table[i][j] = table[j][i] = p
    return tuple(tuple(row) for row in table)


def _ranks(strengths: Floats, p: Matrix) -> tuple[tuple[int, int], ...]:
    everyone = range(len(strengths))
    real = [[p[i][j] < LEVEL for j in everyone] for i in everyone]
    return tuple(
        (
            1 + sum(real[i][j] and strengths[j] > strengths[i] for j in everyone),
            len(strengths) - sum(real[i][j] and strengths[j] < strengths[i] for j in everyone),
        )
        for i in everyone
    )


def _tiers(strengths: Floats, p: Matrix) -> tuple[tuple[int, ...], ...]:
    tiers: list[list[int]] = []
    for one in sorted(range(len(strengths)), key=lambda one: (-strengths[one], one)):
        if tiers and p[tiers[-1][0]][one] >= LEVEL:
            tiers[-1].append(one)
        else:
            tiers.append([one])
    return tuple(tuple(tier) for tier in tiers)


def _error(covariance: Matrix, i: int, j: int) -> float:
    return math.sqrt(max(0.0, covariance[i][i] + covariance[j][j] - 2 * covariance[i][j]))


def _matrix(array: Floats) -> Matrix:
    return tuple(tuple(row) for row in array.tolist())


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
