"""Faithfulness by a judging model: what grade does a model give a random part of the samples, and is the judge any good?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

from workbench.errors import WorkbenchError
from workbench.evaluate import rubrics
from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs
from workbench.evaluate.faithfulness.human import is_confirmed, was_reviewed
from workbench.learn.intervals import bounded_mean, is_rough, wilson
from workbench.models import judge as judging
from workbench.models.base import Answer, Request
from workbench.text import content_hash

NAME = "faithfulness.judge"
LISTED = 1000
#: From this grade on, a sample counts as right.
RIGHT = 4.0
#: Fewer samples that people decided do not tell whether a judge is any good.
CHECKED = 20

#: Samples of an audit, and others, that it takes to correct a judge by people's words.
LEAST = 30

#: A sample as it is rated: its number, and the label that stands under it.
Key = tuple[int, str | None]


@METRICS.register(NAME)
@needs("judge")
def judge(material: Material) -> list[Metric]:
    """Mean grade from 1 to 5 that the judging model gives by a rubric, with its interval (``bounded_mean``).

    G-Eval and its kin (Liu et al. 2023, arXiv 2303.16634; Zheng et al. 2023, arXiv 2306.05685). ``settings.judge.samples``
    samples are rated, drawn at random by a hash of seed and number, so that most of them are the same when samples come or
    go, and are not paid for again. As many that people decided are rated with the label that people saw, so that the judge is
    measured (``people``: agreement of "``RIGHT`` or more" with people's confirmation, Cohen's kappa, AUC of the grade),
    and as many seeds (``seeds``, the reference line). Answers without a grade are left out and counted. Where asking
    ends early (the budget), what was rated is a random part still, and counts.

    Details: ``count``, ``ratings`` by rounded grade, ``right`` {share, low, high}, ``unread``, ``failed``, ``people`` and
    ``audited`` (or None), ``seeds``, ``rubric`` (a hash: grades by different rubrics cannot be compared).
    """
    if not material.samples:
        return [_unknown("There are no samples to rate.")]
    drawn, checked, seeds = _drawn(material), _checked(material), _of(material, material.seeds)
    found, stopped = _ratings(material, _keys(drawn, checked, seeds))
    rated = [(sample, grade) for sample in drawn if (grade := found.get(_key(sample))) is not None]
    unread = [sample.id for sample in drawn if found.get(_key(sample), 0.0) is None]
    if not rated:
        return [_unknown(stopped or "The judge gave no grade: none of its answers could be read.")]
    grades = [grade for _, grade in rated]
    mean, right = sum(grades) / len(grades), sum(grade >= RIGHT for grade in grades)
    share = wilson(right, len(grades))
    width = judging.RATING.last - judging.RATING.first
    low, high = (
        judging.RATING.first + width * end
        for end in bounded_mean([(grade - judging.RATING.first) / width for grade in grades])
    )
    people, against = _people(checked, found)
    audited = _audited(material, rated, checked, found)
    reference = [grade for seed in seeds if (grade := found.get(_key(seed))) is not None]
    lowest = sorted((grade, sample.id) for sample, grade in rated if grade < RIGHT)
    details: dict[str, Any] = {
        "count": len(grades),
        "drawn": len(drawn),
        "ratings": dict(sorted(Counter(str(int(grade + 0.5)) for grade in grades).items())),
        "right": {"count": right, "share": right / len(grades), "low": share.low, "high": share.high},
        "unread": len(unread),
        "failed": sum(_key(sample) not in found for sample in drawn),
        "people": people,
        "audited": audited,
        "seeds": sum(reference) / len(reference) if reference else None,
        "seeds_count": len(reference),
        "rubric": content_hash(_prompt(material))[:12],
        "behind": {
            "lowest": [one for _, one in lowest][:LISTED],
            "unread": unread[:LISTED],
            "disagreeing": against[:LISTED],
        },
    }
    note = " ".join(filter(None, (_note(details, len(material.samples)), _trust(people), _corrected(audited), stopped)))
    return [Metric(NAME, mean, low, high, note, "of 5", "higher", details, rough=is_rough(len(grades)))]


def requests_of(material: Material) -> int:
    """How many requests the judge would get, at the most: what the ledger has is not asked again."""
    return len(_keys(_drawn(material), _checked(material), _of(material, material.seeds)))


def letters_of(material: Material) -> float:
    """Characters of what one of those requests shows, on average, without the sample."""
    texts = [len(one.text) for one in _drawn(material)]
    around = len(rubrics.question(material.task)) + len(rubrics.rubric(material.task, material.settings.judge.rubric))
    return around + sum(min(judging.LONGEST, length) for length in texts) / max(1, len(texts))


def _drawn(material: Material) -> list[Sample]:
    return _of(material, material.samples)


def _checked(material: Material) -> list[Sample]:
    """Samples that people decided, as they were when people saw them."""
    looked_at = material.samples if material.reviewed is None else material.reviewed
    decided = [sample for sample in looked_at if was_reviewed(sample) and _as_seen(sample, material)]
    return _of(material, decided)


def _as_seen(sample: Sample, material: Material) -> bool:
    """Whether it can be shown as people saw it: one that was corrected has its old label only where it is one name."""
    return sample.generated_label is not None if material.one_label else sample.person_label is None


def _of(material: Material, samples: Iterable[Sample]) -> list[Sample]:
    """``settings.judge.samples`` at random, in a random order; the same ones as long as they are there."""

    def place(sample: Sample) -> bytes:
        return hashlib.blake2b(f"{material.settings.seed}/{sample.id}".encode(), digest_size=8).digest()

    return sorted(samples, key=place)[: material.settings.judge.samples]


def _key(sample: Sample, *, seen: bool = False) -> Key:
    return sample.id, sample.generated_label if seen else sample.label


def _keys(drawn: Sequence[Sample], checked: Sequence[Sample], seeds: Sequence[Sample]) -> dict[Key, Sample]:
    """What is rated, each once, in turns: asking may end at any time."""
    lists = ([(_key(s), s) for s in drawn], [(_key(s, seen=True), s) for s in checked], [(_key(s), s) for s in seeds])
    return dict(one for one in chain.from_iterable(zip_longest(*lists)) if one is not None)


def _ratings(material: Material, keys: Mapping[Key, Sample]) -> tuple[dict[Key, float | None], str]:
    """The grade of each (None: its answer had none; not there: it was not answered), and why asking ended early."""
    ask = material.ask
    assert ask is not None
    fields = material.fields_of([number for number, _ in keys]) if material.fields_of else {}
    question, rubric = _prompt(material)

    def request(key: Key) -> Request:
        return judging.rated(question, _parts(keys[key], key[1], fields.get(key[0], {})), rubric)

    found: dict[Key, float | None] = {}
    answers, ending = iter(ask(request(key) for key in keys)), ""
    for key in keys:
        try:
            answer: Answer | None = next(answers)
        except WorkbenchError as error:  # nothing left to spend, say
            ending = f"Asking ended early: {error}"
            break
        if answer is not None:
            found[key] = judging.score_of(answer, judging.RATING)
    return found, ending


def _prompt(material: Material) -> tuple[str, str]:
    return rubrics.question(material.task), rubrics.rubric(material.task, material.settings.judge.rubric)


def _parts(sample: Sample, label: str | None, fields: Mapping[str, Any]) -> dict[str, str]:
    """What the judge is shown of a sample. Where it is one text, that is the sample's own: before a repair, say, another one
    than the store's."""
    parts = {name: judging.written(value) for name, value in fields.items() if value not in (None, "", [], {})}
    texts = parts.keys() - {"label"}
    if len(texts) <= 1:
        parts |= {next(iter(texts), "text"): sample.text}
    return parts if label is None else {**parts, "label": label}


def _people(checked: Sequence[Sample], found: Mapping[Key, float | None]) -> tuple[dict[str, Any] | None, list[int]]:
    """How the judge compares with people, and the samples on which they differ."""
    import numpy

    from workbench.learn.auc import area
    from workbench.learn.two_raters import two_raters

    both = [(one, grade) for one in checked if (grade := found.get(_key(one, seen=True))) is not None]
    if not both:
        return None, []
    confirmed = [is_confirmed(sample) for sample, _ in both]
    right = [grade >= RIGHT for _, grade in both]
    pair = two_raters(confirmed, right)
    differ = len(set(confirmed)) == 2  # else there is no pair of a confirmed and an unconfirmed one
    auc = area(numpy.array([grade for _, grade in both]), numpy.array(confirmed)).value if differ else None
    told = {
        "count": pair.items,
        "agreeing": pair.agreeing,
        "share": pair.share,
        "low": pair.ends.low,
        "high": pair.ends.high,
        "confirmed": sum(confirmed),
        "right": sum(right),
        "kappa": pair.kappa.value,
        "kappa_low": pair.kappa.low,
        "kappa_high": pair.kappa.high,
        "auc": auc,
    }
    return told, [one.id for (one, _), a, b in zip(both, confirmed, right, strict=True) if a != b]


def _audited(
    material: Material,
    rated: Sequence[tuple[Sample, float]],
    checked: Sequence[Sample],
    found: Mapping[Key, float | None],
) -> dict[str, Any] | None:
    """The share of right samples by a random audit and the judge together (``prediction_powered``).

    Only where what it assumes can hold: the audit is one simple random order of all that the data set is, as far as
    can be counted, nobody was undecided, and nothing outside of the audit was corrected since.
    """
    from workbench.learn.prediction_powered import prediction_powered

    audit = material.audit
    if audit is None or audit.always or len(audit.strata) != 1 or audit.strata[0].undecided:
        return None
    looked, wrong = set(audit.looked), set(audit.wrong)
    others = [(sample, grade) for sample, grade in rated if sample.id not in looked]
    whole = len(looked) + sum(sample.id not in looked for sample in material.samples)
    if whole != audit.strata[0].population or any(sample.label != sample.generated_label for sample, _ in others):
        return None
    grades = ((one.id, found.get(_key(one, seen=True))) for one in checked if one.id in looked)
    both = [(float(number not in wrong), float(grade >= RIGHT)) for number, grade in grades if grade is not None]
    if min(len(both), len(others)) < LEAST:
        return None
    people, judged = [said for said, _ in both], [grade for _, grade in both]
    told = prediction_powered(people, judged, [float(grade >= RIGHT) for _, grade in others])
    return None if told is None else {**told._asdict(), "audit": audit.id, "people": len(both), "others": len(others)}


def _note(details: Mapping[str, Any], population: int) -> str:
    right, lost = details["right"], details["unread"] + details["failed"]
    note = (
        f"A model rated {details['count']:,} of {population:,} samples, drawn at random: {right['share']:.0%} get {RIGHT:g} "
        f"or more ({right['low']:.0%}-{right['high']:.0%})"
    )
    return f"{note}; {lost:,} more got no grade." if lost else f"{note}."


def _corrected(audited: Mapping[str, Any] | None) -> str:
    if audited is None:
        return ""
    return (
        f"Corrected by the audit of {audited['people']:,}: {audited['share']:.0%} are right "
        f"({audited['low']:.0%}-{audited['high']:.0%}), as sure as an audit of {audited['worth']:,.0f} alone."
    )


def _trust(people: Mapping[str, Any] | None) -> str:
    if people is None:
        return (
            "Nobody has checked this judge: accept, reject or label some samples in Review (F3), then evaluate again."
        )
    kappa = people["kappa"]
    told = (
        f"kappa {_short(kappa)}" if kappa is not None else "kappa cannot be told: one of them says the same throughout"
    )
    trust = f"It agrees with people on {people['agreeing']:,} of {people['count']:,} ({told})"
    return f"{trust}, too few to trust it by." if people["count"] < CHECKED else f"{trust}."


def _short(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"


def _unknown(note: str) -> Metric:
    return Metric(NAME, None, note=note, unit="of 5", direction="higher")
