"""A label per request, in balanced random order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.generate.parts import CONDITIONS, Setting


@CONDITIONS.register("label")
def label(setting: Setting, ordinal: int, conditions: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
    """Each block of as many requests as there are labels holds every label once, in an order drawn per block.

    Label-conditional generation as in ZeroGen (Ye et al. 2022), with classes of equal size at any count.
    """
    names = setting.config.task.label_names
    block, place = divmod(ordinal, len(names))
    return {"label": setting.random("label", block).sample(names, len(names))[place]}
