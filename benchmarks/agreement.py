"""Agreement of 5 annotators on 100,000 items, beside the package krippendorff in the same run.

    python benchmarks/agreement.py [--items 100000] [--raters 5] [--labels 3] [--missing 0.2]

Prints the best of some runs of each, whether the values are equal, and what the store's part costs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from time import perf_counter

import krippendorff
import numpy

from workbench.learn.agreement import agreement


def best(work: Callable[[], object], runs: int = 5) -> float:
    took = []
    for _ in range(runs):
        start = perf_counter()
        work()
        took.append(perf_counter() - start)
    return min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--raters", type=int, default=5)
    parser.add_argument("--labels", type=int, default=3)
    parser.add_argument("--missing", type=float, default=0.0)
    given = parser.parse_args()
    random = numpy.random.default_rng(0)
    truth = random.integers(0, given.labels, given.items)
    said = numpy.where(
        random.random((given.raters, given.items)) < 0.8,
        truth,
        random.integers(0, given.labels, (given.raters, given.items)),
    )
    there = random.random(said.shape) >= given.missing
    items, raters = numpy.nonzero(there.T)
    values = said.T[items, raters]
    table = numpy.where(there, said, numpy.nan)
    for level in ("nominal", "ordinal", "interval", "ratio"):
        mine = partial(agreement, items, raters, values, level=level)
        other = partial(krippendorff.alpha, table, level_of_measurement=level)
        alpha = mine().krippendorff.value
        row = {
            "level": level,
            "seconds": round(best(mine), 4),
            "krippendorff_seconds": round(best(other), 4),
            "alpha": alpha,
            "equal": bool(abs(alpha - other()) < 1e-9),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
