"""Reports: what was measured, gathered from the project and written as one HTML file, with a data card if wanted."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.config import Config
from workbench.errors import UsageError
from workbench.evaluate.reporting.page import page
from workbench.evaluate.summary import of_one
from workbench.exchange.card import write_card
from workbench.exchange.writing import write_text
from workbench.pipeline import data_card, standing
from workbench.pipeline.evaluate_job import DATA_SET
from workbench.store import curation, duels, samples, snapshots, views
from workbench.store.connection import Store, now

#: Evaluations that the history goes back to, cells of the data map, samples that are shown.
HISTORY, COLUMNS, ROWS, EXAMPLES = 50, 60, 30, 8
_MAP = ("dynamics.variability", "dynamics.confidence")


def write(
    store: Store, out: Path, *, evaluations: Sequence[int] = (), card: Path | None = None, overwrite: bool = False
) -> dict[str, Any]:
    """Write the report of the newest evaluation and comparison (or of those with these numbers), and the data card.

    Of evaluations one of the whole data set is preferred to one of a view or a snapshot, and one with all metrics to one
    with a few.

    Returns ``{"path", "sha256", "card", "evaluation", "comparison"}``. Raises ``UsageError`` where there is no such
    evaluation or the file is the project's own, ``FileError`` where it exists (unless ``overwrite``) or cannot be written.
    """
    for target in (out, *([card] if card else [])):
        if store.project.owns(target):
            raise UsageError(f"{target} is a file of the project itself; choose another name.")
    if card is not None and card.absolute() == out.absolute():
        raise UsageError(f"The report and the card cannot both be {out}; choose another name for one of them.")
    config = store.project.config
    found = facts(store, config, evaluations)
    if found["result"] is None and found["comparison"] is None and not found["judged"]:
        raise UsageError("Nothing has been measured yet: run `workbench evaluate` first.")
    sha256 = write_text(out, page(found), overwrite=overwrite)
    if card is not None:
        write_card(found["card"], card, overwrite=overwrite)
    return {
        "path": str(out),
        "sha256": sha256,
        "card": None if card is None else str(card),
        "evaluation": found["evaluation_id"],
        "comparison": found["comparison_id"],
    }


def facts(store: Store, config: Config, evaluations: Sequence[int] = ()) -> dict[str, Any]:
    """What ``evaluate.reporting.page`` shows. Test rows' texts are never among it, nor any real row's."""
    every = snapshots.evaluations(store, HISTORY)
    chosen = [one for one in every if one["id"] in evaluations] if evaluations else every
    if missing := sorted({*evaluations} - {one["id"] for one in chosen}):
        raise UsageError(
            f"There is no evaluation {missing[0]} among the newest {HISTORY}: `workbench evaluate --list`."
        )
    # The newest of the best kind: sorting is stable.
    plain = next(iter(sorted((one for one in chosen if kind(one) == "evaluation"), key=_partial)), None)
    compared = next((one for one in chosen if kind(one) == "comparison"), None)
    standing.refresh(store)
    about = data_card.facts(store, config)
    grid, bounds = curation.scatter(store, *_MAP, COLUMNS, ROWS)
    return {
        "title": config.export.title or config.name,
        "description": config.task.description,
        "language": config.task.language,
        "created": now(),
        "version": __version__,
        "samples": None if plain is None else plain["samples"],
        "view": None if plain is None else plain["view"],
        "evaluation_id": None if plain is None else plain["id"],
        "comparison_id": None if compared is None else compared["id"],
        "result": None if plain is None else plain["result"],
        "comparison": None if compared is None else compared["result"],
        "summary": _summary(plain, about),
        "history": _history([one for one in every if kind(one) == "evaluation" and one["view"] == DATA_SET]),
        "data_map": {"grid": grid, "bounds": bounds} if any(any(row) for row in grid) else None,
        "judged": [
            {"name": one.name, **one.details["standings"]} for one in duels.listed(store) if "standings" in one.details
        ],
        "examples": _examples(store),
        "card": about,
    }


def _partial(evaluation: Mapping[str, Any]) -> tuple[bool, bool]:
    return evaluation["view"] != DATA_SET, bool(evaluation["result"].get("only"))


def kind(evaluation: Mapping[str, Any]) -> str:
    """What a stored evaluation is: of one set ("evaluation"), or a "comparison"."""
    return str(evaluation["result"].get("kind") or "evaluation")


def _summary(plain: Mapping[str, Any] | None, about: Mapping[str, Any]) -> list[str]:
    """A few sentences at the top: what was measured, and what to be careful about."""
    said = of_one(plain["result"]) if plain else []
    return [*said, *about.get("limitations", ())[:2]]


def _history(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    lines = []
    for one in reversed(found):
        metric = one["result"].get("metrics", {}).get("benchmark.accuracy") or {}
        lines.append(
            {
                "created_at": one["created_at"],
                "samples": one["samples"],
                "rounds": one["result"].get("rounds"),
                "accuracy": metric.get("value"),
                "low": metric.get("low"),
                "high": metric.get("high"),
            }
        )
    return lines


def _examples(store: Store) -> list[dict[str, Any]]:
    """Some generated samples of the data set, the same ones as long as it stays the same."""
    ids = views.ids(store, views.parse("set:yes origin:synthetic"))
    drawn = sorted(random.Random(len(ids)).sample(range(len(ids)), min(EXAMPLES, len(ids))))
    return [{"text": one.text, "label": one.label} for one in samples.many(store, [ids[place] for place in drawn])]
