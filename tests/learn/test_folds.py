from __future__ import annotations

import numpy

from workbench.learn.folds import deal


def test_classes_and_folds_differ_by_at_most_one() -> None:
    given = numpy.array([0] * 10 + [1] * 7 + [2] * 3 + [3])
    fold = deal(given, 4, seed=1)
    assert sorted(numpy.bincount(fold).tolist()) == [5, 5, 5, 6]
    for label in range(4):
        counts = numpy.bincount(fold[given == label], minlength=4)
        assert counts.max() - counts.min() <= 1
    assert numpy.array_equal(fold, deal(given, 4, seed=1))
    assert not numpy.array_equal(fold, deal(given, 4, seed=2))
    assert deal(numpy.zeros(0, int), 4, 0).tolist() == []
