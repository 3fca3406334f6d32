"""What endpoints were found to be able to do, so that it is found out once and not with every run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from workbench.store.connection import Store, bulk, now

#: Endpoints change (a new server, another model under the same name): older findings are made again.
LASTS = timedelta(days=14)


def of(store: Store, endpoint: str, model: str) -> dict[str, str]:
    """What is known of ``model`` at ``endpoint`` (its host), by name; findings older than ``LASTS`` are left out."""
    return dict(
        store.read(
            "SELECT name, value FROM ability WHERE endpoint = ? AND model = ? AND found_at >= ? ORDER BY name",
            (_text(endpoint), _text(model), _horizon()),
        )
    )


def keep(store: Store, endpoint: str, model: str, abilities: Mapping[str, str], *, fresh: bool = False) -> None:
    """Remember ``abilities``. One that was known with the same value keeps its date, so that it expires all the same.

    ``fresh`` says that all of them were found just now: what was known before is forgotten.
    """
    endpoint, model, horizon = _text(endpoint), _text(model), _horizon()
    if not fresh and dict(abilities) == of(store, endpoint, model):
        return
    at = now()
    rows = [(endpoint, model, _text(name), _text(value), at) for name, value in sorted(abilities.items())]
    with store.write() as connection:
        if fresh:
            connection.execute("DELETE FROM ability WHERE endpoint = ? AND model = ?", (endpoint, model))
        else:
            connection.execute(
                "DELETE FROM ability WHERE endpoint = ? AND model = ? AND found_at < ?", (endpoint, model, horizon)
            )
        bulk(
            connection,
            "INSERT INTO ability (endpoint, model, name, value, found_at)",
            rows,
            "ON CONFLICT DO UPDATE SET value = excluded.value, found_at = excluded.found_at WHERE value <> excluded.value",
        )


def _horizon() -> str:
    return (datetime.now(UTC) - LASTS).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
