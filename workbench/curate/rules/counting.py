"""Words of a text, counted no further than a bound asks for."""

from __future__ import annotations

import re

from workbench.learn.features import units

#: Texts up to this many characters are cut into words whole; of longer ones words are counted until they are too many.
WHOLE = 20_000
_SPACE = re.compile(r"\s")


def count_units(text: str, most: int) -> int:
    """How many ``learn.features.units`` a text has; counting may stop at any number over ``most``.

    A long text is counted in parts that end at white space, or at ``WHOLE`` characters where there is none (a word that is
    longer than that counts more than once). Linear, and no list of the words of ten megabytes is made.
    """
    if len(text) <= WHOLE:
        return len(units(text))
    count = start = 0
    while start < len(text) and count <= most:
        end = start + WHOLE
        if end < len(text) and (space := _SPACE.search(text, end, end + 1_000)):
            end = space.end()
        count += len(units(text[start:end]))
        start = end
    return count
