"""Choose what is compared: a list with marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.text import clean
from workbench.tui.widgets.evaluation.contenders import Offer
from workbench.tui.widgets.lines import Run, cells, cut, safe
from workbench.tui.widgets.prompts import WIDTH, Dialog, Text


class Contenders(Dialog["list[str] | None"]):
    """Space marks a contender, + gives the marked ones a chain of filters, enter takes them: two or more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", show=False), Binding("down,j", "step(1)", show=False),
        Binding("pageup", "step(-10)", show=False), Binding("pagedown", "step(10)", show=False),
        Binding("home", "step(-100000)", show=False), Binding("end", "step(100000)", show=False),
        Binding("space,x", "mark", show=False), Binding("plus", "chain", show=False), Binding("enter", "take", show=False),
    ]  # fmt: skip
    #: What the marked ones are curated with: as they stand, the project's chain, the recipe's own.
    CHAINS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("", "as they stand"), ("+project", "with the project's chain"), ("+recipe", "with their recipe's own chain"),
        ("+none", "without any curation"),
    )  # fmt: skip

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__()
        self.offers = list(offers)
        self.marked: dict[str, None] = {}
        self.cursor = next((at for at, one in enumerate(self.offers) if one.spec), 0)
        self.chain = 0
        self.wrong = ""
        self.text = Text()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.text

    def on_mount(self) -> None:
        self._list()

    def on_resize(self) -> None:
        self._list()

    def _list(self) -> None:
        width = min(WIDTH, max(20, self.size.width)) - 4
        room = max(3, min(20, self.size.height - 8))
        start = max(0, min(self.cursor - room // 2, len(self.offers) - room))
        lines: list[list[Run]] = []
        for at, one in enumerate(self.offers[start : start + room], start):
            if not one.spec:
                lines.append([(cut(safe(one.title), width), "pane--muted")])
                continue
            mark = "[x]" if one.spec in self.marked else "[ ]"
            right = f" {safe(one.right, limit=30)}" if one.right else ""
            left = cut(f"{mark} {safe(one.title)}", width - cells(right))
            if at == self.cursor:
                lines.append([(left + right, "pane--cursor")])
            else:
                style = "pane--value" if one.spec in self.marked else "pane--muted"
                lines.append([(left, style), (right, "pane--muted")])
        how = self.CHAINS[self.chain][1]
        lines += [[], [(f"{len(self.marked)} marked, {how}", "pane--value")]]
        if self.wrong:
            lines.append([(cut(clean(self.wrong), width), "pane--bad")])
        else:
            keys = (("space", "mark"), ("+", "chain"), ("enter", "go on"), ("esc", "leave"))
            lines.append([run for key, what in keys for run in ((key, "pane--key"), (f" {what}   ", "pane--muted"))])
        self.text.show([("What is compared", "pane--title")], lines)
        self.text.refresh(layout=True)

    def action_step(self, by: int) -> None:
        free = [at for at, one in enumerate(self.offers) if one.spec]
        if not free:
            return
        here = free.index(self.cursor) if self.cursor in free else 0
        self.cursor = free[max(0, min(here + by, len(free) - 1))]
        self._list()

    def action_mark(self) -> None:
        spec = self.offers[self.cursor].spec if self.offers else ""
        if spec in self.marked:
            del self.marked[spec]
        elif spec:
            self.marked[spec] = None
        self.wrong = ""
        self.action_step(1)

    def action_chain(self) -> None:
        self.chain = (self.chain + 1) % len(self.CHAINS)
        self._list()

    def action_take(self) -> None:
        if len(self.marked) < 2:
            self.wrong = "Mark two or more with space."
            self._list()
            return
        chain = self.CHAINS[self.chain][0]
        self.dismiss([f"{spec}{chain if _may(spec, chain) else ''}" for spec in self.marked])


def _may(spec: str, chain: str) -> bool:
    """Whether a contender can be curated so: a recipe's own chain needs a recipe, ``raw`` is without any."""
    if spec == "raw":
        return False
    return spec.startswith(("recipe:", "job:", "round:")) if chain == "+recipe" else True
