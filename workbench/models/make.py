"""From a model's spec, as a person writes it, to the model."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import UsageError
from workbench.models import corpus, embedded, openai
from workbench.models.base import Capability, Model
from workbench.text import clean


@dataclass(frozen=True)
class ModelInfo:
    """A line of ``workbench models``: how a spec is written, what the model can do, and one honest sentence."""

    name: str
    spec: str
    capabilities: frozenset[Capability]
    description: str
    needs: str


MODELS: tuple[ModelInfo, ...] = (
    ModelInfo("embedded", "embedded", embedded.CAPABILITIES, embedded.DESCRIPTION, "seeds in the project"),
    ModelInfo(
        "openai",
        "openai:NAME",
        openai.CAPABILITIES,
        openai.DESCRIPTION,
        "an endpoint (model.base_url or OPENAI_BASE_URL) and, unless it is local, a key in OPENAI_API_KEY",
    ),
    ModelInfo(corpus.NAME, corpus.NAME, corpus.CAPABILITIES, corpus.DESCRIPTION, "unlabelled texts in the project"),
)


@dataclass(frozen=True)
class ModelSettings:
    """What a project says about its model; ``timeout`` in seconds, ``seed`` for models that draw in process."""

    base_url: str | None = None
    timeout: float = openai.DEFAULT_TIMEOUT
    seed: int = 0
    api_key_env: str = "OPENAI_API_KEY"
    group: str | None = None


def make_model(spec: str, *, examples: Sequence[tuple[str, str]] = (), settings: ModelSettings | None = None) -> Model:
    """The model that ``spec`` names: ``embedded`` (learns ``examples``, pairs of text and label), ``openai:NAME`` or
    ``corpus``.

    Raises ``UsageError`` for a provider that does not exist, a missing name, an address that is none, or no examples.
    """
    settings = settings or ModelSettings()
    provider, _, name = spec.strip().partition(":")
    if provider == "embedded" and not name:
        return embedded.EmbeddedModel(examples, seed=settings.seed)
    if provider == corpus.NAME and not name:
        return corpus.CorpusModel()
    if provider == "openai" and name.strip():
        return openai.OpenAIModel(
            name.strip(),
            base_url=settings.base_url,
            api_key_env=settings.api_key_env,
            timeout=settings.timeout,
            group=settings.group,
        )
    near = difflib.get_close_matches(provider, [model.name for model in MODELS], n=1)
    hint = next((model.spec for model in MODELS if near and model.name == near[0]), None)
    choices = " or ".join(model.spec for model in MODELS)
    raise UsageError(
        f"There is no model {clean(spec, limit=80)!r}: "
        + (f"did you mean {hint}? " if hint else "")
        + f"A model is written {choices}."
    )
