"""Standings of a comparison in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.text import clean

#: Characters of a name.
_NAME = 40


def percent(value: float) -> str:
    """A share, without digits after the point."""
    return f"{100 * value:.0f} %"


def ends(low: float, high: float) -> str:
    """An interval of shares in per cent."""
    return f"({100 * low:.0f}-{100 * high:.0f})"


def _name(text: str) -> str:
    return clean(text, limit=_NAME)


def _share(found: Mapping[str, Any]) -> str:
    """A share with its interval, and that it is rough where it is."""
    rough = "roughly " if found["rough"] else ""
    return f"{rough}{percent(found['value'])} {ends(found['low'], found['high'])}"


def of_judge(contenders: Sequence[str], judged: Mapping[str, Any]) -> list[str]:
    """What one judge's choices come to."""
    who = _name(judged["judge"])
    sentences = [_pair(contenders, who, pair) for pair in judged["pairs"]]
    if len(judged["ranking"]) > 2:
        sentences.append(_ranked(contenders, who, judged["ranked"]))
    metrics = judged["metrics"]
    if flips := metrics.get("open.flip_rate"):
        n = flips["details"]["duels"]
        sentences.append(f"{who} changed its mind with the order in {_share(flips)} of {n:,} {_pairs(n)}.")
    position = metrics.get("open.position")
    if position and not position["low"] <= 0.5 <= position["high"]:
        where = "first" if position["value"] > 0.5 else "second"
        share = position if where == "first" else _rest(position)
        sentences.append(f"{who} leans towards what stands {where}: {_share(share)}.")
    if judged["unread"]:
        n = judged["unread"]
        sentences.append(f"{n:,} answer{'' if n == 1 else 's'} of {who} named neither output.")
    return sentences


def _pairs(n: int) -> str:
    return "pair" if n == 1 else "pairs"


def _rest(found: Mapping[str, Any]) -> dict[str, Any]:
    """The other side's share."""
    return {**found, "value": 1 - found["value"], "low": 1 - found["high"], "high": 1 - found["low"]}


def _pair(contenders: Sequence[str], who: str, pair: Mapping[str, Any]) -> str:
    rate, controlled = pair["win_rate"], pair["length_controlled"]
    better, other = _name(contenders[pair["a"]]), _name(contenders[pair["b"]])
    if rate["value"] < 0.5:
        better, other = other, better
        rate = {**_rest(rate), "n": rate["n"]}
        controlled = controlled and _rest(controlled)
    said = f"{who}: {better} wins {_share(rate)} of {rate['n']:,} {_pairs(rate['n'])} against {other}"
    if rate["low"] <= 0.5:
        said += "; this may be chance"
    return said + (f"; at equal length {_share(controlled)}." if controlled else ".")


def _ranked(contenders: Sequence[str], who: str, ranked: Mapping[str, Any]) -> str:
    tiers = [_and([_name(contenders[place]) for place in tier]) for tier in ranked["tiers"]]
    note = " The ranking is rough." if ranked["rough"] else ""
    if len(tiers) == 1:
        return f"{who}: {tiers[0]} cannot be told apart.{note}"
    return f"{who}, from the best: {', then '.join(tiers)}.{note}"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def overall(result: Mapping[str, Any]) -> list[str]:
    """The comparison in a few sentences: everybody's, then how far they agree."""
    if not result["judges"]:
        return ["Nobody has judged these pairs yet."]
    sentences = [sentence for judge in result["judges"] for sentence in judge["summary"]]
    people = result["people"]
    if people is not None and people["duels"]:
        alpha = people["alpha"]["value"]
        told = f", Krippendorff's alpha {alpha:.2f}" if alpha is not None else ""
        sentences.append(
            f"{people['people']} people say the same of {percent(people['same'])} of {people['duels']:,} pairs{told}."
        )
    for one in result["agreement"]:
        kappa = one["kappa"]["value"]
        told = f" (kappa {kappa:.2f})" if kappa is not None else ""
        n = one["duels"]
        if one["kind"] == "gold":
            sentences.append(
                f"{_name(one['a'])} is right in {_share(one)} of {n:,} {_pairs(n)} with a known answer{told}."
            )
        elif one["kind"] == "people":
            sentences.append(
                f"{_name(one['a'])} agrees with {_name(one['b'])} in {_share(one)} of {n:,} {_pairs(n)}{told}."
            )
    return sentences
