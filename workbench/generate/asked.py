"""Between what models answer and what the ledger writes down: a request with its answer, or with its failure."""

from __future__ import annotations

from workbench.generate.plan import Planned
from workbench.models.base import Answer, ModelError
from workbench.store import answers
from workbench.store.answers import Asked

#: Stands in for what a request that failed does not have.
NO_ANSWER = Answer("", "")


def asked_of(
    planned: Planned,
    key: str,
    attempts: int,
    *,
    answer: Answer | None = None,
    cost: float | None = None,
    cached: bool = False,
    failure: ModelError | None = None,
) -> Asked:
    """A request with its answer, or with the failure for which it has none, as the ledger wants it."""
    request = planned.request
    given = answer or NO_ANSWER
    return Asked(
        ordinal=planned.ordinal,
        messages=request.shown,
        parameters=request.parameters,
        conditions=request.conditions,
        parents=planned.parents,
        draw=request.draw,
        attempts=attempts,
        key=key,
        answer_text=answer.text if answer else None,
        answer_model=given.model,
        finish_reason=given.finish_reason,
        input_tokens=given.input_tokens,
        output_tokens=given.output_tokens,
        logprobs=given.logprobs,
        seconds=given.seconds,
        cost=cost,
        cached=cached,
        reason=failure.reason if failure else None,
        error=str(failure) if failure else None,
        endpoint=given.endpoint,
    )


def known_of(known: answers.Known) -> Answer:
    """An answer that was there already, as the model gave it."""
    return Answer(
        known.text,
        known.model,
        known.finish_reason,
        known.input_tokens,
        known.output_tokens,
        known.logprobs,
        endpoint=known.endpoint,
    )


def answer_of(asked: Asked) -> Answer:
    """The answer that came, as the model gave it."""
    return Answer(
        asked.answer_text or "",
        asked.answer_model,
        asked.finish_reason,
        asked.input_tokens,
        asked.output_tokens,
        list(asked.logprobs) if asked.logprobs is not None else None,
        asked.seconds,
        asked.endpoint,
    )
