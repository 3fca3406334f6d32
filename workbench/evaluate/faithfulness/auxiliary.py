"""Label faithfulness by an auxiliary model: does a classifier trained on real seeds agree with the generated labels?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs
from workbench.evaluate.downstream import labelled
from workbench.learn.intervals import is_rough, wilson

NAME = "faithfulness.auxiliary"
#: Disagreeing samples listed in the details, those the classifier is surest of first.
LISTED = 1000


@METRICS.register(NAME)
@needs("labels")
def auxiliary(material: Material) -> list[Metric]:
    """Share of samples with ``f(x) = y``: f a classifier trained on the seeds, y the generated label; Wilson interval.

    A wrong classifier disagrees with right labels, so the value is read beside the classifier's own gold accuracy:
    out-of-fold on the seeds (details ``gold_accuracy``, ``gold_low``, ``gold_high``; None when no label has two seeds).
    Details: ``per_label`` [agreeing, all] with Wilson's ``per_label_intervals``, and ``disagreeing`` ids with what the
    classifier says and how surely, at most 1,000 (``disagreeing_count`` says of how many); the ids alone are
    ``behind["disagreeing"]``, the surest first.

    The value is not corrected for the classifier's errors: that takes errors on samples that are those on real rows,
    which nothing here can check.
    """
    seeds = labelled(material.seeds, material.labels)
    generated = [sample for sample in material.samples if sample.generated_label is not None]
    if len({sample.label for sample in seeds}) < 2:
        return [_unknown("Seeds of at least two labels are needed: `workbench import PROJECT FILE --as seed`.")]
    if not generated:
        return [_unknown("No sample has a generated label: generate some, or choose another view.")]
    from workbench.learn.classifier import TextClassifier

    texts, labels = [sample.text for sample in seeds], [str(sample.label) for sample in seeds]
    model = TextClassifier().fit(texts, labels, seed=material.seed)
    probabilities = model.probabilities([sample.text for sample in generated])
    best = probabilities.argmax(axis=1)
    surest = probabilities.max(axis=1)
    said = [str(model.classes[position]) for position in best]
    agreed = [label == sample.generated_label for label, sample in zip(said, generated, strict=True)]
    against = [position for position, same in enumerate(agreed) if not same]
    against.sort(key=lambda position: -float(surest[position]))

    correct, checked = _out_of_fold(seeds, material.seed)
    gold = wilson(correct, checked) if checked else None
    low, high = wilson(sum(agreed), len(agreed))
    per_label = _per_label(generated, agreed)
    details: dict[str, Any] = {
        "count": len(agreed),
        "agreeing": sum(agreed),
        "gold_accuracy": correct / checked if checked else None,
        "gold_low": gold.low if gold else None,
        "gold_high": gold.high if gold else None,
        "gold_count": checked,
        "per_label": per_label,
        "per_label_intervals": {label: list(wilson(*counts)) for label, counts in per_label.items()},
        "disagreeing": [[generated[i].id, said[i], float(surest[i])] for i in against[:LISTED]],
        "disagreeing_count": len(against),
        "behind": {"disagreeing": [generated[i].id for i in against[:LISTED]]},
    }
    trust = (
        f"itself right on {correct / checked:.0%} of them ({gold.low:.0%}-{gold.high:.0%}, out of fold)"
        if gold
        else "its own accuracy is unknown: give each label at least two seeds"
    )
    note = f"A classifier trained on {len(seeds):,} seeds agrees with {sum(agreed):,} of {len(agreed):,}; {trust}."
    share = sum(agreed) / len(agreed)
    rough = is_rough(len(agreed), share)
    return [Metric(NAME, share, low, high, note, "share", "higher", details, rough=rough)]


def _out_of_fold(seeds: Sequence[Sample], seed: int) -> tuple[int, int]:
    """How many seeds are predicted rightly by classifiers that did not see them, and how many were predicted."""
    from workbench.learn.classifier import out_of_fold

    labels = [str(sample.label) for sample in seeds]
    held_out = out_of_fold([sample.text for sample in seeds], labels, folds=5, seed=seed)
    best = held_out.probabilities.argmax(axis=1)
    # A label with a single seed cannot be held out and learned at the same time: that seed is not judged.
    right = [held_out.classes[i] == label for i, label in zip(best, labels, strict=True)]
    judged = held_out.judged.tolist()
    return sum(hit for hit, fair in zip(right, judged, strict=True) if fair), sum(judged)


def _per_label(samples: Sequence[Sample], agreed: Sequence[bool]) -> dict[str, list[int]]:
    every = Counter(sample.generated_label for sample in samples)
    same = Counter(sample.generated_label for sample, agrees in zip(samples, agreed, strict=True) if agrees)
    return {str(label): [same[label], every[label]] for label in sorted(every, key=str)}


def _unknown(note: str) -> Metric:
    return Metric(NAME, None, note=note, unit="share", direction="higher")
