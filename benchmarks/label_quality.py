"""How good label repairs are: ``python benchmarks/label_quality.py [--sets trec,banking77] [--seeds 3] [--peers]``.

Labels of real training texts are flipped to another label, all others alike. ``rankings``: how well suspected errors are
found (5 % flipped), beside cleanlab on the same probabilities with ``--peers`` (in a virtual environment that is made
once). ``repairs``: what each repair proposes, how often it is right, and the accuracy on the set's own test split of the
small classifier trained before and after it (10 and 20 % flipped). Texts come from ``../shared/data`` beside the checkout.

The gate on rankings: the list by ``label_quality`` is at least as good as cleanlab's by self-confidence on every set.
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
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy

from workbench.curate.base import Context, Item, Proposal, parse_repair
from workbench.learn.classifier import TextClassifier, out_of_fold
from workbench.learn.confident import (
    calibrate,
    label_errors,
    label_quality,
    likeliest_other,
    posterior,
)
from workbench.learn.features import text_rows

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
#: Repairs and the confidence from which their proposals are applied: none is applied by default, so that both a bold and a
#: careful choice are measured. ``None`` for soft labels.
REPAIRS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("confident_learning", (0.0, 0.5, 0.9)),
    ("mckd", (0.0, 0.5, 0.9)),
    ("freeal:refine=small_model", (0.0, 0.5, 0.9)),
    ("soft_labels", ()),
    ("label_smoothing", ()),
    ("temporal_ensembling", ()),
)
PEER = """
import json, sys, numpy
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
kept = numpy.load(sys.argv[1])
given, beliefs = kept["given"], kept["probabilities"]
found = {"flags": find_label_issues(given, beliefs, n_jobs=1).tolist()}
for method in ("self_confidence", "normalized_margin"):
    found[method] = get_label_quality_scores(given, beliefs, method=method).tolist()
print(json.dumps(found))
"""


def load(name: str, split: str) -> tuple[list[str], list[str]]:
    """Texts and labels of ``trec`` (six coarse classes) or ``banking77``, split ``train`` or ``test``."""
    if name == "trec":
        lines = (DATA / "trec" / f"{split}.txt").read_text(encoding="iso-8859-1").splitlines()
        pairs = [line.split(" ", 1) for line in lines if line.strip()]
        return [text for _, text in pairs], [label.split(":")[0] for label, _ in pairs]
    with (DATA / "banking77" / f"{split}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["category"] for row in rows]


def flipped(labels: Sequence[str], share: float, seed: int) -> list[str]:
    """The labels with ``share`` of them replaced by another one."""
    draw, names, found = random.Random(seed), sorted(set(labels)), list(labels)
    for place in draw.sample(range(len(labels)), round(share * len(labels))):
        found[place] = draw.choice([one for one in names if one != labels[place]])
    return found


def area(wrong: Any, scores: Any) -> float:
    """The area under the curve of finding ``wrong`` rows by low ``scores``."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(wrong, -numpy.asarray(scores)))


def at_k(wrong: Any, scores: Any) -> float:
    """The share of wrong rows among as many lowest scores as there are wrong rows."""
    return float(wrong[numpy.argsort(scores, kind="stable")[: wrong.sum()]].mean())


def flags(wrong: Any, chosen: Any) -> tuple[float, float]:
    """Precision and recall."""
    return float(wrong[chosen].mean()), float(wrong[chosen].sum() / wrong.sum())


def cleanlab(python: Path, given: Any, probabilities: Any) -> dict[str, Any]:
    """cleanlab's flags and rankings of the same probabilities."""
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "cleanlab"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probabilities.npz"
        numpy.savez(path, given=given, probabilities=probabilities)
        ran = subprocess.run([str(python), "-c", PEER, str(path)], capture_output=True, check=True)
    found = json.loads(ran.stdout)
    return {name: numpy.array(values) for name, values in found.items()}


def rankings(name: str, seeds: int, python: Path | None, share: float = 0.05) -> bool:
    """Prints how well errors are found, means over the seeds; whether the gate holds."""
    texts, true = load(name, "train")
    rows = text_rows(texts)
    found: dict[str, list[float]] = {}
    holds = True
    for seed in range(seeds):
        given = flipped(true, share, seed)
        began = time.perf_counter()
        result = out_of_fold(texts, given, 5, seed, rows=rows)
        crossed = time.perf_counter() - began
        column = {label: place for place, label in enumerate(result.classes)}
        labels = numpy.array([column[label] for label in given])
        wrong = labels != numpy.array([column[label] for label in true])
        began = time.perf_counter()
        calibration = calibrate(result.probabilities, labels)
        beliefs = posterior(result.probabilities, labels, calibration)
        others, sure = likeliest_other(beliefs, labels)
        chosen = label_errors(result.probabilities, labels, "class")
        extra = time.perf_counter() - began
        right = others == numpy.array([column[label] for label in true])
        shown = numpy.where(chosen, -sure, 0.0)
        one = {
            "cross-validation, seconds": crossed,
            "confident learning on top, seconds": extra,
            "estimated share of wrong labels": calibration.noise,
            "proposals by confidence, top k: label was wrong": at_k(wrong, shown),
            "proposals by confidence, top k: proposal right": float(
                right[numpy.argsort(shown, kind="stable")[: wrong.sum()]].mean()
            ),
            "proposals of .9 or more: count": float((sure[chosen] >= 0.9).sum()),
            "proposals of .9 or more: right": float(right[chosen & (sure >= 0.9)].mean()),
        }
        for rule in ("class", "noise_rate", "both"):
            precision, recall = flags(wrong, label_errors(result.probabilities, labels, rule))
            one |= {f"flags {rule}: precision": precision, f"flags {rule}: recall": recall}
        ours = {
            "self-confidence": label_quality(result.probabilities, labels),
            "normalised margin": label_quality(result.probabilities, labels, "normalised_margin"),
        }
        for title, scores in ours.items():
            one |= {f"{title}: AUC": area(wrong, scores), f"{title}: precision at k": at_k(wrong, scores)}
        if python is not None:
            theirs = cleanlab(python, labels, result.probabilities)
            precision, recall = flags(wrong, theirs["flags"])
            one |= {"cleanlab flags: precision": precision, "cleanlab flags: recall": recall}
            for title, scores in (
                ("self-confidence", theirs["self_confidence"]),
                ("normalised margin", theirs["normalized_margin"]),
            ):
                one |= {f"cleanlab {title}: AUC": area(wrong, scores)}
                one |= {f"cleanlab {title}: precision at k": at_k(wrong, scores)}
            for measure in ("AUC", "precision at k"):
                holds &= one[f"self-confidence: {measure}"] >= one[f"cleanlab self-confidence: {measure}"] - 1e-9
        for key, value in one.items():
            found.setdefault(key, []).append(value)
    print(f"{name}, {len(texts):,} texts, {share:.0%} flipped, mean over {seeds} seeds (lowest - highest)")
    for key, values in found.items():
        print(f"  {key:<55} {mean(values):>8.3f}   ({min(values):.3f} - {max(values):.3f})")
    if python is not None:
        print(f"  gate: ranking at least as good as cleanlab's self-confidence: {'met' if holds else 'MISSED'}")
    return holds


def repairs(name: str, seeds: int, share: float) -> None:
    """Prints accuracy on the real test split before and after each repair, means over the seeds, with the share of applied
    proposals that are right."""
    texts, true = load(name, "train")
    tests, gold = load(name, "test")

    def accuracy(labels: Sequence[str], soft: Sequence[Any] | None = None) -> float:
        said = TextClassifier().fit(texts, labels, soft=soft).predict(tests)
        return mean(one == other for one, other in zip(said, gold, strict=True))

    found: dict[str, list[tuple[float, ...]]] = {"right labels": [(accuracy(true),)]}
    for seed in range(seeds):
        given = flipped(true, share, seed)
        found.setdefault("flipped labels", []).append((accuracy(given),))
        items = [Item(place, text, label=label) for place, (text, label) in enumerate(zip(texts, given, strict=True))]
        context = Context(seed=seed)
        for spec, limits in REPAIRS:
            began = time.perf_counter()
            proposals = list(parse_repair(spec).propose(items, context))
            seconds = time.perf_counter() - began
            if not limits:
                soft = [None if one is None else one.soft for one in proposals]
                found.setdefault(spec, []).append((accuracy(given, soft), seconds))
            for limit in limits:
                labels = applied(given, proposals, limit)
                changed = [place for place, label in enumerate(labels) if label != given[place]]
                right = mean(labels[place] == true[place] for place in changed) if changed else float("nan")
                row = (accuracy(labels), seconds, float(len(changed)), right)
                found.setdefault(f"{spec}, applied from {limit}", []).append(row)
    print(
        f"{name}, {share:.0%} flipped: accuracy on {len(tests):,} test texts, mean over {seeds} seeds (lowest - highest)"
    )
    for key, values in found.items():
        first = [one[0] for one in values]
        line = f"  {key:<45} {mean(first):.4f} ({min(first):.4f} - {max(first):.4f})"
        if len(values[0]) > 2:
            line += f"   changed {mean(one[2] for one in values):,.0f}, right {mean(one[3] for one in values):.3f}"
        print(line)


def applied(given: Sequence[str], proposals: Sequence[Proposal | None], limit: float) -> list[str]:
    """The labels with every proposal from ``limit`` on carried out."""
    return [
        one.label if one is not None and one.label is not None and one.confidence >= limit else label
        for label, one in zip(given, proposals, strict=True)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="How good label repairs are.")
    parser.add_argument("--sets", default="trec,banking77")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="rankings,repairs")
    parser.add_argument("--shares", default="0.1,0.2", help="shares flipped for the repairs")
    parser.add_argument("--peers", action="store_true", help="cleanlab too")
    parser.add_argument(
        "--peers-folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "workbench-peers-labels",
        help="its environment",
    )
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"nothing to measure: {DATA} is missing")
        return 1
    python = options.peers_folder / "bin" / "python" if options.peers else None
    holds = True
    for name in options.sets.split(","):
        if "rankings" in options.only:
            holds &= rankings(name, options.seeds, python)
        for share in (float(one) for one in options.shares.split(",")) if "repairs" in options.only else ():
            repairs(name, options.seeds, share)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
