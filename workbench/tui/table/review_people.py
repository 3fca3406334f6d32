"""Actions of Review: people."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("review.people", ("p",), "People", "Who has done how much and how fast, how far people and models agree, who "
           "confuses what; a line opens its samples.", "Together", "workbench agree"),
    Action("review.settle", ("D",), "Disagreements", "What people disagree about, most first, with who said what; each decision "
           "there settles one.", "Together", "workbench adjudicate list"),
    Action("review.audit", ("P",), "Audit", "Begin or go on with a random sample of a view that says how many of its labels are "
           "right.", "Together", "workbench audit begin"),
)  # fmt: skip
