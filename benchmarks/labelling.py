"""Keys that a decision takes with 77 labels: ``python benchmarks/labelling.py [--labelled 0,100,385,770,3000,10003]``.

Texts of banking77 are "decided on" with their true labels: after so many labelled training texts, in random order, the
small classifier suggests labels for the test texts as it does in a project. A label among the first nine suggestions takes
one key, its digit; every other one the key that begins a code and the code's letters. No project, no screen: the keys follow
from the codes (``workbench/tui/codes.py``) and the order of digits (``with_digits``). With 0 nothing is suggested.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.learn.classifier import TextClassifier
from workbench.tui.codes import codes
from workbench.tui.widgets.label_pane import DIGITS, with_digits

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "banking77"


def mean_keys(codes: Mapping[str, str], ranks: Sequence[tuple[str, int | None]], digits: int = DIGITS) -> float:
    """Keys that a decision takes on average: 1 where the label is among the first ``digits``, else one more than its code.

    ``ranks`` are (right label, its place from 0 among the digits' labels, or None).
    """
    return sum(1 if at is not None and at < digits else 1 + len(codes[name]) for name, at in ranks) / len(ranks)


def read(split: str) -> tuple[list[str], list[str]]:
    with (DATA / f"{split}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["category"] for row in rows]


def places(names: Sequence[str], train: Sequence[tuple[str, str]], texts: Sequence[str]) -> list[list[str]]:
    """For each text the labels of the digits."""
    if len({label for _, label in train}) < 2:
        return [with_digits(names, {}, None)[:DIGITS] for _ in texts]
    classifier = TextClassifier().fit([text for text, _ in train], [label for _, label in train])
    found = []
    for row in classifier.probabilities(texts):
        best = sorted(zip(classifier.classes, row, strict=True), key=lambda one: -one[1])[:DIGITS]
        found.append(with_digits(names, {name: float(score) for name, score in best}, None)[:DIGITS])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--labelled", default="0,100,385,770,3000,10003")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    (texts, labels), (test, right) = read("train"), read("test")
    names = sorted(set(labels))
    coded = codes(names)
    order = list(range(len(texts)))
    random.Random(arguments.seed).shuffle(order)
    worst = max(1 + len(code) for code in coded.values())
    print(f"{len(names)} labels; a label without a suggestion takes at most {worst} keys")
    print("| labelled | keys a decision | 1 key | 2 keys | 3 keys | right suggestion first |")
    print("|---|---|---|---|---|---|")
    for count in map(int, arguments.labelled.split(",")):
        train = [(texts[at], labels[at]) for at in order[:count]]
        digits = places(names, train, test)
        ranks = [
            (name, shown.index(name) if name in shown else None) for name, shown in zip(right, digits, strict=True)
        ]
        mean = mean_keys(coded, ranks)
        keys = Counter(1 if at is not None else 1 + len(coded[name]) for name, at in ranks)
        share = [f"{keys[n] / len(ranks):.1%}" for n in (1, 2, 3)]
        first = sum(at == 0 for _, at in ranks) / len(ranks)
        print(f"| {count:,} | {mean:.2f} | {' | '.join(share)} | {first:.1%} |")


if __name__ == "__main__":
    main()
