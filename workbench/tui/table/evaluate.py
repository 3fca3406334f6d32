"""Actions of Evaluate."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("evaluate.start", ("r",), "Run", "Measure the data set, before and after curation.", "Evaluate", "workbench evaluate"),
    Action("evaluate.thorough", ("R",), "Thorough", "Measure with what takes several trainings: learning curves, mixtures with "
           "real rows; asks first whether to run your own training command, if there is one.", "Evaluate",
           "workbench evaluate --thorough"),
    Action("evaluate.compare", ("g",), "Compare", "Choose recipes, models, jobs, rounds, snapshots, views to put side by side.",
           "Evaluate", "workbench evaluate --compare A B"),
    Action("evaluate.judge", ("m",), "Model judges", "Measure with a model that rates samples; says how many requests and "
           "dollars first.", "Evaluate", "workbench evaluate --judge"),
    Action("evaluate.judge_pairs", ("o", "J"), "Judge pairs", "Judge outputs side by side, without knowing whose they are.",
           "Evaluate", "workbench compare plain NAME"),
    Action("evaluate.cancel", ("c",), "Cancel", "Stop the evaluation under way.", "Evaluate", "workbench jobs cancel ID"),
    Action("evaluate.report", ("x", "e"), "Report", "Write the newest evaluation and comparison as one HTML file.", "Evaluate",
           "workbench report --out FILE"),
    Action("evaluate.section", ("tab",), "Sections", "The next section: number, accuracy, classes, map, history.", "Figures"),
    Action("evaluate.section_before", ("shift+tab",), "Section before", "The section before this one.", "Figures"),
    Action("evaluate.validation", ("v",), "Validation errors", "Open the errors on validation rows in Review: they may be "
           "worked on. (Enter on any number opens the samples behind it; test rows are only looked at.)", "Figures",
           "workbench query PROJECT behind:benchmark.validation_accuracy/wrong"),
    Action("evaluate.runs", ("h",), "History", "Go to the evaluations so far; the cursor shows one.", "Figures",
           "workbench evaluate --list"),
    Action("evaluate.cards", ("escape",), "Figures", "Back to the figures.", "Figures"),
    Action("evaluate.details", ("d",), "Notes", "Show or hide the notes under the figures.", "Figures"),
)  # fmt: skip
