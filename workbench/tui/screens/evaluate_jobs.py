"""Evaluate's jobs: measure, measure thoroughly, compare contenders, let a model judge, write the report."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.text import clean
from workbench.tui.screens.evaluate_open import OpenScreen
from workbench.tui.screens.job_screen import UNDER_WAY, pick
from workbench.tui.widgets.evaluation import contenders

REPORT = "report.html"
REPORT_SECONDS = 600
SYNTAX = (
    "A name in front: mine=view:label:a. Steps behind: recipe:zerogen+near_duplicate+length:min_words=3, +project for the "
    "project's chain, +recipe for the recipe's own, +none.",
    'Quotes keep a view with spaces together: "view:label:a status:accepted".',
)


class JobsScreen(OpenScreen):
    """What of Evaluate starts jobs and writes files."""

    def _free(self) -> None:
        if not self.known.counts.get("in_data_set"):
            raise UsageError("There are no samples to measure yet: F2 makes some.")
        if pick(self.known.history, None, UNDER_WAY) is not None:
            raise UsageError("An evaluation is under way already; wait for it, or press c to stop it.")

    async def _submit(self, parameters: Mapping[str, Any], limits: Mapping[str, Any] | None = None) -> None:
        self._free()
        job_id = await self.write(lambda store: _start(store, parameters, limits))
        self.say(f"Started job {job_id}.")
        await self.look()
        self.draw()

    def action_start(self) -> None:
        self.once(partial(self._submit, {"compare": True}))

    def action_thorough(self) -> None:
        self.once(self._thorough)

    async def _thorough(self) -> None:
        """Everything that costs time; the project's own training command only after a question."""
        from workbench.tui.widgets.prompts import Choice, Option

        self._free()
        parameters: dict[str, Any] = {"compare": True, "thorough": True}
        if command := self.project.config.evaluate.trainer.command:
            told = " ".join(command)
            chosen = await self.ask(
                Choice(
                    "Measure thoroughly: learning curves, mixtures",
                    [
                        Option("plain", "without your training command"),
                        Option("trainer", "and run your training command", clean(told, limit=50)),
                    ],
                )
            )
            if chosen is None:
                return
            parameters["trainer"] = chosen == "trainer"
        await self._submit(parameters)

    async def action_cancel(self) -> None:
        job = pick(self.known.history, None, UNDER_WAY)
        if job is None:
            self.say("No evaluation is under way.")
            return
        await self.write(lambda store: jobs.cancel(store, job.id))
        self.say(f"Job {job.id} stops.")
        self.changed()

    # Comparing

    def action_compare(self) -> None:
        self.begin_asking(self._compare())

    async def _compare(self) -> None:
        """Choose contenders from a list, look at the line that they make, start."""
        from workbench.tui.screens.contenders import Contenders
        from workbench.tui.widgets.prompts import AskLine

        self._free()
        found = await self.read(contenders.choices)
        marked = await self.ask(Contenders(found))
        if marked is None:
            return
        line = " ".join(shlex.quote(spec) for spec in marked)
        text = await self.ask(AskLine("Compare", line, check=self._known, help_lines=SYNTAX))
        if text is not None:
            await self._submit({"contenders": shlex.split(text), "compare": False})

    async def _known(self, text: str) -> str:
        """How many contenders a line names; raises ``UsageError`` for what is none."""
        specs = split(text)
        await self.read(lambda _store: contenders.check(specs))
        return f"{len(specs)} contenders"

    # A model that judges

    def action_judge(self) -> None:
        self.begin_asking(self._judge())

    async def _judge(self) -> None:
        """Measure with the judging model, after saying how often it is asked and what that costs."""
        from workbench.tui.widgets.prompts import Confirm

        self._free()
        price = await self.read(contenders.price)
        if not price.answers:
            raise UsageError(
                f"{price.model} writes texts and judges none: name a model as evaluate.judge.model in project.yaml."
            )
        lines = [price.told, "Answers are kept: what was asked before is not paid for again."]
        if price.budget is not None:
            lines.append(f"It stops before ${price.budget:,.2f}, the budget in project.yaml.")
        if await self.ask(Confirm(f"Let {clean(price.model, limit=40)} judge?", lines, yes="judge", no="not now")):
            limits = {} if price.budget is None else {"budget": price.budget}
            await self._submit({"compare": True, "judge": True}, limits)

    def action_judge_pairs(self) -> None:
        from workbench.tui.screens.duels import open_duels

        self.begin_asking(open_duels(self))

    # The report

    def action_report(self) -> None:
        self.begin_asking(self._report())

    async def _report(self) -> None:
        from workbench.tui.widgets.prompts import AskLine, Confirm

        if not self.known.found:
            raise UsageError("Nothing has been measured yet, so there is nothing to report: r measures.")
        start = str(self.project.folder / REPORT)
        text = await self.ask(
            AskLine("Write the report to", start, help_lines=("One HTML file that needs nothing else.",))
        )
        if not text or not text.strip():
            return
        path = Path(text.strip()).expanduser()
        path = path if path.is_absolute() else self.project.folder / path
        there = path.exists()
        if there and not await self.ask(
            Confirm(f"Replace {path.name}?", [f"{path} exists."], yes="replace it", no="keep it")
        ):
            return
        self.say("Writing the report ...")
        await asyncio.to_thread(write_report, self.project.folder, path, overwrite=there)
        self.say(f"Written: {path}")


def split(text: str) -> list[str]:
    """The contenders of a line. Raises ``UsageError`` on an open quote."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"A quote is not closed: {clean(text, limit=60)}") from error


def _start(store: Store, parameters: Mapping[str, Any], limits: Mapping[str, Any] | None) -> int:
    from workbench.pipeline import start

    return start.submit(store, "evaluate", parameters, limits)


def write_report(folder: Path, path: Path, *, overwrite: bool) -> None:
    """``workbench report`` in a process of its own: what it computes with is not for the screen's. Raises ``WorkbenchError``
    with its sentence when it fails."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "workbench.cli",
        "report",
        str(folder),
        "--out",
        str(path),
        "--quiet",
        "--json",
    ]
    try:
        done = subprocess.run(
            [*command, *(["--overwrite"] if overwrite else [])], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=REPORT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorkbenchError(f"The report could not be written: {error}") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise WorkbenchError(clean(said[-1] if said else "The report could not be written.", limit=400))
