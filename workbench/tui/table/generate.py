"""Actions of Generate."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "generate.start",
        ("r", "ctrl+g"),
        "Run",
        "Start the recipe; says how many requests and dollars first when they are paid.",
        "Generate",
        "workbench generate",
    ),
    Action(
        "generate.settings",
        ("s",),
        "Settings",
        "Go to the form: model, count, seed, concurrency, budget, parameters.",
        "Generate",
    ),
    Action(
        "generate.more",
        ("m",),
        "Up to or more",
        "Switch between bringing the recipe up to N samples and making N more.",
        "Generate",
        "workbench generate --more N",
    ),
    Action("generate.recipes", ("escape",), "Recipes", "Back to the list of recipes.", "Generate", "workbench recipes"),
    Action(
        "generate.preview",
        ("p",),
        "Preview",
        "Show what the recipe will do: first prompts, requests, tokens, cost.",
        "Generate",
        "workbench generate --dry-run",
    ),
    Action("generate.runs", ("h",), "Runs", "Go to the runs so far; Enter shows one.", "Generate", "workbench jobs"),
    Action(
        "generate.cancel",
        ("c",),
        "Cancel",
        "Stop the run that is shown; what it has made stays.",
        "Generate",
        "workbench jobs cancel ID",
    ),
    Action(
        "generate.resume",
        ("R",),
        "Resume",
        "Go on with a run that was cancelled or interrupted; nothing is asked twice.",
        "Generate",
        "workbench jobs resume ID",
    ),
    Action(
        "generate.samples",
        ("v",),
        "Samples",
        "Open the samples of the run that is shown in Review.",
        "Generate",
        "workbench query PROJECT job:ID",
    ),
)
