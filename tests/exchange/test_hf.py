"""The Hugging Face data set folder: written whole with its card, and read by split."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.exchange.tasks import PLAIN, TASKS, sample
from workbench.errors import FileError
from workbench.exchange import ExportContext, ExportSample, Row, Unwritable, Written, file_sha256, hf, read, write

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

SPLITS = ["train", "validation", "train", "test", "train"]


def samples(kind: str) -> list[ExportSample]:
    return [sample(*PLAIN[kind], number, split=split) for number, split in enumerate(SPLITS)]


def exported(path: Path, kind: str, given: list[ExportSample] | None = None, **options: Any) -> Written:
    context = ExportContext(TASKS[kind], facts={"name": "cards", "task": TASKS[kind].kind, "rows": 99})
    return write("hf", samples(kind) if given is None else given, path, context=context, **options)


def head(path: Path) -> dict[str, Any]:
    found = yaml.safe_load((path / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("kind", list(TASKS))
def test_the_folder_has_the_published_shape(tmp_path: Path, kind: str) -> None:
    written = exported(tmp_path / "out", kind)
    assert hf.check_shape(tmp_path / "out") is None
    assert written.rows == 5
    assert [(file.name, file.rows) for file in written.files] == [
        ("data/train-00000-of-00001.parquet", 3),
        ("data/validation-00000-of-00001.parquet", 1),
        ("data/test-00000-of-00001.parquet", 1),
    ]


def test_the_card_says_what_load_dataset_asks(tmp_path: Path) -> None:
    exported(tmp_path / "out", "multi_label", samples("multi_label")[:1])
    path = tmp_path / "out" / "data" / "train-00000-of-00001.parquet"
    found = head(tmp_path / "out")
    assert found["configs"] == [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]}]
    info = found["dataset_info"]
    assert info["features"][:3] == [
        {"name": "uuid", "dtype": "string"},
        {"name": "text", "dtype": "string"},
        {"name": "label", "sequence": "string"},
    ]
    (split,) = info["splits"]
    assert (split["name"], split["num_examples"]) == ("train", 1)
    assert split["num_bytes"] == info["dataset_size"] == parquet.read_table(path).nbytes
    assert info["download_size"] == path.stat().st_size


def test_features_that_are_alike_are_written_out(tmp_path: Path) -> None:
    """``datasets`` takes the YAML apart while it reads, so that one value must not stand for two."""
    exported(tmp_path / "out", "spoken_preference")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "&id" not in text.split("---\n")[1]
    turns = {"list": [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}]}
    assert head(tmp_path / "out")["dataset_info"]["features"][1:4] == [
        {"name": name, **turns} for name in ("prompt", "chosen", "rejected")
    ]


def test_the_card_counts_what_is_there_and_names_the_files(tmp_path: Path) -> None:
    written = exported(tmp_path / "out", "dialogue")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "- Samples: 5" in text
    for file in written.files:
        assert f"| `{file.name}` | parquet | {file.rows} | `{file.sha256}` |" in text


def test_only_the_task_and_the_origin_are_in_the_columns(tmp_path: Path) -> None:
    exported(tmp_path / "out", "classification")
    names = parquet.ParquetFile(tmp_path / "out/data/test-00000-of-00001.parquet").schema_arrow.names
    assert names == ["uuid", "text", "label", "status", "origin", "model", "recipe"]


def test_large_splits_are_cut_into_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hf, "SHARD_BYTES", 1)
    monkeypatch.setattr("workbench.exchange.arrow.GROUP_ROWS", 1)
    exported(tmp_path / "out", "dialogue")
    names = sorted(path.name for path in (tmp_path / "out" / "data").iterdir() if path.name.startswith("train"))
    assert names == [f"train-{number:05d}-of-00003.parquet" for number in range(3)]
    assert hf.check_shape(tmp_path / "out") is None


def test_the_same_samples_give_the_same_hash(tmp_path: Path) -> None:
    assert exported(tmp_path / "a", "free").sha256 == exported(tmp_path / "b", "free").sha256
    assert exported(tmp_path / "c", "free", samples("free")[:2]).sha256 != exported(tmp_path / "d", "free").sha256


def test_what_has_no_place_is_left_out(tmp_path: Path) -> None:
    named = sample({"messages": [{"role": "user", "content": "a", "name": "Ann"}]}, None, 7, split="test")
    written = exported(tmp_path / "out", "dialogue", [*samples("dialogue")[:1], named])
    reason = "has turns in messages with more than a role and a content, for which there is no column"
    assert (written.rows, written.failed) == (1, (Unwritable("u7", reason),))
    assert os.listdir(tmp_path / "out" / "data") == ["train-00000-of-00001.parquet"]
    with pytest.raises(FileError, match="nothing to export as hf: sample u7 has turns in messages"):
        exported(tmp_path / "none", "dialogue", [named])
    assert os.listdir(tmp_path) == ["out"]


def test_it_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Any:
        yield sample(*PLAIN["free"])
        raise ConnectionError("the source")

    with pytest.raises(ConnectionError, match="the source"):
        write("hf", broken(), tmp_path / "out", context=ExportContext(TASKS["free"]))
    with pytest.raises(FileError, match="there is nothing to export as hf"):
        exported(tmp_path / "out", "free", [])
    assert os.listdir(tmp_path) == []


def test_an_earlier_export_is_replaced_only_when_told_and_nothing_else_ever(tmp_path: Path) -> None:
    exported(tmp_path / "out", "free")
    with pytest.raises(FileError, match="exists already: choose another name, or give --overwrite"):
        exported(tmp_path / "out", "free")
    exported(tmp_path / "out", "dialogue", overwrite=True)
    assert [field["name"] for field in head(tmp_path / "out")["dataset_info"]["features"]][1] == "messages"
    assert os.listdir(tmp_path) == ["out"]
    (tmp_path / "out" / "thesis.txt").write_text("precious")
    with pytest.raises(FileError, match=r"holds 'thesis\.txt', which no export wrote: choose another folder"):
        exported(tmp_path / "out", "free", overwrite=True)
    (tmp_path / "file").write_text("precious")
    with pytest.raises(FileError, match="is a file, and hf writes a folder"):
        exported(tmp_path / "file", "free", overwrite=True)
    with pytest.raises(FileError, match="does not exist: make it first"):
        exported(tmp_path / "none" / "out", "free")
    assert {path.name: path.read_text() for path in (tmp_path / "file", tmp_path / "out" / "thesis.txt")} == {
        "file": "precious", "thesis.txt": "precious"
    }  # fmt: skip


def uuids(path: Path, split: str | None = None) -> list[Any]:
    return [row.values["uuid"] for row in read(path, split=split) if isinstance(row, Row)]


def test_a_split_is_read_from_the_folder(tmp_path: Path) -> None:
    exported(tmp_path / "out", "dialogue")
    assert uuids(tmp_path / "out", "train") == ["u0", "u2", "u4"]
    assert uuids(tmp_path / "out", "test") == ["u3"]
    assert file_sha256(tmp_path / "out", "train") != file_sha256(tmp_path / "out", "test")
    exported(tmp_path / "one", "dialogue", samples("dialogue")[:1])
    assert uuids(tmp_path / "one", "test") == ["u0"]  # the only split there is


def made(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table({"uuid": list(texts)}), path)


def test_lines_go_on_counting_from_file_to_file(tmp_path: Path) -> None:
    made(tmp_path / "data" / "train-00000-of-00002.parquet", "a", "b")
    made(tmp_path / "data" / "train-00001-of-00002.parquet", "c")
    assert list(read(tmp_path)) == [Row(1, {"uuid": "a"}), Row(2, {"uuid": "b"}), Row(3, {"uuid": "c"})]


@pytest.mark.parametrize(
    ("files", "split", "found"),
    [
        (["train.parquet", "test.parquet"], "test", ["test.parquet"]),
        (["train/0000.parquet", "test/0000.parquet"], "test", ["test/0000.parquet"]),
        (["data/dev-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"], "validation",
         ["data/dev-00000-of-00001.parquet"]),
        (["cards-train.parquet", "cards-valid.parquet"], "validation", ["cards-valid.parquet"]),
        (["part-0.parquet"], "train", ["part-0.parquet"]),
        ([".cache/train.parquet", "train.parquet"], "train", ["train.parquet"]),
    ],
)  # fmt: skip
def test_splits_are_told_by_names(tmp_path: Path, files: list[str], split: str, found: list[str]) -> None:
    for name in files:
        made(tmp_path / name, name)
    assert uuids(tmp_path, split) == found


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["train.parquet", "test.parquet"], 'has the splits "test", "train", and none called validation: give one of its'),
        (["data/train_sft-00000-of-00001.parquet", "data/test_sft-00000-of-00001.parquet"], 'the splits "test_sft", "train_sft"'),
        (["en/train.parquet", "de/train.parquet"], r'holds several data sets \("de", "en"\): give the folder or a file of one'),
        ([], "is a folder: give a file in it, or the folder of a data set"),
    ],
)  # fmt: skip
def test_folders_that_leave_doubt_are_refused(tmp_path: Path, files: list[str], said: str) -> None:
    for name in files:
        made(tmp_path / name, name)
    with pytest.raises(FileError, match=said):
        read(tmp_path, split="validation")


def test_a_folder_that_save_to_disk_wrote(tmp_path: Path) -> None:
    for split, text in (("train", "a"), ("test", "b")):
        folder = tmp_path / split
        folder.mkdir()
        table = pa.table({"uuid": [text]})
        for name in ("data-00000-of-00001.arrow", "cache-123.arrow"):
            with pa.OSFile(str(folder / name), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
                writer.write_table(table)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert uuids(tmp_path, "test") == ["b"]
    assert uuids(tmp_path / "train", "test") == ["a"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    made(tmp_path / "x.parquet", "a")
    with pytest.raises(FileError, match="is a file, and a Hugging Face data set is a folder"):
        list(read(tmp_path / "x.parquet", format="hf"))
    with pytest.raises(FileError, match="is a folder: give a file in it"):
        read(tmp_path, format="csv")


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    os.mkfifo(tmp_path / "data" / "train-00000-of-00001.parquet")
    with pytest.raises(FileError, match="not a regular file"):
        list(read(tmp_path))
