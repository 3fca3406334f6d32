"""``models check``: asks an endpoint what it can do, and remembers it in the project."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import project as projects
from workbench.cli.output import Output, table
from workbench.errors import ProjectError, UsageError
from workbench.models.make import ModelSettings, make_model
from workbench.store import abilities
from workbench.store.connection import Store

if TYPE_CHECKING:
    from workbench.models.checking import Findings
    from workbench.models.openai import OpenAIModel

USAGE = "Write `workbench models check openai:NAME`, or name a project whose model.use is one."
_ROWS = (
    ("chat", "chat"),
    ("structured", "structured answers"),
    ("logprobs", "log-probabilities"),
    ("completions", "raw completions"),
    ("embeddings", "embeddings"),
)
_MODES = {
    "json_schema": "by JSON Schema",
    "json_object": "JSON mode, with the schema in words",
    "none": "only by asking for them in words",
}


def check(words: Sequence[str], output: Output) -> int:
    """Ask, print, remember. Raises ``UsageError`` without an endpoint's model, ``ModelError`` when it cannot be asked."""
    spec, project = _which(words)
    settings = ModelSettings()
    if project is not None:
        config = project.config.model
        spec = spec or config.use
        settings = ModelSettings(config.base_url, config.timeout, 0, config.api_key_env, config.group)
    if spec is None or spec == "embedded":
        raise UsageError(f"There is no endpoint to check. {USAGE}")
    model: Any = make_model(spec, settings=settings)
    output.say(f"Asking {model.name} at {model.host}; this costs a few tokens.")
    found = asyncio.run(_ask(model))
    if project is not None:
        with Store(project) as store:
            abilities.keep(store, model.host, model.model, model.abilities, fresh=True)
    listed = found.models
    output.result(
        {
            "model": model.name,
            "endpoint": model.host,
            "can": found.can,
            "why": found.why,
            "abilities": model.abilities,
            "seconds": found.seconds,
            "tokens": found.tokens,
            "models": listed,
            "kept": None if project is None else str(project.folder),
        },
        _lines(model, found, kept=project is not None),
    )
    return 0


async def _ask(model: OpenAIModel) -> Findings:
    from workbench.models.checking import survey

    try:
        return await survey(model)
    finally:
        await model.close()


def _which(words: Sequence[str]) -> tuple[str | None, projects.Project | None]:
    """The model's spec and the project among some words, each if there is one."""
    if len(words) > 2:
        raise UsageError(f"Too many words: {' '.join(words)}. {USAGE}")
    # A folder may hold a colon too; then it is there.
    is_spec = [word == "embedded" or (":" in word and not Path(word).is_dir()) for word in words]
    if is_spec in ([], [True]):
        try:
            return words[0] if words else None, projects.find()
        except ProjectError:
            if words:
                return words[0], None
            raise UsageError(f"There is no project here. {USAGE}") from None
    if is_spec == [False]:
        return None, projects.find(words[0])
    if is_spec == [True, False]:
        return words[0], projects.find(words[1])
    raise UsageError(USAGE)


def _lines(model: OpenAIModel, found: Findings, *, kept: bool) -> list[str]:
    seconds = "unknown" if found.seconds is None else f"{found.seconds * 1000:,.0f} ms"
    rows = []
    for name, title in _ROWS:
        value = found.can.get(name, "unknown")
        rows.append([title, _MODES.get(value, value), found.why.get(name, "")])
    names = found.models
    if names is None:
        listed = "none listed"
    else:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        listed = (", ".join(names[:8]) or "none") + more
        listed += "" if model.model in names else f" ({model.model} is not among them)"
    learned = [f"{name.partition('.')[2]} {'is left out' if to == 'no' else f'is sent as {to}'}"
               for name, to in sorted(model.abilities.items()) if "." in name]  # fmt: skip
    rows += [["one token", seconds, ""], ["models", listed, ""]]
    rows += [["parameters", ", ".join(learned), ""]] if learned else []
    return [
        f"{model.name} at {model.host}",
        *(f"  {line}" for line in table(rows)),
        f"{found.tokens:,} tokens used; "
        + ("kept in the project." if kept else "kept nowhere: there is no project here."),
    ]
