"""What the endpoints of a run can do: remembered from earlier runs, and asked for before the first request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from workbench.errors import WorkbenchError
from workbench.generate.lanes import Lane
from workbench.models.openai import OpenAIModel
from workbench.recipe import Recipe
from workbench.store import abilities
from workbench.store.connection import Store

T = TypeVar("T")


def ask(
    store: Store,
    lanes: Sequence[Lane],
    recipe: Recipe,
    log: Callable[[str, str], None],
    work: Callable[[], Coroutine[Any, Any, T]],
) -> T:
    """Run ``work``, which asks these endpoints, in an event loop of its own; what is learnt about them is kept.

    Raises ``WorkbenchError`` before the first request when one of them lacks what the recipe needs.
    """
    models = [lane.model for lane in lanes if isinstance(lane.model, OpenAIModel)]
    for model in models:
        model.abilities.update(abilities.of(store, model.host, model.model))
        model.log = log

    needs = {need for need in recipe.needs if need in ("logprobs", "completions", "embeddings")}

    async def first() -> T:
        try:
            for model in models:
                if (lack := await model.check(needs)) is not None:
                    raise WorkbenchError(
                        f"{lack}, which recipe {recipe.name!r} needs; use another model, or another recipe."
                    )
        except BaseException:
            for model in models:
                await model.close()
            raise
        return await work()

    try:
        return asyncio.run(first())
    finally:
        for model in models:
            abilities.keep(store, model.host, model.model, model.abilities)
