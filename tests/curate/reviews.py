"""Small reviews whose label their words give away, some of them labelled wrongly: for weightings and influence."""

from __future__ import annotations

import random

from workbench.curate.base import Item

GOOD = ["brilliant", "moving", "funny", "superb", "gripping", "tender"]
BAD = ["dull", "tedious", "clumsy", "awful", "stale", "muddled"]
THINGS = ["plot", "cast", "script", "music", "ending", "camera"]


def reviews(n: int, wrong: int, seed: int = 0) -> list[Item]:
    """``n`` reviews, the first ``wrong`` of them with the other label."""
    draw = random.Random(seed)
    found = []
    for place in range(n):
        label, words = ("good", GOOD) if place % 2 else ("bad", BAD)
        text = f"a {draw.choice(words)} {draw.choice(THINGS)} and a {draw.choice(words)} {draw.choice(THINGS)}"
        if place < wrong:
            label = "bad" if label == "good" else "good"
        found.append(Item(place, text, {"text": text}, label, model=f"model-{place // 2 % 2}"))
    return found
