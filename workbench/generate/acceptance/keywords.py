"""Nothing that speaks of pictures, files or of being a language model."""

from __future__ import annotations

from workbench.generate.parts import ACCEPT, Accept, Example, Refusal, Setting
from workbench.text import words

#: What a text model cannot do (the list of the Self-Instruct paper's released code, bootstrap_instructions.py, shortened
#: to what cannot be part of an ordinary utterance), and the phrases of an assistant that talks about itself.
PHRASES = ("as an ai", "as a language model", "i cannot assist", "i can't assist", "i'm sorry, but i", "in this image")


@ACCEPT.register("keywords")
class Keywords(Accept):
    """Drops texts with a phrase that shows the model speaking instead of writing (Wang et al. 2022, section 2.2)."""

    def __init__(self, setting: Setting) -> None:
        self._phrases = PHRASES

    def seen(self, example: Example) -> None:
        """Nothing to remember."""

    def judge(self, example: Example) -> Refusal | None:
        folded = " ".join(words(example.text))
        for phrase in self._phrases:
            if " ".join(words(phrase)) in folded:
                return Refusal(f"contains {phrase!r}")
        return None
