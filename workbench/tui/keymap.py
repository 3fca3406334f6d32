"""The user's keymap: ``keymap.yaml`` in the settings folder, action ids to keys.

review.accept: enter
review.down: [down, j, n]
app.quit: []          # no key; still in the palette
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from textual.keys import KEY_ALIASES, Keys, _character_to_key

from workbench.config import line_of, load_yaml
from workbench.errors import FileError
from workbench.paths import user_config
from workbench.tui.actions import ACTIONS, DIALOGS, keys, shown

_MODIFIERS = ("ctrl", "shift", "alt", "super", "hyper", "meta")
_NAMES = (
    {str(key.value) for key in Keys} | set(KEY_ALIASES) | {"space", "enter", "tab", "escape", "backspace", "delete"}
)
_LETTER = re.compile(r"[^\W_]")


def path() -> Path:
    return user_config() / "keymap.yaml"


def normal(key: str) -> str | None:
    """Textual's name of a key as people write it (``?`` -> ``question_mark``), or None when there is no such key."""
    *modifiers, last = ["+"] if key == "+" else key.replace("++", "+plus").split("+")
    if any(modifier not in _MODIFIERS for modifier in modifiers) or not last:
        return None
    name = _character_to_key(last) if len(last) == 1 else last.lower()
    if len(last) > 1 and name not in _NAMES and "+".join([*modifiers, name]) not in _NAMES:
        known = {_character_to_key(chr(code)) for code in range(33, 127)}
        if name not in known:
            return None
    return "+".join([*modifiers, name])


def load(file: Path | None = None) -> dict[str, tuple[str, ...]]:
    """The user's keys by action id; empty when there is no file.

    Raises ``FileError`` with file and line: an unknown action (with the nearest name), an unknown key, two actions of one
    mode on the same key.
    """
    file = file or path()
    if not file.is_file() or not file.read_bytes().strip():
        return {}
    value, node = load_yaml(file)
    if not isinstance(value, Mapping):
        raise FileError(file, 1, "should be a mapping of actions to keys, such as 'review.accept: enter'.")
    chosen: dict[str, tuple[str, ...]] = {}
    for name, wanted in value.items():
        line = line_of(node, (str(name),))
        if name not in ACTIONS:
            close = difflib.get_close_matches(str(name), ACTIONS, n=1)
            hint = f"did you mean {close[0]}?" if close else "`?` in the screen lists them."
            raise FileError(file, line, f"there is no action {str(name)!r}; {hint}")
        listed = wanted if isinstance(wanted, list) else [wanted]
        made = []
        for key in listed:
            text = str(key) if isinstance(key, (str, int)) and not isinstance(key, bool) else ""
            normalised = normal(text)
            if normalised is None:
                raise FileError(
                    file, line, f"{name}: {key!r} is not a key; write it like a, G, ?, ctrl+d, f6 or pagedown."
                )
            made.append(normalised)
        chosen[str(name)] = tuple(dict.fromkeys(made))
    _clashes(file, node, chosen)
    return chosen


def _clashes(file: Path, node: object, chosen: Mapping[str, tuple[str, ...]]) -> None:
    for action_id in chosen:
        mode = ACTIONS[action_id].mode
        for other in ACTIONS.values():
            # Under a dialog only the dialog's own keys work.
            together = other.mode == mode or ("app" in (mode, other.mode) and not {mode, other.mode} & set(DIALOGS))
            if other.id == action_id or not together:
                continue
            both = set(chosen[action_id]) & set(keys(other.id, chosen))
            if both:
                key = shown(min(both))
                raise FileError(
                    file, line_of(node, (action_id,)),  # type: ignore[arg-type]
                    f"{key} is the key of {action_id} and of {other.id}; give one of them another.",
                )  # fmt: skip
