"""From a number to the samples behind it: Evaluate's way into Review."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from workbench.errors import UsageError
from workbench.text import clean
from workbench.tui.screens.job_screen import JobScreen
from workbench.tui.widgets.evaluation import reading
from workbench.tui.widgets.evaluation.sheet import Target

#: The number whose errors may be worked on.
VALIDATION = "benchmark.validation_accuracy"


class OpenScreen(JobScreen):
    """What of Evaluate opens samples."""

    def __init__(self) -> None:
        super().__init__()
        self.known = reading.Evaluations()

    async def open_samples(self, one: Mapping[str, Any], target: Target) -> None:
        """Go to Review with what a place stands for; raises ``UsageError`` when nothing was kept of it."""
        if target.kind == "view":
            text: str | None = target.value
        elif target.kind == "contender":
            text = await self._contender(one, int(target.value)) or None
        elif target.kind == "cell":
            text = await self.write(partial(reading.cell_view, evaluation_id=int(one["id"]), target=target))
        elif reading.is_comparison(one):
            text = await self._of_contender(one, target.value, int(target.gold or 0))
        else:
            text = await self._of_metric(one, target.value)
        if text == "":
            return
        if text is None:
            raise UsageError("No view lists exactly these samples, and none were kept with this evaluation.")
        await self.open_in_review(text)
        spec = str(one["result"]["contenders"][int(target.value)].get("spec", "")) if target.kind == "contender" else ""
        if "+" in spec and not spec.startswith("view:"):
            self.say("These are the samples before its filters, which were applied for the comparison only.")

    async def _contender(self, one: Mapping[str, Any], place: int) -> str:
        spec = str(one["result"]["contenders"][place].get("spec", ""))
        return await self.read(partial(reading.contender_view, spec=spec))

    async def _of_metric(self, one: Mapping[str, Any], name: str) -> str | None:
        """What is behind a metric: what was kept of it (of several names one is chosen), else all that was measured."""
        number = int(one["id"])
        behind = self.known.behind.get(number, {})
        names = reading.kept_names(behind, name)
        whole = reading.view_of(one)
        metric = one["result"].get("metrics", {}).get(name) or {}
        if not names and (metric.get("details") or {}).get("confusion"):
            target = Target("cell", name, wrong=True)
            return await self.write(partial(reading.cell_view, evaluation_id=number, target=target))
        if metric.get("value") is None and not names:
            raise UsageError(f"{name} has no value: {metric.get('note') or 'it was not computed.'}")
        return await self._choose(f"Behind {name}", number, behind, names, whole)

    async def _of_contender(self, one: Mapping[str, Any], name: str, place: int) -> str | None:
        number = int(one["id"])
        behind = self.known.behind.get(number, {})
        contender = one["result"]["contenders"][place]
        whole = await self._contender(one, place)
        names = reading.kept_names(behind, name, place)
        return await self._choose(f"Behind {name} of {contender.get('name', '')}", number, behind, names, whole)

    async def _choose(
        self, question: str, number: int, behind: Mapping[str, int], names: list[str], whole: str
    ) -> str | None:
        from workbench.tui.widgets.prompts import Choice, Option

        views = {reading.behind_view(number, name): (name, behind[name]) for name in names}
        if len(views) + bool(whole) <= 1:
            return next(iter(views), whole or None)
        if len(views) == 1:
            return next(iter(views))
        options = [
            Option(view, f"{count:>6,}  {clean(name.partition('/')[2].replace('_', ' '), limit=60)}")
            for view, (name, count) in views.items()
        ]
        if whole:
            options.append(Option(whole, "        all samples that were measured"))
        return await self.ask(Choice(question, options)) or ""

    def action_validation(self) -> None:
        self.begin(self._validation())

    async def _validation(self) -> None:
        """The errors on validation rows: they may be worked on."""
        for one in self.known.found:
            if reading.is_comparison(one):
                continue
            number = int(one["id"])
            kept = self.known.behind.get(number, {})
            if f"{VALIDATION}/wrong" in kept:
                await self.open_in_review(reading.behind_view(number, f"{VALIDATION}/wrong"))
                return
            if (one["result"].get("metrics", {}).get(VALIDATION) or {}).get("value") is not None:
                target = Target("cell", VALIDATION, wrong=True)
                text = await self.write(partial(reading.cell_view, evaluation_id=number, target=target))
                if text is None:
                    self.say("No validation row was got wrong.")
                else:
                    await self.open_in_review(text)
                return
        if not self.known.counts.get("validation"):
            raise UsageError(
                "There are no validation rows: `workbench import PROJECT FILE --as validation` adds some; their errors may "
                "be worked on, the test's may not."
            )
        raise UsageError("No evaluation has tested on the validation rows yet: r does.")
