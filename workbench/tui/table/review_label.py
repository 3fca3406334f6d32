"""Actions of Review: label."""

from __future__ import annotations

from workbench.tui.table.action import Action

_LABEL = "workbench label PROJECT --view VIEW"
_MANY = "The marked samples, else the whole view; asks first."

ACTIONS: tuple[Action, ...] = (
    Action("review.code", ("comma",), "Label by code", "Then the label's one or two letters, as its line shows them.", "Decide",
           f"{_LABEL} --label LABEL"),
    Action("review.take", ("z",), "Take", "Take what a repair proposes, else what is suggested; go on.", "Decide",
           f"{_LABEL} --take"),
    Action("review.reason", ("r",), "Reason", "Reject with a reason: its digit; 0 none.", "Decide",
           f"{_LABEL} --reject --reason TEXT"),
    Action("review.tag", ("t",), "Tag", "Put a tag on the sample (or on the turn), or take it off.", "Decide",
           f"{_LABEL} --tag TAG"),
    Action("review.turn_on", ("h", "right"), "Next turn", "Of a dialogue: e, n and t are then about this turn.", "Sample"),
    Action("review.turn_back", ("H", "left"), "Turn before", "Of a dialogue: back; before the first: none.", "Sample"),
    Action("review.take_all", ("Z",), "Take all proposals", f"Each sample its own, from a score on. {_MANY}", "Many at once",
           f"{_LABEL} --take --yes"),
    Action("review.group", ("m",), "Near-duplicates", "Decide on all near-duplicates of this sample at once; asks first.",
           "Many at once", "workbench label PROJECT --view group:N"),
    Action("review.cluster", ("M",), "Cluster at once", "Decide on this sample's whole cluster at once; asks first.",
           "Many at once", "workbench label PROJECT --view cluster:N"),
)  # fmt: skip
