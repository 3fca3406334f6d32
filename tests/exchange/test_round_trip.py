"""What is exported and imported again is the same sample, whatever its kind and its texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exchange.tasks import ANSWERED, CONTENTS, TASKS, TEXT, sample
from workbench.answer_schema import fault
from workbench.exchange import ExportContext, Mapped, Mapper, columns_ahead, read, write

#: A name without ending: the format is given to the reader.
NAMES = {"jsonl": "jsonl", "csv": "csv", "parquet": "parquet", "hf": "hf", "alpaca": "json", "sharegpt": "json"}
NAMES |= {"dpo": "jsonl", "openai-chat": "jsonl"}


def there_and_back(folder: Path, format: str, kind: str, contents: Sequence[tuple[dict[str, Any], Any]]) -> list[Any]:
    """(fields, label) of every sample after an export and an import."""
    task, path = TASKS[kind], folder / f"out-{kind}-{format}"
    samples = [sample(fields, label, number) for number, (fields, label) in enumerate(contents)]
    written = write(format, samples, path, context=ExportContext(task, raw=True), overwrite=True)
    assert (written.rows, written.failed) == (len(samples), ())
    mapper = Mapper(task)
    columns, rows = columns_ahead(read(path, format=NAMES[format]))
    mapper.check_columns(columns, path)
    mapped = [mapper.apply(row) for row in rows]
    assert all(isinstance(one, Mapped) for one in mapped), mapped
    return [(one.fields, one.label) for one in mapped if isinstance(one, Mapped)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round-trip")


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "hf"])
@pytest.mark.parametrize("kind", list(TASKS))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_formats_that_say_everything(folder: Path, format: str, kind: str, data: st.DataObject) -> None:
    contents = data.draw(st.lists(st.tuples(*CONTENTS[kind]), min_size=1, max_size=4))
    assert all(fault(TASKS[kind], fields, label) is None for fields, label in contents)
    assert there_and_back(folder, format, kind, contents) == contents


@pytest.mark.parametrize(
    ("format", "kind"),
    [
        *(("alpaca", kind) for kind in ("instruction", "question_answering", "classification", "multi_label", "extraction")),
        *((chat, kind) for chat in ("openai-chat", "sharegpt") for kind in ("classification", "multi_label", "extraction")),
        ("dpo", "preference"),
        ("dpo", "spoken_preference"),
    ],
)  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_formats_that_train_models(folder: Path, format: str, kind: str, data: st.DataObject) -> None:
    contents = data.draw(st.lists(st.tuples(*CONTENTS[kind]), min_size=1, max_size=4))
    assert there_and_back(folder, format, kind, contents) == contents


@pytest.mark.parametrize("format", ["openai-chat", "sharegpt"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    dialogues=st.lists(ANSWERED, min_size=1, max_size=3), pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3)
)
def test_chats(folder: Path, format: str, dialogues: list[Any], pairs: list[tuple[str, str]]) -> None:
    contents = [({"messages": turns}, None) for turns in dialogues]
    assert there_and_back(folder, format, "dialogue", contents) == contents
    asked = [({"instruction": question, "output": answer}, None) for question, answer in pairs]
    assert there_and_back(folder, format, "instruction", asked) == asked
    asked = [({"question": question, "answer": answer}, None) for question, answer in pairs]
    assert there_and_back(folder, format, "question_answering", asked) == asked
