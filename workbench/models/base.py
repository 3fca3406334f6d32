"""What a language model is to the workbench: requests in, answers out, and errors that say what may be done about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from workbench.errors import WorkbenchError
from workbench.text import content_hash

Capability = Literal["chat", "structured", "logprobs", "embeddings", "completions", "text_given_label"]


@dataclass(frozen=True, slots=True)
class Request:
    """One call to a model.

    ``messages`` are chat messages (``role``, ``content``); ``conditions`` is what the sample should be (``label``, ...):
    an endpoint reads the messages, the embedded model the conditions. ``parameters`` go to the endpoint as they are
    (``temperature``, ``max_tokens``, ``top_p``, ``stop``, ``logprobs``). ``schema`` is the JSON Schema that the answer should
    follow. ``prompt`` is a raw prompt to be continued, without a chat template; then there are no messages. ``draw`` tells
    wanted repeats apart.

    ``scored`` asks for no answer but for how likely the raw prompt itself is, from that character on: the answer has no
    text, and its ``logprobs`` are those of the prompt's tokens that reach beyond it.
    """

    messages: tuple[Mapping[str, str], ...]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    schema: Mapping[str, Any] | None = None
    draw: int = 0
    prompt: str | None = None
    scored: int | None = None

    @property
    def shown(self) -> tuple[Mapping[str, str], ...]:
        """The messages; a raw prompt as one message of the role ``prompt``."""
        return self.messages if self.prompt is None else ({"role": "prompt", "content": self.prompt},)

    def key(self, model: str, group: str) -> str:
        """Hex SHA-256 over everything that decides the answer: the name under which the answer is kept and found again."""
        told: Any = list(self.messages) if self.prompt is None else self.prompt
        parts = [model, group, told, dict(self.conditions), dict(self.parameters), self.schema, self.draw]
        return content_hash(parts if self.scored is None else [*parts, self.scored])


@dataclass(slots=True)
class Answer:
    """What came back. ``logprobs`` are natural logarithms, one per output token (of a ``scored`` prompt: per token of what
    is scored); ``seconds`` is the time it took; ``endpoint`` is the host that gave it, empty for a model in this process."""

    text: str
    model: str
    finish_reason: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    logprobs: list[float] | None = None
    seconds: float = 0.0
    endpoint: str = ""


class ModelError(WorkbenchError):
    """A call failed. ``reason`` is a short word for counting ("timeout", "http 503", ...)."""

    def __init__(self, message: str, *, reason: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after  # seconds, as the endpoint asked


class RateLimited(ModelError):
    """429: slow down and ask again, for as long as it takes."""


class Transient(ModelError):
    """Timeout, dropped connection, 5xx: worth a bounded number of retries."""


class BadRequest(ModelError):
    """400, 404, 413, 422: this request will never work; it costs one sample, with its reason, and is not retried."""


class Fatal(ModelError):
    """401, 403, quota used up, endpoint unknown: no request of this run will work; stop and say why."""


class Model(Protocol):
    """A language model. ``name`` is ``provider:model``; ``group`` names endpoints that answer alike (cache key)."""

    name: str
    group: str
    capabilities: frozenset[Capability]
    description: str  # one honest sentence, shown wherever the model is named

    async def complete(self, request: Request) -> Answer:
        """Answer one request or raise a ``ModelError``."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
