"""A judge that answers by script: filters are tested without a model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.curate.base import Context, Item, Verdict, parse_filter
from workbench.models.base import Answer, Request


@dataclass
class Judge:
    """``script(prompt, draw)`` gives an answer's text, an ``Answer``, a number for ``{"score": ...}``, or None where the
    request fails. ``requests`` are those that were sent, in order."""

    script: Callable[[str, int], Any]
    requests: list[Request] = field(default_factory=list)

    def ask(self, requests: Iterable[Request]) -> Iterator[Answer | None]:
        for request in requests:
            self.requests.append(request)
            given = self.script(request.prompt or request.messages[-1]["content"], request.draw)
            if isinstance(given, (int, float)):
                given = json.dumps({"score": given, "reason": "because"})
            yield given if given is None or isinstance(given, Answer) else Answer(given, "judge", "stop", 10, 5)

    def judge(self, spec: str, items: list[Item], **context: Any) -> list[Verdict]:
        """The verdicts of a filter that asks this judge; as many requests as it said that there would be."""
        technique = parse_filter(spec)
        given = Context(ask=self.ask, **context)
        expected = technique.requests(items, given)  # type: ignore[attr-defined]
        verdicts = list(technique.judge(items, given))
        assert len(verdicts) == len(items)
        assert len(self.requests) == expected or technique.name == "impossible_distillation"
        assert len(self.requests) <= expected
        return verdicts

    @property
    def prompts(self) -> list[str]:
        return [request.prompt or request.messages[-1]["content"] for request in self.requests]


def part(prompt: str, name: str) -> str:
    """What a prompt shows under a part's name."""
    found = re.search(rf"<{name} (\w+)>\n(.*?)\n</{name} \1>", prompt, re.DOTALL)
    assert found is not None, prompt
    return found[2]


def by_text(scores: dict[str, Any], name: str = "text") -> Callable[[str, int], Any]:
    """A script that looks its answer up by the text that is judged."""
    return lambda prompt, _: scores[part(prompt, name)]


def texts(*found: str, label: str | None = None) -> list[Item]:
    """Samples 100, 101, ... with these texts."""
    return [Item(id=100 + place, text=text, fields={"text": text}, label=label) for place, text in enumerate(found)]


def kept(verdicts: Iterable[Verdict]) -> list[bool]:
    return [verdict.keep for verdict in verdicts]
