"""Parquet, one file: typed columns by the task, written and read row group by row group; Arrow files, read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from workbench.errors import FileError
from workbench.exchange.arrow import BATCH, Rows, columns, pyarrow, rows
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
)
from workbench.exchange.encode import NoPlace

METADATA = ("status", "origin", "split", "conditions", "scores", "model", "recipe")


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, LeftOut]:
    table = Rows(out, columns(context, METADATA))
    left = LeftOut()
    try:
        for sample in samples:
            try:
                table.add(sample)
            except NoPlace as reason:
                left.add(sample.uuid, str(reason))
        table.close()
    except BaseException:
        table.abandon()
        raise
    return table.rows, left


def needs_pyarrow(context: ExportContext) -> None:
    """Fits every task, where pyarrow is installed; raises ``WorkbenchError`` where it is not, before any work is done."""
    pyarrow()


def read_parquet(path: Path, encoding: str) -> Iterator[Row | Bad]:
    """The rows of a Parquet file; raises ``FileError`` for one that is none or is damaged."""
    parquet = pyarrow("pyarrow.parquet")
    with _sentences(path, "Parquet"), parquet.ParquetFile(path, pre_buffer=False) as file:
        yield from rows(path, file.iter_batches(batch_size=BATCH), file.schema_arrow)


def read_arrow(path: Path, encoding: str) -> Iterator[Row | Bad]:
    """The rows of an Arrow file, of either kind: stream (as ``datasets`` saves to disk) or file (Feather 2)."""
    arrow = pyarrow()
    with path.open("rb") as head:
        is_file = head.read(6) == b"ARROW1"
    with _sentences(path, "Arrow"), arrow.memory_map(str(path)) as source:
        if is_file:
            reader = arrow.ipc.open_file(source)
            batches: Any = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            reader = batches = arrow.ipc.open_stream(source)
        yield from rows(path, batches, reader.schema)


@contextmanager
def _sentences(path: Path, what: str) -> Iterator[None]:
    arrow = pyarrow()
    try:
        yield
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError, arrow.ArrowIndexError) as error:
        raise FileError(path, None, f"cannot be read as {what} ({' '.join(str(error).split())[:200]})") from error
    except OSError as error:
        if error.errno is not None:
            raise
        # pyarrow says so of pages and footers that make no sense
        raise FileError(path, None, f"cannot be read as {what} ({' '.join(str(error).split())[:200]})") from error


READERS.register("parquet")(Reader("parquet", "Parquet, streamed by row groups", (".parquet", ".pq"), read_parquet))
READERS.register("arrow")(Reader("arrow", "Arrow, as a stream or a file", (".arrow", ".feather"), read_arrow))
FORMATS.register("parquet")(
    Format("parquet", "typed columns by the task's fields, in row groups", ".parquet", _write, needs_pyarrow)
)
