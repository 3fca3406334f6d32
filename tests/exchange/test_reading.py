"""What is refused before a file is read, and real files."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import textwrap
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from tests.exchange.test_read_jsonl import write
from workbench.errors import FileError, UsageError
from workbench.exchange import READERS, Bad, Row, file_sha256, read

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def test_the_format_follows_from_the_suffix_or_is_given(tmp_path):
    assert list(READERS) == ["arrow", "csv", "hf", "json", "jsonl", "parquet", "tsv"]
    assert list(read(write(tmp_path, '{"a": 1}', "x.NDJSON"))) == [Row(1, {"a": 1})]
    assert list(read(write(tmp_path, '{"a": 1}', "x"), format="jsonl")) == [Row(1, {"a": 1})]


def test_an_unknown_suffix_names_the_formats(tmp_path):
    with pytest.raises(
        UsageError,
        match=r'"x\.xlsx" names no format.*csv \(\.csv\), json \(\.json\), jsonl \(\.jsonl \.ndjson\), parquet .*, tsv',
    ):
        read(write(tmp_path, "a", "x.xlsx"))
    with pytest.raises(UsageError, match="names no format"):
        read(write(tmp_path, "a", "x"))


def test_an_unknown_format_or_encoding(tmp_path):
    path = write(tmp_path, "{}")
    with pytest.raises(UsageError, match="Did you mean 'jsonl'"):
        read(path, format="jsnl")
    for encoding in ("nonsense", "rot13", "a\0b"):
        with pytest.raises(UsageError, match="There is no text encoding"):
            read(path, encoding=encoding)


def test_files_that_are_none(tmp_path):
    for path, said in [
        (tmp_path / "missing.jsonl", "does not exist: check the path"),
        (write(tmp_path, "", "empty.jsonl"), "is empty: nothing to import"),
        (tmp_path, "is a folder: give a file in it"),
        (Path("a\0b.jsonl"), "cannot be read"),
    ]:
        with pytest.raises(FileError, match=said):
            read(path, format="jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(FileError, match="is not a regular file"):
        read(tmp_path / "pipe.jsonl")
    with pytest.raises(FileError, match="has no rows: nothing to import"):
        list(read(write(tmp_path, "\n\n", "blank.jsonl")))


def test_what_may_not_be_read_is_a_sentence(tmp_path, monkeypatch):
    path = write(tmp_path, "{}")

    real = Path.open

    def refuse(self, *args, **options):
        if self == path:
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)  # permissions do not stop root
    with pytest.raises(FileError, match="may not be read by you"):
        read(path)


def test_a_compressed_file_is_named_as_such(tmp_path):
    for name in ("x.jsonl", "x.json", "x.csv"):
        with pytest.raises(FileError, match="is compressed"):
            list(read(write(tmp_path, gzip.compress(b'{"a": 1}\n'), name)))


def test_the_hash_of_a_file(tmp_path):
    assert file_sha256(write(tmp_path, "abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.json"])
def test_the_memory_does_not_grow_with_the_file(tmp_path, name):
    """Peak growth of a process that reads 40 MB; tracemalloc would be ten times slower."""
    row = {"rows.jsonl": '{"text": "%s"}\n', "rows.csv": "%s\n", "rows.json": '{"text": "%s"},\n'}[name] % ("x" * 390)
    head, tail = {"rows.jsonl": ("", ""), "rows.csv": ("text\n", ""), "rows.json": ("[", "{}]")}[name]
    write(tmp_path, head + row * 100_000 + tail, name)
    script = """
        import resource, sys
        from pathlib import Path
        from workbench.exchange import read
        unit = 1024 if sys.platform == "linux" else 1024 * 1024
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit
        rows = read(Path(sys.argv[1]))
        next(rows)
        before = peak()
        print(1 + sum(1 for _ in rows), peak() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=True,
    )
    count, grown = map(int, done.stdout.split())
    assert count >= 100_000
    assert grown <= 8


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not beside this checkout")
@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("banking77/train.csv", 10_003, {"text", "category"}),
        ("banking77/test.csv", 3_080, {"text", "category"}),
        ("supergen_sst2/train.json", 6_000, {"text", "label", "start_prompt", "score"}),
        ("supergen_sst2/test.tsv", 872, {"sentence", "label"}),
        ("self_instruct/seed_tasks.jsonl", 175, {"id", "name", "instruction", "instances", "is_classification"}),
        ("llmbar/natural.json", 100, {"input", "output_1", "output_2", "label"}),
    ],
)
def test_real_files(name, rows, columns):
    items = list(read(DATA / name))
    assert Counter(type(item) for item in items) == {Row: rows}
    assert {key for row in islice(items, 50) for key in row.values} == columns


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not beside this checkout")
def test_a_real_file_that_is_not_utf_8():
    items = list(read(DATA / "trec/train.txt", format="jsonl"))
    assert all(isinstance(item, Bad) for item in items)
    assert any("--encoding latin-1" in item.reason for item in items)
    assert not any(
        "--encoding" in item.reason for item in read(DATA / "trec/train.txt", format="jsonl", encoding="latin-1")
    )
