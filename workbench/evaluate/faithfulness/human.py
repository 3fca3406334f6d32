"""Label faithfulness by people: how many of the generated labels that somebody looked at were right?"""

from __future__ import annotations

from collections import Counter

from workbench.evaluate.base import METRICS, Material, Metric, Sample
from workbench.learn.intervals import wilson

NAME = "faithfulness.human"
LISTED = 1000
_DECIDED = frozenset({"accepted", "rejected"})


@METRICS.register(NAME)
def human(material: Material) -> list[Metric]:
    """Share of reviewed samples whose generated label a person confirmed, with a Wilson interval.

    Reviewed: a person gave a label, accepted or rejected. Confirmed: not rejected, and the person's label is the
    generated one (accepting without a label confirms it). Where samples do not have one label each, whole samples are
    confirmed by accepting them with the label that they came with. Taken from ``material.reviewed``, which holds rejected
    samples too, else from the data set. The interval is about the whole data set only if the reviewed samples were
    picked at random: a review of the least certain first reads too low. Details: ``per_label`` [confirmed, reviewed],
    ``corrected`` and ``rejected`` ids (at most 1,000 each).
    """
    looked_at = material.samples if material.reviewed is None else material.reviewed
    reviewed = [
        sample
        for sample in looked_at
        if (sample.generated_label is not None or not material.one_label) and was_reviewed(sample)
    ]
    if not reviewed:
        note = "Nobody has looked at these samples yet: accept, reject or label some in Review (F3)."
        return [Metric(NAME, None, note=note, unit="share", direction="higher")]
    right = [sample for sample in reviewed if is_confirmed(sample)]
    low, high = wilson(len(right), len(reviewed))
    rejected = [sample.id for sample in reviewed if sample.person_status == "rejected"]
    corrected = [s.id for s in reviewed if s.person_status != "rejected" and not is_confirmed(s)]
    every, good = (Counter(str(sample.generated_label) for sample in group) for group in (reviewed, right))
    details = {
        "count": len(reviewed),
        "confirmed": len(right),
        "per_label": {label: [good[label], every[label]] for label in sorted(every)} if material.one_label else {},
        "corrected": corrected[:LISTED],
        "corrected_count": len(corrected),
        "rejected": rejected[:LISTED],
        "rejected_count": len(rejected),
    }
    what = "labels" if material.one_label else "samples"
    note = (
        f"{len(right):,} of {len(reviewed):,} reviewed {what} confirmed, {len(corrected):,} corrected, "
        f"{len(rejected):,} rejected; holds for the whole set if they were picked at random, as an audit does (P in Review)."
    )
    return [Metric(NAME, len(right) / len(reviewed), low, high, note, "share", "higher", details)]


def was_reviewed(sample: Sample) -> bool:
    """Whether a person decided about the sample; a flag or a note alone is no decision."""
    return sample.person_label is not None or sample.person_status in _DECIDED


def is_confirmed(sample: Sample) -> bool:
    """Whether the person's decision agrees with the generated label."""
    return sample.person_status != "rejected" and sample.person_label in (None, sample.generated_label)
