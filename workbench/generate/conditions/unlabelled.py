"""The unlabelled examples, one per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.generate.parts import CONDITIONS, Setting


@CONDITIONS.register("unlabelled")
def unlabelled(
    setting: Setting, ordinal: int, conditions: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, int]:
    """The number of the example that this request is about, in the order of import (automatic annotation, survey section
    3.1.2)."""
    return {"unlabelled": setting.inputs[ordinal].id}
