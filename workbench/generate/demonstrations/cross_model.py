"""What several models agree or disagree about most, as demonstrations for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.generate.parts import DEMONSTRATIONS, Example, Pool, Setting

#: Samples of earlier waves that a selection looks at, drawn from all there are, and their most frequent features: what it
#: costs does not grow from wave to wave.
MOST, COLUMNS = 4_000, 10_000
#: Penalty of the small models, as the weighting ``fusegen`` has it.
L2 = 0.4
#: One of so many samples is held out to measure influence on, as in the released code (``--test_ratio 0.1``).
PARTS = 10


@DEMONSTRATIONS.register("cross_model")
def cross_model(
    setting: Setting, ordinal: int, conditions: Mapping[str, Any], pool: Pool, options: Mapping[str, Any]
) -> Sequence[Example]:
    """``count`` samples of earlier waves for every request of the wave, whatever its label and model; none in the first wave.

    FuseGen (Zou et al. 2024; github.com/LindaLydia/FuseGen, src/main_accumulate_fuse.py): of all samples so far the
    ``pool`` that the models' small classifiers agree and disagree about most (``ambiguous`` is the share of the latter),
    of these the ``count`` that help a classifier most (``learn.fusegen``), in random order. A text is shown once. There are
    none as long as fewer than two models have written texts of two labels.
    """
    size, most, ambiguous = int(options["count"]), int(options["pool"]), float(options["ambiguous"])
    return pool.once(
        ("cross_model", size, most, ambiguous),
        lambda: _chosen(setting, _everyone(setting, pool), size, most, ambiguous),
    )


def _everyone(setting: Setting, pool: Pool) -> list[Example]:
    """Samples whose model is known, by label and in request order; ``MOST`` of them where there are more."""
    found = [one for _, made in sorted(pool.generated.items()) for one in made if one.model and one.label]
    if len(found) <= MOST:
        return found
    places = setting.random("cross_model", "looked at", len(found)).sample(range(len(found)), MOST)
    return [found[place] for place in sorted(places)]


def _chosen(setting: Setting, examples: Sequence[Example], size: int, most: int, ambiguous: float) -> Sequence[Example]:
    learnt, held = _parts(setting, examples)
    wrote: dict[str | None, set[str | None]] = {}
    for one in learnt:
        wrote.setdefault(one.model, set()).add(one.label)
    if sum(len(labels) > 1 for labels in wrote.values()) < 2:
        return []
    texts: set[str] = set()
    chosen: list[Example] = []
    for place in _ranked(learnt, held, most, ambiguous):
        one = learnt[place]
        if len(chosen) < size and one.text not in texts:
            texts.add(one.text)
            chosen.append(one)
    setting.random("cross_model", len(examples)).shuffle(chosen)
    return chosen


def _parts(setting: Setting, examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """What the small models learn and the demonstrations are chosen from, and what influence is measured on."""
    import numpy

    from workbench.learn.folds import deal

    if not examples:
        return [], []
    part = deal(numpy.array([str(one.label) for one in examples]), PARTS, setting.seed).tolist()
    pairs = list(zip(examples, part, strict=True))
    return [one for one, fold in pairs if fold], [one for one, fold in pairs if not fold]


def _ranked(learnt: Sequence[Example], held: Sequence[Example], most: int, ambiguous: float) -> Sequence[int]:
    """Places of the candidates, the most helpful first."""
    import numpy

    from workbench.learn.features import text_rows
    from workbench.learn.fusegen import candidate_influence, cross_model_variability, ranked_candidates
    from workbench.learn.softmax import frequent_columns

    everyone = [*learnt, *held]
    names = sorted({str(one.label) for one in everyone})
    place = {name: number for number, name in enumerate(names)}
    given = numpy.array([place[str(one.label)] for one in everyone])
    rows = frequent_columns(text_rows([one.text for one in everyone]), COLUMNS)
    size = len(learnt)
    _, variability = cross_model_variability(rows[:size], given[:size], [str(one.model) for one in learnt], L2)
    influence = candidate_influence(rows, given, size, L2)
    found: list[int] = ranked_candidates(variability, influence, most, ambiguous).tolist()
    return found
