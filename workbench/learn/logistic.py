"""Multinomial logistic regression on sparse rows, made for short training times: what the small classifier is trained with.

The loss is scikit-learn's ``LogisticRegression``: ``sum_i w_i CE_i + |W|^2 / (2 strength)`` with free intercepts, softmax
over k classes (two classes: one logistic function). It is minimised by L-BFGS (Nocedal and Wright, algorithm 7.4) in
single precision, with every column scaled by its expected curvature. Measured on banking77 (10,003 rows, 77 classes):
accuracy .912 after 12 steps, where unscaled L-BFGS takes 60; the steps themselves cost a third of those of
scikit-learn, which solves in double precision with bounds that are not needed. ``learn.softmax`` is the exact sibling,
for those who need the Hessian.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]
    Rows: TypeAlias = csr_matrix | Array

#: Ends when the last ``_LOOK_BACK`` steps together lowered the loss by less than this share of it.
TOLERANCE = 1e-3
_LOOK_BACK = 3
#: Steps that the curvature is estimated from, fewer when they would take more than ``_HISTORY_BYTES``.
_HISTORY = 10
_HISTORY_BYTES = 1 << 28
#: Share of the largest curvature that a column is expected to have at the solution; 0.1 to 1 differ little.
_CURVATURE = 0.3
#: Multiplications from which a product of matrices is worth two threads.
_SHARED = 1 << 22
#: Rows whose probabilities are held at a time.
_ROWS = 1 << 16


def fit_logistic(
    rows: Rows, targets: Array, strength: float, *, tolerance: float = TOLERANCE, most: int = 300
) -> Array:
    """Parameters ``(v + 1, k)`` float32, the last row the intercepts; with two classes ``(v + 1, 1)`` for the second.

    ``rows`` is ``(n, v)`` float32, csr or dense, ``targets`` ``(n, k)`` float32: how much of row ``i``'s weight is on each
    class (a one at its label, or the weight times a soft label). At least one entry must be above 0. ``most`` is the number
    of steps after which it ends whatever the ``tolerance``. The result does not depend on how many threads the machine has.
    """
    import numpy

    with ThreadPoolExecutor(2) as threads:
        loss = _Loss(rows, targets, 1 / strength, threads)
        return loss.parameters(_minimise(loss, numpy.zeros(loss.size, numpy.float32), tolerance, most))


def probabilities(rows: Rows, parameters: Array) -> Array:
    """``(n, k)`` float32 under the ``parameters`` of ``fit_logistic``; rows add up to 1."""
    return _softmax(_logits(rows @ parameters[:-1], parameters[-1]))[0]


def _logits(products: Array, intercepts: Array) -> Array:
    import numpy

    products += intercepts
    return numpy.concatenate([numpy.zeros_like(products), products], axis=1) if len(intercepts) == 1 else products


def _softmax(logits: Array) -> tuple[Array, Array]:
    """(probabilities, log of the normaliser (n,)): the probabilities take the place of ``logits``."""
    import numpy

    highest = logits.max(axis=1, keepdims=True)
    logits -= highest
    numpy.exp(logits, out=logits)
    total = logits.sum(axis=1, keepdims=True)
    logits /= total
    return logits, (numpy.log(total) + highest)[:, 0]


def _dot(first: Array, second: Array) -> float:
    """Sum of products in runs of 1,024: more exact than one long sum in single precision, and the same on every machine
    (a BLAS would split the sum by its number of threads)."""
    import numpy

    first, second = first.ravel(), second.ravel()
    cut = len(first) // 1024 * 1024
    runs = numpy.einsum("ij,ij->i", first[:cut].reshape(-1, 1024), second[:cut].reshape(-1, 1024))
    return float(runs.sum(dtype=numpy.float64)) + float(first[cut:] @ second[cut:])


class _Loss:
    """Loss and gradient in scaled parameters: the true ones are ``scale`` times as large."""

    def __init__(self, rows: Rows, targets: Array, penalty: float, threads: ThreadPoolExecutor) -> None:
        import numpy

        self._rows, self._targets, self._penalty, self._threads = rows, targets, penalty, threads
        self._weights = targets.sum(axis=1, dtype=numpy.float64).astype(numpy.float32)
        classes = targets.shape[1]
        self._columns = 1 if classes == 2 else classes
        if isinstance(rows, numpy.ndarray):
            squares = numpy.einsum("ij,ij,i->j", rows, rows, self._weights, dtype=numpy.float64)
        else:
            squares = numpy.bincount(
                rows.indices,
                weights=rows.data.astype(numpy.float64) ** 2 * numpy.repeat(self._weights, numpy.diff(rows.indptr)),
                minlength=rows.shape[1],
            )
        curvature = numpy.append(squares, self._weights.sum(dtype=numpy.float64)) * (_CURVATURE / classes)
        curvature[:-1] += penalty
        self._scale = (1 / numpy.sqrt(curvature)).astype(numpy.float32)[:, None]
        self.size = (rows.shape[1] + 1) * self._columns

    def parameters(self, point: Array) -> Array:
        scaled: Array = point.reshape(-1, self._columns) * self._scale
        return scaled

    def __call__(self, point: Array) -> tuple[float, Array]:
        import numpy

        parameters = self.parameters(point)
        inner = parameters[:-1]
        loss = 0.5 * self._penalty * _dot(inner, inner)
        gradient = numpy.empty_like(parameters)
        numpy.multiply(inner, numpy.float32(self._penalty), out=gradient[:-1])
        gradient[-1] = 0
        for start in range(0, self._rows.shape[0], _ROWS):
            part = slice(start, start + _ROWS)
            whole = self._rows.shape[0] <= _ROWS
            rows = self._rows if whole else self._rows[part]
            targets, weights = self._targets[part], self._weights[part]
            logits = _logits(self._product(rows, inner), parameters[-1])
            loss -= _dot(targets, logits)
            errors, normaliser = _softmax(logits)
            loss += _dot(normaliser, weights)
            errors *= weights[:, None]
            errors -= targets
            errors = numpy.ascontiguousarray(errors[:, -self._columns :])
            gradient[:-1] += self._product(rows.T, errors)
            gradient[-1] += errors.sum(axis=0)
        gradient *= self._scale
        return loss, gradient.ravel()

    def _product(self, rows: Rows, columns: Array) -> Array:
        """``rows @ columns``, the columns shared between two threads (scipy lets others run meanwhile): each number is the
        same as in one thread."""
        import numpy

        if isinstance(rows, numpy.ndarray):
            product: Array = rows @ columns
            return product
        if rows.nnz * columns.shape[1] < _SHARED or columns.shape[1] == 1:
            return numpy.asarray(rows @ columns)
        # Rows of a multiple of eight numbers are read and added faster; few columns would be mostly padding.
        classes = columns.shape[1]
        width = -(-classes // 16) * 8 if classes >= 16 else -(-classes // 2)
        halves = numpy.zeros((2, len(columns), width), columns.dtype)
        halves[0] = columns[:, :width]
        halves[1, :, : classes - width] = columns[:, width:]
        left, right = self._threads.map(rows.__matmul__, halves)
        return numpy.concatenate([left, right[:, : classes - width]], axis=1)


def _minimise(function: Callable[[Array], tuple[float, Array]], point: Array, tolerance: float, most: int) -> Array:
    """L-BFGS with a backtracking line search (Armijo); steps of the history live in two arrays."""
    import numpy

    length = max(3, min(_HISTORY, _HISTORY_BYTES // (8 * max(1, point.size))))
    moves = numpy.empty((length, point.size), numpy.float32)
    changes = numpy.empty_like(moves)
    products: dict[int, float] = {}  # of a move and its change, by slot; oldest first
    value, gradient = function(point)
    values = [value]
    for _ in range(most):
        direction = _direction(gradient, moves, changes, products)
        slope = _dot(gradient, direction)
        if slope >= 0:
            break
        taken = _search(function, point, direction, value, slope)
        if taken is None:
            break
        step, value, after = taken
        slot = next(iter(products)) if len(products) == length else len(products)
        products.pop(slot, None)
        numpy.multiply(direction, numpy.float32(step), out=moves[slot])
        numpy.subtract(after, gradient, out=changes[slot])
        point, gradient = point + moves[slot], after
        product = _dot(moves[slot], changes[slot])
        if product > 0:
            products[slot] = product
        else:
            products.clear()
        values.append(value)
        if len(values) > _LOOK_BACK and values[-1 - _LOOK_BACK] - value <= tolerance * abs(value):
            break
    return point


def _direction(gradient: Array, moves: Array, changes: Array, products: dict[int, float]) -> Array:
    import numpy

    direction = -gradient
    parts: dict[int, float] = {}
    for slot in reversed(products):
        parts[slot] = _dot(moves[slot], direction) / products[slot]
        direction -= numpy.float32(parts[slot]) * changes[slot]
    if products:
        newest = next(reversed(products))
        direction *= numpy.float32(products[newest] / _dot(changes[newest], changes[newest]))
    for slot, product in products.items():
        back = _dot(changes[slot], direction) / product
        direction += numpy.float32(parts[slot] - back) * moves[slot]
    return direction


def _search(
    function: Callable[[Array], tuple[float, Array]], point: Array, direction: Array, value: float, slope: float
) -> tuple[float, float, Array] | None:
    """(step, loss, gradient) of the first step of 1, 1/2, 1/4 ... that lowers the loss enough; None when none does."""
    import numpy

    step = 1.0
    for _ in range(20):
        found, gradient = function(point + numpy.float32(step) * direction)
        if found <= value + 1e-4 * step * slope:
            return step, found, gradient
        step /= 2
    return None
