"""The one table of actions, and what is made from it: bindings, palette, help, documentation.

The rows of a mode are in ``table/MODE.py``. A mode's screen gets its bindings with ``bindings(mode, keymap)`` and does an
action ``mode.name`` in its method ``action_name``.

    python -m workbench.tui.actions --markdown > docs/keys.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from textual.binding import Binding, BindingsMap

from workbench.tui.table import (
    app,
    curate,
    duels,
    evaluate,
    generate,
    review,
    review_label,
    review_lists,
    review_people,
    review_queue,
    review_task,
    review_versions,
)
from workbench.tui.table.action import Action

#: The modes in the order of the work, with their names as shown.
MODES: dict[str, str] = {"generate": "Generate", "review": "Review", "curate": "Curate", "evaluate": "Evaluate"}

#: Dialogs with keys of their own.
DIALOGS: dict[str, str] = {"failures": "Failed requests", "job": "One job", "duels": "Outputs side by side"}

ACTIONS: dict[str, Action] = {
    action.id: action
    for action in (
        *app.ACTIONS, *generate.ACTIONS, *generate.DIALOGS, *review.ACTIONS, *review_label.ACTIONS,
        *review_lists.ACTIONS, *review_queue.ACTIONS, *review_people.ACTIONS, *review_task.ACTIONS,
        *review_versions.ACTIONS, *curate.ACTIONS, *evaluate.ACTIONS, *duels.ACTIONS
    )
}  # fmt: skip

#: Textual's names of keys that people write otherwise.
_SHOWN = {
    "question_mark": "?", "slash": "/", "colon": ":", "number_sign": "#", "left_square_bracket": "[",
    "right_square_bracket": "]", "left_parenthesis": "(", "right_parenthesis": ")", "comma": ",", "full_stop": ".",
    "plus": "+", "minus": "-", "equals_sign": "=", "asterisk": "*", "exclamation_mark": "!", "escape": "esc",
    "pagedown": "pgdn", "pageup": "pgup", "less_than_sign": "<", "greater_than_sign": ">", "underscore": "_",
    "semicolon": ";", "apostrophe": "'", "quotation_mark": '"', "at": "@", "percent_sign": "%", "ampersand": "&",
    "vertical_line": "|", "tilde": "~", "grave_accent": "`", "dollar_sign": "$", "circumflex_accent": "^",
    "backslash": "\\", "left_curly_bracket": "{", "right_curly_bracket": "}",
}  # fmt: skip

Keymap = Mapping[str, tuple[str, ...]]


def of_mode(mode: str) -> list[Action]:
    """The rows of one mode (``app``: those that work everywhere), in the table's order."""
    return [action for action in ACTIONS.values() if action.mode == mode]


def keys(action_id: str, keymap: Keymap) -> tuple[str, ...]:
    """The keys that do an action: the user's, else the table's."""
    return keymap.get(action_id, ACTIONS[action_id].keys)


def shown(key: str) -> str:
    """A key as people write it: ``?`` for ``question_mark``, ``F2`` for ``f2``, ``ctrl+d``."""
    *modifiers, last = key.split("+")
    name = _SHOWN.get(last, last)
    if len(name) > 1 and name[0] == "f" and name[1:].isdigit():
        name = name.upper()
    return "+".join([*modifiers, name])


def bindings(mode: str, keymap: Keymap, *, priority: bool | None = None) -> BindingsMap:
    """Textual's bindings for one mode's screen.

    ``priority`` bindings work even while a text field has the focus; by default those without a printable key.
    """
    made = []
    for action in of_mode(mode):
        for key in keys(action.id, keymap):
            first = is_command_key(key) if priority is None else priority
            made.append(Binding(key, action.name, action.title, id=action.id, show=False, priority=first))
    return BindingsMap(made)


def is_command_key(key: str) -> bool:
    """Whether a key writes nothing in a text field: function keys and control chords other than its editing ones."""
    name = key.rpartition("+")[2]
    return (len(name) > 1 and name[0] == "f" and name[1:].isdigit()) or key in ("ctrl+p", "ctrl+q")


def groups(modes: Iterable[str]) -> dict[str, list[Action]]:
    """Rows of some modes by their group, in the table's order."""
    found: dict[str, list[Action]] = {}
    for mode in modes:
        for action in of_mode(mode):
            found.setdefault(action.group, []).append(action)
    return found


def markdown() -> str:
    """The page of keys: every action with its keys, what it does, and the command that does the same."""
    lines = ["# Keys", "", "Made by `python -m workbench.tui.actions --markdown`; `?` shows the same, searchable.", ""]
    for mode, title in (("app", "Everywhere"), *MODES.items(), *DIALOGS.items()):
        rows = of_mode(mode)
        if not rows:
            continue
        lines += [f"## {title}", "", "| key | action | id | what it does | command |", "|---|---|---|---|---|"]
        for action in rows:
            pressed = ", ".join(f"`{shown(key)}`" for key in action.keys) or "(palette)"
            command = f"`{action.command}`" if action.command else ""
            cells = (pressed, action.title, f"`{action.id}`", action.help, command)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__" and "--markdown" in sys.argv[1:]:
    sys.stdout.write(markdown())
