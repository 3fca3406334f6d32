"""Reading a PNG without a picture library: 8-bit RGB or RGBA, not interlaced, as browsers write them."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from pathlib import Path

import numpy as np


def colours(path: Path) -> Counter[tuple[int, int, int]]:
    """How many pixels have each colour."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, packed, width, height, channels = 8, b"", 0, 0, 0
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            assert (depth, interlaced) == (8, 0)
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += body
        place += size + 12
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    before = np.zeros((width, channels), np.uint8)
    found: Counter[tuple[int, int, int]] = Counter()
    for row in rows:
        before = _unfiltered(int(row[0]), row[1:].reshape(width, channels), before)
        packed_rgb = before[:, 0].astype(np.int64) << 16 | before[:, 1].astype(np.int64) << 8 | before[:, 2]
        for value, times in zip(*np.unique(packed_rgb, return_counts=True), strict=True):
            found[int(value) >> 16, int(value) >> 8 & 255, int(value) & 255] += int(times)
    return found


def _unfiltered(kind: int, row: np.ndarray, above: np.ndarray) -> np.ndarray:
    """A row of pixels from its PNG filter (0 none, 1 left, 2 above, 3 mean, 4 Paeth)."""
    if kind == 0:
        return row.copy()
    if kind == 1:
        return np.cumsum(row, axis=0, dtype=np.uint8)
    if kind == 2:
        return row + above
    made = np.zeros_like(row)
    # Paeth over an even stretch repeats the pixel on the left: only the others are worked out one by one.
    even = (row == 0).all(axis=1) if kind == 4 else np.zeros(len(row), bool)
    even[1:] &= (above[1:] == above[:-1]).all(axis=1)
    even[:1] = False
    places = np.flatnonzero(~even).tolist()
    deltas, ups = row.tolist(), above.tolist()
    left = corner = [0] * row.shape[1]
    for place, following in zip(places, [*places[1:], len(row)], strict=True):
        guesses = map(_mean if kind == 3 else _paeth, left, ups[place], corner)
        left = [(delta + guess) & 255 for delta, guess in zip(deltas[place], guesses, strict=True)]
        made[place:following] = left
        corner = ups[following - 1]
    return made


def _mean(left: int, up: int, corner: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min((left, up, corner), key=lambda near: abs(estimate - near))
