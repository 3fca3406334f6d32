"""A job's row in words and figures, the same on the screen and in commands. Pure functions: nothing is read here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workbench.store.jobs import Job

#: States in which a job may be cancelled or slowed, and in which it may go on.
UNDER_WAY = ("queued", "running", "paused", "waiting")
STOPPED = ("interrupted", "cancelled", "failed")
#: Kinds of jobs that people start to get something out of; the others serve them.
MAIN = ("generate", "curate", "evaluate", "judge", "export")
#: Limits that a generate job hears while it runs, with what each means.
LIMITS: Mapping[str, str] = {
    "concurrency": "requests at once",
    "budget": "dollars",
    "requests": "requests",
    "tokens": "tokens",
}


def paused(job: Job) -> bool:
    """Whether people want the job to ask nothing for now."""
    return job.state in UNDER_WAY and (job.state == "paused" or bool(job.limits.get("paused")))


def state(job: Job) -> str:
    """The job's state as people see it: ``stopping`` and ``paused`` are wishes that a running job has heard or will hear."""
    if job.cancel and job.state in ("running", "paused"):
        return "stopping"
    return "paused" if paused(job) else job.state


def amount(job: Job) -> str:
    """How far it is: ``412/1,000``, ``34%``; a finished one just what there is, ``1,000``."""
    if job.kind == "curate":  # thousandths of a filter
        share = min(1.0, job.done / job.total) if job.total else 0.0
        return "" if job.state == "done" else f"{share:.0%}"
    if job.kind in ("evaluate", "learn") and job.state == "done":  # steps of unequal length
        return ""
    if job.total and job.done < job.total:
        return f"{job.done:,}/{job.total:,}"
    return f"{job.done:,}" if job.done else ""


def seconds_run(job: Job, now: datetime | None = None) -> float | None:
    """Seconds from the first start to the end, or to now; None before the start."""
    if job.started_at is None:
        return None
    end = datetime.fromisoformat(job.finished_at) if job.finished_at else (now or datetime.now(UTC))
    return max(0.0, (end - datetime.fromisoformat(job.started_at)).total_seconds())


def rate(job: Job) -> float | None:
    """Answers or rows a second just now, of a running job that counts them; else None."""
    if job.state != "running" or job.kind not in ("generate", "import"):
        return None
    told = (job.result or {}).get("rate")
    if isinstance(told, (int, float)):
        return float(told)
    passed = seconds_run(job) or 0.0
    return job.done / passed if passed > 0.5 else None


def seconds_left(job: Job) -> float | None:
    """Estimated from the rate, and from how many samples an answer gave so far."""
    speed, result = rate(job), job.result or {}
    if not speed or not job.total or job.done >= job.total:
        return None
    answers, samples = result.get("answers"), result.get("samples")
    each = samples / answers if answers and samples else 1.0
    return (job.total - job.done) / (speed * each)


def per_second(value: float) -> str:
    """``38/s``, ``0.4/s``."""
    return f"{value:,.0f}/s" if value >= 10 else f"{value:.1f}/s"


def waiting(job: Job) -> str:
    """What the job waits for, in a few words; empty when nothing holds it up."""
    if job.state not in UNDER_WAY or job.cancel:
        return ""
    told = (job.result or {}).get("waiting")
    return told if isinstance(told, str) and not paused(job) else ""


def limits(job: Job) -> dict[str, Any]:
    """The limits that are set, by name."""
    return {name: job.limits[name] for name in LIMITS if job.limits.get(name) is not None}


def limit(name: str, value: float | None) -> str:
    """A limit with its unit: ``64 at once``, ``$2.50``, ``1,000 requests``; ``no budget`` for None."""
    if value is None:
        return "no budget" if name == "budget" else f"no limit of {LIMITS[name]}"
    if name == "budget":
        return f"${value:,.2f}" if value >= 0.01 else f"${value:.2g}"
    return f"{value:,.0f} at once" if name == "concurrency" else f"{value:,.0f} {name}"


def dollars_each(value: float) -> str:
    """Dollars for one sample: ``$0.12``, ``$0.0031``, ``$0.000019``: two digits that count, never an exponent."""
    if value >= 0.1 or value <= 0:
        return f"${value:,.2f}"
    digits = 1 - math.floor(math.log10(value))
    return f"${value:.{min(digits, 9)}f}"


def reasons(job: Job) -> dict[str, int]:
    """Failed requests by reason as the job last said, most frequent first."""
    told = (job.result or {}).get("reasons") or {}
    return dict(sorted(((str(name), int(n)) for name, n in told.items()), key=lambda one: (-one[1], one[0])))


@dataclass(frozen=True, slots=True)
class Yield:
    """What a generate job gave: ``kept`` are its samples without those that its recipe refused, ``cost`` is in dollars
    (None when a price was unknown)."""

    requests: int
    kept: int
    accepted: int
    cost: float | None

    @property
    def per_request(self) -> float | None:
        """Kept samples for each request."""
        return self.kept / self.requests if self.requests else None

    @property
    def price(self) -> tuple[float, str] | None:
        """Dollars for each sample that people accepted; where they accepted none, for each kept one. Says which."""
        if self.cost is None:
            return None
        if self.accepted:
            return self.cost / self.accepted, "accepted"
        return (self.cost / self.kept, "kept") if self.kept > 0 else None


def yield_of(job: Job, refused: int, accepted: int) -> Yield:
    """From a job's own counts, and what was read of its samples."""
    result = job.result or {}
    return Yield(
        int(result.get("requests") or 0), int(result.get("samples") or 0) - refused, accepted, result.get("cost", 0.0)
    )
