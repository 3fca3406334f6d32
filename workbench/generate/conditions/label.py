"""A label per request, in balanced random order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workbench.generate.parts import CONDITIONS, Setting, random_at

#: A sample with several labels has at most so many.
MOST = 3


@CONDITIONS.register("label")
def label(setting: Setting, ordinal: int, conditions: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Each block of as many requests as there are labels holds every label once, in an order drawn per block.

    Label-conditional generation as in ZeroGen (Ye et al. 2022), with classes of equal size at any count. Where a sample
    may have several labels, one to ``MOST`` of them: the block's own first, others drawn uniformly. On a scale, its steps
    take the place of labels. A task without labels, or whose label is read out of the text, has no such condition.
    """
    shape = setting.config.task.label_shape
    if shape in ("object", "none"):
        return {}
    values: tuple[Any, ...] = setting.scale_steps if shape == "number" else setting.label_names
    block, place = divmod(ordinal, len(values))
    chosen = _order(setting.seed, values, block)[place]
    if shape != "many":
        return {"label": chosen}
    rng = setting.random("labels", ordinal)
    others = [name for name in values if name != chosen]
    drawn = {chosen, *rng.sample(others, min(rng.randint(0, MOST - 1), len(others)))}
    return {"label": [name for name in values if name in drawn]}  # one order, so that equal sets are equal answers


@lru_cache(maxsize=64)
def _order(seed: int, values: tuple[Any, ...], block: int) -> list[Any]:
    return random_at(seed, "label", block).sample(values, len(values))
