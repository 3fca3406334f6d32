"""Where themes, sample projects and the user's own settings are, in a checkout and when installed as a wheel."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """The folder ``themes`` or ``sample_projects``: inside the installed package, else at the top of the checkout."""
    installed = PACKAGE / "_data" / name
    return installed if installed.is_dir() else PACKAGE.parent / name


def user_config() -> Path:
    """The user's settings folder: ``$WORKBENCH_CONFIG``, else ``$XDG_CONFIG_HOME/workbench``, else ``~/.config/workbench``."""
    if chosen := os.environ.get("WORKBENCH_CONFIG"):
        return Path(chosen)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "workbench"


def user_cache() -> Path:
    """The user's cache folder: ``$XDG_CACHE_HOME/workbench``, else ``~/.cache/workbench``. Safe to delete at any time."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "workbench"
