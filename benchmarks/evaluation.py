"""Evaluation at scale: ``python benchmarks/evaluation.py [--sizes 25000,50000,100000] [--quick]``.

Prints, against the gates: self-BLEU-4 of 5,000 texts (and nltk's value and projected time on a part of them), the Vendi
score beside the vendi-score package's, APS, Vendi, distinct-n, compression and self-repetition together and all direct
metrics together at growing sizes, with the growth from size to size (1.0 is linear) and the memory per text, and
train-on-synthetic, test-on-real with its intervals and the train-on-real reference. nltk and vendi-score are compared
with where they are installed. Texts come from ``../shared/data`` beside the checkout
where that folder exists, with words shuffled when they must repeat; else they are made up from random words.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path

from workbench.evaluate.base import METRICS, Material, Metric, Sample, evaluate
from workbench.evaluate.corpus import Corpus
from workbench.evaluate.diversity.self_bleu import mean_self_bleu, self_bleu_scores
from workbench.evaluate.diversity.vendi import effective_number
from workbench.evaluate.text_map import Scale, projected_map

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
GATE_SELF_BLEU, GATE_CORE, GATE_DIRECT, GATE_BENCHMARK = 0.7, 10.0, 30.0, 10.0
GATE_MEGABYTES, GATE_SIZE = 1_000, 100_000
#: What the gate of 10 s at 100,000 texts is about.
CORE = ("aps", "vendi", "distinct_1", "distinct_2", "distinct_3", "compression_ratio", "self_repetition")
DIRECT = ("label.", "diversity.", "fidelity.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="25000,50000,100000", help="numbers of texts for the diversity metrics")
    parser.add_argument("--quick", action="store_true", help="leave out nltk and the classifier")
    options = parser.parse_args()
    texts, source = real_texts()
    print(f"texts: {source}")
    warm_up()
    bench_self_bleu(texts, with_nltk=not options.quick)
    bench_vendi(texts)
    sizes = [int(size) for size in options.sizes.split(",")]
    core = [f"diversity.{name}" for name in CORE]
    bench_together("APS, Vendi, distinct-n, compression, self-repetition", core, texts, sizes, GATE_CORE)
    direct = [name for name in METRICS.names() if name.startswith(DIRECT)]
    bench_together(f"{len(direct)} direct metrics", direct, texts, sizes, GATE_DIRECT)
    if not options.quick:
        bench_classifier()


def bench_self_bleu(texts: list[str], *, with_nltk: bool) -> None:
    some = enlarged(texts, 5000)
    seconds = min(timed(lambda: mean_self_bleu(Corpus(some))) for _ in range(3))
    report("self-BLEU-4 with its interval, 5,000 texts", seconds, GATE_SELF_BLEU)
    if not with_nltk:
        return
    try:
        from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
    except ImportError:
        print("  nltk is not installed: no comparison")
        return
    from workbench.text import tokens

    few = [tokens(text) for text in some[:300]]
    smooth = SmoothingFunction(epsilon=0.1).method1
    start = time.perf_counter()
    theirs = [sentence_bleu(few[:i] + few[i + 1 :], text, smoothing_function=smooth) for i, text in enumerate(few)]
    slow = (time.perf_counter() - start) * (5000 / 300) ** 2
    ours = self_bleu_scores(Corpus(some[:300]))
    worst = max(abs(a - b) for a, b in zip(ours.tolist(), theirs, strict=True))
    print(f"  nltk, projected from 300 texts: {slow:,.0f} s = {slow / seconds:,.0f} x; largest difference {worst:.1e}")


def bench_vendi(texts: list[str]) -> None:
    """2,000 texts: their matrix is still small enough for the package."""
    corpus = Corpus(enlarged(texts, 2_000))
    rows = projected_map(Scale([corpus])).rows(corpus).astype(float)
    seconds = min(timed(lambda: effective_number(rows)) for _ in range(3))
    ours = effective_number(rows)
    assert ours is not None
    print(f"Vendi score with its interval, 2,000 rows of {rows.shape[1]}: {seconds:.2f} s, {ours.value:.5f}")
    try:
        from vendi_score import vendi
    except ImportError:
        print("  vendi-score is not installed: no comparison")
        return
    for name, work in (
        ("score_K", lambda: vendi.score_K(rows @ rows.T)),
        ("score_dual", lambda: vendi.score_dual(rows)),
    ):
        print(f"  vendi-score's {name}: {timed(work):.2f} s, difference {abs(work() - ours.value):.1e}")


def bench_together(what: str, names: list[str], texts: list[str], sizes: list[int], gate: float) -> None:
    before: tuple[int, float, float] | None = None
    for size in sizes:
        rows = [Sample(i, text, f"label {i % 12}", f"label {i % 12}") for i, text in enumerate(enlarged(texts, size))]
        watch = Watch()
        material = Material(
            rows, seeds=rows[:60], real=rows[60:5_060], labels=[f"label {i}" for i in range(12)], progress=watch
        )
        seconds = timed(lambda material=material: measured(material, names))
        memory = peak()
        growth = f", growth {seconds / before[1] / (size / before[0]):.2f}" if before else ""
        if size == GATE_SIZE:
            report(f"{what}, {size:,} texts{growth}", seconds, gate)
        else:
            print(f"{what}, {size:,} texts{growth}: {seconds:.2f} s")
        if before and memory > before[2]:
            print(f"  {(memory - before[2]) * 1024 / (size - before[0]):.1f} KB of memory for each more text")
        before = (size, seconds, memory)
    parts = sorted(watch.parts, key=lambda part: -part[1])
    print(
        f"  at {sizes[-1]:,} (s, the first pays the tokens): {', '.join(f'{name} {took:.2f}' for name, took in parts)}"
    )
    print(f"  peak memory {memory:,.0f} MB, gate {GATE_MEGABYTES:,} {'ok' if memory <= GATE_MEGABYTES else 'OVER'}")


class Watch:
    """How long each technique took."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, float]] = []
        self._now: tuple[str, float] | None = None

    def __call__(self, done: int, total: int, name: str) -> None:
        now = time.perf_counter()
        if self._now is not None:
            self.parts.append((self._now[0], now - self._now[1]))
        self._now = (name, now)


def peak() -> float:
    """The most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bench_classifier() -> None:
    folder = DATA / "banking77"
    if not folder.is_dir():
        print("train on synthetic, test on real: banking77 is missing, left out")
        return
    real, test = banking(folder / "train.csv", 0), banking(folder / "test.csv", 1_000_000)
    shuffled = [
        Sample(2_000_000 + i, shuffle(row.text, random.Random(i)), row.label, row.label)
        for i, row in enumerate(real + real)
    ][:20_000]
    validation = [Sample(3_000_000 + row.id, row.text, row.label, row.label) for row in test[::3]]
    material = Material(shuffled, seeds=real, test=test, real=real, validation=validation)
    names = [f"benchmark.{name}" for name in ("accuracy", "macro_f1", "real_accuracy", "ratio", "validation_accuracy")]
    start, busy = time.perf_counter(), time.process_time()
    found = measured(material, names)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    report(f"train on 20,000, test on 3,080 real, 77 labels ({busy:.1f} s of CPU)", seconds, GATE_BENCHMARK)
    show(found)
    for name in ("benchmark.learning_curve", "benchmark.mixed_accuracy"):
        start = time.perf_counter()
        found = measured(material, [name])
        print(f"{name}, the same data: {time.perf_counter() - start:.1f} s, no gate (--thorough)")
        show(found)


def show(found: dict[str, Metric]) -> None:
    for name, metric in found.items():
        ends = f" ({metric.low:.3f} to {metric.high:.3f})" if metric.low is not None and metric.high is not None else ""
        print(f"  {name} {metric.value:.3f}{ends}: {metric.note}")


def real_texts() -> tuple[list[str], str]:
    found = []
    near = DATA / "near_duplicates_17k.jsonl"
    if near.is_file():
        found += [json.loads(line)["text"] for line in near.read_text(encoding="utf-8").splitlines()]
    if (DATA / "banking77" / "train.csv").is_file():
        found += [row.text for row in banking(DATA / "banking77" / "train.csv", 0)]
    if found:
        random.Random(0).shuffle(found)
        return found, f"{len(found):,} real ones"
    maker = random.Random(0)
    # Word frequencies fall like 1/rank, as in a language.
    vocabulary = [f"word{i}" for i in range(20_000)]
    weights = [1 / (i + 1) for i in range(20_000)]
    made = [" ".join(maker.choices(vocabulary, weights, k=maker.randint(4, 30))) for _ in range(20_000)]
    return made, f"{len(made):,} made up"


def banking(path: Path, first: int) -> list[Sample]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Sample(first + i, row["text"], row["category"], row["category"])
            for i, row in enumerate(csv.DictReader(file))
        ]


def enlarged(texts: list[str], size: int) -> list[str]:
    maker = random.Random(1)
    return [texts[i] if i < len(texts) else shuffle(texts[i % len(texts)], maker) for i in range(size)]


def shuffle(text: str, maker: random.Random) -> str:
    words = text.split()
    maker.shuffle(words)
    return " ".join(words)


def warm_up() -> None:
    """Imports are paid once by a job, not by each metric."""
    few = [Sample(i, f"a text {i}", "ab"[i % 2], "ab"[i % 2]) for i in range(20)]
    evaluate(Material(few, seeds=few, test=few, real=few), [n for n in METRICS.names() if n.startswith("diversity.")])


def measured(material: Material, names: list[str]) -> dict[str, Metric]:
    """The metrics; a missing one ends the benchmark, since skipped work would look fast."""
    found = evaluate(material, names)
    if missing := [f"{name}: {metric.note}" for name, metric in found.items() if metric.value is None]:
        raise SystemExit("not measured: " + "; ".join(missing))
    return found


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(what: str, seconds: float, gate: float) -> None:
    print(
        f"{what}: {seconds:.2f} s, gate {gate:.2f} s, ratio {seconds / gate:.2f} {'ok' if seconds <= gate else 'OVER'}"
    )


if __name__ == "__main__":
    main()
