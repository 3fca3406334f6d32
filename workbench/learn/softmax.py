"""Multinomial logistic regression whose curvature is at hand: loss, gradient, Hessian-vector products, H^-1 v.

``J(theta) = sum_i w_i CE_i(theta) + l2/2 ||W||^2``, theta = (W, b), logits ``x W + b``. This is scikit-learn's
``LogisticRegression(C=1/l2)`` (intercepts are not penalised), kept here because re-weighting and influence need the exact
Hessian. ``H`` is positive definite up to one direction, the same number added to every intercept: no gradient of a loss
has a part along it, so that conjugate gradients solve ``H x = v`` as if it were not there.

Cost: one evaluation or one Hessian-vector product is two products of the csr rows with a ``(v, k)`` matrix, ``2 nnz k``
multiplications; nothing of size ``v^2`` or ``n v`` is ever made. Rows may be a dense array too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.learn.threads import one_thread

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]
    Rows: TypeAlias = csr_matrix | Array

#: Default bound of ``fit``: the largest entry of the gradient of J, in units of the total weight.
TOLERANCE = 1e-6
#: Default bound of ``Softmax.solve``: ``||H x - v|| <= SOLVED ||v||``.
SOLVED = 1e-6


@dataclass(frozen=True, slots=True)
class Softmax:
    """A model: ``parameters`` is ``(v + 1, k)`` float64, the last row the intercepts. ``converged`` says whether the
    solver met its tolerance in ``steps`` steps."""

    parameters: Array
    l2: float
    converged: bool = True
    steps: int = 0

    def logits(self, rows: Rows) -> Array:
        """``(n, k)`` float64."""
        return apply(rows, self.parameters)

    def probabilities(self, rows: Rows) -> Array:
        """``(n, k)`` float64; rows add up to 1."""
        return softmax(self.logits(rows))

    def curvature(self, rows: Rows, weights: Array | None = None) -> Curvature:
        """The Hessian of J at these parameters over ``rows``, (n, v), with ``weights`` (n,)."""
        probabilities = self.probabilities(rows)
        return Curvature(rows, transposed(rows), probabilities, _ones(weights, len(probabilities)), self.l2)


@dataclass(frozen=True, slots=True)
class Curvature:
    """The Hessian of J as an operator: ``columns`` are the rows transposed, ``probabilities`` (n, k)."""

    rows: Rows
    columns: Rows
    probabilities: Array
    weights: Array
    l2: float

    def times(self, vector: Array) -> Array:
        """``H vector``: both ``(v + 1, k)``.

        ``H V = X^T diag(w) [P * (XV - (P * XV) 1)] + l2 V``, without l2 for the intercepts.
        """
        moved = apply(self.rows, vector)
        moved -= (self.probabilities * moved).sum(axis=1, keepdims=True)
        moved *= self.probabilities
        moved *= self.weights[:, None]
        product = _back(self.columns, moved)
        product[:-1] += self.l2 * vector[:-1]
        return product

    def solve(self, vector: Array, tolerance: float = SOLVED, most: int = 250, start: Array | None = None) -> Array:
        """``H^-1 vector`` by conjugate gradients, to ``||H x - v|| <= tolerance ||v||`` or ``most`` steps.

        Preconditioned by H's diagonal, which costs one more product. ``vector`` is a gradient of losses, ``(v + 1, k)``:
        its intercept row adds up to 0.
        """
        with one_thread():
            return self._solve(vector, tolerance, most, start)

    def _solve(self, vector: Array, tolerance: float, most: int, start: Array | None) -> Array:
        import numpy

        scale = 1.0 / self._diagonal()
        found = numpy.zeros_like(vector) if start is None else start.copy()
        rest = vector - self.times(found) if start is not None else vector.copy()
        goal = tolerance * float(numpy.linalg.norm(vector))
        ready = scale * rest
        direction, before = ready.copy(), float(numpy.vdot(rest, ready))
        for _ in range(most):
            if float(numpy.linalg.norm(rest)) <= goal:
                break
            product = self.times(direction)
            bent = float(numpy.vdot(direction, product))
            if bent <= 0.0:  # nothing but rounding is left
                break
            length = before / bent
            found += length * direction
            rest -= length * product
            ready = scale * rest
            after = float(numpy.vdot(rest, ready))
            direction = ready + (after / before) * direction
            before = after
        return found

    def _diagonal(self) -> Array:
        import numpy

        bent = self.weights[:, None] * self.probabilities * (1.0 - self.probabilities)
        columns: Any = self.columns
        squares = columns.multiply(columns) if _sparse(columns) else numpy.square(columns)
        diagonal = numpy.vstack([numpy.asarray(squares @ bent), bent.sum(axis=0)])
        diagonal[:-1] += self.l2
        # A label that no row bends (all its probabilities 0 or 1) leaves its intercept without curvature.
        found: Array = numpy.maximum(diagonal, 1e-12)
        return found


def fit(
    rows: Rows,
    targets: Array | Sequence[int],
    weights: Array | None = None,
    l2: float = 0.2,
    start: Array | None = None,
    *,
    classes: int | None = None,
    tolerance: float = TOLERANCE,
    most: int = 500,
) -> Softmax:
    """Minimise J by L-BFGS until the largest entry of its gradient is at most ``tolerance * sum(w)``, or ``most`` steps.

    ``rows`` (n, v) csr or dense, ``targets`` class numbers (n,) or soft labels (n, k), ``weights`` (n,) at least 0 (none:
    all 1), ``classes`` is k where the highest class may be missing, ``start`` the ``parameters`` to begin with (warm
    start). Raises ``ValueError`` for shapes that do not fit.
    """
    import numpy
    from scipy.optimize import minimize

    shape = rows.shape
    wanted = one_hot(targets, classes)
    if len(wanted) != shape[0]:
        raise ValueError(f"{shape[0]} rows but {len(wanted)} targets")
    weight = _ones(weights, shape[0])
    size = (shape[1] + 1, wanted.shape[1])
    columns = transposed(rows)
    total = max(float(weight.sum()), 1e-12)

    def evaluate(flat: Array) -> tuple[float, Array]:
        loss, gradient = _loss_and_gradient(rows, columns, wanted, weight, l2, flat.reshape(size))
        return loss / total, gradient.ravel() / total

    first = numpy.zeros(size) if start is None else start
    if first.shape != size:
        raise ValueError(f"start has shape {first.shape}, the parameters have {size}")
    options = {"maxiter": most, "maxfun": 2 * most, "gtol": tolerance, "ftol": 0.0, "maxcor": 10}
    with one_thread():
        result = minimize(evaluate, first.ravel(), jac=True, method="L-BFGS-B", options=options)
    met = bool(numpy.abs(result.jac).max() <= tolerance)
    return Softmax(result.x.reshape(size), l2, met, int(result.nit))


def loss_and_gradient(
    rows: Rows, targets: Array | Sequence[int], weights: Array | None, l2: float, parameters: Array
) -> tuple[float, Array]:
    """J and its gradient ``(v + 1, k)`` at ``parameters``; arguments as ``fit``."""
    wanted = one_hot(targets, parameters.shape[1])
    return _loss_and_gradient(rows, transposed(rows), wanted, _ones(weights, len(wanted)), l2, parameters)


def cross_entropies(logits: Array, targets: Array) -> Array:
    """``- sum_k t_k log softmax(logits)_k`` per row, (n,); ``targets`` (n, k)."""
    import numpy

    top = logits.max(axis=1, keepdims=True)
    rest = logits - top
    normal = numpy.log(numpy.exp(rest).sum(axis=1))
    found: Array = targets.sum(axis=1) * normal - (targets * rest).sum(axis=1)
    return found


def softmax(logits: Array) -> Array:
    """Row-wise softmax of ``(n, k)``."""
    import numpy

    rest: Array = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    rest /= rest.sum(axis=1, keepdims=True)
    return rest


def apply(rows: Rows, parameters: Array) -> Array:
    """``x W + b`` for every row: (n, k); also what moves the logits when the parameters move by ``parameters``."""
    import numpy

    found: Array = numpy.asarray(rows @ parameters[:-1])
    found += parameters[-1]
    return found


def pull_back(rows: Rows, slopes: Array) -> Array:
    """The gradient ``(v + 1, k)`` of a loss whose derivative by the logits is ``slopes`` (n, k)."""
    return _back(transposed(rows), slopes)


def one_hot(targets: Array | Sequence[int], classes: int | None = None) -> Array:
    """``(n, k)`` float64 of class numbers (n,); soft labels are returned as they are."""
    import numpy

    given = numpy.asarray(targets)
    if given.ndim == 2:
        return given.astype(numpy.float64)
    k = classes if classes is not None else (int(given.max()) + 1 if len(given) else 0)
    found = numpy.zeros((len(given), k))
    found[numpy.arange(len(given)), given.astype(numpy.int64)] = 1.0
    return found


def frequent_columns(rows: csr_matrix, most: int) -> csr_matrix:
    """``rows`` with only the ``most`` columns that occur in the most rows (the earlier one on ties), in their order.

    A column that a single row has can explain that row's label and no other's, so the rare ones are the ones to lose.
    """
    import numpy

    if rows.shape[1] <= most:
        return rows
    occurs = numpy.bincount(rows.indices, minlength=rows.shape[1])
    chosen = numpy.sort(numpy.argsort(-occurs, kind="stable")[:most])
    return rows[:, chosen].tocsr()


def double(rows: csr_matrix) -> csr_matrix:
    """``rows`` as float64, so that products with float64 parameters do not convert them each time."""
    import numpy

    return rows.astype(numpy.float64)


def transposed(rows: Rows) -> Rows:
    """The transpose, as csr for sparse rows: products with it then run over contiguous memory."""
    given: Any = rows
    turned: Rows = given.T.tocsr() if _sparse(given) else given.T
    return turned


def _loss_and_gradient(
    rows: Rows, columns: Rows, wanted: Array, weights: Array, l2: float, parameters: Array
) -> tuple[float, Array]:
    logits = apply(rows, parameters)
    loss = float(weights @ cross_entropies(logits, wanted))
    slopes = softmax(logits)
    slopes *= wanted.sum(axis=1, keepdims=True)
    slopes -= wanted
    slopes *= weights[:, None]
    gradient = _back(columns, slopes)
    gradient[:-1] += l2 * parameters[:-1]
    penalty = float((parameters[:-1] ** 2).sum())
    if not math.isfinite(loss):
        raise ValueError("the loss is not a finite number: a feature, a target or a weight is not one")
    return loss + 0.5 * l2 * penalty, gradient


def _back(columns: Rows, slopes: Array) -> Array:
    import numpy

    found = numpy.empty((columns.shape[0] + 1, slopes.shape[1]))
    found[:-1] = columns @ slopes
    found[-1] = slopes.sum(axis=0)
    return found


def _ones(weights: Array | None, n: int) -> Array:
    import numpy

    if weights is None:
        return numpy.ones(n)
    found = numpy.asarray(weights, numpy.float64)
    if found.shape != (n,):
        raise ValueError(f"{n} rows but weights of shape {found.shape}")
    return found


def _sparse(rows: Rows) -> bool:
    from scipy.sparse import issparse

    return bool(issparse(rows))
