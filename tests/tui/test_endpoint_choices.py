"""Models of endpoints that answer are offered; an address never shows its password."""

from __future__ import annotations

from workbench.models.endpoints import Found
from workbench.tui.screens.generate import GenerateScreen
from workbench.tui.widgets import endpoint_choices
from workbench.tui.widgets.forms import Form

from .seeded import app, until

THERE = Found("openai", "http://anna:secret@llm.example:8000/v1", ("qwen", "llama\x1b[31m", "phi", "gemma"), "here")
OTHER = Found("openai", "http://127.0.0.1:11434/v1", (), "Ollama on this machine")


def test_only_models_of_the_endpoint_in_force_are_choices() -> None:
    found = [THERE, OTHER]
    assert endpoint_choices.choices(found, THERE.base_url)[0] == "openai:qwen"
    assert endpoint_choices.choices(found, "http://elsewhere/v1") == ()
    told = endpoint_choices.told(found, THERE.base_url + "/")
    assert "Found llm.example:8000/v1: qwen, " in told
    assert "and 1 more." in told
    assert "model.base_url: 127.0.0.1:11434/v1" in told
    assert "secret" not in told
    assert "\x1b" not in told + "".join(endpoint_choices.choices(found, THERE.base_url))


async def test_generate_offers_them(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", THERE.base_url)
    monkeypatch.setattr("workbench.models.endpoints.find_endpoints", lambda: [THERE, OTHER])
    made = app(tmp_path, monkeypatch, "generate")
    async with made.run_test(size=(120, 40)) as pilot:
        screen = made.screen
        assert isinstance(screen, GenerateScreen)
        form = screen.query_one("#settings", Form)
        await until(pilot, lambda: "llm.example" in form.query("Row").first().field.help)
        assert "openai:qwen" in form.query("Row").first().field.suggestions
