"""A small project of each kind of task, with contents worth looking at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.project import Project, create
from workbench.store import curation, samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

TURNS = [
    {"role": "system", "content": "You are the help desk of a small electricity company. Be brief and kind."},
    {"role": "user", "content": "Hi, my bill for October is twice what I paid in September. Why?"},
    {"role": "assistant", "content": "I am sorry about the surprise. May I have your customer number?"},
    {"role": "user", "content": "It's 4471-22."},
    {
        "role": "assistant",
        "content": "Thank you. October was estimated.\n\nSend me the reading, and I will correct it.",
    },
]
ORDER = {
    "text": "Please send 12 boxes of blue paper to Anna Berg, Harbour Street, Leith, before 3 March. Order AB-1234."
}
READ = {
    "name": "Anna Berg", "city": "Leith", "items": [{"what": "blue paper", "count": 12}], "due": "2025-03-03",
    "order": "AB-1234",
}  # fmt: skip
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"}, "city": {"type": "string"}, "items": {"type": "array"}, "due": {"type": "string"},
        "order": {"type": "string"},
    },
    "required": ["name"],
    "additionalProperties": False,
}  # fmt: skip
CHOSEN = "I am sorry that your parcel is late. I have asked the carrier today and will write to you before five."
REJECTED = "I am sorry that your parcel is late. I have told the carrier and will maybe write to you."

KINDS: Mapping[str, tuple[dict[str, Any], list[tuple[dict[str, Any], Any]]]] = {
    "classification": (
        {"kind": "classification", "labels": ["card_arrival", "change_pin"]},
        [({"text": "Where is my card?"}, "card_arrival"), ({"text": "I forgot my PIN."}, None)],
    ),
    "multi_label": (
        {"kind": "multi_label", "labels": ["delivery", "refund", "damage", "thanks"]},
        [
            (
                {"text": "It came two weeks late and half of it was broken; I want my money back."},
                ["refund", "delivery"],
            ),
            ({"text": "All is fine."}, []),
            ({"text": "Where is it?"}, None),
        ],
    ),
    "text_pair": (
        {"kind": "text_pair", "labels": ["entailment", "neutral", "contradiction"]},
        [
            (
                {"first": "A man is playing a guitar on a small stage.", "second": "Somebody makes music."},
                "entailment",
            ),
            ({"first": "Two dogs run.", "second": "Two cats sleep."}, None),
        ],
    ),
    "similarity": (
        {"kind": "text_pair", "scale": (0, 5)},
        [
            ({"first": "A man is playing a guitar.", "second": "Somebody makes music."}, 3.4),
            ({"first": "Two dogs run.", "second": "Two cats sleep."}, None),
        ],
    ),
    "extraction": ({"kind": "extraction", "schema": SCHEMA}, [(ORDER, READ), ({"text": "Nothing."}, None)]),
    "question_answering": (
        {"kind": "question_answering"},
        [
            (
                {
                    "context": "Canberra was founded in 1913.",
                    "question": "When was Canberra founded?",
                    "answer": "in 1913",
                },
                None,
            )
        ],
    ),
    "instruction": (
        {"kind": "instruction"},
        [({"instruction": "Name three rivers.", "input": "", "output": "Tay, Tweed and Forth."}, None)],
    ),
    "dialogue": (
        {"kind": "dialogue", "labels": ["solved", "open"]},
        [({"messages": TURNS}, "solved"), ({"messages": TURNS[1:3] * 20}, "open")],
    ),
    "preference": (
        {"kind": "preference"},
        [
            ({"prompt": "Reply to a customer whose parcel is late.", "chosen": CHOSEN, "rejected": REJECTED}, None),
            ({"prompt": "Capital of Australia?", "chosen": "Canberra.", "rejected": "It is Sydney, a big city."}, None),
        ],
    ),
    "free": (
        {"kind": "free", "fields": [("title", "text"), ("meta", "json"), ("stars", "number")]},
        [({"title": "A walk by the sea", "meta": {"tags": ["sea", "walk"], "open": True}, "stars": 3.5}, None)],
    ),
}


def make(folder: Path, name: str, after: Callable[[Store], object] | None = None) -> Project:
    """A project of the kind ``name`` with its samples, the first of which may have suggestions."""
    settings, rows = KINDS[name]
    project = create(folder / name, description="Texts.", **settings)
    with Store(project) as store:
        samples.add(store, [NewSample(fields, label) for fields, label in rows])
        if name == "multi_label":
            curation.save_suggestions(store, "tfidf", [(1, [("refund", 0.71), ("damage", 0.4)])], job_id=0)
        if after is not None:
            after(store)
    return project
