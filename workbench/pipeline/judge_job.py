"""The judge job: a model says of every duel of a comparison which output is better, in both orders.

What it said is kept as it comes, so that a job which was cut off asks only what is missing. A verdict that cannot be read
is kept as unread; a request that failed is not kept, and asked again by the next job.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from workbench.errors import WorkbenchError
from workbench.jobs.run import Cancelled, Ended, JobContext
from workbench.models import judge
from workbench.models.base import Answer, Request
from workbench.pipeline import standing
from workbench.pipeline.judging_model import answers_questions, evaluating_model, forecast, tokens
from workbench.project import Project
from workbench.store import duels
from workbench.store.connection import Store
from workbench.store.duels import Comparison, Duel, Judged

#: What is asked where the comparison has no question of its own.
QUESTION = "Which output is better for this input?"
#: Verdicts that are kept together at the most, and seconds that one waits to be kept.
GROUP, PATIENCE = 200, 1.0
#: Duels that the length of a prompt is taken from.
SAMPLED = 1_000


@dataclass(frozen=True)
class Preview:
    """What a job would do: the first prompt, how many requests, about how many tokens and dollars (None: unknown)."""

    model: str
    messages: list[dict[str, str]]
    requests: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    note: str


def preview(store: Store, comparison_id: int, model: str | None = None) -> Preview:
    """What judging a comparison would cost. Asks no model and writes nothing.

    Raises ``WorkbenchError`` where the model answers no questions.
    """
    comparison, spec = duels.get(store, comparison_id), _model(store.project, model)
    left = duels.unjudged(store, comparison.id, spec)
    first = list(islice(left, SAMPLED))
    requests = len(first) + sum(1 for _ in left)
    letters = sum(_letters(duel) for duel, _ in first) / max(1, len(first))
    cost = forecast(store.project, spec, requests, letters) if requests else 0.0
    notes = ["Each pair is asked in both orders; what was answered before costs nothing again."]
    if not requests:
        notes = [f"{spec} has judged every pair in both orders."]
    elif cost is None:
        notes.append("The model's price is not known (model.price in project.yaml): tokens only.")
    shown = [dict(message) for message in _request(comparison, *first[0]).messages] if first else []
    return Preview(spec, shown, requests, *tokens(requests, letters), cost, " ".join(notes))


def run(context: JobContext) -> Ended:
    """Judge what the model has not judged yet; ends early, with what it has, when the budget is used up. Works the standings
    out anew."""
    from workbench.pipeline.asking import Asking  # the endpoint's client costs half a second to load

    store, parameters = context.store, context.job.parameters
    comparison = duels.get(store, int(parameters["comparison"]))
    spec = _model(context.project, parameters.get("model"))
    who = Asking(context, spec)
    judging = _Judging(context, comparison, spec)
    state, told = "done", ""
    try:
        judging.run(who)
    except Cancelled as error:
        state, told = "cancelled", str(error)
    except WorkbenchError as error:
        state, told = "failed", f"{error} What was judged so far is kept."
    finally:
        try:
            judging.keep()
        finally:
            usage = who.close()
    standing.keep(store, comparison.id)
    result = {
        "comparison": comparison.id,
        "name": comparison.name,
        "model": spec,
        "judged": judging.judged,
        "unread": judging.unread,
        "missing": judging.missing,
        **{name: usage[name] for name in ("requests", "answers", "failed", "cached", "cost")},
        "usage": usage,
    }
    return Ended(result, state, told or None)


@dataclass
class _Judging:
    """One job's way through the duels. ``judged``: verdicts, ``unread``: answers without one, ``missing``: requests that
    failed for good."""

    context: JobContext
    comparison: Comparison
    spec: str
    judged: int = 0
    unread: int = 0
    missing: int = 0
    _asked: deque[tuple[int, bool]] = field(default_factory=deque)
    _unkept: list[Judged] = field(default_factory=list)
    _since: float = 0.0

    def run(self, who: Any) -> None:
        total = self._total()
        for done, answer in enumerate(who.ask(self._requests()), 1):
            self._hear(*self._asked.popleft(), answer)
            if len(self._unkept) >= GROUP or time.monotonic() - self._since > PATIENCE:
                self.keep()
            self.context.report(done, total, self.comparison.name)

    def _requests(self) -> Iterator[Request]:
        for duel, swapped in duels.unjudged(self.context.store, self.comparison.id, self.spec):
            self._asked.append((duel.id, swapped))
            yield _request(self.comparison, duel, swapped)

    def _hear(self, duel_id: int, swapped: bool, answer: Answer | None) -> None:
        if answer is None:
            self.missing += 1
            return
        preferred = judge.preferred(answer)
        if preferred is None:
            self.unread += 1
        else:
            self.judged += 1
        reason = judge.reason_of([answer]).removeprefix(": ")
        self._unkept.append(Judged(duel_id, swapped, preferred, reason))

    def keep(self) -> None:
        duels.record(self.context.store, self.spec, self._unkept, job_id=self.context.job.id)
        self._unkept, self._since = [], time.monotonic()

    def _total(self) -> int:
        counts = duels.counts(self.context.store, self.comparison.id)
        done = counts.models.get(self.spec, 0) - counts.unread.get(self.spec, 0)
        return 2 * counts.duels - done


def _model(project: Project, own: str | None) -> str:
    spec = evaluating_model(project, own)
    if not answers_questions(spec):
        raise WorkbenchError(
            f"{spec} writes texts and answers no questions: give --model openai:NAME, or evaluate.judge.model in project.yaml."
        )
    return spec


def _request(comparison: Comparison, duel: Duel, swapped: bool) -> Request:
    question = comparison.question.strip() or QUESTION
    return judge.pairwise(question, duel.input, *duels.as_shown(duel, swapped))


def _letters(duel: Duel) -> int:
    return sum(min(judge.LONGEST, len(text)) for text in (duel.input, duel.first_text, duel.second_text))
