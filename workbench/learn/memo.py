"""Names for results that are dear to compute: a hash of everything that they depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

#: What a part of a key may be: one value, or many texts.
Part = str | int | float | bool | None | Sequence[str | None]


def content_key(what: str, *parts: Part) -> str:
    """A name of ``what`` computed from ``parts``: equal for equal parts in the same order, else (but for a chance of
    2**-64) different.

    >>> content_key("folds", ["a", "b"], 5) == content_key("folds", ["a", "b"], 5)
    True
    >>> content_key("folds", ["a", "b"]) == content_key("folds", ["ab"])
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if part is None or isinstance(part, str | int | float):
            _add(digest, "v", repr(part))
            continue
        _add(digest, "n", str(len(part)))
        for text in part:
            _add(digest, "-" if text is None else "t", text or "")
    return f"{what}:{digest.hexdigest()}"


def _add(digest: hashlib.blake2b, kind: str, text: str) -> None:
    piece = text.encode("utf-8", "surrogatepass")
    digest.update(f"{kind}{len(piece)}:".encode())
    digest.update(piece)
