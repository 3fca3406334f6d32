"""A finding in a text."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """``kind`` ("email", ...), where it stands, the text itself (never shown), how sure the finding is (1: a check digit or
    an issuer's prefix says so), and whether it is one of the values made for examples."""

    kind: str
    start: int
    end: int
    text: str
    sure: float
    example: bool
