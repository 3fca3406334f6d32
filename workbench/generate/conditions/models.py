"""A model per request: each of the run's models in turn, for each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from workbench.errors import WorkbenchError
from workbench.generate.parts import CONDITIONS, Setting, random_at


@CONDITIONS.register("models")
def models(setting: Setting, ordinal: int, conditions: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
    """``model``: the name of the one that is asked, and of no other (FuseGen, Zou et al. 2024: each model writes its own
    samples of every label).

    Place it after ``label``. Of K models and L labels each K * L requests in a row, counted from the first, hold every
    pair once, and each L requests the models as evenly as can be; the order is drawn per K * L requests.
    """
    names = tuple(setting.models)
    if len(names) < 2:
        raise WorkbenchError("The condition `models` needs a recipe whose needs name `several models`.")
    values = setting.label_names
    label = conditions.get("label")
    if isinstance(label, str):
        turn = ordinal // len(values)
    else:
        turn, values, label = ordinal, ("",), ""
    block, step = divmod(turn, len(names))
    order, shift = _drawn(setting.seed, names, values, block)
    return {"model": order[(shift[label] + step) % len(names)]}


@lru_cache(maxsize=64)
def _drawn(
    seed: int, names: tuple[str, ...], values: tuple[str, ...], block: int
) -> tuple[Sequence[str], dict[str, int]]:
    """The models in an order, and for each label the place in it that comes first."""
    draw = random_at(seed, "models", block)
    order = draw.sample(names, len(names))
    return order, {value: place for place, value in enumerate(draw.sample(values, len(values)))}
