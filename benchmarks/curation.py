"""Curation on real short texts: ``python benchmarks/curation.py [--peers] [--only planted,generated,novelty,labels,growth]``.

- planted: near duplicates in 17,587 texts with 1,766 injected copies; recall by kind, precision, seconds;
- generated: the same in 100,000 texts made by ``injected.py``, in a process of its own for its memory; with ``--peers``
  also rensa (in a virtual environment that is made once), and the ratio to it;
- novelty: ROUGE-L novelty of 2,000 and of 20,000 texts against every earlier kept one;
- labels: label errors on a classification set with one label in twenty flipped;
- growth: seconds of every filter that needs no model at 10,000, 20,000 and 40,000 texts with labels.

Texts come from ``../shared/data`` beside the checkout; without that folder there is nothing to measure. Seconds are of the
clock, CPU seconds beside them: on a busy machine trust those.

What counts: a planted copy is found when it ends under the same kept text as another member of its planted group; a drop
is right when the pair belongs to one planted group or reaches ROUGE-L 0.7 (the sets hold unplanted near duplicates too;
precision by planted groups alone is printed beside it).
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from injected import Planted, mixtures, planted

from workbench.curate.base import FILTERS, Context, Item, describe, parse_filter
from workbench.errors import WorkbenchError
from workbench.learn.near_duplicates import NearIndex
from workbench.learn.novelty import rouge_novelty
from workbench.learn.similarity import rouge_l
from workbench.task import Task
from workbench.text import tokens

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
PARTS = ("planted", "generated", "novelty", "labels", "growth")
SIZES = (10_000, 20_000, 40_000)
#: Labels of the texts whose time is taken.
LABELS = 12
#: A filter that takes longer is not measured at the next size.
PATIENCE = 150.0
#: No filter of texts: they look at scores of models, or need the features of a project.
LEFT_OUT = ("confidence",)


def line(what: str, value: str, gate: str) -> None:
    print(f"{what:<58} {value:>18}   gate {gate}", flush=True)


def base_texts() -> list[str]:
    """The real texts of the near-duplicate set, injected copies left out."""
    return [row["text"] for row in _rows() if row["duplicate_of"] is None]


def _rows() -> list[dict[str, object]]:
    return [json.loads(row) for row in (DATA / "near_duplicates_17k.jsonl").open(encoding="utf-8")]


def _planted_17k() -> Planted:
    rows = _rows()
    place = {row["id"]: index for index, row in enumerate(rows)}
    group = [place[row["id"] if row["duplicate_of"] is None else row["duplicate_of"]] for row in rows]
    return Planted([str(row["text"]) for row in rows], group, [str(row["kind"] or "") for row in rows])


def _quality(rows: Planted, found: Sequence[tuple[int, int]]) -> None:
    kept = list(range(len(rows.texts)))
    for index, twin in found:
        kept[index] = twin
    members: dict[int, list[int]] = {}
    for index, one in enumerate(rows.group):
        members.setdefault(one, []).append(index)
    hit: dict[str, list[bool]] = {}
    for index, kind in enumerate(rows.kind):
        if kind:
            others = members[rows.group[index]]
            hit.setdefault(kind, []).append(any(kept[index] == kept[one] for one in others if one != index))
    same = [rows.group[index] == rows.group[twin] for index, twin in found]
    right = sum(
        one or rouge_l(tokens(rows.texts[index]), tokens(rows.texts[twin])) >= 0.7
        for one, (index, twin) in zip(same, found, strict=True)
    )
    everything = [one for kind in hit.values() for one in kind]
    line("  recall", f"{sum(everything) / len(everything):.3f}", ">= .92")
    print("    " + ", ".join(f"{kind} {sum(one) / len(one):.3f}" for kind, one in sorted(hit.items())))
    line("  precision", f"{right / len(found):.3f}", ">= .95")
    line("  precision by planted groups alone", f"{sum(same) / len(found):.3f}", "none")


def _search(rows: Planted, gate: str) -> tuple[float, float]:
    index = NearIndex(expected=len(rows.texts))
    start, cpu = time.perf_counter(), time.process_time()
    found = index.judge(rows.texts)
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    copies = sum(map(bool, rows.kind))
    print(f"near duplicates, {len(rows.texts):,} texts, {copies:,} copies")
    line("  seconds (CPU)", f"{seconds:.2f} ({used:.2f})", gate)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line("  memory of the process, MB", f"{memory:.0f}", "<= 600")
    compared, verified = index.compared / len(rows.texts), index.verified / len(rows.texts)
    line("  compared, verified pairs for each text", f"{compared:.0f}, {verified:.1f}", "bounded")
    _quality(rows, [(match.index, match.twin) for match in found])
    return seconds, used


def generated(folder: Path | None) -> None:
    rows = planted(base_texts(), 100_000)
    seconds, used = _search(rows, "<= 25 (aim 15)")
    if folder is None:
        return
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "rensa"], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(rows.texts, file)
        file.flush()
        script = [str(python), str(Path(__file__).with_name("dedup_peers.py")), "rensa", file.name]
        ran = subprocess.run(script, capture_output=True, check=True, text=True)
    result = json.loads(ran.stdout.splitlines()[-1])
    print("rensa, the same texts")
    line("  seconds (CPU)", f"{result['seconds']:.2f} ({result['cpu']:.2f})", "-")
    line("  ours: so many times that (CPU)", f"{seconds / result['seconds']:.1f} ({used / result['cpu']:.1f})", "-")
    line("  memory of the process, MB", f"{result['memory']:.0f}", "-")
    _quality(rows, result["found"])


def novelty() -> None:
    texts = [str(row["text"]) for row in _rows()]
    texts = mixtures(texts, 20_000, random.Random(0))
    rouge_novelty(texts[:10])  # loads what it needs
    for count, gate in ((2_000, "<= 0.3"), (20_000, "<= 6")):
        start, cpu = time.perf_counter(), time.process_time()
        kept = sum(one.novel for one in rouge_novelty(texts[:count]))
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        line(f"ROUGE-L novelty, {count:,} texts ({kept:,} kept): s (CPU)", f"{seconds:.2f} ({used:.2f})", gate)


def _banking(name: str = "train") -> list[tuple[str, str]]:
    with (DATA / "banking77" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def label_errors() -> None:
    rows = _banking()
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


def growth(only: Sequence[str] = ()) -> None:
    """CPU seconds of each filter, and how much four times the texts cost: 4 is linear."""
    rows, test = (
        _banking(),
        [Item(-1 - place, text, label=label) for place, (text, label) in enumerate(_banking("test"))],
    )
    rng = random.Random(0)
    texts = mixtures([text for text, _ in rows], SIZES[-1], rng)
    names = sorted({label for _, label in rows})
    # A dozen labels: what grows with the labels as well is not what is asked here.
    coarse = {name: names[place % LABELS] for place, name in enumerate(names)}
    items = [
        Item(place, text, {"text": text}, coarse[rows[place % len(rows)][1]], {"confidence": -rng.random()})
        for place, text in enumerate(texts)
    ]
    seeds = [replace(item, label=coarse[str(item.label)]) for item in test[:500]]
    task = Task(kind="classification", labels=sorted(set(coarse.values())))
    print(f"{'filter, CPU seconds at':<24}" + "".join(f"{size:>10,}" for size in SIZES) + "   x for 4 x")
    for name in FILTERS.names():
        if (only and name not in only) or describe(FILTERS.get(name))["asks"] or name in LEFT_OUT:
            continue
        seconds: list[float] = []
        try:
            for size in SIZES:
                if seconds and seconds[-1] > PATIENCE:
                    break
                began = time.process_time()
                # A context of its own: what one filter has worked out is not another's.
                context = Context(benchmarks=lambda: test, seeds=seeds, labels=task.label_names, task=task)
                for _ in parse_filter(name).judge(items[:size], context):
                    pass
                seconds.append(time.process_time() - began)
        except WorkbenchError as error:
            print(f"{name:<24}  not measured: {error}")
            continue
        ratio = f"{seconds[-1] / max(seconds[0], 1e-3):10.1f}" if len(seconds) == len(SIZES) else "  too slow"
        print(f"{name:<24}" + "".join(f"{one:10.2f}" for one in seconds) + f" {ratio:>10}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--filters", default="", help="of growth: these filters only")
    parser.add_argument("--peers", action="store_true", help="rensa too, on the generated set")
    parser.add_argument(
        "--peers-folder", type=Path, default=Path(tempfile.gettempdir()) / "workbench-dedup", help="its environment"
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"nothing to measure: {DATA} is missing")
        return 1
    only = options.only.split(",")
    if "planted" in only:
        _search(_planted_17k(), "none at this size")
    if "generated" in only:
        if options.here:
            generated(options.peers_folder if options.peers else None)
        else:
            peers = ["--peers", "--peers-folder", str(options.peers_folder)] if options.peers else []
            command = [sys.executable, __file__, "--here", "--only", "generated", *peers]
            subprocess.run(command, check=True)
    if "novelty" in only:
        novelty()
    if "labels" in only:
        label_errors()
    if "growth" in only:
        growth(list(filter(None, options.filters.split(","))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
