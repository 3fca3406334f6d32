"""Length: how long the texts are, in tokens."""

from __future__ import annotations

from typing import Any

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, data_set, direct, seeds
from workbench.evaluate.estimates import of_mean

BINS = 30
QUANTILES = {"least": 0.0, "5%": 0.05, "25%": 0.25, "50%": 0.5, "75%": 0.75, "95%": 0.95, "most": 1.0}


@METRICS.register("diversity.length")
def length(material: Material) -> list[Metric]:
    """Mean number of tokens of a text; it does not move with the number of texts, and neither way is the good one.

    Interval: mean +- t sd / sqrt(n). Details: ``sd``, ``quantiles``, and ``histogram`` with ``seeds_histogram`` (None
    without seeds): ``counts`` in equal bins from ``low`` to ``high``, the same bins for both; the last holds all that is
    longer than 99 in 100 of either.
    """
    found = direct(
        "diversity.length",
        material,
        lambda corpus: of_mean(corpus.encoded.lengths, (0.0, float("inf"))),
        unit="tokens a text",
        direction="none",
        note="Mean length of a text in tokens; compare its spread with the seeds'.",
        more=lambda: _describe(data_set(material), seeds(material)),
    )
    return [found]


def _describe(data: Corpus, reference: Corpus) -> dict[str, Any]:
    import numpy as np

    lengths, others = data.encoded.lengths, reference.encoded.lengths
    quantiles = np.quantile(lengths, list(QUANTILES.values()))
    both = np.concatenate([lengths, others])
    low = int(both.min())
    longest = max(low + 1, *(int(np.quantile(part, 0.99)) + 1 for part in (lengths, others) if len(part)))
    step = -(-(longest - low) // BINS)
    bins = -(-(longest - low) // step)

    def counted(part: Any) -> dict[str, Any]:
        place = np.minimum((part - low) // step, bins - 1)
        return {"low": low, "high": low + step * bins, "counts": np.bincount(place, minlength=bins).tolist()}

    return {
        "sd": float(lengths.std(ddof=1)) if len(lengths) > 1 else None,
        "seeds_sd": float(others.std(ddof=1)) if len(others) > 1 else None,
        "quantiles": dict(zip(QUANTILES, quantiles.tolist(), strict=True)),
        "histogram": counted(lengths),
        "seeds_histogram": counted(others) if len(others) else None,
    }
