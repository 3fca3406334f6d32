"""A million short samples through the cheap filters: ``python benchmarks/million.py [--samples 1000000]``.

Exact and near duplicates, length and heuristics, one after the other over what is left, on items as the curate job makes
them (fields as JSON, parsed when a filter looks). Runs in a child process and prints the seconds of each filter and the
highest memory of the whole, items included. Texts come from ``../shared/data`` beside the checkout.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time

from curation import base_texts
from injected import mixtures

from workbench.curate.base import FILTERS, Context, Item, parse_filter
from workbench.pipeline import curate_items

CHAIN = ("exact_duplicate", "near_duplicate", "length", "heuristics")
MEMORY_GATE_MB = 2_048


def memory() -> float:
    """Highest memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def judge(samples: int) -> None:
    base = base_texts()
    labels = [f"label_{number}" for number in range(77)]
    rng = random.Random(0)
    fields = curate_items._Fields
    items = [
        Item(
            number,
            text,
            fields(json.dumps({"text": text})),
            labels[number % 77],
        )
        for number, text in enumerate(mixtures(base, samples, rng))
    ]
    print(f"{len(items):,} items: {memory():.0f} MB", flush=True)
    context, whole = Context(seed=0), 0.0
    for name in CHAIN:
        if name not in FILTERS.names():
            print(f"{name:<20} is not here")
            continue
        started, cpu = time.perf_counter(), time.process_time()
        verdicts = list(parse_filter(name).judge(items, context))
        seconds = time.perf_counter() - started
        whole += seconds
        before = len(items)
        items = [item for item, verdict in zip(items, verdicts, strict=True) if verdict.keep]
        del verdicts
        print(
            f"{name:<20} {seconds:7.1f} s  (CPU {time.process_time() - cpu:.1f})  dropped {before - len(items):>9,} of "
            f"{before:>9,}   memory so far {memory():6.0f} MB",
            flush=True,
        )
    print(f"{'all filters':<20} {whole:7.1f} s   memory {memory():.0f} MB   gate <= {MEMORY_GATE_MB} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        judge(options.samples)
        return 0
    command = [sys.executable, __file__, "--here", "--samples", str(options.samples)]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
