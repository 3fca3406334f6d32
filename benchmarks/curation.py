"""Curation on real short texts: ``python benchmarks/curation.py``.

Near duplicates with planted copies (recall, precision, seconds, memory), ROUGE-L novelty of 2,000 texts against every
earlier kept one, and label errors on a classification set with one label in twenty flipped. Texts come from
``../shared/data`` beside the checkout; without that folder there is nothing to measure.

What counts: a planted copy is found when it ends under the same kept text as another member of its planted group; a drop
is right when the pair belongs to one planted group or reaches ROUGE-L 0.7 (the set holds unplanted near duplicates too;
precision by planted groups alone is printed beside it).
"""

from __future__ import annotations

import csv
import json
import random
import resource
import sys
import time
from pathlib import Path

from workbench.curate.base import Context, Item, parse_filter
from workbench.learn.near_duplicates import near_duplicates
from workbench.learn.similarity import rouge_l, rouge_novelty
from workbench.text import tokens

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def line(what: str, value: str, gate: str) -> None:
    print(f"{what:<58} {value:>18}   gate {gate}")


def planted() -> None:
    rows = [json.loads(row) for row in (DATA / "near_duplicates_17k.jsonl").open(encoding="utf-8")]
    texts = [row["text"] for row in rows]
    place = {row["id"]: index for index, row in enumerate(rows)}
    group = list(range(len(rows)))
    for index, row in enumerate(rows):
        if row["duplicate_of"] is not None:
            group[index] = place[row["duplicate_of"]]
    start = time.perf_counter()
    found = near_duplicates(texts)
    seconds = time.perf_counter() - start
    kept = list(range(len(rows)))
    for match in found:
        kept[match.index] = match.twin
    members: dict[int, list[int]] = {}
    for index, one in enumerate(group):
        members.setdefault(one, []).append(index)
    copies = [index for index, row in enumerate(rows) if row["duplicate_of"] is not None]
    hit = sum(any(kept[index] == kept[other] for other in members[group[index]] if other != index) for index in copies)
    same = [group[match.index] == group[match.twin] for match in found]
    alike = [rouge_l(tokens(texts[m.index]), tokens(texts[m.twin])) >= 0.7 for m in found]
    right = sum(one or other for one, other in zip(same, alike, strict=True))
    line(f"near duplicates, {len(rows):,} texts, {len(copies):,} copies: recall", f"{hit / len(copies):.3f}", ">= .92")
    line("  precision", f"{right / len(found):.3f}", ">= .95")
    line("  precision by planted groups alone", f"{sum(same) / len(found):.3f}", "none")
    line("  seconds", f"{seconds:.2f}", "none at this size")
    many = enlarged(texts, 100_000)
    start = time.perf_counter()
    near_duplicates(many)
    line("near duplicates, 100,000 texts: seconds", f"{time.perf_counter() - start:.1f}", "<= 25 (aim 15)")
    line("  memory so far, MB", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}", "<= 600")


def enlarged(texts: list[str], size: int) -> list[str]:
    """Texts made of halves of two others, up to ``size``."""
    rng = random.Random(0)
    result = list(texts)
    while len(result) < size:
        first, second = rng.choice(texts).split(), rng.choice(texts).split()
        result.append(" ".join([*first[: len(first) // 2], *second[len(second) // 2 :]]))
    return result[:size]


def novelty() -> None:
    texts = [json.loads(row)["text"] for row in (DATA / "near_duplicates_17k.jsonl").open(encoding="utf-8")][:2000]
    start = time.perf_counter()
    kept = sum(one.novel for one in rouge_novelty(texts))
    line(f"ROUGE-L novelty, 2,000 texts ({kept:,} kept): seconds", f"{time.perf_counter() - start:.2f}", "<= 0.3")


def label_errors() -> None:
    with (DATA / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    labels = sorted({label for _, label in rows})
    rng = random.Random(0)
    flipped = set(rng.sample(range(len(rows)), len(rows) // 20))
    items = [
        Item(index, text, label=rng.choice([one for one in labels if one != label]) if index in flipped else label)
        for index, (text, label) in enumerate(rows)
    ]
    start = time.perf_counter()
    verdicts = list(parse_filter("label_disagreement:reference=folds").judge(items, Context()))
    dropped = {item.id for item, verdict in zip(items, verdicts, strict=True) if not verdict.keep}
    right = len(dropped & flipped)
    line(f"label errors, {len(rows):,} texts, 5 % flipped: precision", f"{right / len(dropped):.2f}", "none here")
    line("  recall", f"{right / len(flipped):.2f}", "none here")
    line("  seconds", f"{time.perf_counter() - start:.1f}", "none here")


def main() -> int:
    if not DATA.is_dir():
        print(f"nothing to measure: {DATA} is missing")
        return 1
    planted()
    novelty()
    label_errors()
    return 0


if __name__ == "__main__":
    sys.exit(main())
