"""A comparison in plain words: three to eight sentences, every number of which stands in the result itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.evaluate.base import UNEQUAL
from workbench.jobs.words import dollars_each
from workbench.text import clean

#: Fewer labelled test rows than this make only large differences visible.
FEW_TESTS = 200
#: What is spoken of first, in words, where it was measured.
HEADLINES = (
    ("benchmark.accuracy", "accuracy on real test data"),
    ("benchmark.macro_f1", "macro-F1 on real test data"),
    ("faithfulness.benchmark", "labels against known answers"),
    ("faithfulness.human", "labels that people found right"),
    ("faithfulness.judge", "the judging model's rating"),
    ("faithfulness.auxiliary", "labels that the auxiliary model agrees with"),
    ("fidelity.mauve", "closeness to real texts (MAUVE)"),
    ("fidelity.classifier_auc", "how well a classifier tells it from real texts (AUC, lower is closer)"),
)
_NAME = 40


def summary(result: Mapping[str, Any]) -> list[str]:
    """What a comparison (``side_by_side`` as the evaluate job stores it) says: sizes, which is best at what, what cannot be
    told apart, what a kept sample costs, and what the reader should beware of."""
    contenders, said = result["contenders"], []
    said.append(_sizes(contenders))
    headline = [found for name, words in HEADLINES[:2] if (found := _about(result, name, words)) is not None][:1]
    said += headline or [
        "Fewer than two could be tested on real test data: nothing is said about what they are worth there."
    ]
    others = [found for name, words in HEADLINES[2:] if (found := _about(result, name, words)) is not None]
    said += others[:2]
    said += _diversity(result)
    said += _cost(contenders)
    said += _beware(result)
    return said[:8]


def of_one(result: Mapping[str, Any]) -> list[str]:
    """The main numbers of an evaluation of one set in a few sentences, those first that say most about its worth."""
    metrics = result.get("metrics") or {}
    said = []
    for name, words in HEADLINES:
        metric = metrics.get(name) or {}
        if metric.get("value") is None:
            continue
        beside = metrics.get("benchmark.real_accuracy") or {}
        real = name == "benchmark.accuracy" and beside.get("value") is not None
        more = f"; trained on real rows instead: {_value(beside)}" if real else ""
        said.append(f"{words[0].upper()}{words[1:]}: {_value(metric)}{more}.")
    return said[:4]


def names(contenders: Sequence[Mapping[str, Any]], places: Sequence[int]) -> str:
    """Contenders' names as a list in words."""
    shown = [clean(str(contenders[place]["name"]), limit=_NAME) for place in places]
    return listed(shown)


def listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _sizes(contenders: Sequence[Mapping[str, Any]]) -> str:
    sizes = [one["samples"] for one in contenders]
    if len(set(sizes)) == 1:
        return f"Compared are {names(contenders, range(len(contenders)))}, {_samples(sizes[0])} each."
    each = [f"{clean(str(one['name']), limit=_NAME)} ({_samples(one['samples'])})" for one in contenders]
    return f"Compared are {listed(each)}."


def _samples(n: int) -> str:
    return f"{n:,} sample{'' if n == 1 else 's'}"


def _value(metric: Mapping[str, Any]) -> str:
    """A number with its interval as it stands in sentences; rough ones are marked."""
    shown = f"{'~' if metric.get('rough') else ''}{metric['value']:.3f}"
    if metric.get("low") is None or metric.get("high") is None:
        return shown
    return f"{shown} ({metric['low']:.3f} to {metric['high']:.3f})"


def _about(result: Mapping[str, Any], name: str, words: str) -> str | None:
    """A sentence about one metric; None where fewer than two contenders have a value."""
    contenders = result["contenders"]
    values = {
        place: one["metrics"][name]
        for place, one in enumerate(contenders)
        if name in one["metrics"] and one["metrics"][name]["value"] is not None
    }
    if len(values) < 2:
        return None
    lower = any(one.get("direction") == "lower" for one in values.values())
    ranked = sorted(values, key=lambda place: (values[place]["value"] * (1 if lower else -1), place))
    shown = listed([f"{names(contenders, [place])} {_value(values[place])}" for place in ranked])
    first = result["best"].get(name)
    subject = words[0].upper() + words[1:]
    if first is not None:
        others = "" if len(contenders) == 2 else " than every other one"
        return f"{subject}: {names(contenders, [first])} is really better{others}: {shown}."
    real = _real(result, name)
    if not real and (every := result["differences"].get(name)) and all(_untested(one) for one in every):
        return f"{subject}: not tested, because an interval is rough: {shown}."
    some = any(_untested(one) for one in result["differences"].get(name, ()))
    caution = " (not all were tested: an interval is rough)" if some else ""
    if not real:
        return f"{subject}: no difference is more than chance{caution}: {shown}."
    pairs = listed(
        [f"{names(contenders, [better])} is better than {names(contenders, [worse])}" for better, worse in real]
    )
    return f"{subject}: {pairs}, and the rest cannot be told apart{caution}: {shown}."


def _untested(one: Mapping[str, Any]) -> bool:
    """A pair with a rough interval or without a value: that it shows no difference says nothing."""
    return one["verdict"] == "missing" or bool(
        one.get("rough") and one.get("p") is None and one["verdict"] == "unclear"
    )


def _real(result: Mapping[str, Any], name: str) -> list[tuple[int, int]]:
    """(better, worse) of every real difference by a metric."""
    found = []
    for one in result["differences"].get(name, ()):
        if one["verdict"] == "better":
            found.append((one["b"], one["a"]))
        elif one["verdict"] == "worse":
            found.append((one["a"], one["b"]))
    return found


def _diversity(result: Mapping[str, Any]) -> list[str]:
    contenders = result["contenders"]
    ahead: dict[int, list[str]] = {}
    for name, place in result["best"].items():
        if name.startswith("diversity.") and place is not None:
            ahead.setdefault(place, []).append(name.partition(".")[2])
    said = []
    size = result.get("same_size")
    where = f"Diversity, compared at {_samples(size)} each" if size else "Diversity"
    if ahead:
        most = sorted(ahead, key=lambda place: -len(ahead[place]))
        parts = [f"{names(contenders, [place])} is ahead by {listed(ahead[place])}" for place in most]
        said.append(f"{where}: {listed(parts)}.")
    elif any(name.startswith("diversity.") for name in result["differences"]):
        said.append(f"{where}: nobody is really ahead of all others.")
    grown = sorted(name.partition(".")[2] for name in result.get("only_size", {}))
    if grown:
        said.append(f"By {listed(grown)} some differ only because they hold more texts.")
    return said


def _cost(contenders: Sequence[Mapping[str, Any]]) -> list[str]:
    known = [place for place, one in enumerate(contenders) if one.get("cost_per_kept") is not None]
    if not known or all(contenders[place]["cost_per_kept"] == 0 for place in known):
        return ["Nothing was paid for these samples."] if len(known) == len(contenders) else []
    each = [f"{dollars_each(contenders[place]['cost_per_kept'])} with {names(contenders, [place])}" for place in known]
    rest = [place for place in range(len(contenders)) if place not in known]
    unknown = f"; the cost of {names(contenders, rest)} is not known" if rest else ""
    return [f"A kept sample costs {listed(each)}{unknown}."]


def _beware(result: Mapping[str, Any]) -> list[str]:
    contenders, warnings = result["contenders"], []
    leaked = {
        place: n
        for place, one in enumerate(contenders)
        if (n := len(one["metrics"].get("benchmark.accuracy", {}).get("details", {}).get("leaked") or ()))
    }
    if leaked:
        each = [
            f"{n:,} test text{'' if n == 1 else 's'} in {names(contenders, [place])}" for place, n in leaked.items()
        ]
        warnings.append(f"{listed(each)}, which a benchmark rewards as memory")
    tests = [
        len(one["metrics"]["benchmark.accuracy"]["details"].get("test_ids") or ())
        for one in contenders
        if one["metrics"].get("benchmark.accuracy", {}).get("value") is not None
    ]
    if tests and min(tests) < FEW_TESTS:
        warnings.append(f"only {min(tests):,} test rows: just large differences can be seen")
    sizes = [one["samples"] for one in contenders]
    if min(sizes) * UNEQUAL < max(sizes):
        warnings.append(f"unequal sizes, from {min(sizes):,} to {max(sizes):,}: a benchmark favours the larger")
    rough = sorted({name for one in contenders for name, metric in one["metrics"].items() if metric.get("rough")})
    if rough:
        warnings.append(
            f"rough intervals of {listed(rough)}" if len(rough) <= 3 else f"{len(rough)} metrics with rough intervals"
        )
    shared = [(i, j, n) for i, j, n in result.get("overlaps", ())]
    if shared:
        each = [f"{names(contenders, [i])} and {names(contenders, [j])} share {_samples(n)}" for i, j, n in shared[:3]]
        more = f", and {len(shared) - 3} more pairs share some" if len(shared) > 3 else ""
        warnings.append(f"{', '.join(each)}{more}")
    return [f"Beware of: {'; '.join(warnings)}."] if warnings else []
