"""Answers that label an example of the user's: as objects, in plain words, with reasons, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbench.generate.parsers.annotation import annotation, asked_schema
from workbench.generate.parts import Content, Input, Refusal, Setting
from workbench.models.base import Answer
from workbench.project import create

GIVEN = {"text": "where is my card?"}


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    config = create(tmp_path / "p", labels=["lost_card", "refund"]).config
    return Setting(config, {}, 0, [], inputs=[Input(7, GIVEN, GIVEN["text"])])


def read(setting: Setting, text: str, *, rationale: bool = False, finish: str = "stop") -> Any:
    found = annotation(Answer(text, "m", finish), setting, {"unlabelled": 7}, {"rationale": rationale})
    return found if isinstance(found, Refusal) else found[0]


@pytest.mark.parametrize(
    "text",
    [
        '{"label": "lost_card"}',
        "lost_card",
        "Lost card.",
        '"lost card"',
        "I think so.\nLabel: lost_card",
        "**lost_card**",
    ],
)
def test_a_label_is_read_however_it_is_written(setting: Setting, text: str) -> None:
    assert read(setting, text) == Content(GIVEN, "lost_card")


def test_a_rationale_is_kept_beside_the_sample(setting: Setting) -> None:
    found = read(setting, '{"rationale": " It asks where it is. ", "label": "lost_card"}', rationale=True)
    assert found == Content(GIVEN, "lost_card", {"rationale": "It asks where it is."})
    found = read(setting, "It asks where it is.\nLabel: lost_card", rationale=True)
    assert found.extra == {"rationale": "It asks where it is."}


def test_what_is_no_label_of_the_task_may_be_repaired(setting: Setting) -> None:
    found = read(setting, '{"label": "weather"}')
    assert (found.repairable, "names no label of the task ('weather')" in found.reason) == (True, True)
    assert read(setting, "no idea").repairable
    assert read(setting, '{"label": "refund"}', rationale=True) == Refusal(
        "the answer gives no rationale", repairable=True
    )


def test_the_endpoint_is_told_labels_after_reasons(setting: Setting) -> None:
    told = asked_schema(setting, {"rationale": True})
    assert told["required"] == ["rationale", "label"]
    assert told["properties"]["label"]["enum"] == ["lost_card", "refund"]
    assert asked_schema(setting, {})["required"] == ["label"]
