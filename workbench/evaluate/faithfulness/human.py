"""Label faithfulness by people: how many of the generated labels that somebody looked at were right?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from workbench.evaluate.base import METRICS, Audited, Material, Metric, Sample
from workbench.learn.audits import Bounds, Count, sequence, stratified
from workbench.learn.audits import wilson as finite
from workbench.learn.intervals import is_rough, wilson

NAME = "faithfulness.human"
LISTED = 1000
_DECIDED = frozenset({"accepted", "rejected"})


@METRICS.register(NAME)
def human(material: Material) -> list[Metric]:
    """Share of samples whose label people found right, from an audit where there is one, else from all that was reviewed.

    An audit looks at samples in random order, so its share holds for the whole view that it was begun for: Wilson's
    interval with the finite-population correction where its number was set beforehand, a confidence sequence where it
    may end at any time (``learn.audits``). Where labels took turns, they weigh by their shares in the view, and intervals
    are put together by recovering variances (Zou & Donner 2008). A sample without a decision may be right or wrong at
    either end.

    Otherwise: the reviewed samples (a person gave a label, accepted or rejected) that were confirmed: not rejected, and
    the person's label is the generated one (accepting without a label confirms it); where samples do not have one label
    each, whole samples are confirmed by accepting them with the label that they came with. They were chosen by people or by
    a strategy, and a review of the least certain first reads too low. Taken from ``material.reviewed``, which holds
    rejected samples too, else from the data set.

    Details: ``source`` ("audit" or "review"), ``audit`` {id, view, population, looked, labels, kind}, ``reviewed`` the share of
    all that was reviewed with its Wilson interval, ``chosen_count`` those of them that no audit drew, ``per_label``
    [confirmed, reviewed], ``per_label_intervals``, ``weighted``: the reviewed by label, weighted by the labels' shares in the
    data set; ``corrected`` and ``rejected`` ids (at most 1,000 each). ``behind["wrong"]``: all that were found wrong.
    """
    looked_at = material.samples if material.reviewed is None else material.reviewed
    reviewed = [
        sample
        for sample in looked_at
        if (sample.generated_label is not None or not material.one_label) and was_reviewed(sample)
    ]
    audit = material.audit
    if not reviewed and audit is None:
        note = "Nobody has looked at these samples yet: accept, reject or label some in Review (F3)."
        return [Metric(NAME, None, note=note, unit="share", direction="higher")]
    details, wrong = _reviewed(material, reviewed)
    if audit is not None and (metric := _audited(audit, details, wrong)) is not None:
        return [metric]
    if not reviewed:
        note = (
            f"Audit {audit.id if audit else ''} has no decision yet: accept, reject or label its samples in Review (P)."
        )
        return [Metric(NAME, None, note=note, unit="share", direction="higher")]
    details |= {"source": "review", "behind": {"wrong": wrong[:LISTED]}}
    what = "labels" if material.one_label else "samples"
    note = (
        f"{details['confirmed']:,} of {len(reviewed):,} reviewed {what} confirmed, {details['corrected_count']:,} "
        f"corrected, {details['rejected_count']:,} rejected; chosen, not drawn: it holds for the whole set only if they "
        "were picked at random, as an audit does (P in Review)."
    )
    share = details["confirmed"] / len(reviewed)
    low, high = wilson(details["confirmed"], len(reviewed))
    rough = is_rough(len(reviewed), share)
    return [Metric(NAME, share, low, high, note, "share", "higher", details, rough=rough)]


def _reviewed(material: Material, reviewed: Sequence[Sample]) -> tuple[dict[str, Any], list[int]]:
    """Details of all that people decided, whoever chose it, and the ids of what they found wrong."""
    right = [sample for sample in reviewed if is_confirmed(sample)]
    rejected = [sample.id for sample in reviewed if sample.person_status == "rejected"]
    corrected = [s.id for s in reviewed if s.person_status != "rejected" and not is_confirmed(s)]
    every, good = (Counter(str(sample.generated_label) for sample in group) for group in (reviewed, right))
    per_label = {label: [good[label], every[label]] for label in sorted(every)} if material.one_label else {}
    drawn = set(material.audit.looked) if material.audit is not None else set()
    details: dict[str, Any] = {
        "count": len(reviewed),
        "confirmed": len(right),
        "chosen_count": sum(sample.id not in drawn for sample in reviewed),
        "per_label": per_label,
        "per_label_intervals": {label: list(wilson(*counts)) for label, counts in per_label.items()},
        "corrected": corrected[:LISTED],
        "corrected_count": len(corrected),
        "rejected": rejected[:LISTED],
        "rejected_count": len(rejected),
        "reviewed": None,
        "weighted": _weighted(material, reviewed, per_label),
    }
    if reviewed:
        low, high = wilson(len(right), len(reviewed))
        details["reviewed"] = {"share": len(right) / len(reviewed), "low": low, "high": high}
    return details, [*corrected, *rejected]


def _weighted(
    material: Material, reviewed: Sequence[Sample], per_label: dict[str, list[int]]
) -> dict[str, float] | None:
    """The reviewed by label, each label with its share in the data set; None where a label was not reviewed."""
    if not per_label:
        return None
    inside = {sample.id: sample.generated_label for sample in (*material.samples, *reviewed)}
    sizes = Counter(label for label in inside.values() if label is not None)
    counts = [
        Count(size, per_label[label][0], per_label[label][1] - per_label[label][0])
        for label, size in sorted(sizes.items())
        if label in per_label
    ]
    if len(counts) < len(sizes):
        return None
    share, bounds = stratified(counts, always=False)
    return None if share is None else {"share": share, "low": bounds.low, "high": bounds.high}


def _audited(audit: Audited, details: dict[str, Any], wrong: Sequence[int]) -> Metric | None:
    """The metric from an audit; None where nothing is decided yet."""
    counts = [Count(one.population, one.right, one.wrong, one.undecided) for one in audit.strata]
    decided = sum(count.right + count.wrong for count in counts)
    if not decided:
        return None
    by_label = len(counts) > 1 or (bool(counts) and audit.strata[0].label is not None)
    interval = sequence if audit.always else finite
    share, bounds = (
        stratified(counts, always=audit.always) if by_label else (counts[0].accuracy, interval(counts[0], 0.05))
    )
    looked, undecided = sum(count.looked for count in counts), sum(count.undecided for count in counts)
    population = sum(count.population for count in counts)
    kind = "confidence sequence" if audit.always else "Wilson, finite population"
    found: dict[str, Any] = {
        "id": audit.id,
        "view": audit.view,
        "population": population,
        "looked": looked,
        "undecided": undecided,
        "kind": kind + (", by label" if by_label else ""),
        "labels": {
            str(one.label): _stratum(count, interval(count, 0.05))
            for one, count in zip(audit.strata, counts, strict=True)
            if by_label
        },
    }
    listed = dict.fromkeys([*audit.wrong, *wrong])
    details |= {"source": "audit", "audit": found, "behind": {"wrong": list(listed)[:LISTED]}}
    weighing = ", labels weighing by their number" if by_label else ""
    note = f"Audit {audit.id}: {looked:,} of {population:,} looked at in random order{weighing} ({kind})."
    if undecided:
        note += f" {undecided:,} undecided."
    if share is None:
        # A label of which nothing was decided: there is no share of the whole, but there are bounds.
        note += " A label has no decision yet, so there is no share of the whole."
        details["bounds"] = [bounds.low, bounds.high]
        return Metric(NAME, None, note=note, unit="share", direction="higher", details=details)
    if details["chosen_count"]:
        note += f" Another {details['chosen_count']:,} reviewed samples were chosen, not drawn, and do not count here."
    # The sequence holds at any number. Wilson's, put together over labels, falls to 0.90 where a label has few or rare errors.
    rough = not audit.always and any(is_rough(one.right + one.wrong, one.accuracy) for one in counts)
    return Metric(NAME, share, bounds.low, bounds.high, note, "share", "higher", details, rough=rough)


def _stratum(count: Count, bounds: Bounds) -> dict[str, Any]:
    return {
        "population": count.population,
        "right": count.right,
        "wrong": count.wrong,
        "undecided": count.undecided,
        "low": bounds.low,
        "high": bounds.high,
    }


def was_reviewed(sample: Sample) -> bool:
    """Whether a person decided about the sample; a flag or a note alone is no decision."""
    return sample.person_label is not None or sample.person_status in _DECIDED


def is_confirmed(sample: Sample) -> bool:
    """Whether the person's decision agrees with the generated label."""
    return sample.person_status != "rejected" and sample.person_label in (None, sample.generated_label)
