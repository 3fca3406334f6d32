"""Label errors: ``python benchmarks/label_errors.py [--rounds 3] [--sets banking77,trec] [--peers]``.

One label in twenty is flipped to another one, drawn evenly; then the ranked list is made: five-fold probabilities by the
workbench's classifier (TF-IDF and logistic regression), and from them how likely each given label is wrong. Printed are
precision among the first k (k: the number of flips), the area under the ROC curve, and precision and recall of the flags,
beside ranking by self-confidence (1 minus the probability of the given label) on the same probabilities; and the seconds
of the whole list against those of the cross-validation alone.

``--peers`` runs cleanlab on the same probabilities, and on those of a plain scikit-learn cross-validation
(``TfidfVectorizer`` and ``LogisticRegression``), in a virtual environment that it makes once (``--peers-folder``). Texts
come from ``../shared/data`` beside the checkout.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import numpy

from workbench.learn import confident
from workbench.learn.classifier import out_of_fold

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"


def banking77() -> list[tuple[str, str]]:
    with (DATA / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def trec() -> list[tuple[str, str]]:
    lines = (DATA / "trec" / "train.txt").read_text(encoding="latin-1").splitlines()
    return [(text, label.partition(":")[0]) for label, _, text in (line.partition(" ") for line in lines)]


SETS = {"banking77": banking77, "trec": trec}


def flipped(labels: list[str], seed: int) -> tuple[list[str], Any]:
    """(labels with one in twenty wrong, which are (n,) bool)."""
    rng, names = random.Random(seed), sorted(set(labels))
    chosen = rng.sample(range(len(labels)), len(labels) // 20)
    wrong, result = numpy.zeros(len(labels), bool), list(labels)
    for index in chosen:
        result[index] = rng.choice([name for name in names if name != labels[index]])
    wrong[chosen] = True
    return result, wrong


def ranked(suspicion: Any, wrong: Any) -> dict[str, float]:
    """``suspicion`` (n,), the highest the most suspect: precision among the first k, and the area under the ROC curve."""
    order = numpy.argsort(-suspicion, kind="stable")
    _, inverse, counts = numpy.unique(suspicion, return_inverse=True, return_counts=True)
    ranks = (numpy.cumsum(counts) - (counts - 1) / 2)[inverse]  # equals share the mean of their ranks
    flips = int(wrong.sum())
    area = (ranks[wrong].sum() - flips * (flips + 1) / 2) / (flips * (len(wrong) - flips))
    return {"precision@k": float(wrong[order[:flips]].mean()), "AUC": float(area)}


def flags(rule: str, chosen: Any, wrong: Any) -> dict[str, float]:
    right = int((chosen & wrong).sum())
    return {f"P by {rule}": right / max(1, int(chosen.sum())), f"R by {rule}": right / int(wrong.sum())}


def ours(texts: list[str], labels: list[str], wrong: Any) -> tuple[dict[str, dict[str, float]], Any, Any]:
    """(figures by what they are of, probabilities, given labels as columns)."""
    began = time.perf_counter()
    result = out_of_fold(texts, labels)
    crossed = time.perf_counter()
    given = numpy.searchsorted(result.classes, labels)
    probabilities = result.probabilities
    suspicion = (
        1
        - confident.posterior(probabilities, given, confident.calibrate(probabilities, given))[
            numpy.arange(len(given)), given
        ]
    )
    chosen = confident.label_errors(probabilities, given, "class")
    numpy.argsort(-suspicion, kind="stable")
    ended = time.perf_counter()
    both = confident.label_errors(probabilities, given, "both")
    found = {
        "self-confidence": ranked(1 - confident.label_quality(probabilities, given), wrong),
        "normalised margin": ranked(1 - confident.label_quality(probabilities, given, "normalised_margin"), wrong),
        "posterior (ours)": ranked(suspicion, wrong) | flags("class", chosen, wrong) | flags("both", both, wrong),
        "seconds": {"cross-validation": crossed - began, "ratio": (ended - began) / (crossed - began)},
    }
    return found, probabilities, given


PEER = """
import json, sys, time
import numpy
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
task = json.load(open(sys.argv[1], encoding="utf-8"))
given, loaded = numpy.array(task["given"]), numpy.load(sys.argv[2])
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
began = time.perf_counter()
model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
plain = cross_val_predict(model, task["texts"], given, cv=5, method="predict_proba")
result = {"seconds": time.perf_counter() - began}
for name, rows in (("ours", loaded), ("plain", plain)):
    quality = get_label_quality_scores(given, rows)
    result[name] = {"quality": quality.tolist()}
    for rule, theirs in (("class", "prune_by_class"), ("both", "both")):
        issues = find_label_issues(given, rows, filter_by=theirs, n_jobs=1)
        result[name][rule] = issues.nonzero()[0].tolist()
json.dump(result, open(sys.argv[3], "w"))
"""


def peer(folder: Path, texts: list[str], given: Any, probabilities: Any, wrong: Any) -> dict[str, dict[str, float]]:
    """cleanlab's figures; its environment is made on first use."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "cleanlab", "scikit-learn"], check=True)
    with tempfile.TemporaryDirectory() as place:
        task, rows, answer = Path(place) / "task.json", Path(place) / "rows.npy", Path(place) / "answer.json"
        task.write_text(json.dumps({"texts": texts, "given": given.tolist()}), encoding="utf-8")
        numpy.save(rows, probabilities)
        subprocess.run([str(python), "-W", "ignore", "-c", PEER, *map(str, (task, rows, answer))], check=True)
        result = json.loads(answer.read_text(encoding="utf-8"))
    found = {"seconds of scikit-learn": {"cross-validation": result["seconds"]}}
    for name in ("ours", "plain"):
        figures = ranked(1 - numpy.array(result[name]["quality"]), wrong)
        for rule in ("class", "both"):
            chosen = numpy.zeros(len(wrong), bool)
            chosen[result[name][rule]] = True
            figures |= flags(rule, chosen, wrong)
        found[f"cleanlab on {name} probabilities"] = figures
    return found


def measure(name: str, rounds: int, peers: Path | None) -> None:
    rows = SETS[name]()
    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    all_rounds = []
    for seed in range(rounds):
        noisy, wrong = flipped(labels, seed)
        found, probabilities, given = ours(texts, noisy, wrong)
        if peers is not None:
            found |= peer(peers, texts, given, probabilities, wrong)
        all_rounds.append(found)
    print(
        f"{name}: {len(texts):,} texts, {len(set(labels))} labels, 5 % flipped; mean (lowest-highest) of {rounds} draws"
    )
    for what in all_rounds[0]:
        line = []
        for figure in all_rounds[0][what]:
            values = [one[what][figure] for one in all_rounds]
            line.append(f"{figure} {mean(values):.3f} ({min(values):.3f}-{max(values):.3f})")
        print(f"  {what:<36} {'   '.join(line)}")
    print("  gate: the list at least as good as self-confidence; ratio of seconds <= 1.2")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="draws of the flipped labels")
    parser.add_argument("--sets", default=",".join(SETS), help="which data sets")
    parser.add_argument("--peers", action="store_true", help="cleanlab too")
    parser.add_argument(
        "--peers-folder", type=Path, default=Path(tempfile.gettempdir()) / "workbench-cleanlab", help="its environment"
    )
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"nothing to measure: {DATA} is missing")
        return 1
    for name in options.sets.split(","):
        measure(name, options.rounds, options.peers_folder if options.peers else None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
