"""A job as it runs: how far, how fast, what it cost, what went wrong, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from workbench.store.jobs import Job
from workbench.text import clean
from workbench.tui.watch import seconds_since
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, SUCCESS, WARNING
from workbench.tui.widgets.lines import dollars, duration

#: Waiting is shown after this many seconds, with what is waited for.
PATIENCE = 0.3
#: State of a job to its mark and style; the state also stands there in words.
STATES = {
    "queued": ("o", MUTED), "running": (">", STRONG), "paused": ("=", WARNING), "waiting": ("o", MUTED),
    "done": ("+", SUCCESS), "failed": ("x", ERROR), "cancelled": ("-", WARNING), "interrupted": ("!", WARNING),
}  # fmt: skip


def ago(at: str | None) -> str:
    """``12 s ago``, ``5 min ago``, ``3 h ago``, ``4 days ago``."""
    passed = seconds_since(at)
    if passed is None:
        return ""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if passed >= size:
            count = int(passed // size)
            return f"{count} {'day' if unit == 'days' and count == 1 else unit} ago"
    return f"{int(passed)} s ago"


def tokens(count: float) -> str:
    """``840``, ``12.3k``, ``4.56M``."""
    return f"{count:,.0f}" if count < 10_000 else f"{count / 1e3:.1f}k" if count < 1e6 else f"{count / 1e6:.2f}M"


def money(cost: float | None) -> str:
    """Dollars, or that the price is not known."""
    return "cost unknown (no price set)" if cost is None else dollars(cost) if cost else "no cost"


def name(job: Job) -> str:
    """``generate zerogen``; a curate job that only looked is a preview."""
    if job.kind == "generate":
        return f"generate {clean(str(job.parameters.get('recipe', '')), limit=40)}".strip()
    return f"{clean(job.kind, limit=20)} preview" if job.parameters.get("preview") else clean(job.kind, limit=20)


def seconds_run(job: Job) -> float | None:
    """Seconds from start to end, or to now."""
    if job.started_at is None:
        return None
    end = datetime.fromisoformat(job.finished_at) if job.finished_at else datetime.now(UTC)
    return max(0.0, (end - datetime.fromisoformat(job.started_at)).total_seconds())


def heading(job: Job) -> Content:
    """``> job 12  generate zerogen  running  3 min ago``."""
    mark, style = STATES.get(job.state, ("?", MUTED))
    state = "stopping" if job.cancel and job.state == "running" else job.state
    return Content.assemble(
        (f"{mark} ", style), (f"job {job.id}", STRONG), f"  {name(job)}  ", (state, style),
        (f"  {ago(job.finished_at or job.started_at or job.created_at)}", MUTED),
    )  # fmt: skip


def progress(job: Job, width: int) -> list[Content]:
    """The bar with counts, rate and time left (one or two lines)."""
    result = job.result or {}
    passed = seconds_run(job) or 0.0
    rate = float(result.get("rate") or (job.done / passed if passed > 0.5 else 0.0))
    counted = job.kind in ("generate", "import")  # the others count steps of unequal length
    if job.kind == "curate" and job.total:  # thousandths of a filter
        parts = [f"{min(1.0, job.done / job.total):.0%}"]
    else:
        parts = [f"{job.done:,}/{job.total:,}" if job.total else f"{job.done:,} done"]
    if job.state == "running" and rate > 0 and counted:
        parts.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s")
        if job.total:
            parts.append(f"{duration(max(0, job.total - job.done) / rate)} left")
    elif passed:
        parts.append(f"in {duration(passed)}" if passed >= 10 else f"in {passed:.1f} s")
    text = "  ".join(parts)
    room = width - len(text) - 2
    lines = []
    if job.total and room >= 10:
        bar = charts.meter(job.done / job.total, min(40, room))
        lines.append(Content.assemble(bar, "  ", text))
    else:
        lines.append(Content(text[:width]))
    if job.note and job.state in ("queued", "running", "paused", "waiting"):
        lines += charts.prose(job.note, width, MUTED, most=2)
    return lines


def figures(result: Mapping[str, Any], width: int) -> list[Content]:
    """Counts of requests and samples, tokens and cost, as far as the job has said them."""

    def part(key: str, title: str) -> str:
        return f"{title} {int(result[key]):,}" if isinstance(result.get(key), (int, float)) else ""

    first = [part("requests", "requests"), part("cached", "cached"), part("retried", "retried"),
             part("failed", "failed"), part("waiting", "waiting")]  # fmt: skip
    second = [part("samples", "samples"), part("kept", "kept"), part("duplicates", "duplicates")]
    third = []
    if "input_tokens" in result:
        third = [f"tokens {tokens(result['input_tokens'])} in, {tokens(result.get('output_tokens', 0))} out",
                 money(result.get("cost"))]  # fmt: skip
    return [
        line
        for parts in (first, second, third)
        if any(parts)
        for line in charts.prose("   ".join(part for part in parts if part), width)
    ]


def failures(reasons: Mapping[str, int], width: int) -> list[Content]:
    """Failed requests by reason, most frequent first."""
    if not reasons:
        return []
    lines = [Content.styled("Failed, by reason", MUTED)]
    shown = list(reasons.items())[:5]
    lines += [
        Content.assemble((f"{count:>6,} ", ERROR), charts.fit(reason, max(1, width - 7)).rstrip())
        for reason, count in shown
    ]
    if len(reasons) > len(shown):
        lines.append(Content.styled(f"       and {len(reasons) - len(shown)} more reasons", MUTED))
    return lines


def job_lines(job: Job, reasons: Mapping[str, int], width: int) -> list[Content]:
    """The whole view of one job; its error is one sentence at the top, where the eye is."""
    lines = [heading(job)[:width]]
    if job.error:
        lines += charts.prose(job.error, width, ERROR, most=3)
    lines += progress(job, width)
    if job.result and job.kind == "generate":
        lines += figures(job.result, width)
    return lines + failures(reasons, width)


def run_line(job: Job, width: int) -> Content:
    """One line of a history of runs."""
    mark, style = STATES.get(job.state, ("?", MUTED))
    result = job.result or {}
    kept = result.get("kept", result.get("samples"))
    count = f"{kept:,} kept" if isinstance(kept, int) else (f"{job.done:,}" if job.done else "")
    cost = dollars(result["cost"]) if result.get("cost") else ""
    title = job.parameters.get("recipe") or ("preview" if job.parameters.get("preview") else job.kind)
    model = str(job.parameters.get("model", "")) if job.kind == "generate" else ""
    state = job.state.ljust(11)
    parts = [part for part in (ago(job.finished_at or job.created_at), count, cost) if part]
    if width < 60:
        parts = parts[1:] or parts  # how much came before how long ago
    while len(parts) > 1 and width - len("  ".join(parts)) - 21 < 16:
        parts.pop()
    right = "  ".join(reversed(parts))
    left = max(6, width - len(right) - 21)
    return Content.assemble(
        (mark, style), f"{job.id:>5} ", charts.fit(" ".join(part for part in (str(title), model) if part), left), " ",
        (state, style), " ", (right, MUTED),
    )[:width]  # fmt: skip


class Waiting:
    """Says what is waited for, but only once it has taken ``PATIENCE`` seconds: quick work never flickers.

    ``with Waiting(widget, lambda: chart.show(...)): await work()``
    """

    def __init__(self, widget: Widget, show: Callable[[], None]) -> None:
        self._widget = widget
        self._show = show
        self._timer: Timer | None = None

    def __enter__(self) -> Self:
        self._timer = self._widget.set_timer(PATIENCE, self._show)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.stop()
