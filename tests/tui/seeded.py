"""A project with content for the screens of jobs: written with the store's own functions, no job is run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from workbench.project import Project, create
from workbench.store import curation, jobs, ledger, samples, snapshots
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample
from workbench.tui.app import WorkbenchApp

HOSTILE = "[/] [@click=app.bell]x[/] \x1b]52;c;aGk=\x07 \u202eevil\x00"
LABELS = ("card_arrival", "change_pin", "exchange_rate", "lost_card")
STARTED = "2026-01-01T10:00:00.000Z"
ENDED = "2026-01-01T10:00:20.000Z"


WIDE, NARROW = (120, 40), (80, 24)


def project(folder: Path, model: str = "embedded") -> Project:
    """An empty project with four labels; an endpoint gets a price."""
    made = create(folder / "banking", labels=LABELS, description="Messages to a bank's help desk.", model=model)
    if model != "embedded":
        text = made.settings.read_text(encoding="utf-8").replace("  # price:", "  price:")
        made.settings.write_text(text, encoding="utf-8")
    return Project(made.folder)


def app(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mode: str, content: Callable[[Store], object] | None = None, *,
    model: str = "embedded", theme: str = "workbench-dark",
) -> WorkbenchApp[None]:  # fmt: skip
    """The app on a project with ``content``; the user's own settings stay out of it, and nothing happens "ago"."""
    monkeypatch.setenv("WORKBENCH_CONFIG", str(folder / "config"))
    monkeypatch.setenv("WORKBENCH_ASCII", "0")
    monkeypatch.setenv("WORKBENCH_THEME", theme)
    monkeypatch.setattr("workbench.tui.widgets.job_view.seconds_since", lambda at: None if at is None else 180.0)
    made = project(folder, model)
    if content is not None:
        with Store(made) as store:
            content(store)
    return WorkbenchApp[None](made, "anna", mode=mode)


class Clock(datetime):
    """``datetime`` that stands still, twenty seconds after jobs of these tests began."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime.fromisoformat(ENDED)


class Submitted(list[tuple[str, Mapping[str, Any], Mapping[str, Any] | None]]):
    """Stands for ``pipeline.start.submit``: notes what was asked and makes the row, starts no process."""

    def __call__(
        self, store: Store, kind: str, parameters: Mapping[str, Any], limits: Mapping[str, Any] | None = None
    ) -> int:
        self.append((kind, parameters, limits))
        return jobs.create(store, kind, parameters, limits)


def submitted(monkeypatch: pytest.MonkeyPatch) -> Submitted:
    made = Submitted()
    monkeypatch.setattr("workbench.pipeline.start.submit", made)
    return made


async def until(pilot: Pilot[None], condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for what threads and timers will bring about; fails when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await pilot.pause()
        await asyncio.sleep(0.01)
    await pilot.pause()


def shown(app_: WorkbenchApp[None]) -> str:
    """Everything on the screen as text, a line a row."""
    strips = app_.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def seeds(store: Store, count: int = 12) -> None:
    texts = ("where is my card", "I want another pin", "what rate do you use", "my card is gone")
    samples.add(
        store,
        [NewSample({"text": f"{texts[n % 4]} {n}"}, LABELS[n % 4], origin="seed", split="train") for n in range(count)],
    )


def synthetic(store: Store, job_id: int | None = None, count: int = 40, hostile: bool = False) -> list[int]:
    """Samples as a generate job makes them; returns their numbers."""
    texts = (
        "I am still waiting on my card?", "Where can I change my PIN", "How do you work out the exchange rate today",
        "I think somebody has my card now",
    )  # fmt: skip
    samples.add(
        store,
        [
            NewSample(
                {"text": HOSTILE if hostile and n == count - 1 else f"{texts[n % 4]} ({n})"},
                LABELS[n % 4],
                job_id=job_id,
            )
            for n in range(count)
        ],
    )
    return [row[0] for row in store.read("SELECT id FROM sample WHERE origin = 'synthetic' ORDER BY id")]


def job(
    store: Store, kind: str, parameters: dict[str, Any], *, state: str = "done", done: int = 0, total: int | None = None,
    result: dict[str, Any] | None = None, error: str | None = None, note: str = "",
) -> int:  # fmt: skip
    """A job's row with fixed times."""
    job_id = jobs.create(store, kind, parameters)
    if state != "queued":
        jobs.start(store, job_id)
    if state == "running":
        jobs.hold(store.project, job_id)  # for life: else it would be marked as interrupted
    jobs.progress(store, job_id, done, total, note)
    if state in jobs.ENDED or result is not None:
        jobs.finish(store, job_id, state, result=result, error=error)
    with store.write() as connection:
        connection.execute(
            "UPDATE job SET created_at = ?, started_at = ?, finished_at = ? WHERE id = ?",
            (STARTED, None if state == "queued" else STARTED, ENDED if state in jobs.ENDED else None, job_id),
        )
    return job_id


def generated(store: Store, *, state: str = "done", hostile: bool = False) -> int:
    """A generate job with samples and one failed request."""
    result = {"requests": 45, "answers": 42, "cached": 2, "retried": 3, "failed": 1, "samples": 40}
    result |= {"waiting": "rate limit", "reasons": {"http 400": 1}, "repaired": 2, "flying": 8}
    result |= {"kept": 38, "duplicates": 2, "input_tokens": 5200, "output_tokens": 1234, "cost": 0.0123, "rate": 38.0}
    job_id = job(
        store, "generate", {"recipe": "zerogen", "count": 60, "model": "openai:gpt-x", "seed": 0, "parameters": {}},
        state=state, done=40, total=60, result=result, error=HOSTILE if hostile and state == "failed" else None,
    )  # fmt: skip
    synthetic(store, job_id, hostile=hostile)
    series = ledger.series(store, "zerogen", {}, "openai:gpt-x", 0)
    with store.write() as connection:
        ledger.record(
            connection, ledger.Prompts(), series, job_id,
            [ledger.Asked(0, [{"role": "user", "content": "x"}], {}, {}, {}, 0, 4, "ab" * 32,
                          reason=HOSTILE if hostile else "http 400")],
        )  # fmt: skip
    return job_id


def curated(store: Store, ids: list[int], *, preview: bool = False, hostile: bool = False) -> int:
    """A curate job with verdicts and the numbers behind them."""
    reason = HOSTILE if hostile else f".91 like sample {ids[0]}: I am still waiting on my card?"
    dropped = {"exact_duplicate": 1, "near_duplicate": 3, "length": 0, "label_disagreement": 0}
    result = {
        "checked": len(ids), "kept": len(ids) - 4, "dropped": dropped,
        "alone": {**dropped, "near_duplicate": 4} if preview else {},
        "filters": list(dropped), "preview": preview, "seconds": 0.4,
        "examples": {"near_duplicate": [[ids[5], HOSTILE if hostile else "I am still waiting for my card?", reason, ids[0]]]}
        if preview else {},
    }  # fmt: skip
    job_id = job(store, "curate", {"filters": list(dropped), "preview": preview}, done=4000, total=4000, result=result)
    values = [(one, min(1.0, 0.3 + (place * 7 % 40) / 50)) for place, one in enumerate(ids)]
    curation.save_scores(store, "filter.near_duplicate", values, version=1, job_id=job_id)
    if not preview:
        curation.save_drops(
            store, job_id,
            [Drop(one, "near_duplicate", 1, {"threshold": 0.78}, reason, 0.91, ids[0]) for one in ids[5:8]]
            + [Drop(ids[8], "exact_duplicate", 1, {}, f"same text as sample {ids[0]}", 1.0, ids[0])],
        )  # fmt: skip
    return job_id


def _metric(value: float | None, low: float | None = None, high: float | None = None, note: str = "", unit: str = "",
            direction: str = "higher", **details: Any) -> dict[str, Any]:  # fmt: skip
    return {
        "value": value,
        "low": low,
        "high": high,
        "note": note,
        "unit": unit,
        "direction": direction,
        "details": details,
    }


def metrics(accuracy: float = 0.912, *, test: bool = True, hostile: bool = False) -> dict[str, Any]:
    """The metrics of an evaluation; without ``test`` those that need a test split have no value."""
    missing = _metric(None, note="needs a test split: workbench import PROJECT FILE --as test", unit="share")

    def around(value: float, reach: float, note: str = "") -> dict[str, Any]:
        return _metric(value, value - reach, value + reach, note, "share") if test else missing

    counts = dict(zip((HOSTILE if hostile else LABELS[0], *LABELS[1:]), (12, 9, 11, 4), strict=True))
    return {
        "label.balance": _metric(0.962, note="4 labels, from 4 (lost_card) to 12 (card_arrival) samples.", counts=counts),
        "faithfulness.auxiliary": _metric(0.87, 0.81, 0.92, HOSTILE if hostile else "Out of fold.", "share"),
        "faithfulness.human": _metric(None, note="Nobody has reviewed a sample yet: accept or reject some in Review."),
        "diversity.vocabulary": _metric(1234.0, note="Different words.", unit="words", direction="higher"),
        "diversity.distinct_1": _metric(0.212, 0.20, 0.22, unit="share"),
        "diversity.self_bleu": _metric(0.55, note="Lower is more varied.", direction="lower"),
        "benchmark.accuracy": around(accuracy, 0.03, "Trained on 36 samples, tested on 300 real rows."),
        "benchmark.macro_f1": around(accuracy - 0.01, 0.03),
        "benchmark.real_accuracy": around(0.971, 0.02, "Trained on 36 real rows."),
        "benchmark.ratio": around(accuracy / 0.971, 0.03, "36 samples against 36 real rows."),
    }  # fmt: skip


def evaluated(store: Store, *, test: bool = True, compared: bool = True, hostile: bool = False) -> int:
    """An evaluate job with its evaluation."""
    job_id = job(store, "evaluate", {"compare": True}, done=1, total=1, result={})
    result = {"samples": 36, "metrics": metrics(test=test, hostile=hostile), "before": None, "difference": None}
    if compared:
        result["before"] = {"samples": 40, "metrics": metrics(0.893, test=test)}
        result["difference"] = {"value": 0.019, "low": 0.004, "high": 0.034} if test else None
    snapshots.save_evaluation(store, job_id=job_id, view="data set", samples=36, result=result)
    return job_id
