"""Class balance: how evenly the labels are used."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs
from workbench.evaluate.estimates import CHECKED_FROM


@METRICS.register("label.balance")
@needs("labels")
def label_balance(material: Material) -> list[Metric]:
    """Normalised entropy of the label distribution: ``- sum_c p_c log p_c / log k``, from 0 (one label) to 1 (even).

    k is the number of the project's labels, so that a label nobody generated lowers the value. Labels outside the
    project and unlabelled samples are counted apart. Details: ``counts`` and ``seed_counts`` per label, ``unlabelled``,
    ``unknown``, and ``seeds``, the same value for the seeds. Shannon's evenness (Pielou, 1966). Interval: ``ends``.
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
    low, high = ends(list(per_label.values()))
    details["seeds_low"], details["seeds_high"] = ends(list(per_label_seeds.values()))
    note = _note(value, labels, per_label)
    rough = low is not None and sum(per_label.values()) < CHECKED_FROM
    return [Metric("label.balance", value, low, high, note, direction="higher", details=details, rough=rough)]


def evenness(counts: Iterable[int]) -> float | None:
    """Normalised entropy of ``counts``; None for fewer than two classes or no items."""
    numbers = list(counts)
    total = sum(numbers)
    if total == 0 or len(numbers) < 2:
        return None
    entropy = -sum(number / total * math.log(number / total) for number in numbers if number)
    return min(1.0, max(0.0, entropy / math.log(len(numbers))))


def ends(counts: Sequence[int]) -> tuple[float | None, float | None]:
    """95 % interval of ``evenness`` for labels drawn independently; (None, None) for fewer than three items.

    Centre ``H + (k-1)/2n`` and variance ``var(ln p)/n + (k-1)/2n^2`` (Basharin 1959; Harris 1975): the second term stays
    where labels are even and the first vanishes. Widened to hold the value, which lies below that centre.
    """
    n, value = sum(counts), evenness(counts)
    if value is None or n < 3:
        return None, None
    shares = [number / n for number in counts if number]
    entropy = -sum(share * math.log(share) for share in shares)
    first = sum(share * math.log(share) ** 2 for share in shares) - entropy**2
    free = len(shares) - 1
    error = math.sqrt(max(0.0, first) / n + free / (2 * n * n))
    centre, scale = entropy + free / (2 * n), math.log(len(counts))
    low, high = ((centre + side * 1.96 * error) / scale for side in (-1, 1))
    return max(0.0, min(low, value)), min(1.0, max(high, value))


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
