"""A label per request, in balanced random order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workbench.generate.parts import CONDITIONS, Setting, random_at


@CONDITIONS.register("label")
def label(setting: Setting, ordinal: int, conditions: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
    """Each block of as many requests as there are labels holds every label once, in an order drawn per block.

    Label-conditional generation as in ZeroGen (Ye et al. 2022), with classes of equal size at any count.
    """
    names = setting.label_names
    block, place = divmod(ordinal, len(names))
    return {"label": _order(setting.seed, names, block)[place]}


@lru_cache(maxsize=64)
def _order(seed: int, names: tuple[str, ...], block: int) -> list[str]:
    return random_at(seed, "label", block).sample(names, len(names))
