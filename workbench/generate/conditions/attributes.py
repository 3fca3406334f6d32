"""One value of each proposed attribute per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.errors import WorkbenchError
from workbench.generate.parts import CONDITIONS, Setting


@CONDITIONS.register("attributes")
def attributes(
    setting: Setting, ordinal: int, conditions: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """Draw a combination uniformly: one value per attribute, from the class's own values where it has them.

    AttrPrompt (Yu et al. 2023, section 3): "each prompt samples one combination of attribute values".
    """
    rng = setting.random("attributes", ordinal)
    chosen: dict[str, str] = {}
    for name, values in setting.prepared.get("attributes", {}).items():
        allowed = values.get(conditions.get("label"), []) if isinstance(values, Mapping) else values
        if allowed:
            chosen[name] = rng.choice(list(allowed))
    if not chosen:
        raise WorkbenchError(
            f"There are no attribute values for label {conditions.get('label')!r}; "
            "add some under generate.parameters.attrprompt.proposals in project.yaml."
        )
    return {"attributes": chosen}
