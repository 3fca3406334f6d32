"""The one line that says most about a sample in a list. No widgets here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.project import Outline
from workbench.store import blind, samples
from workbench.store.connection import Store
from workbench.store.samples import Row
from workbench.task_kinds import is_messages

#: Characters of a summary: no list shows more.
LONGEST = 2_000
#: Between the fields of a row's text.
BETWEEN = " / "


class Summaries:
    """Rows with the line that the task's kind asks for.

    A single text is its own line, as the row has it; several texts are the row's with a mark between them; of a dialogue it
    is what the user says first, of a question with a passage the question: for those the rows' fields are read.
    """

    def __init__(self, outline: Outline) -> None:
        kinds = [field.kind for field in outline.fields]
        self.whole = outline.kind == "question_answering" or (bool(kinds) and kinds[0] != "text")
        self.several = len(kinds) > 1
        self.first = (
            outline.kind == "preference"
        )  # which answer is the better one must not show before somebody decides

    @property
    def plain(self) -> bool:
        """Whether rows are shown as they are."""
        return not self.whole and not self.several

    def of(self, store: Store, rows: Mapping[int, Row], *, mine: int | None = None) -> dict[int, Row]:
        """The same rows with their lines; ``mine``: a person who reads blind (``samples.get``)."""
        if self.whole:
            lines = {sample.id: line(sample.fields) for sample in samples.many(store, list(rows))}
            if mine is not None:
                hidden = blind.as_it_came(store, mine, list(rows))
                lines |= {one: line(json.loads(fields)) for one, (_, fields) in hidden.items()}
            return {at: replace(row, text=lines.get(at, row.text)) for at, row in rows.items()}
        if self.first:
            return {at: replace(row, text=row.text.partition("\n")[0]) for at, row in rows.items()}
        return {at: replace(row, text=row.text.replace("\n", BETWEEN)) for at, row in rows.items()}


def line(fields: Mapping[str, Any]) -> str:
    """The best line of a sample that may hold anything."""
    from workbench.tui.writing import in_words

    values = [fields["question"], *fields.values()] if "question" in fields else list(fields.values())
    parts: list[str] = []
    for value in values:
        parts.append(_spoken(value) if is_messages(value) else value if isinstance(value, str) else in_words(value))
        if sum(map(len, parts)) > LONGEST:
            break
    return BETWEEN.join(dict.fromkeys(parts))[:LONGEST]


def _spoken(turns: Sequence[Mapping[str, Any]]) -> str:
    """What the user says first; where no user speaks, what is said first."""
    user = next((turn["content"] for turn in turns if turn["role"] == "user"), None)
    return str(turns[0]["content"] if user is None else user)
