"""Models of endpoints that are there already, offered in the model field. No password of an address is ever shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from workbench.tui.widgets.lines import safe

if TYPE_CHECKING:
    from workbench.models.endpoints import Found

HELP = "embedded (learns from the seeds, for trying the loop) or openai:NAME of any endpoint."


def bare(url: str) -> str:
    """Host, port and path of an address: what may be shown of it."""
    parts = urlsplit(url)
    return safe(parts.netloc.rpartition("@")[2] + parts.path, limit=60)


def choices(found: Sequence[Found], base_url: str | None) -> tuple[str, ...]:
    """``openai:NAME`` for every model of the endpoint that the project's runs would ask."""
    asked = (base_url or os.environ.get("OPENAI_BASE_URL", "")).rstrip("/")
    return tuple(
        f"openai:{safe(name, limit=120)}" for one in found if one.base_url.rstrip("/") == asked for name in one.models
    )


def told(found: Sequence[Found], base_url: str | None) -> str:
    """The field's help: what each endpoint that answers has, and how to use one that is not in force."""
    asked = (base_url or os.environ.get("OPENAI_BASE_URL", "")).rstrip("/")
    parts = [HELP]
    for one in found:
        names = [safe(name, limit=40) for name in one.models[:3]]
        more = f" and {len(one.models) - 3} more" if len(one.models) > 3 else ""
        use = (
            ""
            if one.base_url.rstrip("/") == asked
            else f"; model.base_url: {bare(one.base_url)} in project.yaml uses it"
        )
        parts.append(f"Found {bare(one.base_url)}: {', '.join(names) or 'no list of models'}{more}{use}.")
    return " ".join(parts)
