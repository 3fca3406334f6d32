"""Actions that work in every mode."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS = (
    Action("app.generate", ("f2",), "Generate", "Choose a recipe, see what it will do and cost, start it, watch it.",
           "Modes", "workbench generate"),
    Action("app.review", ("f3",), "Review", "Read samples, label them, accept, reject, correct.", "Modes", "workbench label"),
    Action("app.curate", ("f4",), "Curate", "Filters and what each of them drops.", "Modes", "workbench curate"),
    Action("app.evaluate", ("f5",), "Evaluate", "Measure the data set; see charts and tables.", "Modes",
           "workbench evaluate"),
    Action("app.previous_mode", ("left_square_bracket",), "Mode before", "Go to the mode before this one.", "Modes"),
    Action("app.next_mode", ("right_square_bracket",), "Mode after", "Go to the mode after this one.", "Modes"),
    Action("app.help", ("question_mark",), "Help", "All keys, searchable.", "Workbench", "workbench --help"),
    Action("app.guidelines", ("f1",), "Guidelines", "Show guidelines.md of this project.", "Workbench"),
    Action("app.palette", ("ctrl+p",), "Commands", "Find any action by its name.", "Workbench"),
    Action("app.details", ("ctrl+e",), "Details", "Show the last message in full.", "Workbench", "workbench jobs log ID"),
    Action("app.jobs", ("ctrl+b",), "Jobs", "Background jobs, newest first.", "Workbench", "workbench jobs"),
    Action("app.theme", (), "Theme", "Choose the colours; remembered for you.", "Workbench"),
    Action("app.keys", (), "Keymap", "Choose the keys: as documented, or for hands that know vim; your keymap.yaml goes over it.",
           "Workbench", "workbench keys --preset NAME"),
    Action("app.redraw", ("ctrl+l",), "Redraw", "Draw the whole screen again, after something else wrote on it.", "Workbench"),
    Action("app.quit", ("q", "ctrl+q"), "Quit", "Leave; jobs in the background go on.", "Workbench"),
)  # fmt: skip
