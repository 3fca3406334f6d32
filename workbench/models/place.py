"""Where an answer comes from: whom to name in a sentence, and the key that no sentence may show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from workbench.errors import UsageError
from workbench.text import clean

#: How much of a server's own words goes into a sentence.
WORDS_SHOWN = 240
#: Shorter keys are words that local servers are given ("none", "ollama"): they may stand in an answer by chance.
SHORTEST_SECRET = 8
_KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|hf|xai|key)[-_][A-Za-z0-9_*.\-]{6,}|(?<=Bearer )\S+")


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

    def hide(self, text: str) -> str:
        """``text`` as it is, but for the key."""
        key = self.key
        return text.replace(key, "[key]") if key and len(key) >= SHORTEST_SECRET and key in text else text


def host_of(url: str) -> str:
    """Host and port of ``url``, without user or password; raises ``UsageError`` when it is not an http address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = clean(url.rpartition("@")[2], limit=80)
        raise UsageError(f"model.base_url {shown!r} is no address: write it like http://localhost:8000/v1.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return clean(host if port is None else f"{host}:{port}", limit=120)
