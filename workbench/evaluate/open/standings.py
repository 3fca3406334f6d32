"""Standings of a comparison: win rates, flips, bias of position and length, ranking, and how far judges can be believed.

Pure: from duels and choices to JSON. A judge of both orders counts for A where both favour A, for B where both favour B, and
half for each else (Zheng et al., *Judging LLM-as-a-judge*, NeurIPS 2023); the interval of a win rate is over duels. More
than two contenders are ranked by Bradley and Terry's model (``learn.bradley_terry``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from workbench.evaluate import report
from workbench.evaluate.base import Direction, Metric
from workbench.evaluate.open import words
from workbench.evaluate.open.evidence import GOLD, PEOPLE, Fact, Judge, Orders, facts, gold, judges
from workbench.learn.bradley_terry import bradley_terry
from workbench.learn.intervals import RESAMPLES, bounded_mean, is_rough, wilson
from workbench.learn.win_rate import as_json, length_controlled, score_of_duel, win_rate
from workbench.store.duels import Choice, Comparison, Duel

#: Fewest duels from which a win rate at equal length is worked out.
FEWEST = 20
#: Duels times resamples of a win rate at equal length: with many duels fewer resamples tell its ends as well.
WORK = 1_000_000


def standings(
    comparison: Comparison, duels: Iterable[Duel], choices: Sequence[Choice], *, seed: int = 0
) -> dict[str, Any]:
    """What the choices come to, as JSON: ``judges`` (each with ``metrics``, ``pairs``, ``ranking``, ``ranked``, ``summary``),
    ``agreement`` of any two judges and of each with what is known, ``people`` (agreement of all people), ``summary``.
    """
    known = facts(duels)
    found = judges(known, choices)
    truth = gold(known)
    both = [_agreement(one, other, known) for one, other in _couples(found, truth)]
    agreements = [one for one in both if one is not None]
    listed = [_judged(comparison, known, judge, agreements, seed) for judge in found if judge.said or judge.unread]
    people = _people([one for one in found if one.person and one.name != PEOPLE])
    result: dict[str, Any] = {
        "comparison": comparison.name,
        "question": comparison.question,
        "contenders": list(comparison.contenders),
        "duels": len(known),
        "gold": len(truth.said),
        "judges": listed,
        "agreement": agreements,
        "people": people,
    }
    result["summary"] = words.overall(result)
    return result


def _couples(found: Sequence[Judge], truth: Judge) -> list[tuple[Judge, Judge]]:
    """Who is held against whom: everybody against everybody else and against what is known."""
    single = [judge for judge in found if judge.name != PEOPLE]
    together = [judge for judge in found if judge.name == PEOPLE]
    couples = [(a, b) for at, a in enumerate(single) for b in single[at + 1 :]]
    couples += [(judge, all_people) for judge in single if not judge.person for all_people in together]
    return couples + ([(judge, truth) for judge in found] if truth.said else [])


def _judged(
    comparison: Comparison, known: dict[int, Fact], judge: Judge, agreements: Sequence[dict[str, Any]], seed: int
) -> dict[str, Any]:
    pairs = [_pair(known, judge, a, b, seed) for a, b in sorted({(known[one].a, known[one].b) for one in judge.said})]
    measured = {one.name: one for one in _metrics(known, judge, agreements, seed, comparison.contenders, pairs)}
    numbers = report.as_json(measured, len(judge.said), details=True)["metrics"]
    made = {
        "judge": judge.name,
        "person": judge.person,
        "duels": len(judge.said),
        "unread": judge.unread,
        "metrics": numbers,
        "pairs": pairs,
        **_ranking(comparison, known, judge),
    }
    made["summary"] = words.of_judge(comparison.contenders, made)
    return made


def _pair(known: dict[int, Fact], judge: Judge, a: int, b: int, seed: int) -> dict[str, Any]:
    mine = [one for one in judge.said if (known[one].a, known[one].b) == (a, b)]
    rate = win_rate([judge.said[one] for one in mine])
    controlled = None
    if len(mine) >= FEWEST:
        scores = [judge.score(one) for one in mine]
        lengths = [known[one].length_a for one in mine], [known[one].length_b for one in mine]
        controlled = as_json(length_controlled(scores, *lengths, resamples=_resamples(len(mine)), seed=seed))
    return {"a": a, "b": b, "win_rate": as_json(rate), "length_controlled": controlled}


def _resamples(n: int) -> int:
    return max(200, min(RESAMPLES, WORK // n))


def _for_contender(known: dict[int, Fact], judge: Judge, place: int) -> list[tuple[int, Orders, float]]:
    """(duel, the contender's scores when shown first and second, by how many characters its output is longer)."""
    found = []
    for duel_id, (first, second) in judge.said.items():
        fact = known[duel_id]
        longer = fact.length_a - fact.length_b
        if place == fact.a:
            found.append((duel_id, (first, second), float(longer)))
        elif place == fact.b:  # where A was shown second, B was shown first
            turned = tuple(None if score is None else 1 - score for score in (second, first))
            found.append((duel_id, (turned[0], turned[1]), float(-longer)))
    return found


def _metrics(
    known: dict[int, Fact],
    judge: Judge,
    agreements: Sequence[dict[str, Any]],
    seed: int,
    contenders: Sequence[str],
    pairs: Sequence[dict[str, Any]],
) -> Iterable[Metric]:
    mine = _for_contender(known, judge, 0)
    if mine:
        rate = win_rate([orders for _, orders, _ in mine])
        about = {"contender": contenders[0], "against": list(contenders[1:])}
        yield _share(
            "open.win_rate", rate.value, (rate.low, rate.high), rate.n, "higher",
            {**about, "wins": rate.wins, "losses": rate.losses, "ties": rate.ties},
        )  # fmt: skip
        if len(mine) >= FEWEST:
            scores = [score_of_duel(*orders) for _, orders, _ in mine]
            # Two contenders are one pair, which was worked out already.
            found = pairs[0]["length_controlled"] if len(contenders) == 2 else as_json(length_controlled(
                scores, [longer for _, _, longer in mine], [0.0] * len(mine), resamples=_resamples(len(mine)), seed=seed
            ))  # fmt: skip
            yield _share(
                "open.length_controlled", found["value"], (found["low"], found["high"]), found["n"], "higher",
                {**about, **{name: found[name] for name in ("slope", "slope_low", "slope_high")}},
            )  # fmt: skip
    both = [(a, b) for a, b in judge.said.values() if a is not None and b is not None]
    if both:
        flips = sum(a != b for a, b in both)
        yield _share("open.flip_rate", flips / len(both), wilson(flips, len(both)), len(both), "lower", {
            "reversals": sum(abs(a - b) == 1 for a, b in both),
        })  # fmt: skip
    if judge.name != PEOPLE and (firsts := _firsts(judge)):
        ends = bounded_mean(firsts)
        yield _share("open.position", sum(firsts) / len(firsts), ends, len(firsts), "none", {"none": 0.5})
    for one in agreements:
        named = {"gold": "open.accuracy", "people": "open.agreement"}.get(one["kind"])
        if named is not None and one["a"] == judge.name:
            about = {"with": one["b"], "same": one["same"], "kappa": one["kappa"]}
            yield _share(named, one["value"], (one["low"], one["high"]), one["duels"], "higher", about)


def _firsts(judge: Judge) -> list[float]:
    """By duel how far what stood first was preferred; where a judge saw one order only, the orders are drawn at random."""
    found = []
    for a, b in judge.said.values():
        seen = [score for score in (a, None if b is None else 1 - b) if score is not None]
        found.append(sum(seen) / len(seen))
    return found


def _share(
    name: str, value: float, ends: Sequence[float], n: int, direction: Direction, details: dict[str, Any]
) -> Metric:
    return Metric(
        name, value, ends[0], ends[1], unit="share", direction=direction, details={**details, "duels": n},
        rough=is_rough(n, value),
    )  # fmt: skip


def _ranking(comparison: Comparison, known: dict[int, Fact], judge: Judge) -> dict[str, Any]:
    """``ranking``: strengths of the contenders that met, from the strongest; ``ranked``: who can be told from whom."""
    if not judge.said:
        return {"ranking": [], "ranked": None}
    duels = [(known[one].a, known[one].b, judge.score(one)) for one in judge.said]
    units = [known[one].unit for one in judge.said]
    found = bradley_terry(len(comparison.contenders), duels, units=units)
    met = {place for a, b, _ in duels for place in (a, b)}
    rows = [
        {
            "name": comparison.contenders[place],
            "contender": place,
            "value": found.strengths[place],
            "low": found.low[place],
            "high": found.high[place],
            "best_rank": int(found.ranks[place][0]),
            "worst_rank": int(found.ranks[place][1]),
        }
        for place in found.order
        if place in met
    ]
    ranked = {
        "tiers": [[place for place in tier if place in met] for tier in found.tiers if met & set(tier)],
        "probabilities": found.probabilities,
        "p": found.p,
        "note": found.note,
        "rough": bool(found.note) or is_rough(len(set(units))),
    }
    return {"ranking": rows, "ranked": ranked}


def _agreement(one: Judge, other: Judge, known: dict[int, Fact]) -> dict[str, Any] | None:
    """How far two judges agree about the duels that both judged: a draw against a decision is half right; None without
    any. ``same``: share of equal verdicts; ``kappa``: Cohen's, of the three verdicts."""
    from workbench.learn.two_raters import two_raters

    shared = sorted(one.said.keys() & other.said.keys() & known.keys())
    if not shared:
        return None
    # By the duel's own sides, which are drawn: by contenders, one who mostly wins would make chance agreement look large.
    pairs = [(_own(one, duel, known), _own(other, duel, known)) for duel in shared]
    verdicts = two_raters([a for a, _ in pairs], [b for _, b in pairs])
    kappa = verdicts.kappa
    right = [1 - abs(a - b) for a, b in pairs]
    low, high = bounded_mean(right)
    if other.name == GOLD:
        kind = "gold"
    elif one.person and other.person:
        kind = "between people"
    else:
        kind = "people" if other.person or one.person else "between models"
    a, b = (other, one) if kind == "people" and one.person else (one, other)
    return {
        "a": a.name,
        "b": b.name,
        "kind": kind,
        "duels": len(shared),
        "value": sum(right) / len(right),
        "low": low,
        "high": high,
        "rough": is_rough(len(right), sum(right) / len(right)),
        "same": verdicts.share,
        "kappa": {"value": kappa.value, "low": kappa.low, "high": kappa.high, "reason": kappa.reason},
    }


def _own(judge: Judge, duel_id: int, known: dict[int, Fact]) -> float:
    score = judge.score(duel_id)
    return 1 - score if known[duel_id].turned else score


def _people(people: Sequence[Judge]) -> dict[str, Any] | None:
    """Agreement of all people: the share of equal pairs of opinions, and Krippendorff's alpha; None for fewer than two."""
    import numpy as np

    from workbench.learn.agreement import agreement

    if len(people) < 2:
        return None
    rows = [(duel, at, 2 * judge.score(duel)) for at, judge in enumerate(people) for duel in judge.said]
    places = {duel: at for at, duel in enumerate(sorted({row[0] for row in rows}))}
    table = np.array([(places[duel], at, score) for duel, at, score in rows], dtype=np.int64)
    found = agreement(table[:, 0], table[:, 1], table[:, 2])
    alpha = found.krippendorff
    return {
        "people": len(people),
        "duels": found.items,
        "same": found.percent,
        "alpha": {"value": alpha.value, "low": alpha.low, "high": alpha.high, "reason": alpha.reason},
    }
