"""What the table of commands is made with: registering a command, and reading what people write."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NoReturn

from workbench.errors import UsageError

#: name, help, module under workbench.cli, and what adds the options
COMMANDS: list[tuple[str, str, str, Callable[[argparse.ArgumentParser], None]]] = []

#: What ``--budget none`` gives: no limit.
NONE = "none"


def limit_of(kind: Callable[[str], float]) -> Callable[[str], float | str]:
    """The type of an option that takes a number, or ``none`` to lift the limit."""

    def read(text: str) -> float | str:
        return NONE if text == NONE else kind(text)

    read.__name__ = kind.__name__  # argparse names it in its sentence
    return read


class Registered:
    """The names of a registry as choices, looked up only when somebody asks: registries load what they list."""

    def __init__(self, module: str, registry: str) -> None:
        self._where = module, registry

    def __iter__(self) -> Iterator[str]:
        return iter(getattr(import_module(self._where[0]), self._where[1]))

    def __contains__(self, name: object) -> bool:
        return name in list(self)


class Parser(argparse.ArgumentParser):
    """Wrong usage is an exception, so that it ends like every other error: one sentence, exit status 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`.")


def command(
    name: str, module: str, text: str
) -> Callable[[Callable[[argparse.ArgumentParser], None]], Callable[[argparse.ArgumentParser], None]]:
    def add(options: Callable[[argparse.ArgumentParser], None]) -> Callable[[argparse.ArgumentParser], None]:
        COMMANDS.append((name, text, module, options))
        return options

    return add


def project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "project", nargs="?", metavar="PROJECT", help="the project's folder (default: the one you are in)"
    )


def split_project(words: list[str], wanted: int) -> tuple[str | None, list[str]]:
    """A leading project among positional words: there when there is one word more than ``wanted``."""
    if len(words) > wanted + 1:
        raise UsageError(f"Too many words: {' '.join(words)}.")
    return (words[0], words[1:]) if len(words) == wanted + 1 else (None, words)


def typed(text: str) -> Any:
    """A command line value as YAML reads it: 3, 0.5, yes, a text, or @FILE for a YAML file's content."""
    import yaml

    if text.startswith("@"):
        from pathlib import Path

        from workbench.config import load_yaml

        return load_yaml(Path(text[1:]))[0]
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date or number that is none
        raise UsageError(f"{text!r} is not a value.") from error
