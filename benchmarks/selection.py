"""What choosing buys: accuracy on real test texts after N labels, per selection strategy, against a random order.

    python benchmarks/selection.py [--data banking77|trec] [--seeds 3] [--full]

A person is played by the data's own labels: every strategy starts from the same few random samples (the seeds), then asks
for a batch at a time; the classifier that the workbench trains learns from all that was given so far, and strategies that
learn see no label that was not asked for. ``model_disagreement``, ``label_error`` and ``rare_label`` start from a generating
model's labels: here the right label, or with --noise another one drawn at random. Quick by default: some strategies, one
pool of 2,000 texts.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy

from workbench.curate.labels.selecting import STRATEGIES, Block, Pool
from workbench.learn.classifier import TextClassifier
from workbench.learn.grams import count_grams
from workbench.learn.latent import Latent
from workbench.learn.topics import fitting_number, k_means

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
QUICK = ("random", "uncertainty", "margin", "entropy", "committee", "core_set", "representative", "vote_k")
Pairs = list[tuple[str, str]]


def read(name: str, split: str) -> Pairs:
    """(text, label) of a data set's split."""
    folder = DATA / name
    for path in sorted(folder.glob(f"*{split}*")):
        if path.suffix == ".csv":
            with path.open(encoding="utf-8") as file:
                return [(row["text"], row.get("category") or row.get("label") or "") for row in csv.DictReader(file)]
        if path.suffix == ".jsonl":
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            return [
                (row["text"], str(row.get("label_text", row.get("coarse_label", row.get("label"))))) for row in rows
            ]
        lines = path.read_text(encoding="latin-1").splitlines()  # TREC: "DESC:manner How did ..."
        return [(line.partition(" ")[2], line.partition(":")[0]) for line in lines if ":" in line]
    raise SystemExit(f"{folder}: there is no {split} split")


@cache
def _grams(texts: tuple[str, ...]) -> Any:
    return count_grams(texts)


def count(texts: Sequence[str]) -> Any:
    return _grams(tuple(texts))


def accuracy(classifier: TextClassifier, test: Pairs) -> float:
    predicted = classifier.predict([text for text, _ in test])
    return sum(said == label for said, (_, label) in zip(predicted, test, strict=True)) / len(test)


def one_run(
    name: str, pool: Pairs, test: Pairs, start: int, batch: int, rounds: int, seed: int, noise: float
) -> tuple[list[float], float]:
    """Accuracy after the start and after each batch, and the share of wrong generated labels among those that were met."""
    draw = random.Random(seed)
    order = list(range(len(pool)))
    draw.shuffle(order)
    known, waiting = order[:start], sorted(order[start:])
    names = sorted({label for _, label in pool})
    came = [draw.choice(names) if draw.random() < noise else label for _, label in pool]
    latent = Latent([text for text, _ in pool])
    vectors = latent.rows([text for text, _ in pool])
    member, _ = k_means(vectors, fitting_number(len(pool)))
    found = []
    for turn in range(rounds + 1):
        classifier = TextClassifier(count).fit([pool[i][0] for i in known], [pool[i][1] for i in known])
        found.append(accuracy(classifier, test))
        if turn == rounds:
            break
        given = Pool(
            ids=[i + seed * 1_000_003 for i in waiting],
            texts=[pool[i][0] for i in waiting],
            given=[came[i] for i in waiting],
            original=[came[i] for i in waiting],
            known=[pool[i] for i in known],
            accepted=Counter(pool[i][1] for i in known),
            labels=names,
            vectors=lambda: vectors[waiting],  # noqa: B023 - used within this turn
            anchors=lambda: vectors[known],  # noqa: B023
            groups=lambda: (member[waiting] + 1, ((vectors[waiting]) ** 2).sum(axis=1)),  # noqa: B023
            count=count,
            seed=seed,
        )
        chances = classifier.probabilities(given.texts)
        scores = STRATEGIES.get(name)().prepare(given)(Block(0, len(waiting), chances, list(classifier.classes)))
        ranked = numpy.argsort(-numpy.nan_to_num(numpy.asarray(scores), nan=-numpy.inf), kind="stable")
        chosen = {waiting[place] for place in ranked[:batch].tolist()}
        known = known + sorted(chosen)
        waiting = [i for i in waiting if i not in chosen]
    met = known[start:]
    return found, sum(came[i] != pool[i][1] for i in met) / max(1, len(met))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="banking77", choices=["banking77", "trec"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pool", type=int, default=2_000)
    parser.add_argument("--start", type=int, default=100)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument(
        "--noise", type=float, default=0.0, help="share of the generating model's labels that are random"
    )
    parser.add_argument("--strategies", help="names with commas between (default: some; --full: all)")
    parser.add_argument("--full", action="store_true", help="all strategies, the whole pool, 5 seeds")
    arguments = parser.parse_args()
    train, test = read(arguments.data, "train"), read(arguments.data, "test")
    seeds = 5 if arguments.full else arguments.seeds
    names = arguments.strategies.split(",") if arguments.strategies else list(STRATEGIES if arguments.full else QUICK)
    names = ["random", *(name for name in names if name != "random")]
    size = len(train) if arguments.full else min(arguments.pool, len(train))
    steps = [arguments.start + arguments.batch * turn for turn in range(arguments.rounds + 1)]
    print(
        f"{arguments.data}: pool {size:,}, test {len(test):,}, {seeds} seeds; accuracy after N labels, and its mean gain"
    )
    print(
        f"{'strategy':20}" + "".join(f"{n:>8,}" for n in steps) + "   gain over random (mean of N > start; each seed)"
    )
    base: list[list[float]] = []
    for name in names:
        began = time.monotonic()
        runs, wrong = [], []
        for seed in range(seeds):
            pool = random.Random(seed).sample(train, size)
            run, met = one_run(
                name, pool, test, arguments.start, arguments.batch, arguments.rounds, seed, arguments.noise
            )
            runs.append(run)
            wrong.append(met)
        base = base or runs
        means = [statistics.mean(run[step] for run in runs) for step in range(len(steps))]
        gains = [
            statistics.mean(a - b for a, b in zip(run[1:], other[1:], strict=True))
            for run, other in zip(runs, base, strict=True)
        ]
        each = " ".join(f"{gain:+.3f}" for gain in gains)
        print(
            f"{name:20}"
            + "".join(f"{mean:8.3f}" for mean in means)
            + f"   {statistics.mean(gains):+.3f} ({each})"
            + (f"  wrong labels met {statistics.mean(wrong):.2f}" if arguments.noise else "")
            + f"  {time.monotonic() - began:.0f} s",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
