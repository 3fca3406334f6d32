"""What is remembered for a user, across projects: the theme, recent projects, and the keymap they wrote."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.memo import remembered
from workbench.paths import user_config
from workbench.project import SETTINGS, Project
from workbench.tui.actions import ACTIONS

RECENT = 9


def load_keymap() -> tuple[Mapping[str, tuple[str, ...]], WorkbenchError | None]:
    """The user's keys, and what is wrong with the file (then the table's keys hold). A file that was right is not checked
    again while neither it nor our own keys change: the check takes longer than the first paint may."""
    file = user_config() / "keymap.yaml"
    try:
        source = file.read_bytes()
    except FileNotFoundError:
        return {}, None
    except OSError:  # the check says in a sentence what is wrong with it
        source = b""
    ours = repr([(action.id, action.keys) for action in ACTIONS.values()]).encode()
    presets = [path.read_bytes() for path in sorted((Path(__file__).parent / "keymaps").glob("*.yaml"))]

    def checked() -> dict[str, Any]:
        from workbench.tui import keymap

        return {name: list(keys) for name, keys in keymap.load().items()}

    try:
        found = remembered("keymap", b"\0".join([source, ours, *presets]), checked)
    except WorkbenchError as error:
        return {}, error
    return {name: tuple(keys) for name, keys in found.items()}, None


def _read(name: str) -> str:
    try:
        return (user_config() / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _write(name: str, text: str) -> None:
    """A settings folder that cannot be written costs the memory, not the session."""
    with suppress(OSError):
        user_config().mkdir(parents=True, exist_ok=True)
        path = user_config() / name
        temporary = path.with_name(f".{name}.{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)


def recent_projects() -> list[Path]:
    """Folders of projects opened lately, newest first; those that have gone are left out."""
    return [path for line in _read("recent").splitlines() if line and ((path := Path(line)) / SETTINGS).is_file()]


def remember_project(project: Project) -> None:
    lines = _read("recent").splitlines()
    folder = str(project.folder)
    if lines[:1] != [folder] and "\n" not in folder:
        _write("recent", "\n".join([folder, *(line for line in lines if line != folder)][:RECENT]) + "\n")


def theme() -> str:
    """The theme's name: ``WORKBENCH_THEME``, else what was chosen last, else empty."""
    return os.environ.get("WORKBENCH_THEME") or _read("theme").strip()


def remember_theme(name: str) -> None:
    _write("theme", name + "\n")
