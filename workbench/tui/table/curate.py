"""Actions of Curate."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("curate.preview", ("p",), "Preview", "Count what each step would do, alone and after the others; changes nothing.",
           "Curate", "workbench curate --preview"),
    Action("curate.start", ("r",), "Run", "Run the chain; what it says can be looked at, overruled and undone. Says first how "
           "many requests and dollars it takes, if a step asks a model.", "Curate", "workbench curate"),
    Action("curate.cancel", ("c",), "Cancel", "Stop the curation under way.", "Curate", "workbench jobs cancel ID"),
    Action("curate.resume", ("R",), "Resume", "Go on with the curation that was cancelled or interrupted.", "Curate",
           "workbench jobs resume ID"),
    Action("curate.restore", ("U",), "Undo curation", "Take back what the last curation said; says how many samples first.",
           "Curate"),
    Action("curate.review", ("v",), "Review", "Open the slice under the cursor in Review: what the step drops, this side of "
           "the line, a group, a region of the data map, proposals.", "Curate", "workbench query PROJECT VIEW"),
    Action("curate.overrule", ("o",), "Overrule", "Accept the sample under the cursor: it stays, whatever steps say; in a "
           "group it stays beside the kept one.", "Curate", "workbench label --import"),
    Action("curate.switch", ("space", "x"), "On or off", "Switch the step under the cursor on or off.", "Chain",
           "workbench curate --filter NAME"),
    Action("curate.add", ("plus", "n"), "Add step", "Add a filter, a label repair or a weighting to the chain.", "Chain",
           "workbench filters"),
    Action("curate.remove", ("minus", "delete"), "Remove step", "Take the step under the cursor out of the chain.", "Chain"),
    Action("curate.earlier", ("K", "less_than_sign"), "Move up", "Move the step up: it comes earlier.", "Chain"),
    Action("curate.later", ("J", "greater_than_sign"), "Move down", "Move the step down: it comes later.", "Chain"),
    Action("curate.parameters", ("e", "s"), "Parameters", "Go to the parameters of the step under the cursor.", "Chain",
           "workbench filters show NAME"),
    Action("curate.chain", ("escape",), "Chain", "Back to the chain; a line that was moved goes back too.", "Chain"),
    Action("curate.view", ("tab",), "Views", "The step's next view: scores, groups, data map, overlap.", "Views"),
    Action("curate.view_before", ("shift+tab",), "View before", "The step's view before this one.", "Views"),
    Action("curate.examples", ("d",), "Samples", "Go to the samples of this view; from a list above them, on to them.",
           "Views"),
    Action("curate.open", ("enter",), "Next", "Set a line that was moved; in the data map go to the next region (easy, "
           "ambiguous, hard); else go to the samples.", "Views"),
    Action("curate.lower", ("left", "h"), "Move left", "Move the threshold down one step; in the data map the box to the left.",
           "Views"),
    Action("curate.higher", ("right", "l"), "Move", "Move the threshold up one step (left and h move it down); in the "
           "data map the box to the right.", "Views"),
    Action("curate.much_lower", ("shift+left", "H"), "Far left", "Move the threshold down ten steps; in the data map make the "
           "box narrower.", "Views"),
    Action("curate.much_higher", ("shift+right", "L"), "Far right", "Move the threshold up ten steps; in the data map make the "
           "box wider.", "Views"),
    Action("curate.up", ("up", "k"), "Up", "Move the data map's box up.", "Views"),
    Action("curate.down", ("down", "j"), "Down", "Move the data map's box down.", "Views"),
    Action("curate.taller", ("shift+up",), "Taller", "Make the data map's box taller.", "Views"),
    Action("curate.shorter", ("shift+down",), "Shorter", "Make the data map's box less tall.", "Views"),
    Action("curate.set", ("t",), "Set line", "Write the line that was moved into the chain as the step's threshold.", "Views",
           "workbench curate --filter NAME:THRESHOLD=VALUE"),
    Action("curate.state", ("f",), "Open/applied", "List open, applied or all label repairs.", "Views"),
)  # fmt: skip
