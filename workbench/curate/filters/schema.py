"""Drops samples that are not what the task says a sample is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from workbench.answer_schema import fault
from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, quote
from workbench.errors import WorkbenchError
from workbench.task import Task

#: Pairs of fields that say nothing when both hold the same text.
PAIRS = (
    ("instruction", "output"),
    ("question", "answer"),
    ("prompt", "chosen"),
    ("prompt", "rejected"),
    ("chosen", "rejected"),
)


@FILTERS.register("schema")
@dataclass(frozen=True, slots=True)
class Schema:
    """The rules that model answers and imported rows are held to (``answer_schema.fault``), for what is there already: a
    task may have changed since, a person may have edited.

    A pattern for a field is written as JSON Schema in the project (``task.fields.NAME.schema``), not here: a regular
    expression typed as a parameter could take for ever on one hostile text, with any cap on its length (``(a+)+$`` needs
    thirty characters).
    """

    name: ClassVar[str] = "schema"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample whose fields or label are not what the task says."
    paper: ClassVar[str] = (
        "JSON Schema draft 2020-12; Wang et al. 2022, Self-Instruct (arXiv 2212.10560): invalid instances"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    pointwise: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    required: tuple[str, ...] = parameter((), "fields that must not be empty though the task lets them, joined by +")
    labelled: bool = parameter(False, "whether a sample without a label is dropped (tasks of one label each)")
    distinct: bool = parameter(True, "whether a response must differ from its instruction and from its rival")
    one_line: bool = parameter(False, "whether a text field must be a single line")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is 1 for a fault, else 0. Raises ``WorkbenchError`` without a task, and
        for a required field that the task does not have."""
        task = context.task
        if task is None:
            if items:
                raise WorkbenchError("schema compares samples with the project's task, and there is none here.")
            return
        if unknown := [name for name in self.required if name not in task.fields]:
            raise WorkbenchError(
                f"schema: the task has no field {quote(unknown[0])}; it has {', '.join(map(quote, task.fields))}."
            )
        for done, item in enumerate(items, 1):
            yield self._verdict(item, task)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _verdict(self, item: Item, task: Task) -> Verdict:
        fields: dict[str, Any] = dict(item.fields)
        if not fields and len(task.fields) == 1:
            fields = {task.text_field: item.text}
        # Labels of other shapes (several, a number, an object) are no part of an Item; they were checked when they came.
        one = task.label_shape == "one"
        if wrong := fault(task, fields):
            return Verdict(False, wrong, 1.0, rule="fields")
        if (
            one
            and (item.label is not None or self.labelled)
            and (wrong := fault(task, fields, item.label, labelled=True))
        ):
            return Verdict(False, wrong, 1.0, rule="label")
        for name in self.required:
            if _empty(fields.get(name)):
                return Verdict(False, f"{quote(name)} is empty", 1.0, rule="required")
        if self.one_line:
            for name, value in fields.items():
                if isinstance(value, str) and len(lines := value.strip().splitlines()) > 1:
                    return Verdict(False, f"{quote(name)} has {len(lines):,} lines, one wanted", 1.0, rule="one_line")
        if self.distinct and (pair := _same(task, fields)):
            return Verdict(False, f"{pair[1]} is the same text as {pair[0]}", 1.0, rule="distinct")
        return Verdict(True, "is a sample of the task", 0.0)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {}, ())


def _same(task: Task, fields: dict[str, Any]) -> tuple[str, str] | None:
    if task.kind not in ("instruction", "question_answering", "preference"):
        return None
    for first, second in PAIRS:
        one, other = fields.get(first), fields.get(second)
        if isinstance(one, str) and isinstance(other, str) and one.strip() and one.strip() == other.strip():
            return first, second
    return None
