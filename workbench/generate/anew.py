"""Failed requests once more, each at its place of the series."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from workbench.generate.parts import Pool
from workbench.generate.plan import Plan, Planned
from workbench.generate.tally import Tally
from workbench.store import failures
from workbench.store.connection import Store

#: ``Request.draw`` is (seed << 32) | (again << 28) | ordinal: so many times a request can be asked anew.
_AGAIN, MOST_AGAIN = 28, 15
#: Failed requests that are looked up together.
LOOKED_UP = 1_000


def failed(
    store: Store,
    plan: Plan,
    series_id: int,
    job_id: int,
    reasons: Sequence[str] | None,
    *,
    tally: Tally,
    tell: Callable[[str, str], None],
) -> Iterator[Planned]:
    """A job's failed requests of a series; ``reasons`` None stands for all. Counts them in ``tally.again``.

    One that was answered, to no use, is a new draw; one that was not is the same request. What was asked anew
    ``MOST_AGAIN`` times is left as it is, and ``tell`` says so.
    """
    after = spared = 0
    while found := failures.places(store, job_id, series_id, reasons, after=after, limit=LOOKED_UP):
        after = found[-1].id
        for place in found:
            times = (place.draw >> _AGAIN & MOST_AGAIN) + place.answered
            if times > MOST_AGAIN:
                spared += 1
                continue
            tally.again += 1
            planned = plan.at(place.ordinal, Pool())
            draw = plan.setting.seed << 32 | times << _AGAIN | place.ordinal
            yield replace(planned, request=replace(planned.request, draw=draw))
    if spared:
        tell("warning", f"{spared:,} requests were asked anew {MOST_AGAIN} times before, and are left as they are.")
