"""Novel against everything before."""

from __future__ import annotations

from workbench.generate.parts import ACCEPT, Accept, Example, Refusal, Setting


@ACCEPT.register("rouge_novelty")
class RougeNovelty(Accept):
    """Keeps a text whose ROUGE-L (F) with every seed and every text kept before is at most ``maximum``.

    Self-Instruct (Wang et al. 2022, section 2.3): "only when its ROUGE-L similarity with any existing instruction is less
    than 0.7"; the released code drops what is above 0.7.
    """

    def __init__(self, setting: Setting, maximum: float = 0.7) -> None:
        from workbench.learn.similarity import RougePool

        self.maximum = float(maximum)
        self._pool = RougePool()
        self._ids: list[int] = []

    def seen(self, example: Example) -> None:
        self._pool.add(example.text)
        self._ids.append(example.id)

    def judge(self, example: Example) -> Refusal | None:
        index, similarity = self._pool.best(example.text, self.maximum)
        if index is None or similarity <= self.maximum:
            return None
        return Refusal(f"ROUGE-L {similarity:.2f} with sample {self._ids[index]}", similarity, self._ids[index])
