"""Class balance: how evenly the labels are used."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs


@METRICS.register("label.balance")
@needs("labels")
def label_balance(material: Material) -> list[Metric]:
    """Normalised entropy of the label distribution: ``- sum_c p_c log p_c / log k``, from 0 (one label) to 1 (even).

    k is the number of the project's labels, so that a label nobody generated lowers the value. Labels outside the
    project and unlabelled samples are counted apart. Details: ``counts`` and ``seed_counts`` per label, ``unlabelled``,
    ``unknown``, and ``seeds``, the same value for the seeds. Shannon's evenness (Pielou, 1966).
    """
    labels = list(material.labels) or sorted(_counted(material.samples))
    counts = _counted(material.samples)
    per_label = {label: counts.get(label, 0) for label in labels}
    seed_counts = _counted(material.seeds)
    per_label_seeds = {label: seed_counts.get(label, 0) for label in labels}
    unknown = sum(number for label, number in counts.items() if label not in per_label)
    details = {
        "counts": per_label,
        "seed_counts": per_label_seeds,
        "unlabelled": sum(sample.label is None for sample in material.samples),
        "unknown": unknown,
        "seeds": evenness(per_label_seeds.values()),
    }
    value = evenness(per_label.values())
    return [
        Metric(
            "label.balance", value, note=_note(value, labels, per_label), direction="higher", unit="", details=details
        )
    ]


def evenness(counts: Iterable[int]) -> float | None:
    """Normalised entropy of ``counts``; None for fewer than two classes or no items."""
    numbers = list(counts)
    total = sum(numbers)
    if total == 0 or len(numbers) < 2:
        return None
    entropy = -sum(number / total * math.log(number / total) for number in numbers if number)
    return min(1.0, max(0.0, entropy / math.log(len(numbers))))


def _note(value: float | None, labels: Sequence[str], counts: Mapping[str, int]) -> str:
    if len(labels) < 2:
        return "Balance needs at least two labels: add labels to project.yaml."
    if value is None:
        return "No sample of the data set has one of the project's labels: label some, or generate."
    least, most = min(labels, key=lambda label: counts[label]), max(labels, key=lambda label: counts[label])
    missing = sum(not counts[label] for label in labels)
    absent = f"; {missing} without a sample" if missing else ""
    return f"{len(labels)} labels, from {counts[least]:,} ({least}) to {counts[most]:,} ({most}) samples{absent}."


def _counted(samples: Sequence[Sample]) -> Counter[str]:
    return Counter(sample.label for sample in samples if sample.label is not None)
