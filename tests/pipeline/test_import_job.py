"""What an import refuses beyond what a file's format says: a real text in two splits."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipeline.conftest import RunJob, add
from workbench.store import splits
from workbench.store.connection import Store


def test_a_test_text_cannot_become_a_seed(store: Store, run: RunJob, tmp_path: Path) -> None:
    add(store, "Where is my refund?", origin="real", split="test")
    path = tmp_path / "seeds.jsonl"
    lines = [{"text": "where is  my REFUND?", "label": "refund"}, {"text": "I lost my card", "label": "lost_card"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    result = run("import", file=str(path), role="seed").result
    assert result is not None
    assert (result["added"], result["failed_rows"], result["failed"][0]["line"]) == (1, 1, 1)
    assert "test split" in result["failed"][0]["reason"]
    assert [text for _, text, _ in splits.seeds(store)] == ["I lost my card"]


def test_a_synthetic_text_may_repeat_a_real_one(store: Store, run: RunJob, tmp_path: Path) -> None:
    add(store, "Where is my refund?", origin="real", split="test")
    path = tmp_path / "made.jsonl"
    path.write_text(json.dumps({"text": "Where is my refund?", "label": "refund"}) + "\n", encoding="utf-8")
    result = run("import", file=str(path), role="synthetic").result
    assert result is not None
    assert (result["added"], result["failed_rows"]) == (1, 0)


def test_rows_that_are_no_samples_are_listed_with_line_and_reason(store: Store, run: RunJob, tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    chats = [
        [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "refund"}],
        [{"role": "user", "content": "Where is it?"}],
        [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "refnd"}],
    ]
    path.write_text("".join(json.dumps({"messages": chat}) + "\n" for chat in chats), encoding="utf-8")
    result = run("import", file=str(path), role="seed").result
    assert result is not None
    assert (result["added"], result["columns"]) == (1, {"text": "messages", "label": "messages"})
    assert result["failed"] == [
        {"line": 2, "reason": "messages is not one turn of the user and one of the assistant, as this task needs"},
        {
            "line": 3,
            "reason": 'label "refnd" is not one of the project\'s labels (column "messages"); did you mean refund?',
        },
    ]
