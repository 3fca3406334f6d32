from __future__ import annotations

from workbench.curate.base import Context, Item, Verdict, parse_filter
from workbench.curate.filters.rouge_novelty import RougeNovelty

ITEMS = [Item(100, "where is my card"), Item(101, "the rate please"), Item(102, "where is my new card")]


def judge(spec: str, items: list[Item], context: Context | None = None) -> list[Verdict]:
    return list(parse_filter(spec).judge(items, context or Context()))


def test_rouge_novelty() -> None:
    verdicts = judge("rouge_novelty", ITEMS)
    assert [verdict.keep for verdict in verdicts] == [True, True, False]
    assert verdicts[2].reason == "ROUGE-L .89 with sample 100: where is my card"  # 2 * 4 / 9
    seeded = judge("rouge_novelty", ITEMS, Context(seeds=[Item(7, "the rate please")]))
    assert seeded[1] == Verdict(False, "ROUGE-L 1.00 with seed 7: the rate please", 1.0, 7)
    assert all(verdict.keep for verdict in judge("rouge_novelty:maximum=0.9", ITEMS))


def test_new_samples_against_seeds_and_old_ones() -> None:
    new = [Item(200, "the rate please"), Item(201, "where is my new card"), Item(202, "a b c"), Item(203, "a b c")]
    context = Context(seeds=[Item(7, "the rate please")])
    verdicts = list(RougeNovelty().judge_new(new, ITEMS[:1], context))
    assert [verdict.other for verdict in verdicts] == [7, 100, None, 202]
    assert verdicts[0].reason.startswith("ROUGE-L 1.00 with seed 7")
    assert verdicts[1].reason.startswith("ROUGE-L .89 with sample 100")
