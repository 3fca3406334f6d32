"""What endpoints can do is remembered for a while, by endpoint and model."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.store import abilities
from workbench.store.connection import Store

HERE = ("localhost:8000", "small")


def at(monkeypatch: pytest.MonkeyPatch, day: int) -> None:
    """Let it be some day of 2026."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(1767225600 + 86400 * (day - 1), UTC)

    monkeypatch.setattr(abilities, "datetime", Clock)
    monkeypatch.setattr(abilities, "now", lambda: Clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"))


def test_kept_by_endpoint_and_model(store: Store) -> None:
    abilities.keep(store, *HERE, {"structured": "json_object", "chat.max_tokens": "max_completion_tokens"})
    abilities.keep(store, "localhost:8000", "large", {"structured": "none"})
    assert abilities.of(store, *HERE) == {"structured": "json_object", "chat.max_tokens": "max_completion_tokens"}
    assert abilities.of(store, "localhost:8000", "large") == {"structured": "none"}
    assert abilities.of(store, "elsewhere", "small") == {}
    abilities.keep(store, *HERE, {"structured": "none", "odd\ud800": "x\ud800"})
    assert abilities.of(store, *HERE) == {
        "structured": "none",
        "chat.max_tokens": "max_completion_tokens",
        "odd?": "x?",
    }


def test_they_expire_even_if_every_run_keeps_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 1)
    abilities.keep(store, *HERE, {"structured": "none", "logprobs": "no"})
    at(monkeypatch, 10)
    known = abilities.of(store, *HERE)
    abilities.keep(store, *HERE, {**known, "logprobs": "yes"})  # found again, with another value
    at(monkeypatch, 16)
    assert abilities.of(store, *HERE) == {"logprobs": "yes"}
    abilities.keep(store, *HERE, {"logprobs": "yes", "structured": "none"})
    at(monkeypatch, 29)
    assert abilities.of(store, *HERE) == {"structured": "none"}


def test_a_fresh_look_forgets_the_rest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 1)
    abilities.keep(store, *HERE, {"structured": "none", "chat.temperature": "no"})
    at(monkeypatch, 14)
    abilities.keep(store, *HERE, {"structured": "none"}, fresh=True)
    at(monkeypatch, 20)
    assert abilities.of(store, *HERE) == {"structured": "none"}
    abilities.keep(store, *HERE, {}, fresh=True)
    assert abilities.of(store, *HERE) == {}
