"""The model that writes nothing: recipes that retrieve give back the user's own unlabelled texts."""

from __future__ import annotations

from workbench.models.base import Answer, Capability, Request

NAME = "corpus"
CAPABILITIES: frozenset[Capability] = frozenset()
DESCRIPTION = "Writes nothing: recipes that retrieve (regen) take the imported unlabelled texts as they are."


class CorpusModel:
    """Answers every request with an empty text, at no cost: the request's conditions say which text is meant."""

    name = NAME
    group = NAME
    capabilities = CAPABILITIES
    description = DESCRIPTION

    async def complete(self, request: Request) -> Answer:
        return Answer("", NAME)

    async def close(self) -> None:
        """There is nothing to release."""
