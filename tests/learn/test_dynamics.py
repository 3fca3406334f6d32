"""Dynamics by hand, by the formulas in plain numpy, and the linear classifier that they come from.

The formulas are those of the released code: ``cartography/selection/train_dy_filtering.py`` (allenai/cartography:
``np.mean``, ``np.std`` of the gold label's probability, argmax against gold), ``src/curation.py`` (seedatnabeel/CLLM:
``np.mean(preds * (1 - preds))``) and ``cartography/compute_training_dynamics.py`` (alisawuffles/wanli: ``np.max`` over labels
of ``np.std``).
"""

from __future__ import annotations

import numpy
import pytest
from scipy.sparse import csr_matrix

from workbench.errors import WorkbenchError
from workbench.learn.dynamics import LinearSoftmax, Statistics, statistics, training_dynamics
from workbench.learn.features import text_rows
from workbench.learn.memo import content_key

TEXTS = [f"{verb} my card {i}" for i, verb in enumerate(["lost", "stolen", "block", "freeze"] * 5)]
TEXTS += [f"what is the {noun} rate {i}" for i, noun in enumerate(["exchange", "interest", "current", "best"] * 5)]
LABELS = numpy.array([0] * 20 + [1] * 20)


def test_by_hand() -> None:
    tensor = numpy.array(
        [
            [[0.2, 0.7, 0.1], [1.0, 0.0, 0.0]],
            [[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]],
            [[0.8, 0.1, 0.1], [1.0, 0.0, 0.0]],
        ]
    )
    found = statistics(tensor, numpy.array([0, 0]), highest=True)
    assert found.confidence == pytest.approx([0.5, 1.0])  # (.2 + .5 + .8) / 3
    assert found.variability == pytest.approx([0.06**0.5, 0.0])  # ((.3)^2 + 0 + (.3)^2) / 3
    assert found.correctness == pytest.approx([2 / 3, 1.0])  # wrong at the first checkpoint
    assert found.aleatoric == pytest.approx([(0.16 + 0.25 + 0.16) / 3, 0.0])
    assert found.highest == pytest.approx([0.0622222**0.5, 0.0], abs=1e-6)  # label 1: .7, .3, .1
    assert found.predicted.tolist() == [0, 0]


def test_by_the_formulas_in_chunks() -> None:
    draw = numpy.random.default_rng(0)
    tensor = draw.dirichlet(numpy.ones(5), size=(7, 30))
    labels = draw.integers(0, 5, 30)
    found = Statistics(labels, 5, highest=True)
    for checkpoint in tensor:
        found.next_checkpoint()
        for start in range(0, 30, 8):
            found.add(start, checkpoint[start : start + 8])
    result = found.result()
    given = tensor[:, numpy.arange(30), labels]
    assert result.confidence == pytest.approx(given.mean(axis=0))
    assert result.variability == pytest.approx(given.std(axis=0))
    assert result.correctness == pytest.approx((tensor.argmax(axis=2) == labels).mean(axis=0))
    assert result.aleatoric == pytest.approx((given * (1 - given)).mean(axis=0))
    assert result.highest == pytest.approx(tensor.std(axis=0).max(axis=1), abs=1e-5)


def test_a_label_that_the_classifier_does_not_know_has_no_numbers() -> None:
    found = statistics(numpy.full((2, 2, 2), 0.5), numpy.array([-1, 1]))
    assert numpy.isnan(found.confidence).tolist() == [True, False]
    assert found.known().tolist() == [False, True]
    rows = text_rows([*TEXTS, "hello there"])
    given = numpy.array([*LABELS, 2])
    reference = (rows[:40], LABELS)
    read = training_dynamics(rows, given, 3, reference=reference, highest=True)
    assert numpy.flatnonzero(~read.known()).tolist() == [40]
    assert set(read.predicted.tolist()) == {0, 1}
    assert read.highest is not None
    assert not numpy.isnan(read.highest).any()


def test_one_step_by_hand() -> None:
    """From zero, p = (1/2, 1/2): the slope of the weights is -+ 1/2, Adagrad's first step is the rate, .1."""
    model = LinearSoftmax(1, 2)
    model.learn(csr_matrix([[1.0]], dtype=numpy.float32), numpy.array([0]), numpy.random.default_rng(0))
    # Weight and bias move by .1 each: scores (.2, -.2), p = 1 / (1 + exp(-.4)).
    assert model.probabilities(csr_matrix([[1.0]], dtype=numpy.float32))[0] == pytest.approx(
        [0.598688, 0.401312], abs=1e-5
    )


def test_a_wrong_label_is_the_hardest_and_the_result_is_the_same_twice() -> None:
    labels = LABELS.copy()
    labels[3] = 1
    rows = text_rows(TEXTS)
    steps: list[tuple[int, int]] = []
    one = training_dynamics(rows, labels, 2, epochs=4, progress=lambda done, total: steps.append((done, total)))
    two = training_dynamics(rows, labels, 2, epochs=4)
    assert int(one.confidence.argmin()) == 3
    assert numpy.array_equal(one.confidence, two.confidence)
    assert not numpy.array_equal(one.confidence, training_dynamics(rows, labels, 2, epochs=4, seed=1).confidence)
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_learns_as_well_as_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    draw = numpy.random.default_rng(0)
    truth = draw.normal(size=(60, 4))
    dense = (draw.random((1_200, 60)) < 0.15) * draw.random((1_200, 60))
    dense /= numpy.linalg.norm(dense, axis=1, keepdims=True) + 1e-9
    labels = (dense @ truth).argmax(axis=1)
    rows = csr_matrix(dense.astype(numpy.float32))
    usual = LogisticRegression(C=5, max_iter=300).fit(rows[:800], labels[:800]).score(rows[800:], labels[800:])
    found = training_dynamics(rows[800:], labels[800:], 4, epochs=40, reference=(rows[:800], labels[:800]))
    assert (found.predicted == labels[800:]).mean() >= usual - 0.03


def test_fewer_than_two_labels_is_a_sentence() -> None:
    with pytest.raises(WorkbenchError, match="at least two labels"):
        training_dynamics(text_rows(["a b", "c d"]), numpy.array([0, -1]), 2)


def test_content_keys() -> None:
    assert content_key("x", ["a", "b"], 5) == content_key("x", ["a", "b"], 5)
    different = [
        content_key("x", ["a", "b"]), content_key("x", ["ab"]), content_key("x", ["a"], ["b"]), content_key("y", ["ab"]),
        content_key("x", ["ab", None]), content_key("x", ["ab", ""]), content_key("x", ["ab"], None), content_key("x", "ab"),
        content_key("x", [], ["ab"]), content_key("x", ["\ud800"]),
    ]  # fmt: skip
    assert len(set(different)) == len(different)
