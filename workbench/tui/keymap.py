"""The user's keymap: ``keymap.yaml`` in the settings folder, action ids to keys, over one of our presets.

preset: vim           # one of the files in keymaps/; left out: the table's own keys
review.accept: enter
review.down: [down, j, n]
app.quit: []          # no key; still in the palette
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from textual.keys import KEY_ALIASES, Keys, _character_to_key

from workbench.config import line_of, load_yaml
from workbench.errors import FileError, UsageError
from workbench.paths import user_config
from workbench.tui.actions import ACTIONS, DIALOGS, keys, shown

_MODIFIERS = ("ctrl", "shift", "alt", "super", "hyper", "meta")
_NAMES = (
    {str(key.value) for key in Keys} | set(KEY_ALIASES) | {"space", "enter", "tab", "escape", "backspace", "delete"}
)


#: Where the presets are.
PRESETS = Path(__file__).parent / "keymaps"
#: The name of the table's own keys.
DEFAULT = "default"


def path() -> Path:
    return user_config() / "keymap.yaml"


def presets() -> dict[str, str]:
    """Names of keymaps that come with the program, each with what it is for (the first line of its file)."""
    found = {DEFAULT: "the keys as documented"}
    for file in sorted(PRESETS.glob("*.yaml")):
        with file.open(encoding="utf-8") as lines:
            found[file.stem] = lines.readline().lstrip("# ").strip()
    return found


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
    """The user's keys by action id, over those of the preset; empty when there is no file.

    Raises ``FileError`` with file and line: an unknown action or preset (with the nearest name), an unknown key, two actions
    of one mode on the same key.
    """
    file = file or path()
    if not file.is_file() or not _says_something(file):
        return {}
    value, node = _mapping(file)
    chosen: dict[str, tuple[str, ...]] = {}
    preset = value.get("preset", DEFAULT)
    known = presets()
    if preset not in known:
        raise FileError(file, line_of(node, ("preset",)), f"there is no preset {preset!r}; {_near(str(preset), known)}")
    if preset != DEFAULT:
        base = PRESETS / f"{preset}.yaml"
        chosen = _chosen(base, *_mapping(base))
    own = _chosen(file, {name: keys for name, keys in value.items() if name != "preset"}, node)
    chosen |= own
    _clashes(file, node, chosen, first=own)
    return chosen


def _says_something(file: Path) -> bool:
    """Whether there is more in a file than empty lines and comments."""
    return any(line.strip() and not line.lstrip().startswith(b"#") for line in file.read_bytes().splitlines())


def _mapping(file: Path) -> tuple[Mapping[object, object], Any]:
    value, node = load_yaml(file)
    if not isinstance(value, Mapping):
        raise FileError(file, 1, "should be a mapping of actions to keys, such as 'review.accept: enter'.")
    return value, node


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}."


def _chosen(file: Path, value: Mapping[object, object], node: Any) -> dict[str, tuple[str, ...]]:
    """The keys that a file gives to actions."""
    chosen: dict[str, tuple[str, ...]] = {}
    for name, wanted in value.items():
        line = line_of(node, (str(name),))
        if name not in ACTIONS:
            close = difflib.get_close_matches(str(name), ACTIONS, n=1)
            hint = f"did you mean {close[0]}?" if close else "`?` in the screen lists them."
            raise FileError(file, line, f"there is no action {str(name)!r}; {hint}")
        made = []
        for key in wanted if isinstance(wanted, list) else [wanted]:
            text = str(key) if isinstance(key, (str, int)) and not isinstance(key, bool) else ""
            normalised = normal(text)
            if normalised is None:
                raise FileError(
                    file, line, f"{name}: {key!r} is not a key; write it like a, G, ?, ctrl+d, f6 or pagedown."
                )
            made.append(normalised)
        chosen[str(name)] = tuple(dict.fromkeys(made))
    return chosen


def choose(preset: str) -> Path:
    """Write the preset into the user's file, whose other lines stay as they are; returns the file. It holds from the next
    start, and at once where the screen takes it (``app.keys``).

    Raises ``UsageError`` when there is no such preset, ``FileError`` when the file's own keys clash with it (nothing is
    changed then).
    """
    if preset not in presets():
        raise UsageError(f"There is no keymap {preset!r}; {_near(preset, presets())}")
    file = path()
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    kept = [line for line in lines if not re.match(r"preset\s*:", line)]
    text = "\n".join([*([] if preset == DEFAULT else [f"preset: {preset}"]), *kept])
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text + "\n" if text else "", encoding="utf-8")
    try:
        load(draft)
    except FileError as error:
        draft.unlink()
        _, _, reason = str(error).partition(": ")
        raise FileError(file, None, f"{reason} (With the keys of {preset}; nothing was changed.)") from error
    os.replace(draft, file)
    return file


def _clashes(file: Path, node: object, chosen: Mapping[str, tuple[str, ...]], first: Iterable[str]) -> None:
    """Raise ``FileError`` where two actions that are there at the same time have one key; the user's own lines are named."""
    for action_id in (*first, *chosen):
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
