"""Actions of the dialog in which outputs are judged side by side."""

from __future__ import annotations

from workbench.tui.table.action import Action

_GROUP = "Outputs side by side"

ACTIONS: tuple[Action, ...] = (
    Action(
        "duels.first", ("1", "left"), "First", "The first output is better; go on to the next pair.", _GROUP,
        "workbench compare plain NAME",
    ),
    Action("duels.second", ("2", "right"), "Second", "The second output is better; go on to the next pair.", _GROUP),
    Action(
        "duels.tie", ("0", "equals_sign"), "Equal", "Both are equally good, or equally bad; go on to the next pair.", _GROUP
    ),
    Action("duels.skip", ("s",), "Skip", "Go on without a choice; what was skipped comes again at the end.", _GROUP),
    Action("duels.undo", ("u", "backspace"), "Undo", "Take your last choice back and show its pair again.", _GROUP),
    Action("duels.down", ("down", "j"), "Down", "Scroll both outputs down.", _GROUP),
    Action("duels.up", ("up", "k"), "Up", "Scroll both outputs up.", _GROUP),
    Action("duels.page_down", ("pagedown", "space"), "Page down", "Scroll both outputs by a page.", _GROUP),
    Action("duels.page_up", ("pageup",), "Page up", "Scroll both outputs back by a page.", _GROUP),
    Action("duels.input_down", ("J", "shift+down"), "Input down", "Scroll the input down.", _GROUP),
    Action("duels.input_up", ("K", "shift+up"), "Input up", "Scroll the input up.", _GROUP),
    Action("duels.keys", ("question_mark",), "Help", "The keys of this dialog.", _GROUP),
    Action("duels.leave", ("escape", "q"), "Leave", "Back to Evaluate; what you chose is kept.", _GROUP),
)  # fmt: skip
