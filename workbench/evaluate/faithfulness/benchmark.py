"""Faithfulness against known answers: where a sample's input is that of a real row, is its answer the real one?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from workbench.evaluate.base import METRICS, Material, Metric, Sample
from workbench.evaluate.faithfulness.answers import jaccard, leaves, overlap, plain, token_f1
from workbench.learn.intervals import is_rough, wilson
from workbench.text import normalise

NAME = "faithfulness.benchmark"
LISTED = 1000
NOTHING = (
    "No sample has the text of a labelled real row: label some of the rows that were annotated, or import a labelled part "
    "of them (`workbench import PROJECT FILE --as test`)."
)
#: Kinds whose answers are words of one's own: many are right, so none is known.
_OPEN = frozenset({"instruction", "dialogue", "preference"})


@dataclass(frozen=True, slots=True)
class _Answer:
    """A sample's answer beside those that are known for its input. ``only_test``: no row but test rows knows them."""

    id: int
    given: Any
    known: Sequence[Any]
    only_test: bool


@METRICS.register(NAME)
def benchmark(material: Material) -> list[Metric]:
    """Share of samples whose answer is the known one, of those whose input is a real row's, normalised; Wilson interval.

    Such samples arise where rows are annotated, or where a recipe turns real inputs into samples. Known answers come from
    seeds, real rows, validation rows and test rows. The same means: for one label, the same; for several, the same set;
    for a number, less than half a step of the scale apart; for an object, the same values by path; for question
    answering, an equal answer to the same question and context after SQuAD's normalisation. What the sample came with
    counts, not what people made of it. Where an input has several known answers, one of them is enough.

    Details: ``partly``, the mean overlap (F1 of words or values, Jaccard of label sets, distance of numbers), ``per_label``
    [right, all], ``test``: how many rest on test rows alone. ``behind["wrong"]`` leaves those out, so that nobody works on
    samples because a test row says that they are wrong.
    """
    kind = material.task.kind if material.task is not None else ""
    shape = "one" if material.one_label else material.task.label_shape if material.task is not None else "none"
    if shape == "none" and kind != "question_answering":
        what = "has many right answers to one input" if kind in _OPEN else "has no label"
        return [_unknown(f"A task of this kind {what}, so there are no known ones to compare with.")]
    if shape == "one":
        answers = list(_labels(material))
    elif kind == "question_answering":
        if material.fields_of is None:
            return [_unknown("The samples' fields are needed and were not read.")]
        answers = list(_questions(material, material.fields_of))
    else:
        if material.labels_of is None:
            return [_unknown("The samples' labels are needed and were not read.")]
        answers = list(_values(material, material.labels_of))
    own = {row.id for part in _parts(material) for row in part}  # a view may hold seeds: they know only themselves
    answers = [one for one in answers if one.id not in own]
    if not answers:
        return [_unknown(NOTHING)]
    return [_scored(answers, kind if shape in ("none", "optional") else shape, _step(material))]


def _scored(answers: Sequence[_Answer], shape: str, step: float) -> Metric:
    right = [any(_same(answer.given, known, shape, step) for known in answer.known) for answer in answers]
    n, good = len(answers), sum(right)
    low, high = wilson(good, n)
    wrong = [answer.id for answer, fine in zip(answers, right, strict=True) if not fine and not answer.only_test]
    tested = [fine for answer, fine in zip(answers, right, strict=True) if answer.only_test]
    details: dict[str, Any] = {
        "count": n,
        "right": good,
        "wrong_count": len(wrong),
        "test": {"count": len(tested), "right": sum(tested)},
        "partly": _partly(answers, shape),
        "per_label": {},
        "behind": {"wrong": wrong[:LISTED]},
    }
    if shape == "one":
        every = Counter(str(answer.given) for answer in answers)
        fine = Counter(str(answer.given) for answer, same in zip(answers, right, strict=True) if same)
        details["per_label"] = {label: [fine[label], every[label]] for label in sorted(every)}
    note = f"{good:,} of the {n:,} samples whose input is a real row's have that row's answer."
    if tested:
        note += f" {len(tested):,} of them are known from test rows alone, and are not listed."
    return Metric(NAME, good / n, low, high, note, "share", "higher", details, rough=is_rough(n, good / n))


def _labels(material: Material) -> Iterator[_Answer]:
    """Samples with one label each, and the labels of the real rows with the same text."""
    known, trusted = _known(material, lambda rows: ((row, normalise(row.text), row.label) for row in rows))
    for sample in material.samples:
        if sample.generated_label is not None and (found := known.get(text := normalise(sample.text))):
            yield _Answer(sample.id, sample.generated_label, found, text not in trusted)


def _values(material: Material, labels_of: Any) -> Iterator[_Answer]:
    """Samples with labels of another shape, which are read for those alone whose text is a real row's."""
    texts = {normalise(sample.text) for sample in material.samples}
    rows = [row for part in _parts(material) for row in part if normalise(row.text) in texts]
    labels: Mapping[int, Any] = labels_of([row.id for row in rows])
    known, trusted = _known(material, lambda part: ((row, normalise(row.text), labels.get(row.id)) for row in part))
    matched = [sample for sample in material.samples if normalise(sample.text) in known]
    given: Mapping[int, Any] = labels_of([sample.id for sample in matched])
    for sample in matched:
        if given.get(sample.id) is not None:
            text = normalise(sample.text)
            yield _Answer(sample.id, given[sample.id], known[text], text not in trusted)


def _questions(material: Material, fields_of: Any) -> Iterator[_Answer]:
    """Questions with their answers, and the answers of the real rows that ask the same about the same passage."""
    rows = [row.id for part in _parts(material) for row in part]
    if not rows:
        return
    fields: Mapping[int, Mapping[str, Any]] = fields_of(rows)
    known, trusted = _known(material, lambda part: ((row, *_asked(fields.get(row.id, {}))) for row in part))
    samples: Mapping[int, Mapping[str, Any]] = fields_of([sample.id for sample in material.samples])
    for sample in material.samples:
        question, answer = _asked(samples.get(sample.id, {}))
        if answer is not None and question in known:
            yield _Answer(sample.id, answer, known[question], question not in trusted)


def _asked(fields: Mapping[str, Any]) -> tuple[str, str | None]:
    question, answer = str(fields.get("question") or ""), fields.get("answer")
    text = f"{normalise(str(fields.get('context') or ''))}\n{normalise(question)}"
    return text, answer if question.strip() and isinstance(answer, str) else None


def _known(material: Material, read: Any) -> tuple[dict[str, list[Any]], set[str]]:
    """Known answers by input, and the inputs that other rows than test rows know. ``read`` gives (row, input, answer)."""
    known: dict[str, list[Any]] = {}
    trusted: set[str] = set()
    *others, test = _parts(material)
    for part, is_test in ((others, False), ([test], True)):
        for rows in part:
            for _, asked, answer in read(rows):
                if answer is not None:
                    answers = known.setdefault(asked, [])
                    if answer not in answers:
                        answers.append(answer)
                    if not is_test:
                        trusted.add(asked)
    return known, trusted


def _parts(material: Material) -> tuple[Sequence[Sample], ...]:
    """The rows that may know an answer; test rows last."""
    return material.seeds, material.real, material.validation, material.test


def _same(given: Any, known: Any, shape: str, step: float) -> bool:
    if shape == "number":
        return isinstance(given, (int, float)) and abs(given - known) < step / 2
    if shape == "many":
        return set(_names(given)) == set(_names(known))
    if shape == "object":
        return leaves(given) == leaves(known)
    if shape == "question_answering":
        return plain(given) == plain(known)
    return bool(given == known)


def _partly(answers: Sequence[_Answer], shape: str) -> float | None:
    """How near answers are on average, each to the nearest known one; None where there is only same or not."""
    if shape == "number":
        apart = [min(abs(one.given - known) for known in one.known) for one in answers if _is_number(one.given)]
        return fmean(apart) if apart else None
    measure = {
        "many": lambda a, b: jaccard(_names(a), _names(b)),
        "object": overlap,
        "question_answering": token_f1,
    }.get(shape)
    if measure is None:
        return None
    return fmean(max(measure(answer.given, known) for known in answer.known) for answer in answers)


def _names(value: Any) -> Iterable[str]:
    return map(str, value) if isinstance(value, list) else [str(value)]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _step(material: Material) -> float:
    scale = material.task.scale if material.task is not None else None
    return scale.step if scale is not None else 1.0


def _unknown(note: str) -> Metric:
    return Metric(NAME, None, note=note, unit="share", direction="higher")
