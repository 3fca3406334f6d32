"""Exports: what each format says, what comes back on import, and that a file is whole or not there."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import FileError, UsageError
from workbench.exchange import FORMATS, ExportContext, ExportSample, Row, Unwritable, read, write, write_text, writing
from workbench.task import Task

CONTEXT = ExportContext(
    Task(kind="classification", labels=["lost_card", "change_pin"]), instruction="What does the customer want?"
)
SAMPLE = ExportSample(
    uuid="0191-a",
    fields={"text": "Where is my card?"},
    label="lost_card",
    status="accepted",
    origin="synthetic",
    split="train",
    conditions={"style": "terse"},
    scores={"confidence": -0.5},
    model="embedded",
    recipe="zerogen",
)


def texts(*values: str) -> list[ExportSample]:
    return [replace(SAMPLE, uuid=f"u{n}", fields={"text": value}) for n, value in enumerate(values)]


def rows(path: Path) -> list[Row]:
    items = list(read(path))
    assert all(isinstance(item, Row) for item in items)
    return items


def test_the_formats_have_names_summaries_and_suffixes():
    assert {name: FORMATS.get(name).suffix for name in FORMATS} == {
        "alpaca": ".json",
        "csv": ".csv",
        "dpo": ".jsonl",
        "hf": "",
        "jsonl": ".jsonl",
        "openai-chat": ".jsonl",
        "parquet": ".parquet",
        "sharegpt": ".json",
    }
    assert all(FORMATS.get(name).summary for name in FORMATS)


def test_jsonl_says_everything_known_of_a_sample(tmp_path):
    path = tmp_path / "out.jsonl"
    written = write("jsonl", [SAMPLE], path, context=CONTEXT)
    assert written.rows == 1
    assert written.path == path
    assert written.failed == ()
    assert written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert json.loads(path.read_text()) == {
        "uuid": "0191-a",
        "text": "Where is my card?",
        "label": "lost_card",
        "status": "accepted",
        "origin": "synthetic",
        "split": "train",
        "conditions": {"style": "terse"},
        "scores": {"confidence": -0.5},
        "model": "embedded",
        "recipe": "zerogen",
    }


def test_fields_keep_their_names_when_metadata_has_the_same(tmp_path):
    sample = replace(SAMPLE, fields={"model": "a car", "status": "sold"})
    task = Task(kind="free", fields={"model": None, "status": None}, labels=["lost_card", "change_pin"])
    for name in ("jsonl", "csv"):
        path = tmp_path / f"out.{name}"
        write(name, [sample], path, context=ExportContext(task))
        (row,) = rows(path)
        assert row.values["model"] == "a car"
        assert row.values["status"] == "sold"
        assert row.values["sample_model"] == "embedded"
        assert row.values["sample_status"] == "accepted"


def test_jsonl_is_valid_whatever_the_samples_hold(tmp_path):
    path = tmp_path / "out.jsonl"
    hostile = "a\ud800b\ud83d\ude00\x1b]52;\x9b\x85\u2028\0\n"
    write("jsonl", [replace(texts(hostile)[0], scores={"x": float("nan")})], path, context=CONTEXT)
    text = path.read_bytes().decode("utf-8")
    assert len(text.splitlines()) == 1
    assert json.loads(text)["text"] == "a\ufffdb😀\x1b]52;\x9b\x85\u2028\0\n"
    assert json.loads(text)["scores"] == {"x": None}
    assert not set(text[:-1]) & {chr(code) for code in [*range(32), *range(0x7F, 0xA0)]}


def test_csv_neutralises_formulas_unless_raw(tmp_path):
    values = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "a=1", "'=1"]
    write("csv", texts(*values), tmp_path / "safe.csv", context=CONTEXT)
    assert [row.values["text"] for row in rows(tmp_path / "safe.csv")] == [
        "'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "'\rx", "a=1", "'=1",
    ]  # fmt: skip
    write("csv", texts(*values), tmp_path / "raw.csv", context=replace(CONTEXT, raw=True))
    assert [row.values["text"] for row in rows(tmp_path / "raw.csv")] == values


def test_csv_columns_and_nested_values(tmp_path):
    path = tmp_path / "out.csv"
    write("csv", [replace(SAMPLE, label=-1, split=None, fields={"text": 'a "b", c'})], path, context=CONTEXT)
    assert path.read_bytes().decode() == (
        "uuid,text,label,status,origin,split,conditions,scores,model,recipe\n"
        '0191-a,"a ""b"", c",-1,accepted,synthetic,,'
        '"{""style"": ""terse""}","{""confidence"": -0.5}",embedded,zerogen\n'
    )


def test_csv_leaves_out_a_sample_with_a_field_it_has_no_column_for(tmp_path):
    odd = replace(SAMPLE, uuid="odd", fields={"text": "a", "more": "b"})
    written = write("csv", [SAMPLE, odd], tmp_path / "out.csv", context=CONTEXT)
    assert written.rows == 1
    assert written.failed == (Unwritable("odd", "has the field 'more', for which the file has no column"),)


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=5))
def test_what_is_written_is_what_is_read(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("round")
    for name in ("jsonl", "csv"):
        path = folder / f"out.{name}"
        write(name, texts(*values), path, context=replace(CONTEXT, raw=True))
        read_back = rows(path)
        assert [row.values["text"] for row in read_back] == values
        assert [row.values["uuid"] for row in read_back] == [f"u{n}" for n in range(len(values))]
    with (folder / "out.csv").open(newline="", encoding="utf-8") as file:
        assert [row["text"] for row in csv.DictReader(file)] == values


def test_an_existing_file_is_kept_unless_told(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("precious")
    with pytest.raises(FileError, match="exists already: choose another name, or give --overwrite"):
        write("jsonl", [SAMPLE], path, context=CONTEXT)
    assert path.read_text() == "precious"
    write("jsonl", [SAMPLE], path, context=CONTEXT, overwrite=True)
    assert rows(path)[0].values["uuid"] == "0191-a"


def test_a_file_made_meanwhile_is_kept(tmp_path):
    path = tmp_path / "out.jsonl"

    def samples():
        path.write_text("precious")
        yield SAMPLE

    with pytest.raises(FileError, match="exists already"):
        write("jsonl", samples(), path, context=CONTEXT)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["out.jsonl"]


def test_without_hard_links_a_rename_does(tmp_path, monkeypatch):
    def none(*args):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    path = tmp_path / "out.jsonl"
    write("jsonl", [SAMPLE], path, context=CONTEXT)
    assert os.listdir(tmp_path) == ["out.jsonl"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real.jsonl").write_text("old")
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    write("jsonl", [SAMPLE], tmp_path / "link.jsonl", context=CONTEXT, overwrite=True)
    assert (tmp_path / "link.jsonl").is_symlink()
    assert rows(tmp_path / "real.jsonl")[0].values["uuid"] == "0191-a"


def test_samples_that_break_off_leave_no_file(tmp_path):
    def samples():
        yield SAMPLE
        raise ConnectionError("the source of the samples")

    with pytest.raises(ConnectionError, match="the source of the samples"):
        write("jsonl", samples(), tmp_path / "out.jsonl", context=CONTEXT)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "was not written, for the disk is full"),
        (errno.EDQUOT, "was not written, for the disk is full"),
        (errno.EROFS, "the folder is read-only for you"),
        (errno.EACCES, "the folder is read-only for you"),
        (errno.EIO, "was not written .Input/output error"),
    ],
)
@pytest.mark.parametrize("when", ["open", "fsync"])
def test_a_disk_that_refuses_is_a_sentence(tmp_path, monkeypatch, number, said, when):
    """Permissions do not stop root and disks are not filled for a test: the refusal is made here."""
    path = tmp_path / "out.jsonl"
    path.write_text("precious")

    def refuse(*args, **options):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(*((Path, "open") if when == "open" else (writing.os, "fsync")), refuse)
        # The registry looks for other packages' formats with Path.open.
        patch.setattr(type(FORMATS), "_external", lambda self: {})
        with pytest.raises(FileError, match=said):
            write("jsonl", [SAMPLE], path, context=CONTEXT, overwrite=True)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["out.jsonl"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_a_disk_that_is_really_full(tmp_path, monkeypatch, format):
    real = Path.open
    monkeypatch.setattr(type(FORMATS), "_external", lambda self: {})
    monkeypatch.setattr(Path, "open", lambda self, *args: real(Path("/dev/full"), "wb"))
    with pytest.raises(FileError, match="the disk is full"):
        write(format, texts(*map(str, range(20_000))), tmp_path / "out.jsonl", context=CONTEXT)
    assert os.listdir(tmp_path) == []


def test_places_that_are_none(tmp_path):
    for path, said in [
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "out.jsonl", "the folder that it should go into does not exist: make it first"),
        (tmp_path / ("x" * 300), "its name is too long"),
        (tmp_path / "a\0b", "is no file name"),
    ]:
        with pytest.raises(FileError, match=said):
            write("jsonl", [SAMPLE], path, context=CONTEXT)
    with pytest.raises(FileError, match="there is nothing to export as csv"):
        write("csv", [], tmp_path / "out.csv", context=CONTEXT)
    with pytest.raises(UsageError, match="Did you mean 'jsonl'"):
        write("json", [SAMPLE], tmp_path / "out.json", context=CONTEXT)
    assert os.listdir(tmp_path) == []


def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    write("jsonl", [SAMPLE], tmp_path / "out.jsonl", context=CONTEXT)
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "out.jsonl").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_text_files(tmp_path):
    assert write_text(tmp_path / "a.md", "x\ud800") == hashlib.sha256("x\ufffd".encode()).hexdigest()
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == "x\ufffd"
