"""``keys``: the screen's keys, without the screen."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.output import Output
from workbench.errors import FileError, UsageError


def keys_(arguments: argparse.Namespace) -> int:
    """The keys in force; ``--preset`` chooses others, ``--check`` reads a file and changes nothing."""
    from workbench.tui import actions, keymap

    output = Output(arguments.json, arguments.quiet)
    if arguments.check:
        path = Path(arguments.check)
        if not path.is_file():
            raise FileError(path, None, "there is no such file.")
        chosen = keymap.load(path)
        output.result({"path": str(path), "actions": len(chosen)}, [f"{path}: right; {len(chosen)} actions have keys."])
        return 0
    if arguments.preset:
        file = keymap.choose(arguments.preset)
        output.result(
            {"preset": arguments.preset, "path": str(file)}, [f"{file}: the keys of {arguments.preset} hold."]
        )
        return 0
    modes = {"app": "Everywhere", **actions.MODES, **actions.DIALOGS}
    if arguments.mode not in (None, *modes):
        raise UsageError(f"There is no mode {arguments.mode!r}; there are: {', '.join(modes)}.")
    chosen = keymap.load()
    rows = [one for one in actions.ACTIONS.values() if arguments.mode in (None, one.mode)]
    named = {one.id: [actions.shown(key) for key in actions.keys(one.id, chosen)] for one in rows}
    width = max(len(name) for name in named)
    lines = [f"{one.id:<{width}}  {' '.join(named[one.id]):<16}  {one.title}" for one in rows]
    output.result({"keys": named, "presets": list(keymap.presets())}, lines)
    return 0
