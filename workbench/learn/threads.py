"""How many threads linear algebra takes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """A context in which BLAS uses one thread.

    Solvers here make thousands of products of short vectors. Threads that wait for each other at every one of them cost
    more than they give: on two busy cores a bilevel weighting of 400 samples took 43 s with them and 2 s without, the
    512 x 512 products of 100,000 texts 2.8 s and 0.15 s.
    """
    limited: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limited


def no_threads() -> AbstractContextManager[Any]:
    """A context in which every library that is loaded by now uses one thread, OpenMP's too (scikit-learn's k-means).

    Finding the libraries takes some milliseconds: for one long computation, not for many short ones.
    """
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[Any] = threadpool_limits(1)
    return limited
