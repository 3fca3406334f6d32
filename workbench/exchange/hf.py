"""A Hugging Face data set folder: ``data/SPLIT-00000-of-0000N.parquet`` and ``README.md``, the data card.

The card's YAML has ``configs`` and ``dataset_info`` as ``datasets.load_dataset(folder)`` and the hub read them.
Read are such folders, with their Parquet files up to two folders down, and those of ``save_to_disk`` (Arrow files).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from workbench.errors import FileError
from workbench.exchange.arrow import Rows, columns, features
from workbench.exchange.base import (
    FORMATS,
    READERS,
    Bad,
    ExportContext,
    ExportSample,
    Format,
    LeftOut,
    Reader,
    Row,
    WrittenFile,
    quoted,
)
from workbench.exchange.card import card
from workbench.exchange.encode import NoPlace, utf8
from workbench.exchange.parquet import needs_pyarrow

SPLITS = ("train", "validation", "test")
METADATA = ("status", "origin", "model", "recipe")
CARD = "README.md"
#: Bytes in memory after which the next file of a split begins.
SHARD_BYTES = 500_000_000
#: The words by which the ``datasets`` library tells splits from names.
_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SHARD = re.compile(r"(?P<split>.+?)-\d{5}-of-\d{5}")


class _Split:
    """The files of one split while they are written: named at the end, when their number is known."""

    def __init__(self, folder: Path, name: str, context: ExportContext) -> None:
        self.name = name
        self._folder = folder
        self._columns = columns(context, METADATA)
        self._rows: Rows | None = None
        self._out: BinaryIO | None = None
        self._done: list[int] = []
        self.bytes = 0

    def add(self, sample: ExportSample) -> None:
        if self._rows is not None and self._rows.bytes >= SHARD_BYTES:
            self._close()
        if self._rows is None:
            self._out = self._part(len(self._done)).open("xb")
            self._rows = Rows(self._out, self._columns)
        self._rows.add(sample)

    def finish(self) -> list[WrittenFile]:
        """Close and name the files; empty ones, of samples that were all left out, are removed."""
        self._close()
        total = len(self._done)
        files = []
        for number, rows in enumerate(self._done):
            path = self._folder / f"{self.name}-{number:05d}-of-{total:05d}.parquet"
            self._part(number).rename(path)
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            files.append(WrittenFile(f"{self._folder.name}/{path.name}", rows, sha256))
        return files

    def abandon(self) -> None:
        """Let go of the file under way."""
        if self._rows is not None and self._out is not None:
            self._rows.abandon()
            with suppress(OSError):
                self._out.close()

    def _part(self, number: int) -> Path:
        return self._folder / f"{self.name}.{number}.part"

    def _close(self) -> None:
        if self._rows is None or self._out is None:
            return
        self._rows.close()
        self._out.close()
        if self._rows.rows:
            self._done.append(self._rows.rows)
            self.bytes += self._rows.bytes
        else:
            self._part(len(self._done)).unlink()
        self._rows = self._out = None


def _write(samples: Iterable[ExportSample], folder: Path, context: ExportContext) -> tuple[list[WrittenFile], LeftOut]:
    data = folder / "data"
    data.mkdir()
    splits = {name: _Split(data, name, context) for name in SPLITS}
    left = LeftOut()
    try:
        for sample in samples:
            try:
                splits[sample.split or "train"].add(sample)
            except NoPlace as reason:
                left.add(sample.uuid, str(reason))
    except BaseException:
        for split in splits.values():
            split.abandon()
        raise
    written = {name: files for name in SPLITS if (files := splits[name].finish())}
    files = [file for name in written for file in written[name]]
    about = {
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": name, "path": f"data/{name}-*"} for name in written],
            }
        ],
        "dataset_info": {
            "features": features(columns(context, METADATA)),
            "splits": [
                {"name": name, "num_bytes": splits[name].bytes, "num_examples": sum(file.rows for file in of_split)}
                for name, of_split in written.items()
            ],
            "download_size": sum((folder / file.name).stat().st_size for file in files),
            "dataset_size": sum(splits[name].bytes for name in written),
        },
    }
    listed = [{"name": file.name, "format": "parquet", "rows": file.rows, "sha256": file.sha256} for file in files]
    facts = {**context.facts, "rows": sum(file.rows for file in files), "files": listed, **about}
    (folder / CARD).write_bytes(utf8(card(facts)))
    return files, left


def check_shape(folder: Path) -> str | None:
    """What is wrong with a written folder: card, splits, files and their rows, or ``None``."""
    import yaml
    from pyarrow import parquet

    head = yaml.safe_load((folder / CARD).read_text(encoding="utf-8").split("---\n")[1])
    info, (config,) = head["dataset_info"], head["configs"]
    sizes = {split["name"]: split["num_examples"] for split in info["splits"]}
    if [one["split"] for one in config["data_files"]] != list(sizes) or not set(sizes) <= set(SPLITS):
        return "has other splits in configs than in dataset_info"
    size = 0
    for one in config["data_files"]:
        paths = sorted(folder.glob(one["path"]))
        wanted = [f"{one['split']}-{number:05d}-of-{len(paths):05d}.parquet" for number in range(len(paths))]
        if not paths or [path.name for path in paths] != wanted:
            return f"has files of the split {one['split']} that are not named SPLIT-00000-of-0000N"
        if sum(parquet.ParquetFile(path).metadata.num_rows for path in paths) != sizes[one["split"]]:
            return f"has another number of rows in the split {one['split']} than its card says"
        for path in paths:
            if parquet.ParquetFile(path).schema_arrow.names != [feature["name"] for feature in info["features"]]:
                return f"has other columns in {path.name} than its card says"
            size += path.stat().st_size
    return None if size == info["download_size"] else "has another size than its card says"


def files_of(folder: Path, split: str | None) -> list[Path]:
    """The files of a data set folder that hold ``split``, all of them where it has but one; raises ``FileError``."""
    by_split = _by_split(folder)
    if len(by_split) == 1:
        return next(iter(by_split.values()))
    if split in by_split:
        return by_split[split]
    there = ", ".join(quoted(name, 40) for name in list(by_split)[:20])
    raise FileError(folder, None, f"has the splits {there}, and none called {split}: give one of its files")


def _by_split(folder: Path) -> dict[str, list[Path]]:
    # Data sets nest no deeper, and a folder given by mistake may be somebody's whole disk.
    depths = ("", "*/", "*/*/")
    found = sorted(
        path for depth in depths for path in folder.glob(f"{depth}*") if path.suffix in (".parquet", ".arrow")
    )
    # save_to_disk keeps what map() made beside the data, as cache-*.arrow
    found = [path for path in found if not _hidden(path.relative_to(folder)) and not path.name.startswith("cache-")]
    if not found:
        raise FileError(
            folder, None, "is a folder: give a file in it, or the folder of a data set (Parquet or Arrow files)"
        )
    splits: dict[str, list[Path]] = {}
    sets: set[Path] = set()
    saved = (folder / "dataset_dict.json").is_file()
    for path in found:
        parent = path.parent.relative_to(folder)
        named = _SHARD.fullmatch(path.stem)
        name = parent.name if saved and parent.parts else named["split"] if named else path.stem
        in_split_folder = bool(parent.parts) and _split(parent.name) in SPLITS
        sets.add(parent.parent if in_split_folder else parent)
        known = _split(name)
        if known not in SPLITS and in_split_folder:
            known = _split(parent.name)
        splits.setdefault("train" if known == "data" else known, []).append(path)
    if len(sets) > 1:
        there = ", ".join(quoted(one, 40) for one in sorted(sets)[:20])
        raise FileError(folder, None, f"holds several data sets ({there}): give the folder or a file of one")
    return splits


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _split(name: str) -> str:
    """The split that a file's or folder's name speaks of; the name itself where it says none, or is a name of its own."""
    words = set(re.split(r"[^a-z_]+", name.lower()))
    found = [split for split, known in _WORDS.items() if words & set(known)]
    return found[0] if len(found) == 1 else name


def _read(path: Path, encoding: str) -> Iterator[Row | Bad]:
    raise FileError(path, None, "is a file, and a Hugging Face data set is a folder: give --format parquet or arrow")


READERS.register("hf")(
    Reader(
        "hf",
        "a Hugging Face data set folder: Parquet files by split, or Arrow files of save_to_disk",
        (),
        _read,
        files_of,
    )
)
FORMATS.register("hf")(
    Format(
        "hf",
        "a Hugging Face data set folder: Parquet files by split and a card that load_dataset reads",
        "",
        unfit=needs_pyarrow,
        write_folder=_write,
        card=CARD,
    )
)
