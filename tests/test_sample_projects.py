"""The sample projects of instructions and dialogues: counts, shapes, splits, and what their READMEs say of them."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.answer_schema import fault
from workbench.curate.base import Context, Item, parse_filter
from workbench.project import Project, create_from_sample, sample_projects
from workbench.store.encoding import text_of
from workbench.text import normalise, words

FOLDER = Path(__file__).resolve().parents[1] / "sample_projects"
COUNTS = {
    "instructions": {"seeds": 64, "samples": 48, "validation": 12, "test": 20},
    "support_dialogues": {"seeds": 30, "samples": 40, "validation": 12, "test": 18},
}
OUTCOMES = ["resolved", "refund_granted", "replacement_sent", "escalated", "needs_information", "customer_left"]
GOOD = ("seeds", "validation", "test")
both = pytest.mark.parametrize("name", list(COUNTS))


@pytest.fixture(autouse=True)
def no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user"))


def rows(name: str, split: str) -> list[dict[str, Any]]:
    text = (FOLDER / name / f"{split}.jsonl").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def fields(name: str, row: dict[str, Any]) -> dict[str, Any]:
    names = ("instruction", "input", "output") if name == "instructions" else ("messages",)
    return {one: row[one] for one in names}


def flaws(name: str) -> dict[int, str]:
    """Line of samples.jsonl -> flaw, as the README's last table has them."""
    readme = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## What is wrong in samples.jsonl\n")[2].partition("\n## ")[0]
    return {int(line): what for line, what in re.findall(r"^\| (\d+) \| (.+) \|$", section, re.MULTILINE)}


def items(name: str, split: str) -> Iterator[Item]:
    for line, row in enumerate(rows(name, split), 1):
        yield Item(line, text_of(fields(name, row)), fields(name, row), row.get("label"))


def dropped(name: str, project: Project) -> dict[str, list[int]]:
    """Lines of samples.jsonl that each of the project's filters drops, one after the other."""
    remaining = list(items(name, "samples"))
    context = Context(seeds=list(items(name, "seeds")))
    found = {}
    for spec in project.config.curate.chain:
        verdicts = list(parse_filter(spec).judge(remaining, context))
        out = {one.id for one, verdict in zip(remaining, verdicts, strict=True) if not verdict.keep}
        found[spec.partition(":")[0]] = sorted(out)
        remaining = [one for one in remaining if one.id not in out]
    return found


@both
def test_they_come_with_the_workbench_and_their_settings_load(name: str, tmp_path: Path) -> None:
    assert name in sample_projects()
    project = create_from_sample(tmp_path / "copy", name)
    task = project.config.task
    assert task.kind == {"instructions": "instruction", "support_dialogues": "dialogue"}[name]
    assert project.config.model.use.startswith("openai:"), "the embedded model writes single texts only"
    assert project.config.export.instruction
    assert len(project.guidelines) > 2000
    assert task.label_names == (OUTCOMES if name == "support_dialogues" else [])
    assert all(label.description for label in task.labels)
    for spec in project.config.curate.chain:
        parse_filter(spec)


@both
def test_counts_are_those_of_the_readme(name: str) -> None:
    readme = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    for split, count in COUNTS[name].items():
        assert len(rows(name, split)) == count
        assert f"| `{split}.jsonl` | {count} |" in readme
    key = "kind" if name == "instructions" else "label"
    counted = {split: Counter(row[key] for row in rows(name, split)) for split in COUNTS[name]}
    for value in counted["seeds"]:
        cells = " | ".join(str(counted[split][value]) for split in COUNTS[name])
        assert f"| {value} | {cells} |" in readme
    assert all(count.keys() <= counted["seeds"].keys() for count in counted.values())


@both
def test_the_readme_says_who_wrote_them(name: str) -> None:
    readme = " ".join((FOLDER / name / "README.md").read_text(encoding="utf-8").split())
    assert "written for this project by a language model**" in readme
    assert "reviewed by that model only" in readme
    assert "no second person has checked" in readme


@both
@pytest.mark.parametrize("split", ["seeds", "samples", "validation", "test"])
def test_every_line_is_a_sample_of_the_task(name: str, split: str, tmp_path: Path) -> None:
    task = create_from_sample(tmp_path / "copy", name).config.task
    keys = {"instruction", "input", "output", "kind"} if name == "instructions" else {"messages", "label"}
    for line, row in enumerate(rows(name, split), 1):
        assert row.keys() == keys, line
        assert fault(task, fields(name, row), row.get("label"), labelled=True) is None, line


@both
def test_no_text_stands_in_two_splits_and_none_twice_in_a_good_one(name: str) -> None:
    seen: dict[str, str] = {}
    for split in (*GOOD, "samples"):
        for item in items(name, split):
            text = " ".join(words(normalise(item.text)))
            assert seen.get(text) in (None, "samples"), (split, item.id)
            seen[text] = split


@pytest.mark.parametrize("split", GOOD)
def test_good_instructions_are_whole(split: str) -> None:
    asked = [row["instruction"] for row in rows("instructions", split)]
    assert len({normalise(row["instruction"] + row["input"]) for row in rows("instructions", split)}) == len(asked)
    for line, row in enumerate(rows("instructions", split), 1):
        assert all(text == text.strip() != "" for text in (row["instruction"], row["output"])), line
        assert row["output"].count("```") % 2 == 0, line
        assert "language model" not in row["output"], line


def test_python_in_good_instructions_parses() -> None:
    programs = [
        code
        for split in GOOD
        for row in rows("instructions", split)
        for code in re.findall(r"```python\n(.*?)```", row["output"], re.DOTALL)
    ]
    assert len(programs) >= 7
    for program in programs:
        ast.parse(program)


@pytest.mark.parametrize("split", GOOD)
def test_good_dialogues_alternate_and_every_outcome_is_there(split: str) -> None:
    found = rows("support_dialogues", split)
    for line, row in enumerate(found, 1):
        roles = [turn["role"] for turn in row["messages"]]
        assert 4 <= len(roles) <= 12, line
        assert roles == ["user" if place % 2 == 0 else "assistant" for place in range(len(roles))], line
        assert all(turn["content"] == turn["content"].strip() != "" for turn in row["messages"]), line
    counted = Counter(row["label"] for row in found)
    assert list(counted.values()) == [len(found) // 6] * 6
    assert set(counted) == set(OUTCOMES)


def test_agents_of_good_dialogues_keep_to_what_refunds_they_may_grant() -> None:
    for split in GOOD:
        for line, row in enumerate(rows("support_dialogues", split), 1):
            if row["label"] == "refund_granted":
                said = " ".join(turn["content"] for turn in row["messages"] if turn["role"] == "assistant")
                assert all(float(sum_) <= 300 for sum_ in re.findall(r"£(\d+(?:\.\d\d)?)", said)), (split, line)


def test_the_flaws_of_the_readmes_are_there() -> None:
    found = flaws("instructions")
    samples = rows("instructions", "samples")
    assert len(found) == 12
    assert all(1 <= line <= len(samples) for line in found)
    kinds = Counter(re.split(r"[:,]| of ", what)[0] for what in found.values())
    assert kinds == {
        "wrong answer": 3,
        "refusal": 2,
        "too close to a seed": 2,
        "duplicate": 1,
        "near duplicate": 1,
        "truncated": 1,
        "another language": 1,
        "very short": 1,
    }
    assert all("language model" in samples[line - 1]["output"] for line, what in found.items() if "refusal" in what)
    for line, what in found.items():
        if (of := re.search(r"line (\d+) of `seeds", what)) is not None:
            assert int(of[1]) <= COUNTS["instructions"]["seeds"], line

    found = flaws("support_dialogues")
    dialogues = rows("support_dialogues", "samples")
    assert len(found) == 10
    assert all(1 <= line <= len(dialogues) for line in found)
    assert Counter(re.split(r"[:,]| of ", what)[0] for what in found.values()) == {
        "wrong label": 4,
        "invented policy": 2,
        "near duplicate": 1,
        "roles mixed up": 1,
        "personal data": 1,
        "abrupt end": 1,
    }
    for line, what in found.items():
        if what.startswith("wrong label"):
            (right,) = re.findall(r"`(\w+)`", what)
            assert right in OUTCOMES
            assert right != dialogues[line - 1]["label"]


def test_only_the_line_that_the_readme_names_has_mixed_roles() -> None:
    mixed = [
        line
        for line, row in enumerate(rows("support_dialogues", "samples"), 1)
        if any(a["role"] == b["role"] for a, b in zip(row["messages"], row["messages"][1:], strict=False))
    ]
    assert mixed == [line for line, what in flaws("support_dialogues").items() if "roles" in what]


def test_the_only_long_number_is_the_test_card_that_the_readme_names() -> None:
    found = []
    for split in COUNTS["support_dialogues"]:
        for line, row in enumerate(rows("support_dialogues", split), 1):
            text = text_of({"messages": row["messages"]})
            found += [(split, line, number) for number in re.findall(r"\d(?:[ -]?\d){12,18}", text)]
    ((split, line, number),) = found
    assert split == "samples"
    assert "personal data" in flaws("support_dialogues")[line]
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(digits)]
    assert sum(doubled) % 10 == 0  # Luhn's sum


def test_the_filters_of_the_projects_find_what_the_readmes_say(tmp_path: Path) -> None:
    found = dropped("instructions", create_from_sample(tmp_path / "i", "instructions"))
    assert found == {"exact_duplicate": [31], "near_duplicate": [14, 35, 46], "length": [37], "language": [27]}
    found = dropped("support_dialogues", create_from_sample(tmp_path / "s", "support_dialogues"))
    assert found == {"exact_duplicate": [], "near_duplicate": [23], "length": [], "language": []}
