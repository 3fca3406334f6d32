"""What a judging model is shown of a sample that is curated, and what is said of one without a score.

Prompts and reading are ``workbench.models.judge``, which techniques reach through this module.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.curate.base import Item
from workbench.models.base import Answer
from workbench.models.judge import (
    DRAWN_AT,
    LONGEST,
    MOST_TOKENS,
    Scale,
    about,
    answers,
    choice_of,
    chosen,
    cut,
    graded,
    mean_score,
    reason_of,
    score_of,
    written,
)

__all__ = [
    "DRAWN_AT",
    "LONGEST",
    "MOST_TOKENS",
    "UNSCORED",
    "Scale",
    "about",
    "answers",
    "choice_of",
    "chosen",
    "cut",
    "graded",
    "mean_score",
    "no_score",
    "parts_of",
    "reason_of",
    "score_of",
]

UNSCORED = "unscored"


def no_score(group: Sequence[Answer | None], who: str = "judge") -> str:
    """Why a sample that was not judged is kept."""
    if all(answer is None for answer in group):
        return f"kept: the {who} did not answer"
    return f"kept: the {who} gave no score"


def parts_of(item: Item) -> dict[str, str]:
    """What a judge is shown of a sample: its fields by name (its text where it has none), then its label."""
    parts = {name: written(value) for name, value in item.fields.items() if value not in (None, "", [], {})}
    parts = parts or {"text": item.text}
    if item.label is not None and "label" not in parts:
        parts["label"] = item.label
    return parts
