"""What an OpenAI-compatible endpoint sent, read without trust: answers of chats and raw completions, embeddings."""

from __future__ import annotations

import base64
import json
import math
from array import array
from typing import Any

from workbench.models.base import Answer, BadRequest, Fatal, Transient
from workbench.models.place import Place
from workbench.models.refusals import Route, refusal, retry_after
from workbench.text import clean

__all__ = ["Place", "read_answer", "read_embeddings", "read_scores", "refusal", "retry_after"]

#: How much of a model's name or a finish reason is kept.
NAME_LENGTH = 200
#: More tokens than any answer has: what is above was not counted but made up.
MOST_TOKENS = 2**31
#: The lowest log-probability that is kept: sums of them stay finite.
LEAST_LOGPROB = -1e4
#: Finish reasons that mean the same, as other servers write them.
_SAME_REASON = {
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "safety": "content_filter",
    "content-filter": "content_filter",
    "prohibited_content": "content_filter",
}


def read_answer(content: bytes, place: Place, *, seconds: float = 0.0, route: Route = "chat") -> Answer:
    """The answer in a chat completion or a raw one (status 200); raises a ``ModelError`` if there is none.

    ``finish_reason`` is ``refusal`` when the model refused (its words are then the text), ``length`` when the answer was
    cut off, ``content_filter`` when it was held back; otherwise what the endpoint says.
    """
    body = _body(content, place)
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        _raise_error(body, place)
        raise Transient(f"{place.host} sent an answer without a choice; it is asked again.", reason="no choices")
    reason = choice.get("finish_reason")
    if route == "chat":
        message = choice.get("message")
        message = message if isinstance(message, dict) else {}
        text, given = _content(message.get("content")), message.get("refusal")
        if isinstance(given, str) and given.strip():
            text, reason = text or given, "refusal"
        logprobs = _logprobs(choice.get("logprobs"))
    else:
        text, logprobs = _content(choice.get("text")), _token_logprobs(choice.get("logprobs"))
    if not text:
        _raise_error(choice, place)
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    named = body.get("model")
    return Answer(
        text=place.hide(text),
        model=(clean(place.hide(named), limit=NAME_LENGTH) if isinstance(named, str) else "") or place.model,
        finish_reason=_reason(reason, place),
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        logprobs=logprobs,
        seconds=seconds,
        endpoint=place.host,
    )


def read_scores(content: bytes, place: Place, *, prompt: str, start: int, seconds: float = 0.0) -> Answer:
    """How likely a raw prompt's tokens from character ``start`` on are, out of an echoed completion (status 200).

    A token counts when it holds at least one character at or after ``start``; what the model went on to write does not.
    Where a token stands is worked out from the tokens' own texts (a mark for the text's beginning may precede the
    prompt), else from ``text_offset``. The prompt's very first token has no probability and is left out.

    Raises ``Fatal`` when the endpoint does not echo prompts with their log-probabilities (no later request will do
    better), ``BadRequest`` when it cannot be told which of them belong to the scored part.
    """
    body = _body(content, place)
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        _raise_error(body, place)
        raise Transient(f"{place.host} sent an answer without a choice; it is asked again.", reason="no choices")
    _raise_error(choice, place)
    given = choice.get("logprobs")
    given = given if isinstance(given, dict) else {}
    tokens, values = given.get("tokens"), given.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list) or prompt not in _content(choice.get("text")):
        raise no_scores(place)
    spans = _spans(tokens, given.get("text_offset"), prompt) if len(tokens) == len(values) else None
    counted = [
        number
        for number, (first, end) in enumerate(spans or ())
        if end > start and first < len(prompt) and (number or values[0] is not None)
    ]
    logprobs = _numbers([values[number] for number in counted])
    if logprobs is None:
        raise BadRequest(
            f"{place.host} does not say which log-probabilities belong to which part of the prompt.", reason="echo"
        )
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Answer(
        text="",
        model=place.model,
        finish_reason="stop",
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        logprobs=logprobs,
        seconds=seconds,
        endpoint=place.host,
    )


def no_scores(place: Place) -> Fatal:
    """The error for an endpoint that does not give a prompt's own log-probabilities."""
    return Fatal(
        f"{place.host} gives no log-probabilities of a prompt's own tokens (raw completions with echo and logprobs), and "
        "they are needed here: serve the model with vLLM, say, or leave this technique out.",
        reason="echo",
    )


def _spans(tokens: list[Any], offsets: Any, prompt: str) -> list[tuple[int, int]] | None:
    """First character and end of each token, counted from the prompt's first one; None where that cannot be told."""
    if not all(isinstance(token, str) for token in tokens):
        return None
    shift = "".join(tokens).find(prompt)
    if shift >= 0:
        spans, first = [], -shift
        for token in tokens:
            spans.append((first, first + len(token)))
            first += len(token)
        return spans
    # Tokens that are parts of a letter are written in ways of their own: then their places are as the endpoint says.
    if not isinstance(offsets, list) or len(offsets) != len(tokens) or not tokens:
        return None
    places = [one for one in offsets if isinstance(one, int) and not isinstance(one, bool) and one >= 0]
    if len(places) != len(tokens) or places != sorted(places) or places[-1] < len(prompt) - max(map(len, tokens)):
        return None
    return list(zip(places, [*places[1:], max(places[-1] + 1, len(prompt) + 1)], strict=True))


def read_embeddings(content: bytes, place: Place, *, count: int) -> list[array[float]]:
    """``count`` vectors in the order in which the texts were sent; floats, or base64 of little-endian float32.

    Raises ``Transient`` when the answer is cut off, ``BadRequest`` when it does not hold one finite vector per text.
    """
    body = _body(content, place)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        _raise_error(body, place)
    rows = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    # An index may be left out: then the order is that of the texts.
    places = [item.get("index", number) for number, item in enumerate(rows)]
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in places)
    if not whole or sorted(places) != list(range(count)):
        raise BadRequest(
            f"{place.host} sent {len(rows)} embeddings for {count} texts, or numbered them wrongly: use another model.",
            reason="embeddings",
        )
    vectors: list[array[float]] = [array("d")] * count
    for number, item in zip(places, rows, strict=True):
        vectors[number] = _vector(item.get("embedding"))
    if not vectors[0] or any(len(vector) != len(vectors[0]) for vector in vectors):
        raise BadRequest(
            f"{place.host} sent embeddings that are no vectors of one length: use another model.", reason="embeddings"
        )
    return vectors


def _vector(given: Any) -> array[float]:
    """The numbers, or an empty vector for what is none."""
    try:
        if isinstance(given, str):
            packed = array("f")
            packed.frombytes(base64.b64decode(given, validate=True))
            if array("H", [1]).tobytes() != b"\x01\x00":
                packed.byteswap()
            vector = array("d", packed)
        else:
            vector = array("d", given if isinstance(given, list) else ())
    except (TypeError, ValueError, OverflowError):
        return array("d")
    return vector if math.isfinite(sum(vector)) else array("d")


def _body(content: bytes, place: Place) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        cut = content.lstrip()[:1] in (b"{", b"[")
        kind = "a cut-off answer" if cut else f"something that is not JSON ({_quote(content, place)})"
        raise Transient(
            f"{place.host} sent {kind}; check that the address is that of an OpenAI-compatible endpoint if it goes on.",
            reason="truncated json" if cut else "not json",
        ) from error


def _raise_error(holder: Any, place: Place) -> None:
    """Some routers report an upstream's failure under status 200, beside the choices or inside one."""
    error = holder.get("error") if isinstance(holder, dict) else None
    if not error:
        return
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code <= 599 else 502
    try:
        inside = json.dumps({"error": error}).encode()
    except (ValueError, RecursionError):
        inside = b""
    raise refusal(status, {}, inside, place)


def _quote(content: bytes, place: Place) -> str:
    start = place.scrub(content[:80].decode("utf-8", "replace"))
    return f"it begins {start!r}" if start else "it is empty"


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _reason(given: Any, place: Place) -> str | None:
    if not isinstance(given, str):
        return None
    return _SAME_REASON.get(given.lower()) or clean(place.hide(given), limit=NAME_LENGTH)


def _count(value: Any) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return min(value, MOST_TOKENS) if whole and value >= 0 else 0


def _logprobs(given: Any) -> list[float] | None:
    content = given.get("content") if isinstance(given, dict) else None
    if not isinstance(content, list):
        return None
    return _numbers([item.get("logprob") if isinstance(item, dict) else None for item in content])


def _token_logprobs(given: Any) -> list[float] | None:
    """Raw completions have the older shape: one list of numbers."""
    values = given.get("token_logprobs") if isinstance(given, dict) else None
    return _numbers(values) if isinstance(values, list) else None


def _numbers(values: list[Any]) -> list[float] | None:
    # JSON as Python reads it allows NaN, infinities and whole numbers that no float holds, which the store does not.
    numbers = [
        float(min(0, max(LEAST_LOGPROB, value)))
        for value in values
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value  # noqa: PLR0124 - NaN
    ]
    return numbers if numbers and len(numbers) == len(values) else None
