"""What an OpenAI-compatible endpoint sent, read without trust: answers, and refusals sorted by what may be done."""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.models.base import Answer, BadRequest, Fatal, ModelError, RateLimited, Transient
from workbench.text import clean

#: How much of a server's own words goes into a sentence.
WORDS_SHOWN = 240
#: How much of a model's name or a finish reason is kept.
NAME_LENGTH = 200
#: More tokens than any answer has: what is above was not counted but made up.
MOST_TOKENS = 2**31
#: The lowest log-probability that is kept: sums of them stay finite.
LEAST_LOGPROB = -1e4
_KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|hf|xai|key)[-_][A-Za-z0-9_*.\-]{6,}|(?<=Bearer )\S+")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Place:
    """Whom to name in a sentence: the endpoint's host, the model, and the key that must never be shown."""

    host: str
    model: str
    key_variable: str = "OPENAI_API_KEY"
    key: str | None = field(default=None, repr=False)

    def scrub(self, text: str) -> str:
        """``text`` fit for a sentence: without the key or anything that looks like one, safe to show, cut."""
        if self.key:
            text = text.replace(self.key, "[key]")
        return clean(_KEY_LIKE.sub("[key]", text), limit=WORDS_SHOWN).strip().rstrip(".")


def read_answer(content: bytes, place: Place, *, seconds: float = 0.0) -> Answer:
    """The answer in a chat completion (status 200); raises ``Transient`` or another ``ModelError`` if there is none."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        cut = content.lstrip()[:1] in (b"{", b"[")
        kind = "a cut-off answer" if cut else f"something that is not JSON ({_quote(content, place)})"
        raise Transient(
            f"{place.host} sent {kind}; check that the address is that of an OpenAI-compatible endpoint if it goes on.",
            reason="truncated json" if cut else "not json",
        ) from error
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        # Some routers report an upstream's failure under status 200.
        if isinstance(body, dict) and body.get("error"):
            code = body["error"].get("code") if isinstance(body["error"], dict) else None
            status = code if isinstance(code, int) and 400 <= code <= 599 else 502
            raise refusal(status, {}, content, place)
        raise Transient(f"{place.host} sent an answer without a choice; it is asked again.", reason="no choices")
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    text = _content(message.get("content"))
    if not text and message.get("refusal"):
        raise BadRequest(
            f"The model {place.model} at {place.host} refused: {place.scrub(str(message['refusal']))}.",
            reason="refusal",
        )
    if place.key and place.key in text:
        text = text.replace(place.key, "[key]")
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    reason = choice.get("finish_reason")
    named = body.get("model")
    return Answer(
        text=text,
        model=(clean(named, limit=NAME_LENGTH) if isinstance(named, str) else "") or place.model,
        finish_reason=clean(reason, limit=NAME_LENGTH) if isinstance(reason, str) else None,
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        logprobs=_logprobs(choice.get("logprobs")),
        seconds=seconds,
    )


def refusal(status: int, headers: Mapping[str, str], content: bytes, place: Place) -> ModelError:
    """The error for an HTTP status other than success; ``headers`` have lower-case names."""
    words, code = _error(content)
    code = code.lower()
    said = f" ({place.scrub(words)})" if words else ""
    wait = retry_after(headers)
    reason = f"http {status}"
    where = place.host
    if status in (401, 403):
        what = "no key was sent" if not place.key else f"the key in {place.key_variable} was sent"
        return Fatal(
            f"{where} does not let this request in, {what}{said}: set {place.key_variable} to a key that may use "
            f"{place.model}.",
            reason=reason,
        )
    if status == 402 or (status == 429 and ("insufficient_quota" in code or "billing" in code)):
        return Fatal(
            f"The account at {where} has nothing left to spend{said}: add credit, or use another key or model.",
            reason="quota",
        )
    if status == 429:
        return RateLimited(f"{where} asks to slow down{said}; it is asked again.", reason=reason, retry_after=wait)
    if status in (408, 409, 425) or status >= 500:
        return Transient(
            f"{where} failed with status {status}{said}; try again later.", reason=reason, retry_after=wait
        )
    if "model_not_found" in code or (status == 404 and "model" in words.lower()):
        return Fatal(
            f"{where} has no model {place.model!r}{said}: see its list of models and set model.name.", reason="no model"
        )
    if status in (404, 405) and not code:
        return Fatal(
            f"{where} has no chat completions at that address (status {status}): check model.base_url, "
            "which usually ends in /v1.",
            reason=reason,
        )
    if status < 400:
        return Fatal(
            f"{where} answered with a redirection (status {status}): set model.base_url to the address it moved to.",
            reason=reason,
        )
    return BadRequest(
        f"{where} refused this request with status {status}{said}: change the prompt or its parameters.", reason=reason
    )


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds to wait that the endpoint asked for (names in lower case), or None: never negative, never NaN.

    Read in this order: ``retry-after-ms``; ``retry-after`` in seconds or as an HTTP date (against the server's own
    ``date``, so that clocks need not agree); the longest ``x-ratelimit-reset-*`` of a limit with nothing remaining
    ("1s", "6m0s", "20ms"); ``x-ratelimit-reset`` as seconds or as a time in epoch seconds or milliseconds.
    """
    now = time.time() if now is None else now
    if (wait := _number(headers.get("retry-after-ms"))) is not None:
        return wait / 1000
    given = headers.get("retry-after")
    if (wait := _number(given)) is not None:
        return wait
    if given and (then := _date(given)) is not None:
        at = _date(headers.get("date", ""))
        return max(0.0, then - (now if at is None else at))
    waits = [
        wait
        for kind in ("requests", "tokens", "input-tokens", "output-tokens")
        if headers.get(f"x-ratelimit-remaining-{kind}", "").strip() == "0"
        and (wait := _duration(headers.get(f"x-ratelimit-reset-{kind}", ""))) is not None
    ]
    if waits:
        return max(waits)
    if (reset := _number(headers.get("x-ratelimit-reset"))) is not None:
        for scale in (1000.0, 1.0):
            if reset > 1e9 * scale:
                return max(0.0, reset / scale - now)
        return reset
    return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _date(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _duration(text: str) -> float | None:
    if (seconds := _number(text)) is not None:
        return seconds
    parts = _DURATION.findall(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else None


def _error(content: bytes) -> tuple[str, str]:
    """The words and the code of an error body; a body that is not JSON counts as words if it is short and no page."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        text = content[:400].decode("utf-8", "replace").strip()
        return ("" if text.startswith("<") or len(text) > 300 else text), ""
    inner = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(inner, dict):
        words = inner.get("message") or inner.get("detail") or inner.get("error") or ""
        code = inner.get("code") or inner.get("type") or ""
        both = f"{inner.get('code') or ''} {inner.get('type') or ''}" if code else ""
        return words if isinstance(words, str) else json.dumps(words), both.strip()
    return (inner if isinstance(inner, str) else ""), ""


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


def _count(value: Any) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return min(value, MOST_TOKENS) if whole and value >= 0 else 0


def _logprobs(given: Any) -> list[float] | None:
    content = given.get("content") if isinstance(given, dict) else None
    if not isinstance(content, list):
        return None
    values = [item.get("logprob") if isinstance(item, dict) else None for item in content]
    # JSON as Python reads it allows NaN, infinities and whole numbers that no float holds, which the store does not.
    numbers = [
        float(min(0, max(LEAST_LOGPROB, value)))
        for value in values
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value  # noqa: PLR0124 - NaN
    ]
    return numbers if len(numbers) == len(values) else None
