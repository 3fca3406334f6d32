from __future__ import annotations

import numpy
import pytest
from scipy.sparse import csr_matrix

from workbench.learn.two_heads import fit_two_heads, loss_and_slopes, start


def test_slopes_are_finite_differences() -> None:
    draw = numpy.random.default_rng(0)
    rows = csr_matrix(draw.random((5, 7)) * (draw.random((5, 7)) < 0.5))
    told = draw.random((5, 4))
    told /= told.sum(axis=1, keepdims=True)
    told[2] = 0.0  # no rationale
    labels = numpy.array([0, 2, 1, 1, 0])
    parameters = {name: value.astype(float) for name, value in start(7, 3, 4, 2, draw).items()}
    _, slopes = loss_and_slopes(parameters, rows, labels, csr_matrix(told), 0.3)
    assert set(slopes) == set(parameters)
    for name, value in parameters.items():
        for place in numpy.ndindex(value.shape):
            sides = []
            for way in (1e-6, -1e-6):
                moved = value.copy()
                moved[place] += way
                sides.append(loss_and_slopes(parameters | {name: moved}, rows, labels, csr_matrix(told), 0.3)[0])
            assert slopes[name][place] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7), (name, place)


def test_loss_by_hand() -> None:
    # All parameters 0: every label has 1/2, every word 1/4. Row 0 tells one word, row 1 nothing.
    parameters = {
        name: numpy.zeros_like(value) for name, value in start(3, 2, 4, 2, numpy.random.default_rng(0)).items()
    }
    rows, told = csr_matrix(numpy.eye(2, 3)), csr_matrix(numpy.array([[1.0, 0, 0, 0], [0, 0, 0, 0]]))
    loss, _ = loss_and_slopes(parameters, rows, numpy.array([0, 1]), told, 0.25)
    assert loss == pytest.approx(0.25 * numpy.log(2) + 0.75 * numpy.log(4) / 2)


def test_rationales_lift_accuracy_where_they_say_what_noisy_labels_do_not() -> None:
    """Each text has one of 60 clue words; a clue means one of 6 reasons, a reason one of 3 labels. A third of the
    training labels is wrong, the rationales are right."""
    accuracies: dict[float, list[float]] = {0.3: [], 1.0: []}
    for seed in range(3):
        draw = numpy.random.default_rng(seed)
        clue = draw.integers(0, 60, 900)
        reason, label = clue % 6, clue % 3
        rows = numpy.zeros((900, 160))
        rows[numpy.arange(900), clue] = 1.0
        for row in rows:
            row[60 + draw.integers(0, 100, 4)] = 1.0
        told = numpy.eye(6)[reason]
        given = numpy.where(draw.random(900) < 0.33, draw.integers(0, 3, 900), label)
        for alpha, found in accuracies.items():
            model = fit_two_heads(
                csr_matrix(rows[:400]), given[:400], csr_matrix(told[:400]), 3, alpha=alpha, seed=seed
            )
            found.append(float((model.probabilities(csr_matrix(rows[400:])).argmax(axis=1) == label[400:]).mean()))
    assert numpy.mean(accuracies[0.3]) > numpy.mean(accuracies[1.0]) + 0.04


def test_same_seed_same_model_and_rows_add_up() -> None:
    draw = numpy.random.default_rng(1)
    rows, told = csr_matrix(draw.random((30, 8))), csr_matrix((30, 0))
    labels = draw.integers(0, 3, 30)
    one, two = (fit_two_heads(rows, labels, told, 3, epochs=2, seed=5) for _ in range(2))
    assert numpy.array_equal(one.probabilities(rows), two.probabilities(rows))
    assert one.probabilities(rows).sum(axis=1) == pytest.approx(numpy.ones(30))
