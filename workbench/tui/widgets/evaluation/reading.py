"""Reading evaluations for the screen: each once, and of each only what is drawn."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.store import behind, contending, curation, jobs, samples, snapshots
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.store.views import quoted
from workbench.tui.widgets.evaluation.sheet import Target

#: Evaluations that are known, and those that are read at a time.
HISTORY, SOME = 20, 3
JOBS = 3
#: Lists longer than this in a metric's details are for other computations, not for a picture.
LONGEST = 400
#: A row for every tested sample: counted when an evaluation is read, looked up again when a cell is opened.
PAIRS = ("test_ids", "ids", "gold", "predicted")
#: The samples that an evaluation of the data set is about.
DATA_SET = "set:yes origin:synthetic"
_PLAIN = re.compile(r"[\w.:/-]+")
MAPPED = "dynamics.confidence"


@dataclass
class Evaluations:
    """Evaluations newest first, evaluate jobs newest first, the counts of the project; ``more``: older ones are to be read.
    ``behind``: how many samples are kept under which name, by evaluation. ``mapped``: curation measured a data map."""

    found: list[dict[str, Any]] = field(default_factory=list)
    history: list[Job] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    behind: dict[int, dict[str, int]] = field(default_factory=dict)
    more: bool = False
    mapped: bool = False


def read(store: Store, before: Evaluations | None = None, *, most: int = HISTORY) -> Evaluations:
    """Read anew: evaluations never change, so only those that are not in ``before``; at most ``most`` new ones at a time."""
    history = jobs.newest(store, JOBS, kind="evaluate")
    known = {one["id"]: one for one in before.found} if before is not None else {}
    kept = dict(before.behind) if before is not None else {}
    wanted = snapshots.evaluation_ids(store, HISTORY)
    new = 0
    for number in wanted:
        if number in known or new == most:
            continue
        new += 1
        if (one := snapshots.evaluation(store, number)) is not None:
            known[number] = light(one)
            kept[number] = behind.names(store, number)
    found = [known[number] for number in wanted if number in known]
    more = len(found) < len(wanted)
    return Evaluations(found, history, samples.counts(store), kept, more, MAPPED in curation.score_names(store))


def light(found: dict[str, Any]) -> dict[str, Any]:
    """An evaluation with what is drawn: rows of tests become counts, other long lists go."""
    result = found["result"]
    parts = [result, result.get("before") or {}, *(result.get("contenders") or ())]
    for part in parts:
        for metric in (part.get("metrics") or {}).values():
            details = metric.get("details") or {}
            cells = confusion(details)
            metric["details"] = {
                key: value for key, value in details.items()
                if key not in ("behind", *PAIRS) and not (isinstance(value, list) and len(value) > LONGEST)
            }  # fmt: skip
            if cells is not None:
                metric["details"]["confusion"] = cells
    return found


def is_comparison(found: Mapping[str, Any]) -> bool:
    """Whether an evaluation put contenders side by side."""
    return bool(found["result"].get("kind") == "comparison")


def confusion(details: Mapping[str, Any]) -> dict[str, Any] | None:
    """How often which label was taken for which: ``classes`` and ``cells``, [gold, predicted, times]; None if not known."""
    given = details.get("confusion")
    if isinstance(given, dict) and "cells" in given:
        return given
    if isinstance(given, dict) and "counts" in given:
        rows: Sequence[Sequence[int]] = given["counts"]
        cells = [[i, j, n] for i, row in enumerate(rows) for j, n in enumerate(row) if n]
        return {"classes": list(given.get("labels") or given.get("classes") or ()), "cells": cells}
    classes, gold, predicted = (details.get(name) for name in ("classes", "gold", "predicted"))
    if not (classes and gold and predicted):
        return None
    pairs = Counter(zip(gold, predicted, strict=True))
    return {"classes": list(classes), "cells": [[i, j, n] for (i, j), n in sorted(pairs.items())]}


def rows_behind(found: Mapping[str, Any], target: Target) -> list[int] | None:
    """The tested samples in a cell of a confusion, from a whole evaluation; None when it does not hold them."""
    details = found["result"].get("metrics", {}).get(target.value, {}).get("details") or {}
    classes, gold, predicted = (details.get(name) for name in ("classes", "gold", "predicted"))
    ids = details.get("test_ids") or details.get("ids")
    if not (classes and ids and gold and predicted):
        return None
    return [
        one for one, truth, guess in zip(ids, gold, predicted, strict=True)
        if (target.gold is None or classes[truth] == target.gold)
        and (target.guess is None or classes[guess] == target.guess)
        and (not target.wrong or truth != guess)
    ]  # fmt: skip


def cell_name(target: Target) -> str:
    """Under which name the rows of a cell are kept."""
    if target.gold is None and target.guess is None:
        return f"{target.value}/{'wrong' if target.wrong else 'all'}"
    gold = "any" if target.gold is None else target.gold
    guess = "wrong" if target.wrong else "any" if target.guess is None else target.guess
    return f"{target.value}/{gold} > {guess}"


def cell_view(store: Store, evaluation_id: int, target: Target) -> str | None:
    """The view of a cell; its rows are put behind the evaluation when they are asked for first. None: they are not known."""
    name = cell_name(target)
    whole = f"{target.value}/wrong"
    known = behind.names(store, evaluation_id)
    if name not in known:
        found = snapshots.evaluation(store, evaluation_id)
        ids = None if found is None else rows_behind(found, target)
        if ids is None:  # the rows went, the wrong ones were kept
            if whole not in known or (target.guess is not None and target.gold == target.guess):
                return None
            term = "" if target.gold is None else f" label:{quoted(target.gold)}"
            return behind_view(evaluation_id, whole) + term
        behind.save(store, evaluation_id, {name: ids})
    return behind_view(evaluation_id, name)


def behind_view(evaluation_id: int, name: str) -> str:
    """The view of the samples kept under a name."""
    value = f"{evaluation_id}:{name}"
    return f"behind:{value if _PLAIN.fullmatch(value) else quoted(value)}"


def view_of(found: Mapping[str, Any]) -> str:
    """The samples that an evaluation was about, as a view; empty when no line of text says it."""
    view = str(found.get("view") or "data set")
    if view == "data set":
        return DATA_SET
    return view.removeprefix("view ") if view.startswith("view ") else ""


def contender_view(store: Store, spec: str) -> str:
    """The samples of a contender as a view, before a chain that it was curated with in memory; empty when no line says it."""
    if spec.startswith("view:"):
        return spec.removeprefix("view:")
    base = spec.partition("+")[0]
    kind, _, name = base.partition(":")
    if base in ("set", "raw"):
        return DATA_SET if base == "set" else "origin:synthetic"
    if kind == "round" and name.isdecimal():
        rounds = contending.rounds(store)
        kind, name = "job", str(rounds[int(name) - 1]) if 1 <= int(name) <= len(rounds) else ""
    if kind not in ("recipe", "job") or not name:
        return ""
    return f"{kind}:{name if _PLAIN.fullmatch(name) else quoted(name)}"


def shown(found: Sequence[dict[str, Any]], evaluation: str | None) -> dict[str, Any] | None:
    """The evaluation with that number, else the newest."""
    return next((one for one in found if str(one["id"]) == evaluation), found[0] if found else None)


def kept_names(known: Iterable[str], metric: str, contender: int | None = None) -> list[str]:
    """The names under which samples behind a metric are kept, cells of a confusion left out; in a comparison those of one
    contender, which are numbered from 1."""
    found = [name for name in known if name.startswith(f"{metric}/") and " > " not in name]
    return found if contender is None else [name for name in found if name.endswith(f"/{contender + 1}")]
