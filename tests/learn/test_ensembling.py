from __future__ import annotations

import numpy
import pytest
from scipy.sparse import csr_matrix

from workbench.learn.ensembling import ensemble_keeps, moving_average, temporal_ensemble


def test_moving_average_by_hand() -> None:
    # Momentum .8: .2 * .8 * .5 + .2 * .9 = .26 over 1 - .64 = .36.
    predictions = numpy.array([[[0.5, 0.5]], [[0.9, 0.1]]])
    assert moving_average(predictions)[0].tolist() == pytest.approx([0.26 / 0.36, 0.1 / 0.36])
    assert moving_average(predictions[:1])[0].tolist() == pytest.approx([0.5, 0.5])
    assert moving_average(predictions, momentum=0.0)[0].tolist() == pytest.approx([0.9, 0.1])
    with pytest.raises(ValueError, match="needs a prediction"):
        moving_average([])


def test_keeps_what_supergen_trains_on() -> None:
    average = numpy.array([[0.9, 0.1], [0.7, 0.3], [0.1, 0.9], [0.95, 0.05]])
    given = numpy.array([0, 0, 0, 1])
    assert ensemble_keeps(average, given, fewest=0).tolist() == [True, False, False, False]
    # One of class 0 is fewer than two: its better half, one row of three, is taken as well, which is the same row.
    assert ensemble_keeps(average, given, fewest=2).tolist() == [True, False, False, False]
    assert ensemble_keeps(average, given, threshold=0.96, fewest=2).tolist() == [True, False, False, False]


@pytest.mark.parametrize("folds", [1, 3])
def test_the_average_doubts_the_wrong_label(folds: int) -> None:
    draw = numpy.random.default_rng(0)
    label = numpy.arange(60) % 2
    dense = numpy.column_stack([label == 0, label == 1, draw.random((60, 3)) < 0.3]).astype(numpy.float32)
    given = label.copy()
    given[7] = 0
    seen: list[tuple[int, int]] = []
    rows = csr_matrix(dense)
    found = temporal_ensemble(rows, given, 2, folds=folds, epochs=4, progress=lambda *told: seen.append(told))
    assert found.sum(axis=1) == pytest.approx(numpy.ones(60))
    assert found[numpy.arange(60), given].argmin() == 7
    assert seen[-1] == (4 * folds, 4 * folds)
    again = temporal_ensemble(rows, given, 2, folds=folds, epochs=4)
    assert numpy.array_equal(found, again)
