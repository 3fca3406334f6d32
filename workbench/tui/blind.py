"""Pairs shown in blind order: which answer stands left is drawn for each sample and person, and stays so. No widgets here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from workbench.store.samples import Sample
from workbench.text import canonical

#: The kind of task whose samples are such pairs.
KIND = "preference"
BETTER, WORSE = "chosen", "rejected"
#: What a pair whose answers are equally good is rejected for: it says nothing about what is better.
TIE = "tie"


def is_pair(sample: Sample) -> bool:
    """Whether both answers are there."""
    return {BETTER, WORSE} <= sample.fields.keys()


def turned(came: Mapping[str, Any], person: str) -> bool:
    """Whether the answer that came as the worse one stands left: one bit of SHA-256 over the fields as they came and the
    person, so that it is the same on every machine that work is merged from."""
    return bool(hashlib.sha256(f"{person}\0{canonical(came)}".encode("utf-8", "replace")).digest()[0] & 1)


def left_right(sample: Sample, person: str) -> tuple[str, str]:
    """The fields that stand left (A) and right (B) now.

    A verdict that exchanges the two fields leaves both texts where they stood.
    """
    first = turned(sample.original_fields, person) != exchanged(sample)
    return (WORSE, BETTER) if first else (BETTER, WORSE)


def as_it_came(sample: Sample, person: str) -> tuple[str, str]:
    """What stands left (A) and right (B) was called when it came."""
    return (WORSE, BETTER) if turned(sample.original_fields, person) else (BETTER, WORSE)


def exchanged(sample: Sample) -> bool:
    """Whether the two answers stand the other way round than they came (one of them may have been corrected since)."""
    now, came = sample.fields, sample.original_fields
    if now.get(BETTER) == came.get(BETTER) or now.get(WORSE) == came.get(WORSE):
        return False
    return now.get(BETTER) == came.get(WORSE) or now.get(WORSE) == came.get(BETTER)


def preferring(sample: Sample, person: str, side: int) -> dict[str, Any]:
    """The sample's fields when side 0 (A) or 1 (B) is the better one.

    They are part of a verdict even where they stand so already: what others said of the order, seen or not, must not
    count as this person's word.
    """
    fields = dict(sample.fields)
    if left_right(sample, person)[side] != BETTER:
        fields[BETTER], fields[WORSE] = fields[WORSE], fields[BETTER]
    return fields
