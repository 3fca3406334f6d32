"""Named techniques: registered by a decorator here, or by other packages through entry points.

A registry maps a technique's public name to the thing that does it. Built-in techniques live one to a file in a
package whose modules are imported on the first look-up; entry points are listed without importing them, and one that
fails to load is reported in ``failures``, never raised while something else is being looked up.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from workbench.errors import UsageError

T = TypeVar("T")


@dataclass
class Registry(Generic[T]):
    """Techniques of one ``kind`` ("filter", "metric", ...), found in ``packages`` (one, or several) and in entry points
    ``group``."""

    kind: str
    packages: str | tuple[str, ...]
    group: str
    failures: dict[str, str] = field(default_factory=dict)
    _items: dict[str, T] = field(default_factory=dict)
    _loaded: bool = False
    _loading: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator that files the decorated object under ``name``; raises ``ValueError`` when the name is taken."""

        def decorate(item: T) -> T:
            if name in self._items and self._items[name] is not item:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._items[name] = item
            return item

        return decorate

    def names(self) -> list[str]:
        """All names, sorted: built-in ones and those that other packages announce (not imported for this)."""
        self._load()
        return sorted({*self._items, *self._external()})

    def get(self, name: str) -> T:
        """The technique called ``name``; raises ``UsageError`` with the nearest name when there is none."""
        self._load()
        if name not in self._items and (entry := self._external().get(name)) is not None:
            try:
                self._items[name] = entry.load()
            except Exception as error:
                self.failures[name] = f"{type(error).__name__}: {error}"
                raise UsageError(
                    f"{self.kind} {name!r} comes from {entry.value} and failed to load ({self.failures[name]}); "
                    "reinstall or remove that package."
                ) from error
        if name in self._items:
            return self._items[name]
        close = difflib.get_close_matches(name, self.names(), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(self.names())}."
        raise UsageError(f"There is no {self.kind} {name!r}.{hint}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _external(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self.group)}

    def _load(self) -> None:
        with self._lock:  # a thread that asks while another one loads waits, and does not see half of them
            if self._loaded or self._loading:
                return
            self._loading = True
            try:
                for name in (self.packages,) if isinstance(self.packages, str) else self.packages:
                    package = importlib.import_module(name)
                    for module in pkgutil.iter_modules(package.__path__, f"{name}."):
                        importlib.import_module(module.name)
                self._loaded = True
            finally:
                self._loading = False
