"""Arrays kept per text in a folder: appended, mapped into memory for reading, made anew when damaged.

A folder holds one generation (a folder named by its number) of an ``index`` and one file per column. The index begins with
64 bytes that name the format; then 32 bytes per text: its key (16 bytes), where its entries end in every column, and a
checksum of all these. Columns are bare little-endian arrays.

- Appending writes the columns, then the index, each to the disk before the next: what a crash leaves behind the last
  whole record is not read, and is cut off by the next append. Appending processes take turns (``flock``); readers need no
  lock.
- A file that is torn in the middle, foreign, or of another scheme is not believed: everything in it can be computed
  again, so the next writer starts an empty generation.
- Forgetting writes a new generation without the forgotten texts and deletes the old one: neither their numbers nor their
  keys stay. Processes that still read the old generation notice at their next call.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.sharing import fit, open_file

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Bytes of a key: long enough that no two texts will ever share one.
KEY = 16
_HEADER = 64
_MAGIC = b"wbkept1\n"
_RECORD = [("high", "<u8"), ("low", "<u8"), ("end", "<i8"), ("check", "<u8")]
_RECORD_BYTES = 32
#: Keys that are looked up at a time.
_LOOKED_UP = 50_000
#: Entries that are read or copied at a time.
_ENTRIES = 1 << 21
_MIX = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD)


class Damaged(Exception):
    """The kept numbers are not what was written; they have to be computed again."""


def key_of(text: str) -> bytes:
    """The key of a text: 16 bytes of BLAKE2b, the same in every process. It does not give the text away, but someone who
    guesses the text can tell that it is kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY).digest()


@dataclass(frozen=True)
class _View:
    """What is readable of a generation: ``ends`` (m + 1,) starts with 0."""

    generation: int
    length: int
    keys: Array
    checks: Array
    ends: Array
    columns: Mapping[str, Array]


class KeptArrays:
    """Entries per key in parallel columns: ``{"name": dtype}``. ``scheme`` names what the numbers are; numbers of
    another scheme in the same folder are discarded. Methods that write raise ``OSError`` where that is impossible."""

    def __init__(self, folder: Path, scheme: str, columns: Mapping[str, str]) -> None:
        self.folder = folder
        self._dtypes = dict(columns)
        named = f"{scheme}|{sorted(columns.items())}".encode()
        start = _MAGIC + hashlib.sha256(named).digest()
        self._header = start + b"\0" * (_HEADER - len(start))
        self._seen: _View | None = None
        self._order: Array | None = None

    def __len__(self) -> int:
        return len(self._view().keys)

    def find(self, keys: Sequence[bytes]) -> Array:
        """The place of each key, (n,) int64; -1 where it is not kept."""
        import numpy

        if not len(keys):
            return numpy.zeros(0, numpy.int64)
        view = self._view()
        wanted = numpy.frombuffer(b"".join(keys), "<u8").reshape(-1, 2)
        places = numpy.full(len(keys), -1, numpy.int64)
        if not len(view.keys):
            return places
        if self._order is None:
            self._order = numpy.argsort(view.keys["high"], kind="stable")
        near = numpy.searchsorted(view.keys["high"], wanted[:, 0], sorter=self._order)
        near[near == len(self._order)] = 0
        candidate = self._order[near]
        found = view.keys[candidate]
        same = (found["high"] == wanted[:, 0]) & (found["low"] == wanted[:, 1])
        places[same] = candidate[same]
        return places

    def read(self, places: Array) -> tuple[Array, dict[str, Array]]:
        """(indptr (n + 1,), columns) of what stands at ``places``. Raises ``Damaged``."""
        import numpy

        view = self._seen or self._view()
        starts, sizes = view.ends[places], view.ends[places + 1] - view.ends[places]
        indptr = numpy.concatenate([numpy.zeros(1, numpy.int64), numpy.cumsum(sizes)])
        found = {name: numpy.empty(int(indptr[-1]), dtype) for name, dtype in self._dtypes.items()}
        for first, behind in runs(indptr):
            own = indptr[first : behind + 1]
            target = slice(int(own[0]), int(own[-1]))
            begin, size = int(starts[first]), int(own[-1] - own[0])
            if (starts[first + 1 : behind] == view.ends[places[first : behind - 1] + 1]).all():
                source: Any = slice(begin, begin + size)
            else:
                source = numpy.arange(size) + numpy.repeat(starts[first:behind] - (own[:-1] - own[0]), numpy.diff(own))
            for name, column in view.columns.items():
                found[name][target] = column[source]
            here = places[first:behind]
            part = {name: values[target] for name, values in found.items()}
            if (self._checks(view.keys[here], view.ends[here + 1], own - own[0], part) != view.checks[here]).any():
                raise Damaged
        return indptr, found

    def append(self, keys: Sequence[bytes], indptr: Array, columns: Mapping[str, Array]) -> None:
        """Keep the entries of new keys (different ones): those of key i are ``column[indptr[i]:indptr[i + 1]]``. Keys that
        are kept already, by another process meanwhile, stay as they are."""
        import numpy

        with self._lock():
            view = self._view()
            new = self.find(keys) < 0 if view.length else numpy.ones(len(keys), bool)
            if not new.all():
                inside = numpy.repeat(new, numpy.diff(indptr))
                columns = {name: column[inside] for name, column in columns.items()}
                indptr = numpy.concatenate([[0], numpy.cumsum(numpy.diff(indptr)[new])])
                keys = [key for key, one in zip(keys, new.tolist(), strict=True) if one]
            if keys:
                packed = numpy.frombuffer(b"".join(keys), [("high", "<u8"), ("low", "<u8")])
                home = self._home(view.generation) if view.length else self._fresh(view.generation)
                self._write(home, len(view.keys), int(view.ends[-1]), packed, indptr, columns)

    def retain(self, keys: Iterable[bytes]) -> int:
        """Delete what is kept of all but ``keys``; returns how many that were."""
        return self._rewrite(lambda: ~self._present(keys))

    def _present(self, keys: Iterable[bytes]) -> Array:
        """Which of the kept records have one of ``keys``, (m,) bool."""
        import numpy

        present = numpy.zeros(len(self), bool)
        left = iter(keys) if len(present) else iter(())
        while some := list(islice(left, _LOOKED_UP)):
            places = self.find(some)
            present[places[places >= 0]] = True
        return present

    def clear(self) -> None:
        """Start anew with nothing."""
        with self._lock():
            self._fresh(self._view().generation)

    def size(self) -> int:
        """Bytes that the files take on the disk."""
        home = self._home(self._view().generation)
        return sum(path.stat().st_size for path in home.iterdir()) if home.is_dir() else 0

    def _rewrite(self, choose: Callable[[], Array]) -> int:
        import numpy

        with self._lock():
            gone = choose()
            view = self._view()
            if gone.any() or self.size() != self._expected(view):  # what lies behind the last record goes as well
                home = self._fresh(view.generation, lambda made: self._copy(view, numpy.flatnonzero(~gone), made))
                if left := [path for path in self.folder.iterdir() if path.is_dir() and path != home]:
                    raise OSError(f"{left[0]} is still there")
        return int(gone.sum())

    def _expected(self, view: _View) -> int:
        import numpy

        entry = sum(numpy.dtype(dtype).itemsize for dtype in self._dtypes.values())
        return (_HEADER if view.length else 0) + len(view.keys) * _RECORD_BYTES + int(view.ends[-1]) * entry

    def _copy(self, view: _View, keep: Array, home: Path) -> None:
        import numpy

        kept = end = 0
        for first, behind in runs(numpy.concatenate([[0], numpy.cumsum(numpy.diff(view.ends)[keep])])):
            here = keep[first:behind]
            try:
                indptr, columns = self.read(here)
            except Damaged:
                continue  # these can be computed again
            self._write(home, kept, end, view.keys[here], indptr, columns)
            kept, end = kept + len(here), end + int(indptr[-1])

    def _write(self, home: Path, kept: int, end: int, keys: Array, indptr: Array, columns: Mapping[str, Array]) -> None:
        """Append behind ``kept`` records and ``end`` entries: columns first, then the index."""
        import numpy

        records = numpy.empty(len(keys), _RECORD)
        records["high"], records["low"] = keys["high"], keys["low"]
        records["end"] = end + indptr[1:]
        typed = {name: numpy.ascontiguousarray(columns[name], dtype) for name, dtype in self._dtypes.items()}
        records["check"] = self._checks(keys, records["end"], indptr, typed)
        for name, column in typed.items():
            _put(home / name, end * column.itemsize, column)
        _put(home / "index", _HEADER + kept * _RECORD_BYTES, records)

    def _checks(self, keys: Array, ends: Array, indptr: Array, columns: Mapping[str, Array]) -> Array:
        """A sum of all bits of each record, (n,) uint64: it finds accidents, not forgeries."""
        import numpy

        mix = [numpy.uint64(one) for one in _MIX]
        total = keys["high"] * mix[0] + keys["low"] * mix[1] + ends.astype(numpy.uint64) * mix[2]
        filled = numpy.flatnonzero(numpy.diff(indptr))
        for turn, name in enumerate(self._dtypes):
            column = columns[name]
            bits = column.view(f"<u{column.itemsize}").astype(numpy.uint64)
            if len(filled):
                sums = numpy.add.reduceat(bits, indptr[filled])
                total[filled] += (sums + numpy.uint64(turn + 1)) * mix[3 + turn % 2]
        total ^= total >> numpy.uint64(31)
        return total

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder.parent, self.folder):
            fit(folder)
        lock = open_file(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._seen = None  # whoever writes must not go by what was there before its turn
            yield
        finally:
            os.close(lock)

    def _home(self, generation: int) -> Path:
        return self.folder / f"{generation:08}"

    def _fresh(self, last: int, fill: Callable[[Path], None] | None = None) -> Path:
        """A new generation, empty or filled, in the place of all others; the lock must be held."""
        made = self.folder / "unfinished"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        for name in self._dtypes:
            (made / name).touch()
        (made / "index").write_bytes(self._header)
        if fill is not None:
            fill(made)
        for path in (made, *made.iterdir()):
            fit(path)
        home = self._home(last + 1)
        made.rename(home)
        for old in self.folder.iterdir():
            if old.is_dir() and old != home:
                shutil.rmtree(old, ignore_errors=True)
        self._seen = None
        return home

    def _generation(self) -> int:
        try:
            return max((int(path.name) for path in self.folder.iterdir() if path.name.isdecimal()), default=0)
        except FileNotFoundError:
            return 0

    def _view(self) -> _View:
        """What can be read now; a damaged or foreign generation is one without anything to read."""
        for _ in range(10):
            generation = self._generation()
            try:
                length = (self._home(generation) / "index").stat().st_size
                seen = self._seen
                if seen is None or seen.generation != generation or seen.length != length:
                    self._order, self._seen = None, None
                    self._seen = seen = self._open(generation, length)
            except FileNotFoundError:
                if generation == self._generation():
                    break
                continue  # another process has just put a new generation in its place
            return seen
        return self._nothing(generation)

    def _nothing(self, generation: int) -> _View:
        import numpy

        none = numpy.zeros(0, _RECORD)
        empty = {name: numpy.zeros(0, dtype) for name, dtype in self._dtypes.items()}
        return _View(generation, 0, none, none["check"], numpy.zeros(1, numpy.int64), empty)

    def _open(self, generation: int, length: int) -> _View:
        import numpy

        home = self._home(generation)
        with (home / "index").open("rb") as file:
            if file.read(_HEADER) != self._header:
                return self._nothing(generation)
        records = _mapped(home / "index", _RECORD, (length - _HEADER) // _RECORD_BYTES, _HEADER)
        ends = numpy.concatenate([numpy.zeros(1, numpy.int64), records["end"]])
        if (numpy.diff(ends) < 0).any():
            return self._nothing(generation)
        sizes = {
            name: (home / name).stat().st_size // numpy.dtype(dtype).itemsize for name, dtype in self._dtypes.items()
        }
        whole = int(numpy.searchsorted(ends, min(sizes.values()), side="right")) - 1  # records whose entries all came
        columns = {name: _mapped(home / name, dtype, int(ends[whole])) for name, dtype in self._dtypes.items()}
        keys = numpy.empty(whole, _RECORD[:2])
        keys["high"], keys["low"] = records["high"][:whole], records["low"][:whole]
        return _View(generation, length, keys, records["check"][:whole].copy(), ends[: whole + 1], columns)


def runs(indptr: Array) -> Iterator[tuple[int, int]]:
    """Rows in runs of about ``_ENTRIES`` entries: (first, behind the last)."""
    import numpy

    start = 0
    while start < len(indptr) - 1:
        stop = max(start + 1, int(numpy.searchsorted(indptr, indptr[start] + _ENTRIES, side="right")) - 1)
        yield start, stop
        start = stop


def _mapped(path: Path, dtype: Any, count: int, offset: int = 0) -> Array:
    import numpy

    if count <= 0:  # nothing cannot be mapped
        return numpy.zeros(0, dtype)
    return numpy.memmap(path, dtype, "r", offset, (count,))


def _put(path: Path, offset: int, values: Array) -> None:
    """Write ``values`` at ``offset``, where the file then ends, and wait until the disk has them. What could only be
    written in part is cut off again."""
    with path.open("r+b") as file:
        file.truncate(offset)
        file.seek(offset)
        try:
            file.write(values.tobytes())
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):  # the disk is full: the first error says so
                file.truncate(offset)
            raise
