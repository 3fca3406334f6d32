"""Do audits hold what they say? Simulated audits that stop on a target, for several true accuracies and populations.

    python benchmarks/audits.py [--runs 400]

Two ways of stopping, looked at after every sample: when the interval's half width is 0.05 ("width"), and when its lower end
has passed 0.05 below the truth, or its upper end 0.05 above it, or 300 samples were seen ("claim": looking until one may
say "above 0.85"). Prints the share of audits whose interval at the stop holds the truth, for the confidence sequence and for
Wilson's interval looked at again and again, how often the sequence ever lost the truth, and how many samples were looked at.
"""

from __future__ import annotations

import argparse
import json
import random
from statistics import mean

from workbench.learn.audits import Count, Interval, sequence, wilson


def simulate(
    interval: Interval, population: int, right: int, rule: str, seed: int, *, width: float = 0.05, most: int = 300
) -> tuple[bool, bool, int]:
    """(held at the stop, held at every moment until then, samples looked at) of one audit of ``right`` in ``population``."""
    order = random.Random(seed)
    good, seen, always, truth = 0, 0, True, right / population
    while True:
        good += order.random() < (right - good) / (population - seen)
        seen += 1
        found = interval(Count(population, good, seen - good), 0.05)
        held = found.low <= truth + 1e-12 and truth - 1e-12 <= found.high
        always = always and held
        claimed = found.low > truth - width or found.high < truth + width or seen >= most
        if seen >= population or (found.half_width <= width if rule == "width" else claimed and seen >= 10):
            return held, always, seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    given = parser.parse_args()
    for population in (200, 2_000, 100_000):
        for accuracy in (0.6, 0.8, 0.9, 0.97, 1.0):
            right = round(population * accuracy)
            for rule in ("width", "claim"):
                row: dict[str, object] = {"population": population, "accuracy": accuracy, "rule": rule}
                for name, interval in (("sequence", sequence), ("wilson", wilson)):
                    runs = [simulate(interval, population, right, rule, seed) for seed in range(given.runs)]
                    row[name] = round(mean(held for held, _, _ in runs), 3)
                    row[f"{name}_always"] = round(mean(always for _, always, _ in runs), 3)
                    row[f"{name}_looked_at"] = round(mean(seen for _, _, seen in runs))
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
