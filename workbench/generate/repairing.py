"""Answers that are not in the asked form: kept, and put right by one more request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from workbench.generate.asked import answer_of
from workbench.generate.asking import Asker, Found
from workbench.generate.plan import Plan
from workbench.models.limits import Usage
from workbench.store.answers import Asked


async def readable(
    asker: Asker, plan: Plan, found: Found, asked: Asked, keep: Callable[[Asked], Awaitable[None]]
) -> Asked:
    """``asked``, or the same request with the answer to the repairing one where ``plan`` cannot read its own.

    The unreadable answer is durable (``keep``) before the repairing request is sent: a run that is cut off between the
    two finds it again, and asks neither twice. The repair may fail, or be unreadable as well; then so is the request.
    Raises ``Stopped``.
    """
    request = found.planned.request
    if asked.answer_text is None:
        return asked
    answer = answer_of(asked)
    why = plan.unreadable(answer, request.conditions)
    if why is None:
        return asked
    if not asked.cached:
        await keep(asked)
    (repairing,) = asker.find([replace(found.planned, request=plan.repair(request, answer, why))])
    if asked.cached and repairing.known is None:
        # This job paid for it, before it was cut off; no request says so yet.
        asker.purse.found(Usage(1, asked.input_tokens, asked.output_tokens, asked.cost))
    repaired = await asker.ask(repairing)
    return replace(repaired, messages=asked.messages, attempts=asked.attempts + repaired.attempts, first=asked)
