"""Labelled seeds of any label, drawn anew for each request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.generate.parts import DEMONSTRATIONS, Example, Pool, Setting


@DEMONSTRATIONS.register("seeds")
def seeds(
    setting: Setting, ordinal: int, conditions: Mapping[str, Any], pool: Pool, options: Mapping[str, Any]
) -> list[Example]:
    """``count`` labelled seeds in random order, without replacement; all there are where there are fewer."""
    labelled = [seed for seed in setting.seeds if seed.label is not None]
    return setting.random("seeds", ordinal).sample(labelled, min(int(options["count"]), len(labelled)))
