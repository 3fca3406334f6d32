"""What evaluation says about real data: ``python benchmarks/evaluation_tables.py`` writes ``docs/evaluation-on-real-data.md``.

Two projects are made in a temporary folder, filled by ``workbench import`` and measured by ``workbench evaluate --compare``,
as a person would do it. SuperGen's 6,000 synthetic movie reviews against real sentences of SST-2: all of them, the half that
their model was surest of, a random half, and two filters. TREC questions: two random halves of the same real
data, which must come out as no different, for several seeds.

Data: ``../shared/data`` beside the checkout (``--data``). Nothing in the page depends on the machine or the date.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "evaluation-on-real-data.md"
#: Real sentences of SST-2 that stand for "train on real", and real TREC questions that neither half has.
REAL_SST2, REAL_TREC = 372, 452
SENTIMENTS = ("negative", "positive")
Row = tuple[str, str]


def sst2(data: Path, folder: Path) -> list[str]:
    """Make the project; returns the contenders."""
    rows = json.loads((data / "supergen_sst2" / "train.json").read_text(encoding="utf-8"))
    with (data / "supergen_sst2" / "test.tsv").open(encoding="utf-8", newline="") as file:
        real = [
            (row["sentence"], SENTIMENTS[int(row["label"])])
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]
    random.Random(0).shuffle(real)
    project(folder, SENTIMENTS)
    fill(folder, "synthetic", [(row["text"], SENTIMENTS[int(row["label"])]) for row in rows])
    fill(folder, "real", real[:REAL_SST2])
    fill(folder, "test", real[REAL_SST2:])
    scores = [float(row["score"]) for row in rows]
    middle = sorted(scores)[len(scores) // 2]
    chance = random.Random(0)
    keep_scores(folder, {"confidence": scores, "chance": [chance.random() for _ in rows]})
    return [
        "all=set",
        f"surest half=view:set:yes score.confidence>={middle}",
        "random half=view:set:yes score.chance<0.5",
        "no twins=set+near_duplicate",
        "no doubtful labels=set+label_disagreement",
    ]


def trec(data: Path, folder: Path, seed: int) -> list[str]:
    """Make the project; returns the contenders."""

    def rows(name: str) -> list[Row]:
        lines = (data / "trec" / name).read_text(encoding="iso-8859-1").splitlines()
        return [(text, kind.partition(":")[0]) for kind, _, text in (line.partition(" ") for line in lines)]

    train = rows("train.txt")
    random.Random(seed).shuffle(train)
    project(folder, sorted({label for _, label in train}))
    middle = REAL_TREC + (len(train) - REAL_TREC) // 2
    fill(folder, "test", rows("test.txt"))
    fill(folder, "real", train[:REAL_TREC])
    first = fill(folder, "synthetic", train[REAL_TREC:middle])
    second = fill(folder, "synthetic", train[middle:])
    return [f"one half=job:{first}", f"other half=job:{second}"]


def workbench(*words: str) -> dict[str, Any]:
    """Run a command; returns its ``--json`` object."""
    from workbench.cli import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main([*words, "--json", "--quiet"])
    if status not in (0, 3):  # 3: some rows were left out, as real rows whose text is a test row's are
        raise SystemExit(f"workbench {' '.join(words)}: exit status {status}")
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def project(folder: Path, labels: Sequence[str]) -> None:
    workbench("new", str(folder), "--task", "classification", "--field", "text", "--labels", ",".join(labels))


def fill(folder: Path, role: str, rows: Sequence[Row]) -> int:
    """Import rows; returns the job."""
    file = folder / f"{role}-{len(list(folder.glob('*.jsonl')))}.jsonl"
    file.write_text(
        "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows), encoding="utf-8"
    )
    return int(workbench("import", str(folder), str(file), "--as", role)["job"])


def keep_scores(folder: Path, scores: Mapping[str, Sequence[float]]) -> None:
    """What the file says of each synthetic sample beside its text, in the order of the file."""
    from workbench.project import Project
    from workbench.store import contending, curation
    from workbench.store.connection import Store

    with Store(Project(folder)) as store:
        ids = list(contending.synthetic(store))
        for name, values in scores.items():
            pairs = list(zip(ids, values, strict=True))
            for start in range(0, len(pairs), 2_000):
                curation.save_scores(store, name, pairs[start : start + 2_000], version=1, job_id=0)


def compare(folder: Path, contenders: Sequence[str]) -> dict[str, Any]:
    return workbench("evaluate", str(folder), "--compare", *contenders)


def table(result: Mapping[str, Any]) -> list[str]:
    """The comparison as a Markdown table: ``*`` really better than every other one, ``~`` a rough interval."""
    contenders = result["contenders"]
    lines = [
        "| | " + " | ".join(one["name"] for one in contenders) + " |",
        "|---|" + "---:|" * len(contenders),
        "| samples | " + " | ".join(f"{one['samples']:,}" for one in contenders) + " |",
    ]
    for name in result["differences"]:
        cells = [
            _cell(one["metrics"].get(name), best=result["best"].get(name) == place)
            for place, one in enumerate(contenders)
        ]
        if set(cells) != {"-"}:
            lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return lines


def _cell(metric: Mapping[str, Any] | None, *, best: bool) -> str:
    from workbench.evaluate.report import bracketed
    from workbench.text import number

    if metric is None or metric["value"] is None:
        return "-"
    shown = f"{'~' if metric['rough'] else ''}{number(metric['value'])}"
    marked = f"**{shown}**\\*" if best else shown
    return f"{marked} {bracketed(metric['low'], metric['high'])}".strip()


def called(result: Mapping[str, Any]) -> tuple[int, int, list[str]]:
    """(tests, of these with a real difference, the metrics that show one)."""
    tested = [(name, one) for name, ones in result["differences"].items() for one in ones if one["p"] is not None]
    real = [name for name, one in tested if one["verdict"] in ("better", "worse", "changed")]
    return len(tested), len(real), sorted(set(real))


def page(reviews: Mapping[str, Any], halves: Sequence[Mapping[str, Any]], command: str) -> str:
    counts = [called(one) for one in halves]
    wrong = sum(n > 0 for _, n, _ in counts)
    lines = [
        "# Evaluation on real data",
        "",
        f"Made by `{command}`, which makes projects, imports public data and runs `workbench evaluate --compare`. `*` and bold: "
        "really better than every other contender (5 % level, corrected for all tests of the table). `~`: a rough interval. "
        "Intervals are 95 %. What grows with the number of texts is measured at the size of the smallest contender.",
        "",
        "## Synthetic movie reviews (SuperGen) for SST-2",
        "",
        f"6,000 synthetic reviews; {REAL_SST2} real sentences of SST-2 stand for real training data and are the reference of "
        "the fidelity metrics, the other 500 are the test rows. The surest half is that with the higher mean log-probability, "
        "the random half its rival; `benchmark.real_accuracy` is what training on the real sentences gives. Contenders "
        "here share samples, for which the tests of diversity are too cautious.",
        "",
        *table(reviews),
        "",
        *[f"- {sentence}" for sentence in reviews["summary"]],
        "",
        "## Two halves of the same real questions (TREC)",
        "",
        f"{len(halves)} times the real training questions are shuffled; {REAL_TREC} of them are the reference, the rest is cut "
        "in two. The halves differ by chance alone, so every difference that is called real is a false alarm.",
        "",
        f"Comparisons with a false alarm: {wrong} of {len(halves)} ({sum(n for n, _, _ in counts)} tests in all)."
        + "".join(f" Shuffle {place}: {', '.join(names)}." for place, (_, _, names) in enumerate(counts) if names),
        "",
        "The first shuffle:",
        "",
        *table(halves[0]),
        "",
        *[f"- {sentence}" for sentence in halves[0]["summary"]],
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4, help="shuffles of the TREC questions")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of supergen_sst2 and trec")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page")
    options = parser.parse_args()
    if not (options.data / "supergen_sst2").is_dir() or not (options.data / "trec").is_dir():
        print(f"{options.data} has no supergen_sst2 and trec; there is nothing to measure.", file=sys.stderr)
        return 1
    started = time.perf_counter()
    halves = []
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["WORKBENCH_CONFIG"] = str(Path(temporary) / "no-settings-of-this-machine")
        folder = Path(temporary) / "reviews"
        reviews = compare(folder, sst2(options.data, folder))
        print(f"reviews: {time.perf_counter() - started:.0f} s")
        for seed in range(options.seeds):
            folder = Path(temporary) / f"questions-{seed}"
            halves.append(compare(folder, trec(options.data, folder, seed)))
            tests, real, names = called(halves[-1])
            print(f"halves {seed}: {real} of {tests} tests called real {names}; {time.perf_counter() - started:.0f} s")
    flags = f" --seeds {options.seeds}" if options.seeds != parser.get_default("seeds") else ""
    text = page(reviews, halves, f"python benchmarks/evaluation_tables.py{flags}")
    options.out.write_text(text, encoding="utf-8")
    print(f"wrote {options.out.name} after {time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
