"""The tour: Review with a line that asks for one key after another, notices when it was pressed, and goes on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from workbench.paths import data_folder
from workbench.project import Project, create_from_sample
from workbench.store import curation, samples, views
from workbench.store.connection import Store
from workbench.store.samples import NewSample
from workbench.tui import actions
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.review import ReviewScreen
from workbench.tui.widgets.lines import Lines, Run, cells, cut, wrap

SAMPLE = "banking_intents"
#: Rows of the sample project that the tour shows, and one that does not belong, at the place where it asks to reject.
ROWS, ODD, ODD_AT = 24, "asdf asdf lorem ipsum", 2


@dataclass(frozen=True)
class Step:
    """``say`` holds ``{key}`` where the user's key of ``action`` stands; any of ``also`` does as well."""

    action: str
    say: str
    also: tuple[str, ...] = ()


STEPS = (
    Step("down", "On the left a list, in the middle the sample, on the right its labels. Press {key} for the next one."),
    Step("up", "And {key} for the one before."),
    Step("label_1", "Labels have digits. Press {key}: that labels the sample, accepts it and goes on.",
         tuple(f"label_{n}" for n in range(2, 10))),
    Step("accept", "This one has its label already. Press {key} if it is right as it stands."),
    Step("reject", "Nobody writes that to a bank. Press {key} to reject it: it leaves the data set."),
    Step("flag", "Not sure? {key} flags it, for later."),
    Step("undo", "A slip? {key} takes back your last act, however long ago."),
    Step("redo", "{key} brings back what you undid."),
    Step("find_label", "More labels than digits? Press {key}, type part of a name, take it with enter (escape leaves).",
         ("code",)),
    Step("mark", "Many at once: {key} marks this one. A, X, F and L then act on all that are marked, after a question.",
         ("mark_range",)),
    Step("view", "The list is a view. Press {key} and look at the line, such as label:change_pin; enter opens, escape leaves."),
    Step("help", "Press {key} for all keys, whenever you forget one; escape closes it.", ("palette",)),
)  # fmt: skip
END = "That was it. q leaves; then `workbench demo DIR` runs the whole loop, `workbench new DIR` makes a project of your own."


class TourLine(Lines):
    """Two lines: how far one is, and what to press next."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tour--key", "tour--done"}
    DEFAULT_CSS = """
    TourLine {
        dock: bottom; height: 3; background: $panel; color: $foreground;
        & > .tour--key { color: $accent; background: $panel; text-style: bold; }
        & > .tour--done { color: $text-muted; background: $panel; }
    }
    """

    def __init__(self, keymap: actions.Keymap) -> None:
        super().__init__()
        self.keymap = keymap
        self.at = 0

    @property
    def key(self) -> str:
        """What the step asks for, as people write it."""
        return _key(STEPS[self.at].action, self.keymap) if self.at < len(STEPS) else ""

    def sentence(self) -> str:
        return STEPS[self.at].say.format(key=self.key) if self.at < len(STEPS) else END

    def runs(self, y: int) -> Sequence[Run]:
        width = self.size.width
        if y == 0:
            bar = "#" * self.at + "." * (len(STEPS) - self.at)
            leave = f"{_key('quit', self.keymap)} leaves the tour "
            left = cut(f" Tour {min(self.at + 1, len(STEPS))} of {len(STEPS)}  {bar}", max(0, width - cells(leave)))
            return [(left, "tour--done"), (leave, "tour--done")]
        parts = wrap(self.sentence(), max(20, width - 2))
        text = parts[y - 1] if y - 1 < len(parts) else ""
        before, found, after = text.partition(f" {self.key} ") if self.key else (text, "", "")
        return [(f" {before}", ""), (found, "tour--key"), (after, "")]


def _key(name: str, keymap: actions.Keymap) -> str:
    whole = next(one for one in (f"review.{name}", f"app.{name}") if one in actions.ACTIONS)
    return actions.shown(next(iter(actions.keys(whole, keymap)), ""))


class TourApp(WorkbenchApp[None]):
    """The app on the copy; every action that was done is looked at, whichever key did it."""

    REMEMBERED: ClassVar[bool] = False
    line: TourLine | None = None

    async def run_action(self, *args: object, **kwargs: object) -> bool:
        ran = await super().run_action(*args, **kwargs)
        if args and isinstance(args[0], str):
            self._did(args[0].rpartition(".")[2].partition("(")[0])
        return ran

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self._show_line)

    def _show_line(self) -> None:
        screen = next((one for one in self.screen_stack if isinstance(one, ReviewScreen)), None)
        if screen is not None and self.line is None:
            self.line = TourLine(self.keymap)
            screen.mount(self.line)

    def _did(self, action: str) -> None:
        line = self.line
        if line is None or line.at >= len(STEPS):
            return
        step = STEPS[line.at]
        if action == step.action or action in step.also:
            line.at += 1
            line.refresh()


def prepare(folder: Path) -> Project:
    """A copy of the sample project in ``folder`` with some samples to decide on."""
    project = create_from_sample(folder, SAMPLE)
    lines = (data_folder("sample_projects") / SAMPLE / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines[: ROWS - 1]]
    rows.insert(ODD_AT, {"text": ODD, "label": rows[0]["label"]})
    with Store(project) as store:
        samples.add(store, [NewSample({"text": row["text"]}, row["label"]) for row in rows])
        ids = views.ids(store, views.parse("sort:id"))
        suggested = [(one, [(row["label"], 0.9)]) for one, row in zip(ids, rows, strict=True)]
        curation.save_suggestions(store, "tour", suggested, job_id=0)
    return project


def run() -> tuple[int, int]:
    """Show the tour until it is left; (steps done, steps there are). Nothing of it stays on the disk."""
    with tempfile.TemporaryDirectory(prefix="workbench-tour-") as folder:
        app = TourApp(prepare(Path(folder) / "tour"))
        app.run(mouse=False)
        return app.line.at if app.line is not None else 0, len(STEPS)
