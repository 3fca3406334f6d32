"""DEITA: complexity times quality, then different ones from above."""

from __future__ import annotations

import numpy
import pytest

from tests.curate.scripted_judge import Judge, kept, part, texts
from workbench.curate.base import Context, Item, parse_filter
from workbench.errors import UsageError
from workbench.learn.selection import greedy_diverse

#: Text: complexity, quality, embedding (of length 1).
KNOWN = {
    "best": (6, 5, (1.0, 0.0)),  # 30
    "twin": (5, 5, (0.96, 0.28)),  # 25: cosine .96 to best
    "cousin": (4, 6, (0.8, 0.6)),  # 24: cosine .8 to best; with twin .936, but twin is not chosen
    "apart": (2, 3, (0.0, 1.0)),  # 6: cosine .6 to cousin
    "last": (1, 1, (-1.0, 0.0)),  # 1
}


def grade(prompt: str, _: int) -> float:
    return KNOWN[part(prompt, "text")]["complex" not in prompt.partition("<text")[0]]


def embed(found: list[str]) -> numpy.ndarray:
    return numpy.array([KNOWN[text][2] for text in found], dtype=numpy.float32)


def test_worked_by_hand() -> None:
    judge = Judge(grade)
    verdicts = judge.judge("deita:size=3", texts(*KNOWN), embed=embed)
    assert kept(verdicts) == [True, False, True, True, False]
    assert [verdict.value for verdict in verdicts] == [30, 25, 24, 6, 1]
    assert [verdict.rule for verdict in verdicts] == ["", "alike", "", "", "beyond the size"]
    assert verdicts[1].other == 100
    assert verdicts[1].reason == (
        "complexity 5.00 x quality 5.00 = 25.00, number 2 of 5; .96 like chosen sample 100 by embeddings"
    )
    assert verdicts[4].reason.endswith("number 5 of 5; 3 better ones are chosen")
    assert verdicts[0].scores == {"deita.complexity": 6, "deita.quality": 5}


def test_what_has_not_both_grades_stays_beside_the_selection() -> None:
    judge = Judge(lambda prompt, draw: None if part(prompt, "text") == "best" else grade(prompt, draw))
    verdicts = judge.judge("deita:size=1", texts(*KNOWN), embed=embed)
    assert kept(verdicts) == [True, True, False, False, False]
    assert verdicts[0].rule == "unscored"


def test_without_embeddings_tf_idf_decides_and_says_so() -> None:
    judge = Judge(lambda prompt, draw: 3)
    verdicts = judge.judge("deita", texts("where is my card", "where is my card", "change the pin please"))
    assert kept(verdicts) == [True, False, True]
    assert verdicts[1].reason.endswith("1.00 like chosen sample 100 by TF-IDF (no embeddings)")


def test_of_an_instruction_the_complexity_is_judged_without_the_response() -> None:
    judge = Judge(lambda prompt, draw: 3)
    fields = {"instruction": "Add.", "output": "3"}
    judge.judge("deita", [Item(1, "Add. 3", fields)], embed=lambda found: numpy.ones((len(found), 1), numpy.float32))
    complexity, quality = judge.prompts
    assert "<output" not in complexity
    assert part(quality, "output") == "3"


def test_the_selection_equals_the_released_one_row_by_row() -> None:
    """hkust-nlp/deita, src/deita/selection/filter/base.py with batch_size 1: dropped where any cosine > threshold."""
    rows = numpy.random.default_rng(5).normal(size=(700, 6)).astype(numpy.float32)
    rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
    expected = [0]
    for row in range(1, len(rows)):
        if not (rows[expected] @ rows[row] > 0.9).any():
            expected.append(row)
    chosen, seen = greedy_diverse(rows, range(len(rows)), threshold=0.9, size=20_000)
    assert chosen == expected
    assert len(expected) < 600
    assert len(seen) == len(rows)
    few, looked = greedy_diverse(rows, range(len(rows)), threshold=0.9, size=10)
    assert few == expected[:10]
    assert max(looked) == few[-1]  # nothing behind the last chosen one was looked at
    for row, near in seen.items():
        before = [one for one in expected if one < row]
        if before:
            cosines = rows[before] @ rows[row]
            assert (near.row, near.cosine) == (
                before[int(cosines.argmax())],
                pytest.approx(float(cosines.max()), abs=1e-5),
            )


def test_the_size_is_bounded() -> None:
    for wrong in ("size=0", "size=20001", "threshold=0"):
        with pytest.raises(UsageError, match="deita"):
            parse_filter(f"deita:{wrong}")
    assert list(parse_filter("deita").judge([], Context(ask=Judge(grade).ask))) == []


def test_a_row_just_at_the_threshold_is_still_chosen() -> None:
    rows = numpy.array([[1.0, 0.0], [0.5, 0.75**0.5], [0.875, 0.484375**0.5]])
    chosen, seen = greedy_diverse(rows, range(3), threshold=0.5, size=3)
    assert chosen == [0, 1]
    assert (seen[1].cosine, seen[1].row) == (0.5, 0)
    assert seen[2].row in (0, 1)
