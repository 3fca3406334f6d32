"""What an endpoint says when it refuses, sorted by what may be done about it."""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from workbench.models.base import BadRequest, Fatal, ModelError, RateLimited, Transient
from workbench.models.place import Place

Route = Literal["chat", "completions", "embeddings"]
#: What a route is called in sentences.
ROUTES: dict[Route, str] = {"chat": "chat completions", "completions": "raw completions", "embeddings": "embeddings"}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Said(NamedTuple):
    """An error body: its words, its codes (lower case), and the parameter that it names, each empty if there is none."""

    words: str
    code: str
    parameter: str


def said(content: bytes) -> Said:
    """What an error body says; one that is not JSON counts as words if it is short and no page."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        text = content[:400].decode("utf-8", "replace").strip()
        return Said("" if text.startswith("<") or len(text) > 300 else text, "", "")
    inner = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(inner, dict):
        words = inner.get("message") or inner.get("detail") or inner.get("error") or ""
        code = f"{_word(inner.get('code'))} {_word(inner.get('type'))}".strip().lower()
        return Said(_words(words), code, _word(inner.get("param")))
    return Said(inner if isinstance(inner, str) else "", "", "")


def _word(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) and value else ""


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except (ValueError, RecursionError):
        return ""


def refusal(
    status: int, headers: Mapping[str, str], content: bytes, place: Place, *, route: Route = "chat"
) -> ModelError:
    """The error for an HTTP status other than success; ``headers`` have lower-case names."""
    words, code, _ = said(content)
    quoted = f" ({place.scrub(words)})" if words else ""
    wait = retry_after(headers)
    reason = f"http {status}"
    where = place.host
    if status in (401, 403):
        what = "no key was sent" if not place.key else f"the key in {place.key_variable} was sent"
        return Fatal(
            f"{where} does not let this request in, {what}{quoted}: set {place.key_variable} to a key that may use "
            f"{place.model}.",
            reason=reason,
        )
    if status == 402 or (status == 429 and ("insufficient_quota" in code or "billing" in code)):
        return Fatal(
            f"The account at {where} has nothing left to spend{quoted}: add credit, or use another key or model.",
            reason="quota",
        )
    if status == 429:
        return RateLimited(f"{where} asks to slow down{quoted}; it is asked again.", reason=reason, retry_after=wait)
    if status in (408, 409, 425) or status >= 500 or "json_validate_failed" in code:
        # json_validate_failed (400): the model's own JSON was broken and thrown away; another try is another draw.
        return Transient(
            f"{where} failed with status {status}{quoted}; try again later.", reason=reason, retry_after=wait
        )
    if "model_not_found" in code or (status == 404 and "model" in words.lower()):
        return Fatal(
            f"{where} has no model {place.model!r}{quoted}: see its list of models and set model.name.",
            reason="no model",
        )
    if status in (404, 405) and not code:
        return Fatal(
            f"{where} has no {ROUTES[route]} at that address (status {status}): check model.base_url, "
            "which usually ends in /v1.",
            reason=reason,
        )
    if status < 400:
        return Fatal(
            f"{where} answered with a redirection (status {status}): set model.base_url to the address it moved to.",
            reason=reason,
        )
    return BadRequest(
        f"{where} refused this request with status {status}{quoted}: change the prompt or its parameters.",
        reason=reason,
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
