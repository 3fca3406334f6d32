"""What the terminal can do, and whether the person wants it: asked of the environment, never of the terminal itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

#: Environment variable that chooses how the screen is sent.
SWITCH = "WORKBENCH_TERMINAL"
MODES = {
    "cells": "only the cells that differ",
    "spaces": "only the cells that differ, blanks as spaces",
    "plain": "every changed region whole, as Textual writes it",
}


def mode(environment: Mapping[str, str] | None = None) -> str:
    """One of ``MODES``: what ``WORKBENCH_TERMINAL`` says, "cells" when it says nothing that is known."""
    wanted = (os.environ if environment is None else environment).get(SWITCH, "").strip().lower()
    return wanted if wanted in MODES else "cells"


@lru_cache(maxsize=8)
def erases(term: str) -> bool:
    """Whether erased cells take the background in force (terminfo's ``bce`` and ``ech``); False when it is not known."""
    try:
        import curses

        descriptor = os.open(os.devnull, os.O_WRONLY)
        try:
            curses.setupterm(term, descriptor)
            return curses.tigetflag("bce") == 1 and (curses.tigetstr("ech") or b"").startswith(b"\x1b[%p1%dX")
        finally:
            os.close(descriptor)
    except (ImportError, OSError, curses.error):
        return False


def describe(environment: Mapping[str, str] | None = None) -> str:
    """One line for ``workbench doctor``."""
    variables = os.environ if environment is None else environment
    chosen = mode(variables)
    unknown = variables.get(SWITCH, "").strip().lower() not in ("", *MODES)
    note = f" ({SWITCH}={variables.get(SWITCH)} is none of {', '.join(MODES)})" if unknown else ""
    blanks = ""
    if chosen == "cells":
        term = variables.get("TERM", "")
        blanks = "; blanks are erased" if erases(term) else f"; blanks as spaces (TERM={term} erases in no colour)"
    return f"{MODES[chosen]}{blanks}{note}"
