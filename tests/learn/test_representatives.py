from __future__ import annotations

import numpy
import pytest
from scipy.sparse import csr_matrix

from workbench.learn.representatives import nearest_rows, representatives


def test_one_representative_per_heap_the_nearest_to_its_centre() -> None:
    points = [[0.0, 0], [0.1, 0], [0.2, 0], [5.0, 5], [5.0, 5.2], [5.0, 5.1]]
    assert representatives(csr_matrix(points), 2) == [1, 5]
    assert representatives(csr_matrix(points), 6) == [0, 1, 2, 3, 4, 5]
    assert representatives(csr_matrix(numpy.ones((4, 2))), 2) == [0]  # all alike


def test_nearest_rows() -> None:
    rows = csr_matrix(numpy.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [1.0, 0.0]]))
    places, values = nearest_rows(csr_matrix(numpy.array([[1.0, 0.0], [0.0, 1.0]])), rows, 3)
    assert places.tolist() == [[0, 3, 2], [1, 2, 0]]
    assert values[0].tolist() == pytest.approx([1.0, 1.0, 0.6])
    assert nearest_rows(csr_matrix((0, 2)), rows, 3)[0].shape == (0, 3)
