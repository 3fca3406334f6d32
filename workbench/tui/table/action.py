"""What an action is: one row of the table that bindings, palette, help, documentation and keymaps come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """``id`` is ``mode.name``: the method ``action_name`` of that mode's screen (``app.name``: of the app) does it.

    ``keys`` are Textual's names of keys (``slash``, ``ctrl+d``), ``command`` the command-line twin ("" where moving about
    has none).
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    command: str = ""

    @property
    def mode(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]
