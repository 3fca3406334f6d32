"""Parquet and Arrow: typed columns by the task, streamed both ways."""

from __future__ import annotations

import datetime
import decimal
import importlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.tasks import PLAIN, TASKS, sample
from workbench.errors import FileError, WorkbenchError
from workbench.exchange import Bad, ExportContext, Row, Unwritable, arrow, read, write

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

TYPES = {
    "uuid": "string",
    "status": "string",
    "origin": "string",
    "split": "string",
    "conditions": "string",
    "scores": "string",
    "model": "string",
    "recipe": "string",
}
TURNS = "list<element: struct<role: string, content: string>>"


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("classification", {"text": "string", "label": "string"}),
        ("multi_label", {"text": "string", "label": "list<element: string>"}),
        ("similarity", {"first": "string", "second": "string", "label": "double"}),
        ("extraction", {"text": "string", "label": "string"}),
        ("instruction", {"instruction": "string", "input": "string", "output": "string"}),
        ("labelled_dialogue", {"messages": TURNS, "label": "string"}),
        ("free", {"title": "string", "score": "double", "data": "string", "talk": TURNS}),
    ],
)
def test_the_columns_follow_from_the_task(tmp_path: Path, kind: str, own: dict[str, str]) -> None:
    write("parquet", [sample(*PLAIN[kind])], tmp_path / "x.parquet", context=ExportContext(TASKS[kind]))
    schema = parquet.ParquetFile(tmp_path / "x.parquet").schema_arrow
    assert {field.name: str(field.type) for field in schema} == TYPES | own
    assert schema.names[: len(own) + 1] == ["uuid", *own]


def test_what_a_row_holds(tmp_path: Path) -> None:
    write("parquet", [sample(*PLAIN["extraction"])], tmp_path / "x.parquet", context=ExportContext(TASKS["extraction"]))
    (row,) = parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert (row["text"], json.loads(row["label"])) == ("Two of us, in Rome.", {"city": "Rome", "guests": 2})
    assert json.loads(row["conditions"]) == {"style": "terse"}
    assert json.loads(row["scores"]) == {"confidence": 0.5}  # filter.length is the workbench's own


def test_lone_surrogates_become_replacement_characters(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "a\ud83d\ude00\udc00"}]
    write("parquet", [sample({"messages": talk})], tmp_path / "x.parquet", context=ExportContext(TASKS["dialogue"]))
    (row,) = parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert row["messages"] == [{"role": "user", "content": "a😀\ufffd"}]


def test_what_has_no_place_is_left_out(tmp_path: Path) -> None:
    named = [{"role": "user", "content": "a", "name": "Ann"}]
    samples = [
        sample({"title": "a", "score": 10**400, "data": 1}, None, 1),
        sample({"title": "a", "score": 1, "data": 1, "talk": named}, None, 2),
        sample(*PLAIN["free"], 3),
    ]
    written = write("parquet", samples, tmp_path / "x.parquet", context=ExportContext(TASKS["free"]))
    assert written.rows == 1
    assert written.failed == (
        Unwritable("u1", "has a score that is not a number, or too large a one"),
        Unwritable("u2", "has turns in talk with more than a role and a content, for which there is no column"),
    )


def test_row_groups_are_closed_by_rows_and_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "GROUP_ROWS", 4)
    samples = [sample(*PLAIN["dialogue"], number) for number in range(10)]
    write("parquet", samples, tmp_path / "x.parquet", context=ExportContext(TASKS["dialogue"]))
    monkeypatch.setattr(arrow, "GROUP_CHARACTERS", 1)
    write("parquet", samples[:3], tmp_path / "y.parquet", context=ExportContext(TASKS["dialogue"]))
    found = [parquet.ParquetFile(tmp_path / name).metadata for name in ("x.parquet", "y.parquet")]
    assert [[one.row_group(n).num_rows for n in range(one.num_row_groups)] for one in found] == [[4, 4, 2], [1, 1, 1]]
    assert [row.values["uuid"] for row in read(tmp_path / "x.parquet") if isinstance(row, Row)] == [
        f"u{number}" for number in range(10)
    ]


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write("parquet", [sample(*PLAIN["free"])], tmp_path / name, context=ExportContext(TASKS["free"]))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_broken_source_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Any:
        yield sample(*PLAIN["free"])
        raise ConnectionError("the source")

    with pytest.raises(ConnectionError, match="the source"):
        write("parquet", broken(), tmp_path / "x.parquet", context=ExportContext(TASKS["free"]))
    assert os.listdir(tmp_path) == []


def test_pyarrow_missing_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet.write_table(pa.table({"text": ["a"]}), tmp_path / "x.parquet")

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    said = r"need pyarrow, which is not installed: pip install 'workbench\[parquet\]'\."
    for format in ("parquet", "hf"):
        with pytest.raises(WorkbenchError, match=said):
            write(format, [sample(*PLAIN["free"])], tmp_path / "y", context=ExportContext(TASKS["free"]))
    with pytest.raises(WorkbenchError, match=said):
        list(read(tmp_path / "x.parquet"))


def table(path: Path, metadata: dict[str, Any] | None = None, **values: Any) -> Path:
    made = pa.table(values)
    if metadata is not None:
        made = made.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": metadata}})})
    parquet.write_table(made, path)
    return path


def test_values_of_all_sorts_become_json(tmp_path: Path) -> None:
    path = table(
        tmp_path / "x.parquet",
        when=pa.array([datetime.datetime(2024, 1, 2, 3)], pa.timestamp("s")),
        day=[datetime.date(2024, 1, 2)],
        price=[decimal.Decimal("1.50")],
        raw=pa.array([b"\xff"], pa.binary()),
        words=pa.array([b"abc"], pa.binary()),
        bad=[float("nan")],
        deep=[{"a": [{"b": 1}]}],
        name=pa.array(["x"]).dictionary_encode(),
    )
    assert list(read(path)) == [
        Row(
            1,
            {
                "when": "2024-01-02T03:00:00",
                "day": "2024-01-02",
                "price": 1.5,
                "raw": None,
                "words": "abc",
                "bad": None,
                "deep": {"a": [{"b": 1}]},
                "name": "x",
            },
        )
    ]


def test_class_labels_become_their_names(tmp_path: Path) -> None:
    names = {"names": ["lost_card", "change_pin"], "_type": "ClassLabel"}
    path = table(
        tmp_path / "x.parquet",
        {"label": names, "all": {"feature": names, "_type": "List"}, "n": {"dtype": "int64", "_type": "Value"}},
        label=[1, -1, 7],
        all=[[0, 1], [], [0]],
        n=[1, 1, 1],
    )
    assert [row.values for row in read(path) if isinstance(row, Row)] == [
        {"label": "change_pin", "all": ["lost_card", "change_pin"], "n": 1},
        {"label": None, "all": [], "n": 1},
        {"label": 7, "all": ["lost_card"], "n": 1},
    ]
    for notes in ({"label": 3}, {"label": None}, {"label": {"_type": "ClassLabel", "names": 3}}):
        assert next(iter(read(table(tmp_path / "y.parquet", notes, label=[1])))) == Row(1, {"label": 1})


def test_a_text_with_a_nul_costs_its_row_only(tmp_path: Path) -> None:
    path = table(tmp_path / "x.parquet", text=["a\0b", "c"])
    assert list(read(path)) == [Bad(1, "holds a NUL character (\\u0000)"), Row(2, {"text": "c"})]


def test_arrow_files_of_both_kinds(tmp_path: Path) -> None:
    made = pa.table({"text": ["a", "b"]})
    with pa.OSFile(str(tmp_path / "stream.arrow"), "wb") as out, pa.ipc.new_stream(out, made.schema) as writer:
        writer.write_table(made)
    with pa.OSFile(str(tmp_path / "file.arrow"), "wb") as out, pa.ipc.new_file(out, made.schema) as writer:
        writer.write_table(made)
    for name in ("stream.arrow", "file.arrow"):
        assert list(read(tmp_path / name)) == [Row(1, {"text": "a"}), Row(2, {"text": "b"})]


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"PAR1 no", "x.parquet", "cannot be read as Parquet"),
        (b"nothing of the kind" * 9, "x.parquet", "cannot be read as Parquet"),
        (b"nothing of the kind" * 9, "x.arrow", "cannot be read as Arrow"),
        (b"ARROW1 and no more", "x.arrow", "cannot be read as Arrow"),
        (b"PAR1 no", "x.jsonl", "is a Parquet file: give --format parquet"),
        (b"ARROW1 no", "x.csv", "is an Arrow file: give --format arrow"),
    ],
)
def test_files_that_are_something_else(tmp_path: Path, data: bytes, name: str, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FileError, match=said):
        list(read(tmp_path / name))


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    whole = table(tmp_path / "x.parquet", text=["a" * 100] * 1000).read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"cut\.parquet: cannot be read as Parquet"):
        list(read(tmp_path / "cut.parquet"))


def test_pages_that_were_damaged_are_a_sentence(tmp_path: Path) -> None:
    path = table(tmp_path / "x.parquet", text=[f"text {number}" for number in range(1000)])
    data = bytearray(path.read_bytes())
    data[8:200] = b"\xff" * 192
    path.write_bytes(data)
    with pytest.raises(FileError, match="cannot be read as Parquet"):
        list(read(path))


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    parquet.write_table(
        pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["x", "x"]), tmp_path / "x.parquet"
    )
    with pytest.raises(FileError, match="has the column 'x' twice"):
        list(read(tmp_path / "x.parquet"))


def test_an_empty_table_has_no_rows(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="has no rows: nothing to import"):
        list(read(table(tmp_path / "x.parquet", text=pa.array([], pa.string()))))
