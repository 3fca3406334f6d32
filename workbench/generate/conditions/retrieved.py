"""What the preparation retrieved, one text with its label per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.generate.parts import CONDITIONS, Setting


@CONDITIONS.register("retrieved")
def retrieved(
    setting: Setting, ordinal: int, conditions: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """``label`` and ``unlabelled`` (the example's number) of the text at this place of the retrieved ones."""
    label, number = setting.prepared["retrieved"][ordinal]
    return {"label": label, "unlabelled": number}
