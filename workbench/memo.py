"""Checked settings and themes, remembered by the hash of what they were checked from.

Checking ``project.yaml`` takes PyYAML and pydantic, which take longer to import than everything else that the screen does
before its first paint. The result for the same bytes is the same, so it is kept in the user's cache folder. A cache that
cannot be read or written costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from workbench import __version__
from workbench.paths import user_cache

#: Remembered results; the oldest go when there are more.
MOST = 64


def remembered(kind: str, source: bytes, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """``make()``, or what it gave before for the same ``kind``, ``source`` and version; a JSON-like mapping."""
    digest = hashlib.sha256(f"{kind}\0{__version__}\0".encode() + source).hexdigest()
    path = user_cache() / f"{kind}-{digest}.json"
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    value = make()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(value), encoding="utf-8")
        os.replace(temporary, path)
        _forget_oldest(kind)
    return value


def _forget_oldest(kind: str) -> None:
    kept = sorted(user_cache().glob(f"{kind}-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[MOST:]:
        path.unlink(missing_ok=True)
