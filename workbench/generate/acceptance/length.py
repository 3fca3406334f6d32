"""Neither too short nor too long."""

from __future__ import annotations

from workbench.generate.parts import ACCEPT, Accept, Example, Refusal, Setting
from workbench.text import words


@ACCEPT.register("length")
class Length(Accept):
    """Keeps texts of ``shortest`` to ``longest`` words (Self-Instruct's rule, Wang et al. 2022, section 2.2: 3 to 150)."""

    def __init__(self, setting: Setting, shortest: int = 3, longest: int = 150) -> None:
        self.shortest, self.longest = int(shortest), int(longest)

    def seen(self, example: Example) -> None:
        """Nothing to remember."""

    def judge(self, example: Example) -> Refusal | None:
        count = len(words(example.text))
        if count < self.shortest:
            return Refusal(f"{count} words, fewer than {self.shortest}", float(count))
        if count > self.longest:
            return Refusal(f"{count} words, more than {self.longest}", float(count))
        return None
