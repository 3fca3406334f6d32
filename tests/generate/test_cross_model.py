"""FuseGen's choice of demonstrations: by hand from probabilities, and from the samples of two models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest

from workbench.generate.demonstrations import cross_model as module
from workbench.generate.demonstrations.cross_model import cross_model
from workbench.generate.parts import Example, Pool, Setting
from workbench.learn import fusegen
from workbench.project import create

OPTIONS = {"count": 4, "pool": 8, "ambiguous": 0.5}


def test_variability_and_the_choice_by_hand() -> None:
    """The released definitions (LindaLydia/FuseGen, src/utils/basic_utils.py, ``run_divergence_calculation``,
    ``sample_dynamic_selection``) for two models and eight samples."""
    given = numpy.array([[0.9, 0.8, 0.9, 0.1, 0.5, 0.6, 0.7, 0.2], [0.9, 0.6, 0.1, 0.8, 0.6, 0.9, 0.7, 0.1]])
    confidence, variability = fusegen.agreement(given)
    assert confidence == pytest.approx([0.9, 0.7, 0.5, 0.45, 0.55, 0.75, 0.7, 0.15])
    assert variability * math.sqrt(2) == pytest.approx([0.0, 0.2, 0.8, 0.7, 0.1, 0.3, 0.0, 0.1])
    # Of 4 candidates 2 are the least variable (0 and 6) and 2 the most variable (2 and 3).
    assert sorted(fusegen.select_by_variability(variability, 4).tolist()) == [0, 2, 3, 6]
    influence = numpy.array([-0.1, -9.0, 0.4, -0.3, -9.0, -9.0, -0.2, -9.0])  # negative helps
    assert fusegen.ranked_candidates(variability, influence, 4).tolist() == [3, 6, 0, 2]
    assert fusegen.ranked_candidates(variability, influence, 4, ambiguous=1.0).tolist() == [1, 5, 3, 2]
    assert fusegen.ranked_candidates(variability, numpy.zeros(8), 4).tolist() == [0, 2, 3, 6]


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(create(tmp_path / "p", labels=["good", "bad"]).config, {}, 0, (), models=("one", "other"))


def written() -> list[Example]:
    """Both models call ``fine`` good and ``awful`` bad; ``loud`` is good to one and bad to the other."""
    found = []
    for n in range(40):
        model = ("one", "other")[n % 2]
        loud = ("good", "bad")[n % 2]
        found += [
            Example(3 * n, f"a fine film number{n}", "good", model),
            Example(3 * n + 1, f"an awful film number{n}", "bad", model),
            Example(3 * n + 2, f"so loud it is number{n}", loud, model),
        ]
    return found


def pool(examples: Sequence[Example], labels: Sequence[str] = ("good", "bad")) -> Pool:
    return Pool({label: [one for one in examples if one.label == label] for label in labels})


def texts(setting: Setting, pool: Pool, ordinal: int = 0, label: str = "good", **options: Any) -> list[str]:
    return [one.text for one in cross_model(setting, ordinal, {"label": label}, pool, {**OPTIONS, **options})]


def test_what_the_models_disagree_about_and_what_they_agree_about(setting: Setting) -> None:
    assert all("loud" in text for text in texts(setting, pool(written()), ambiguous=1.0))
    assert not any("loud" in text for text in texts(setting, pool(written()), ambiguous=0.0))
    both = texts(setting, pool(written()), count=8)
    assert sum("loud" in text for text in both) == 4


def test_the_choice_is_that_of_the_measures(setting: Setting) -> None:
    from workbench.learn.features import text_rows
    from workbench.learn.folds import deal
    from workbench.learn.influence import validation_loss
    from workbench.learn.softmax import double, fit

    made = sorted(written(), key=lambda one: (str(one.label), one.id))
    held = deal(numpy.array([one.label for one in made]), 10, 0) == 0  # every tenth of each label
    assert held.sum() == 12
    made = [one for one, away in zip(made, held, strict=True) if not away] + [made[n] for n in numpy.flatnonzero(held)]
    rows, labels = (
        double(text_rows([one.text for one in made])),
        numpy.array([int(one.label == "good") for one in made]),
    )
    _, variability = fusegen.cross_model_variability(rows[:108], labels[:108], [str(one.model) for one in made[:108]])
    order = numpy.argsort(variability, kind="stable")
    candidates = sorted([*order[:4], *order[-4:]])
    best = sorted(candidates, key=lambda place: fusegen.candidate_influence(rows, labels, 108)[place])[:4]
    assert sorted(texts(setting, pool(written()))) == sorted(made[place].text for place in best)

    # Influence is what the held-out loss does when the sample weighs a little more.
    found = fusegen.candidate_influence(rows, labels, 108)
    for place in candidates[:3]:
        losses = []
        for weight in (0.9, 1.1):
            weights = numpy.ones(108)
            weights[place] = weight
            model = fit(rows[:108], labels[:108], weights, 0.4, tolerance=1e-9)
            losses.append(validation_loss(model, rows[108:], labels[108:]))
        assert found[place] == pytest.approx((losses[1] - losses[0]) / 0.2, rel=0.05)


def test_one_choice_serves_all_requests_of_a_wave(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = fusegen.cross_model_variability

    def counted(*given: Any, **more: Any) -> Any:
        calls.append(1)
        return real(*given, **more)

    monkeypatch.setattr(fusegen, "cross_model_variability", counted)
    wave = pool(written())
    found = [texts(setting, wave, ordinal, label) for ordinal in range(20) for label in ("good", "bad")]
    assert len(calls) == 1
    assert all(one == found[0] for one in found)
    # A resumed run finds the same, in whatever order the labels were first seen.
    assert texts(setting, pool(written(), ("bad", "good"))) == found[0]
    assert len(calls) == 2


def test_nothing_is_shown_until_two_models_have_written_two_labels(setting: Setting) -> None:
    assert texts(setting, Pool()) == []
    assert texts(setting, pool([one for one in written() if one.model == "one"])) == []
    assert texts(setting, pool([one for one in written() if one.model == "one" or one.label == "good"])) == []
    assert texts(setting, pool([Example(one.id, one.text, one.label) for one in written()])) == []


def test_few_samples_and_repeated_texts(setting: Setting) -> None:
    few = [one for one in written() if one.id < 6]
    found = texts(setting, pool(few), count=8)
    assert len(found) == 5  # one is held out
    assert set(found) < {one.text for one in few}
    twice = [Example(one.id, one.text.split(" number")[0], one.label, one.model) for one in written()]
    found = texts(setting, pool(twice), count=8)
    assert len(found) == len(set(found)) <= 3


def test_a_large_pool_is_drawn_from(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 30)
    looked = module._everyone(setting, pool(written()))
    assert len(looked) == 30
    assert {one.label for one in looked} == {"good", "bad"}
    assert looked == module._everyone(setting, pool(written(), ("bad", "good")))
    assert texts(setting, pool(written())) == texts(setting, pool(written()))
