"""The data card: front matter that hubs read, and nothing that foreign names can break."""

from __future__ import annotations

import pytest
import yaml

from workbench.exchange.card import card, size_category, write_card

FACTS = {
    "pretty_name": "Banking intents",
    "license": "cc-by-4.0",
    "language": ["en"],
    "task": "classification",
    "description": "Questions of bank customers.",
    "fields": [{"name": "text", "kind": "text"}],
    "label": "one of the labels",
    "labels": ["lost_card", "change_pin"],
    "rows": 1240,
    "snapshot": "s3",
    "sha256": "ab" * 32,
    "created": "2025-01-02T03:04:05Z",
    "recipes": [
        {
            "name": "attrprompt",
            "paper": "Yu et al. 2023",
            "models": ["openai:gpt-x"],
            "parameters": {"temperature": 0.7},
            "jobs": [12, 13],
            "samples": 1240,
        }
    ],
    "splits": {"train": 1240},
    "statuses": {"accepted": 1000, "pending": 240},
    "filters": [
        {
            "name": "near_duplicate",
            "version": "1",
            "parameters": {"threshold": 0.8},
            "checked": 1300,
            "dropped": 60,
            "overruled": 2,
        }
    ],
    "metrics": {"faithfulness.human": {"value": 0.92, "low": 0.82, "high": 0.96, "note": "60 samples"}},
    "annotations": {"annotators": 2, "accepted": 1000},
    "limitations": ["Only English was asked for."],
    "files": [{"name": "data.jsonl", "format": "jsonl", "rows": 1240, "sha256": "cd" * 32}],
}  # fmt: skip


def front_matter(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_front_matter():
    assert front_matter(card(FACTS)) == {
        "pretty_name": "Banking intents",
        "license": "cc-by-4.0",
        "language": ["en"],
        "task_categories": ["text-classification"],
        "task_ids": ["multi-class-classification"],
        "size_categories": ["1K<n<10K"],
        "tags": ["synthetic"],
    }


@pytest.mark.parametrize(
    "line",
    [
        "# Banking intents",
        "Questions of bank customers.",
        "- Samples: 1,240",
        "- Task: Classification: a text and one of the labels",
        "- Fields: `text` (text)",
        "- Label: one of the labels",
        "- Labels: 2: `lost_card`, `change_pin`",
        "- SHA-256 of the snapshot: `" + "ab" * 32 + "`",
        "| `attrprompt` | Yu et al. 2023 | `openai:gpt-x` | `temperature=0.7` | 12, 13 | 1,240 |",
        "| `near_duplicate` | 1 | `threshold=0.8` | 1,300 | 60 | 2 |",
        "| `faithfulness.human` | 0.92 | 0.82 to 0.96 | 60 samples |",
        "| `pending` | 240 |",
        "- annotators: 2",
        "- Only English was asked for.",
        "| `data.jsonl` | jsonl | 1,240 | `" + "cd" * 32 + "` |",
    ],
)
def test_the_card_says(line):
    assert line in card(FACTS).splitlines()


def test_nothing_known_is_still_a_card():
    text = card({})
    assert front_matter(text) == {"pretty_name": "Data set", "license": "unknown"}
    assert "Licence: none was chosen" in text
    assert "##" not in text


def test_foreign_names_stay_names():
    hostile = "x` | <script>alert(1)</script> [a](b)\n# big\x1b[2J"
    text = card(
        {"pretty_name": f"{hostile}\n---", "license": "mit\ntags: [x]", "labels": [hostile], "splits": {hostile: 1}}
    )
    assert front_matter(text) == {
        "pretty_name": "x` | <script>alert(1)</script> [a](b) # big␛[2J ---",
        "license": "mit tags: [x]",
    }
    body = text.split("---\n", 2)[2]
    assert "\x1b" not in text
    assert "\n# big" not in body
    assert "# x\\` \\| &lt;script&gt;" in body
    assert "| `x' ¦ <script>alert(1)</script> [a](b) # big␛[2J` | 1 |" in body.splitlines()


def test_an_unknown_fact_is_a_mistake():
    with pytest.raises(ValueError, match="a data card has no 'licence'"):
        card({"licence": "mit"})


@pytest.mark.parametrize(
    ("rows", "name"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**6, "1M<n<10M"), (10**12, "n>1T")],
)
def test_size_categories(rows, name):
    assert size_category(rows) == name


def test_it_is_written(tmp_path):
    write_card(FACTS, tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == card(FACTS)
