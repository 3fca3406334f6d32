"""Fidelity to real data and faithfulness, measured: ``python -m benchmarks.fidelity [--only real|recall|null|coverage|time]``.

Prints, from ``../shared/data`` beside the checkout: TREC halves (real against real, which must look the same) and
supergen_sst2 against real test rows, each metric in its own terms; how often halves are called different at 5 %, and how
often intervals hold what they should, by simulation; seconds and growth at 25k, 50k and 100k samples against the gate of
30 s for all direct metrics, and the peak of memory.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

from workbench.evaluate.base import METRICS, Material, Metric, Sample, evaluate

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
FIDELITY = (
    "fidelity.mauve",
    "fidelity.classifier_auc",
    "fidelity.seed_similarity",
    "fidelity.unigram_shift",
    "fidelity.label_shift",
)
FAITHFULNESS = ("faithfulness.benchmark", "faithfulness.auxiliary", "faithfulness.human")
GATE, GATE_MEMORY = 30.0, 1024.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="25000,50000,100000", help="numbers of samples to time")
    parser.add_argument("--draws", type=int, default=60, help="random halves of TREC that are compared")
    parser.add_argument("--only", choices=("real", "recall", "null", "coverage", "time"), help="one part")
    options = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "real": on_real_data,
        "recall": recall,
        "null": lambda: null_rates(options.draws),
        "coverage": coverage,
        "time": lambda: timings([int(size) for size in options.sizes.split(",")]),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            part()


def recall(samples: int = 2_000, real: int = 2_000) -> None:
    """How much of the true nearest similarity (all pairs compared) the search over two candidates finds."""
    import numpy

    from workbench.evaluate.fidelity.seed_similarity import NAME
    from workbench.learn.near_duplicates import similarities

    rows = trec()[: samples + real]
    found = evaluate(Material(rows[:samples], real=rows[samples:]), [NAME])[NAME]
    mine, theirs = [row.text for row in rows[:samples]], [row.text for row in rows[samples:]]
    best = numpy.zeros(samples)
    for start in range(0, samples, 100):
        left, right = (part.ravel() for part in numpy.mgrid[start : start + 100, 0:real])
        best[start : start + 100] = similarities(mine, theirs, left, right).reshape(100, real).max(axis=1)
    near = int((best >= found.details["threshold"]).sum())
    print(
        f"fidelity.seed_similarity, {samples:,} TREC rows against {real:,}: mean {found.value:.4f}, all pairs {best.mean():.4f}; "
        f"near-copies {found.details['near_copies']['count']} of {near}"
    )


def on_real_data() -> None:
    rows = trec()
    half = len(rows) // 2
    show("TREC half against TREC half", Material(rows[:half], real=rows[half:], labels=labels(rows)))
    made, real = sst2()
    show("supergen_sst2 against SST-2 test rows", Material(made, real=real, labels=labels(real)))


def show(title: str, material: Material) -> None:
    print(title)
    found = evaluate(material, FIDELITY)
    for name, metric in found.items():
        if metric.value is None:
            print(f"  {name}: {metric.note}")
            continue
        print(
            f"  {name} {metric.value:.3f} ({metric.low:.3f}-{metric.high:.3f}){' rough' * metric.rough}; {tells(metric)}"
        )


def tells(metric: Metric) -> str:
    details = metric.details
    said = []
    if "p" in details:
        said.append(f"p {details['p']:.3g}")
    if "same_source" in details:
        said.append(f"one source {details['same_source']['mean']:.3f}")
    if details.get("same_size"):
        same = details["same_size"]
        said.append(f"at {same['count']:,}: {same['samples']:.3f}, real halves {same['seeds']:.3f}")
    if "difference" in details:
        apart = details["difference"]
        said.append(f"real {details['seeds']:.3f}, apart {apart['low']:+.3f} to {apart['high']:+.3f}")
        said.append(
            f"near-copies {details['near_copies']['share']:.3f}, real {details['seeds_near_copies']['share']:.3f}"
        )
    return ", ".join(said)


def different(metric: Metric) -> bool:
    """Whether a fidelity metric says at 5 % that samples and real rows are not the same."""
    if "p" in metric.details:
        return bool(metric.details["p"] < 0.05)
    apart = metric.details["difference"]
    return bool(apart["low"] > 0 or apart["high"] < 0)


def null_rates(draws: int, size: int = 1_000) -> None:
    rows = trec()
    called: dict[str, int] = dict.fromkeys(FIDELITY, 0)
    for draw in range(draws):
        some = random.Random(draw).sample(rows, 2 * size)
        found = evaluate(Material(some[:size], real=some[size:], labels=labels(rows), seed=draw), FIDELITY)
        for name, metric in found.items():
            called[name] += different(metric)
    print(f"called different at 5 %, of {draws} pairs of {size:,} TREC rows:")
    print("  " + ", ".join(f"{name} {number / draws:.3f}" for name, number in called.items()))


def coverage(repeats: int = 400) -> None:
    """How often intervals hold the mean of what the metric gives for other samples of the same size and source."""
    import numpy

    from workbench.evaluate.fidelity.label_shift import distance
    from workbench.evaluate.fidelity.reference import around
    from workbench.learn.auc import area, interval
    from workbench.learn.mauve import frontier_area, smoothed

    random_ = numpy.random.default_rng(0)

    def boot(statistic: Any, p: Any, q: Any, n: int, source_of: Any) -> float:
        first, second = random_.multinomial(n, p, 4_000), random_.multinomial(n, q, 4_000)
        truth = float(statistic(first, second).mean())
        held = 0
        for one, two in zip(first[:repeats], second[:repeats], strict=True):
            value = float(numpy.ravel(statistic(one, two))[0])
            again = statistic(random_.multinomial(n, source_of(one), 300), random_.multinomial(n, source_of(two), 300))
            low, high = around(value, again)
            held += low <= truth <= high
        return held / repeats

    def shares(counts: Any) -> Any:
        return counts / counts.sum()

    def mauve(one: Any, two: Any) -> Any:
        return frontier_area(smoothed(one), smoothed(two))

    print(f"intervals hold the expected value of their size, of {repeats} repeats (0.95 is right):")
    for n in (300, 1_000, 5_000):
        k = n // 10
        source = random_.dirichlet(numpy.ones(k))
        for mixed in (0.0, 0.3, 0.7):
            other = (1 - mixed) * source + mixed * random_.dirichlet(numpy.ones(k) * 0.3)
            print(
                f"  fidelity.mauve, {n:,} a side, {mixed:.0%} of another source: {boot(mauve, source, other, n, smoothed):.3f}"
            )
    for n in (60, 300, 2_000):
        source = numpy.array([0.4, 0.3, 0.15, 0.1, 0.05])
        for other in (source, numpy.array([0.3, 0.3, 0.2, 0.1, 0.1])):
            apart_, share = float(distance(source, other)), boot(distance, source, other, n, shares)
            print(f"  fidelity.label_shift, {n:,} a side, {apart_:.2f} apart: {share:.3f}")
    for n in (60, 100, 1_000):
        for apart in (0.0, 0.5, 1.5):
            truth, held = NormalDist().cdf(apart / 2**0.5), 0
            for _ in range(2_000):
                scores = numpy.concatenate([random_.normal(apart, 1, n), random_.normal(0, 1, n)])
                low, high = interval(area(scores, numpy.arange(2 * n) < n), n, n)
                held += low <= truth <= high
            print(f"  DeLong, {n:,} a side, AUC {truth:.2f}: {held / 2_000:.3f}")
    for n in (100, 400):
        print(f"  fidelity.unigram_shift, {n:,} a side, SST-2 against supergen: {unigram_coverage(n):.3f}")
    stratified_coverage()


def unigram_coverage(n: int, repeats: int = 150) -> float:
    """Draws with replacement from two sets: how often the interval holds the mean of the divergence at this size."""
    made, real = sst2()
    values, ends = [], []
    for repeat in range(repeats):
        chance = random.Random(repeat)
        material = Material(chance.choices(made, k=n), real=chance.choices(real, k=n), seed=repeat)
        found = evaluate(material, ["fidelity.unigram_shift"])["fidelity.unigram_shift"]
        values.append(found.value or 0.0)
        ends.append((found.low or 0.0, found.high or 0.0))
    truth = sum(values) / repeats
    return sum(low <= truth <= high for low, high in ends) / repeats


def stratified_coverage(repeats: int = 2_000) -> None:
    """Audits by label: Wilson with finite population, put together over labels, against the true share."""
    import numpy

    from workbench.learn.audits import Count, stratified

    random_ = numpy.random.default_rng(1)
    for labels_, each in ((2, 60), (6, 20), (6, 60), (20, 20)):
        sizes = (random_.dirichlet(numpy.ones(labels_) * 2) * 5_000).astype(int) + each
        for mean in (0.7, 0.85, 0.95):
            shares = numpy.clip(random_.normal(mean, 0.05, labels_), 0.5, 0.99)
            right = numpy.round(sizes * shares).astype(int)
            truth, held = right.sum() / sizes.sum(), 0
            drawn = random_.hypergeometric(right, sizes - right, each, (repeats, labels_))
            for row in drawn.tolist():
                counts = [Count(int(size), good, each - good) for size, good in zip(sizes, row, strict=True)]
                low, high = stratified(counts, always=False)[1]
                held += low <= truth <= high
            print(f"  audit by label, {labels_} labels x {each}, share {truth:.2f}: {held / repeats:.3f}")


def timings(sizes: Sequence[int]) -> None:
    from benchmarks.evaluation import enlarged, real_texts

    texts, source = real_texts()
    print(f"texts: {source}")
    warm = trec()[:400]
    evaluate(Material(warm[:200], real=warm[200:], labels=labels(warm)), FIDELITY)
    before: tuple[int, float] | None = None
    for size in sizes:
        big = enlarged(texts, size + 20_000)
        rows = [Sample(i, text, f"label {i % 12}", f"label {i % 12}") for i, text in enumerate(big)]
        material = Material(
            rows[:size], seeds=rows[size : size + 500], real=rows[size:], labels=[f"label {i}" for i in range(12)]
        )
        spent: dict[str, float] = {}
        for name in (*FIDELITY, *FAITHFULNESS):
            start = time.process_time()
            evaluate(material, [name])
            spent[name] = time.process_time() - start
        total = sum(spent.values())
        growth = f", growth {total / before[1] / (size / before[0]):.2f}" if before else ""
        parts = ", ".join(f"{name.partition('.')[2]} {seconds:.1f}" for name, seconds in spent.items())
        print(f"  {size:,} samples against 20,000 real rows: {total:.1f} s of processor{growth} ({parts})")
        before = (size, total)
    start, worked = time.perf_counter(), time.process_time()
    names = [name for name in METRICS.names() if not name.startswith(("benchmark.", "faithfulness.judge"))]
    # Another material: what metrics share is counted anew, and the old one's memory is free.
    material = Material(material.samples, seeds=material.seeds, real=material.real, labels=material.labels)
    evaluate(material, names)
    seconds = time.perf_counter() - start
    worked = time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"all {len(names)} direct metrics, {sizes[-1]:,} samples: {worked:.1f} s of processor")
    print(f"  {verdict(seconds, GATE)} s (gate {GATE:g})")
    print(f"peak memory {verdict(memory, GATE_MEMORY)} MB (gate {GATE_MEMORY:,.0f})")


def verdict(value: float, gate: float) -> str:
    return f"{value:,.1f} {'ok' if value <= gate else 'MISSED'}"


def trec() -> list[Sample]:
    rows = []
    for number, line in enumerate((DATA / "trec" / "train.txt").read_text(encoding="latin-1").splitlines(), 1):
        label, _, text = line.strip().partition(" ")
        rows.append(Sample(number, text, label.partition(":")[0], label.partition(":")[0]))
    random.Random(0).shuffle(rows)
    return rows


def sst2() -> tuple[list[Sample], list[Sample]]:
    folder = DATA / "supergen_sst2"
    made = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    with (folder / "test.tsv").open(encoding="utf-8", newline="") as file:
        real = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return _made(made), [Sample(1_000_000 + i, row[0], row[1], row[1]) for i, row in enumerate(real) if row[1] in "01"]


def _made(made: Any) -> list[Sample]:
    return [Sample(i, row["text"], str(row["label"]), str(row["label"])) for i, row in enumerate(made)]


def labels(rows: Sequence[Sample]) -> list[str]:
    return sorted({str(row.label) for row in rows})


if __name__ == "__main__":
    main()
