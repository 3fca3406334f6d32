"""Learning curve: would more of the same help?"""

from __future__ import annotations

from typing import Any

from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs
from workbench.evaluate.curves import Point, curve, forecast, last_doubling
from workbench.evaluate.downstream import NO_TEST, EvaluationError, labelled, means, train_and_test
from workbench.learn.intervals import is_rough


@METRICS.register("benchmark.learning_curve")
@needs("labels", "time")
def learning_curve(material: Material) -> list[Metric]:
    """Gain in accuracy of the last doubling: from half of the data set to all of it, paired over test rows (95 %).

    The curve halves the data set up to five times; at each smaller size up to three training sets that share no sample are
    drawn with the labels' shares, and their results averaged. ``points`` holds accuracy by size with intervals
    (over test rows; ``sd`` is between the draws), ``real`` the same for the real training rows. ``forecast`` is what an
    inverse power law ``a - b n^-c`` (Cortes et al., NIPS 1993) gives for twice as many samples, from four points on. An
    interval above 0 says that the last doubling helped, and makes it likely that more of the same will.
    """
    name, seed = "benchmark.learning_curve", material.seed
    test = labelled(material.test, material.labels)
    samples = labelled(material.samples, material.labels)
    if not test:
        raise EvaluationError(NO_TEST)
    points = _points(material, samples, test, "learning curve")
    if (last := last_doubling(points, seed)) is None:
        raise EvaluationError(
            f"A learning curve needs more samples than {len(samples):,}: at least 40, and four for each label."
        )
    gain, (low, high) = last
    real = labelled(material.real, material.labels)
    beside: list[Point] = []
    if len({row.label for row in real}) > 1:
        beside = _points(material, real, test, "learning curve of real rows")
    ahead = forecast(points, 2 * len(samples), seed)
    if low > 0:
        verdict = "more of the same is likely to help"
    elif high < 0:
        verdict = "more of the same made it worse"
    else:
        verdict = "nothing shows that more of the same would help"
    note = f"From {points[-2].size:,} to {points[-1].size:,} samples; {verdict}."
    if ahead is not None:
        note += (
            f" The curve puts {ahead['size']:,} samples at {ahead['value']:.3f} ({ahead['low']:.3f}-{ahead['high']:.3f}, if it "
            "goes on as it went)."
        )
    details: dict[str, Any] = {
        "points": [point.as_json() for point in points],
        "real": [point.as_json() for point in beside],
        "forecast": ahead,
    }
    return [Metric(name, gain, low, high, note, "share", "none", details, is_rough(len(test)))]


def _points(material: Material, samples: list[Sample], test: list[Sample], said: str) -> list[Point]:
    return curve(
        samples,
        material.seed,
        lambda drawn: train_and_test(drawn, test, material.seed, **means(material)),
        lambda done, total: material.progress(done, total, said),
    )
