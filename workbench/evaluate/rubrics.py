"""What a judge is told to look at when it rates a sample from 1 to 5, by the kind of task."""

from __future__ import annotations

from workbench.models.judge import about, cut
from workbench.task import Task

#: What the judge looks at, by the kind of task; the grades mean the same everywhere.
LOOK_AT = {
    "classification": "whether the label is the right one for the text, and whether the text is one that could be met",
    "multi_label": "whether the labels are all those that fit the text and none that does not",
    "text_pair": "whether the label (or the number) is right for the two texts together",
    "extraction": "whether the label holds what the text says, all of it, and nothing that the text does not say",
    "question_answering": "whether the answer is right and complete, and rests on the passage where there is one",
    "instruction": "whether the response does what the instruction asks, correctly and completely",
    "dialogue": "whether every turn of the assistant is right, helpful and fits what was said before",
    "preference": "whether the chosen response really is better than the rejected one, for the prompt",
    "free": "whether the sample is correct, complete and what the task asks for",
}
GRADES = """\
5: right without doubt; 4: right, with a small flaw; 3: it cannot be told, or half right; 2: rather wrong; 1: wrong, or \
nothing that the task could use."""
#: Labels that are explained to the judge; of more, only the names that fit.
EXPLAINED = 100


def question(task: Task | None) -> str:
    """What stands before the rubric: what the data is for, and what its labels mean."""
    labels = [] if task is None else [(one.name, one.description) for one in task.labels[:EXPLAINED]]
    meanings = "\n".join(f"- {name}: {meaning}" if meaning else f"- {name}" for name, meaning in labels)
    told = f"The labels are:\n{cut(meanings)}\n\n" if meanings else ""
    return f"{about(task)}{told}Rate this sample of the data set."


def rubric(task: Task | None, own: str | None = None) -> str:
    """The user's own rubric, or the default of the task's kind."""
    kind = "free" if task is None else task.kind
    return own.strip() if own and own.strip() else f"Judge {LOOK_AT[kind]}.\n{GRADES}"
