"""Actions of Review."""

from __future__ import annotations

from workbench.tui.table.action import Action

_LABEL = "workbench label --import FILE"
_MANY = "The marked samples, else the whole view; asks first."
_ONE = "workbench query PROJECT id:N"
_QUERY = "workbench query PROJECT VIEW"

ACTIONS = (
    *(
        Action(f"review.label_{n}", (str(n),), f"Label {n}",
               f"Give label {n}, accept, go on (of several: put in or take out)." + (" So do 2 to 9." if n == 1 else ""),
               "Decide", _LABEL)
        for n in range(1, 10)
    ),
    Action("review.label_none", ("0",), "None of them", "None of several labels fits; on a scale, 0.", "Decide", _LABEL),
    Action("review.find_label", ("l",), "Find label", "Type part of a label's name, or a number.", "Decide", _LABEL),
    Action("review.accept", ("a", "enter"), "Accept", "Right as it stands; go on (enter: of several labels).", "Decide",
           _LABEL),
    Action("review.reject", ("x",), "Reject", "It does not belong in the data set; go on.", "Decide", _LABEL),
    Action("review.flag", ("f",), "Flag", "Put it aside as doubtful; go on.", "Decide", _LABEL),
    Action("review.skip", ("s",), "Skip", "Go on and say nothing.", "Decide"),
    Action("review.edit", ("e",), "Edit", "Correct a field or an object; shows what changes first.", "Decide", _LABEL),
    Action("review.note", ("n",), "Note", "Write a note (while a search is on: next hit).", "Decide", _LABEL),
    Action("review.undo", ("u",), "Undo", "Take back your last act, however long ago.", "Decide"),
    Action("review.redo", ("U", "ctrl+r"), "Redo", "Bring back what you undid last.", "Decide"),
    Action("review.mark", ("space",), "Mark", "Mark or unmark the sample for a bulk act; go on.", "Many at once"),
    Action("review.mark_range", ("v",), "Mark range", "From the last marked sample to this one.", "Many at once"),
    Action("review.unmark", ("V",), "Unmark all", "Take all marks away.", "Many at once"),
    Action("review.accept_all", ("A",), "Accept all", _MANY, "Many at once", _LABEL),
    Action("review.reject_all", ("X",), "Reject all", _MANY, "Many at once", _LABEL),
    Action("review.flag_all", ("F",), "Flag all", _MANY, "Many at once", _LABEL),
    Action("review.label_all", ("L",), "Label all", _MANY, "Many at once", _LABEL),
    Action("review.view", ("colon",), "View", "Type what to list: label:a status:pending sort:uncertainty.", "Lists", _QUERY),
    Action("review.search", ("slash",), "Search", "Go to the next sample of the view that holds some words.", "Lists", _QUERY),
    Action("review.next_hit", ("ctrl+n",), "Next hit", "Next sample that the search found (n while it is on).", "Lists"),
    Action("review.previous_hit", ("N",), "Hit before", "Sample before that the search found.", "Lists"),
    Action("review.end_search", ("escape",), "Stop", "Stops reading a view or a search; ends a search: n is for notes again.",
           "Lists"),
    Action("review.sort", ("o",), "Order", "Order the view by number, as a strategy chooses, or by a score.", "Lists", _QUERY),
    Action("review.open_view", ("w",), "Saved views", "Open a saved view, with counts; rename it, take it away.", "Lists",
           _QUERY),
    Action("review.save_view", ("W",), "Save view", "Keep this view under a name.", "Lists"),
    Action("review.refresh", ("R",), "Refresh", "Read the view again: new samples in, decided ones (~) out.", "Lists", _QUERY),
    Action("review.down", ("down", "j"), "Down", "Next sample.", "Move"),
    Action("review.up", ("up", "k"), "Up", "Sample before.", "Move"),
    Action("review.page_down", ("pagedown",), "Page down", "One page on.", "Move"),
    Action("review.page_up", ("pageup",), "Page up", "One page back.", "Move"),
    Action("review.half_down", ("ctrl+d",), "Half page down", "Half a page on.", "Move"),
    Action("review.half_up", ("ctrl+u",), "Half page up", "Half a page back.", "Move"),
    Action("review.first", ("home", "g"), "First", "First sample of the view.", "Move"),
    Action("review.last", ("end", "G"), "Last", "Last sample of the view.", "Move"),
    Action("review.jump", ("number_sign",), "Go to number", "Go to a sample by its number.", "Move", _ONE),
    Action("review.explain", ("i",), "Explain", "The exact prompt, the answer, model and cost.", "Sample", _ONE),
    Action("review.scroll_down", ("ctrl+f", "J"), "Scroll text", "Scroll the sample's pane down.", "Sample"),
    Action("review.scroll_up", ("ctrl+y", "K"), "Scroll text back", "Scroll the sample's pane up.", "Sample"),
    Action("review.copy", ("c",), "Copy", "Copy the text to your clipboard, over SSH too (OSC 52).", "Sample", _ONE),
)  # fmt: skip
