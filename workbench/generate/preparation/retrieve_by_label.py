"""Which of the user's unlabelled texts are about which label, by progressive retrieval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.errors import WorkbenchError
from workbench.generate.parts import PREPARE, Ask, Setting
from workbench.learn.retrieval import progressive


@PREPARE.register("retrieve_by_label")
async def retrieve_by_label(setting: Setting, ask: Ask, options: Mapping[str, Any]) -> dict[str, Any]:
    """``{"retrieved": [[label, sample number], ...]}``: the labels take turns, each with its next best text.

    ReGen (Yu et al. 2023, section 3.1; ``learn.retrieval.progressive``): the first queries are the labels in words with
    their descriptions; in later rounds each retrieved text, with the label's words, is a query of its own. A text that
    several labels claim goes to the one that it is nearest to.
    """
    queries = [f"{label.name.replace('_', ' ')} {label.description}".strip() for label in setting.labels]
    found = progressive(
        [one.text for one in setting.inputs], queries, each=int(options["each"]), rounds=int(options["rounds"])
    )
    ranked = [[setting.inputs[place].id for place in places] for places in found]
    if not any(ranked):
        raise WorkbenchError(
            "None of the unlabelled texts shares a word with a label or its description: describe the labels in "
            "project.yaml (labels: {name: description})."
        )
    turns = range(max(len(places) for places in ranked))
    names = setting.label_names
    return {
        "retrieved": [
            [name, places[turn]]
            for turn in turns
            for name, places in zip(names, ranked, strict=True)
            if turn < len(places)
        ]
    }
