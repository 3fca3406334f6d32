"""Endpoints that are there already: the one in the environment, and local servers on their usual ports."""

from __future__ import annotations

import http.client
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from workbench.models.place import Place
from workbench.text import clean

#: Name and port of servers that speak the protocol on loopback.
LOCAL = (("Ollama", 11434), ("vLLM", 8000), ("llama.cpp", 8080))
_LOCAL_TIMEOUT = 0.3  # seconds
_REMOTE_TIMEOUT = 2.0
_MOST_BYTES = 8_000_000
_MOST_MODELS = 500


@dataclass(frozen=True)
class Found:
    """An endpoint to offer. ``models`` is empty when it did not list any; ``source`` says where it was found."""

    provider: str
    base_url: str
    models: tuple[str, ...]
    source: str


def find_endpoints(*, local: tuple[tuple[str, int], ...] = LOCAL) -> list[Found]:
    """The endpoint that ``OPENAI_BASE_URL`` names (even if it is silent) and local servers that answer; never raises.

    Takes at most about two seconds, all are asked at once. The key goes only to the address that the environment names.
    """
    named = os.environ.get("OPENAI_BASE_URL", "").rstrip("/")
    with ThreadPoolExecutor(max_workers=len(local) + 1) as pool:
        asked = pool.submit(_models, named, os.environ.get("OPENAI_API_KEY", ""), _REMOTE_TIMEOUT) if named else None
        urls = [(name, f"http://127.0.0.1:{port}/v1") for name, port in local]
        answers = [(name, url, pool.submit(_models, url, "", _LOCAL_TIMEOUT)) for name, url in urls]
        found = [Found("openai", named, asked.result() or (), "OPENAI_BASE_URL")] if asked else []
        for name, url, answer in answers:
            models = answer.result()
            if models is not None and not _same(url, named):
                found.append(Found("openai", url, models, f"{name} on this machine"))
    return found


def _models(base_url: str, key: str, timeout: float) -> tuple[str, ...] | None:
    """Names of the models that ``base_url`` lists, or None when nothing there speaks the protocol."""
    try:
        parts = urlsplit(base_url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        try:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            connection.request("GET", f"{parts.path}/models", headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                return None
            listed: Any = json.loads(response.read(_MOST_BYTES))
        finally:
            connection.close()
        names = [item["id"] for item in listed["data"] or []]
    except (OSError, ValueError, KeyError, TypeError, RecursionError, http.client.HTTPException):
        return None
    hide = Place(parts.netloc, "", key=key or None).hide
    return tuple(clean(hide(name), limit=200) for name in names[:_MOST_MODELS] if isinstance(name, str))


def _same(url: str, other: str) -> bool:
    return url.replace("localhost", "127.0.0.1") == other.replace("localhost", "127.0.0.1")
