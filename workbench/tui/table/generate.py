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
        "Go to the form: model, count, seed, concurrency, budgets, parameters.",
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
    Action(
        "generate.runs", ("h",), "Runs", "Go to the runs so far; the cursor shows one.", "Generate", "workbench jobs"
    ),
    Action(
        "generate.pause",
        ("space",),
        "Pause",
        "Ask nothing more for now, or go on; requests under way are waited for.",
        "Run",
        "workbench jobs pause ID",
    ),
    Action(
        "generate.slower",
        ("minus",),
        "Slower",
        "Halve how many requests are under way at once.",
        "Run",
        "workbench jobs set ID --concurrency N",
    ),
    Action(
        "generate.faster",
        ("plus", "equals_sign"),
        "Faster",
        "Double how many requests are under way at once.",
        "Run",
        "workbench jobs set ID --concurrency N",
    ),
    Action(
        "generate.budget",
        ("b",),
        "Budget",
        "Let the run use more dollars, requests or tokens; asks how much.",
        "Run",
        "workbench jobs set ID --budget DOLLARS",
    ),
    Action(
        "generate.failures",
        ("f",),
        "Failures",
        "Failed requests by reason: what was sent, what came back; ask them again.",
        "Run",
        "workbench jobs failures ID",
    ),
    Action(
        "generate.cancel",
        ("c",),
        "Cancel",
        "Stop the run that is shown; what it has made stays.",
        "Run",
        "workbench jobs cancel ID",
    ),
    Action(
        "generate.resume",
        ("R",),
        "Resume",
        "Go on with a run that is paused, or was cancelled or interrupted; nothing is asked twice.",
        "Run",
        "workbench jobs resume ID",
    ),
    Action(
        "generate.samples",
        ("v",),
        "Samples",
        "Open the samples of the run that is shown in Review.",
        "Run",
        "workbench query PROJECT job:ID",
    ),
)

#: Actions of the dialogs that are opened from here.
DIALOGS: tuple[Action, ...] = (
    Action(
        "failures.read",
        ("enter", "right"),
        "Read",
        "Go to what was sent and what came back; the arrows scroll it.",
        "Failed requests",
        "workbench jobs failures ID --json",
    ),
    Action("failures.back", ("left",), "List", "Back to the list.", "Failed requests"),
    Action(
        "failures.again",
        ("r",),
        "Ask again",
        "Ask the requests that failed for the reason under the cursor again, in a job of their own.",
        "Failed requests",
        "workbench jobs retry ID --reason R",
    ),
    Action(
        "failures.again_all",
        ("A",),
        "Ask all again",
        "Ask all failed requests of the run again, in a job of their own.",
        "Failed requests",
        "workbench jobs retry ID",
    ),
    Action("failures.keys", ("question_mark",), "Help", "The keys of this list.", "Failed requests"),
    Action("failures.leave", ("escape", "q"), "Close", "Back to the run.", "Failed requests"),
    Action(
        "job.cancel", ("c",), "Cancel", "Stop the job; says how far it is first.", "One job", "workbench jobs cancel ID"
    ),
    Action(
        "job.pause",
        ("space",),
        "Pause",
        "Ask nothing more for now, or go on (generate jobs).",
        "One job",
        "workbench jobs pause ID",
    ),
    Action(
        "job.resume",
        ("r",),
        "Resume",
        "Go on with a job that is paused, or was cancelled, interrupted or failed.",
        "One job",
        "workbench jobs resume ID",
    ),
    Action(
        "job.failures",
        ("f",),
        "Failures",
        "Its failed requests (generate jobs).",
        "One job",
        "workbench jobs failures ID",
    ),
)
