from __future__ import annotations

from tests.curate.scripted_judge import Judge, by_text, kept, part, texts
from workbench.curate.base import Cut
from workbench.curate.filters.toxicity_judge import ToxicityJudge


def test_grades_over_the_threshold_go() -> None:
    grades = {"hello": 0, "you fool": 2, "worse": 2.5, "?": "no idea"}
    verdicts = Judge(by_text(grades)).judge("toxicity_judge", texts(*grades))
    assert kept(verdicts) == [True, True, False, True]
    assert [verdict.reason for verdict in verdicts] == [
        "toxicity .00 of 5: because", "toxicity 2.00 of 5: because", "toxicity 2.50 of 5: because",
        "kept: the judge gave no score",
    ]  # fmt: skip
    assert ToxicityJudge.cut == Cut("threshold", "above")


def test_the_judge_sees_the_text_alone() -> None:
    judge = Judge(lambda prompt, draw: 1)
    judge.judge("toxicity_judge:draws=2", texts("hello", label="greeting"))
    assert [part(prompt, "text") for prompt in judge.prompts] == ["hello", "hello"]
    assert not any("greeting" in prompt for prompt in judge.prompts)
