"""SunGen: the outer gradient against finite differences of the whole bilevel problem, and what its weights find."""

from __future__ import annotations

import dataclasses

import numpy
import pytest
from scipy.sparse import csr_matrix

from tests.curate.reviews import reviews
from workbench.curate.base import Context, parse_step
from workbench.curate.weighing import level, to_mean_one
from workbench.errors import UsageError, WorkbenchError
from workbench.learn import bilevel
from workbench.learn.bilevel import hypergradient, reweigh


@pytest.mark.parametrize("loss", ["reverse", "cross-entropy"])
def test_outer_gradient_against_finite_differences(loss: str) -> None:
    random = numpy.random.default_rng(0)
    dense = random.normal(size=(30, 5))
    rows, held = csr_matrix(dense[:18]), csr_matrix(dense[18:])
    labels = (dense[:, :3] + random.normal(size=(30, 3))).argmax(axis=1)
    weights = random.uniform(0.2, 1.5, 18)

    def outer(changed: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        """The weights of the first 15 rows are those of the inner problem, where only their proportions count."""
        validation, inner = (held, labels[18:]), numpy.arange(15)
        return hypergradient(
            rows, labels[:18], changed, validation, 0.3, inner=inner, loss=loss, classes=3, tolerance=1e-9, solved=1e-9
        )[:2]  # type: ignore[return-value, arg-type]

    gradient = outer(weights)[1]
    for place in range(0, 15, 2):
        step = numpy.zeros(18)
        step[place] = 0.01
        slope = (outer(weights + step)[0] - outer(weights - step)[0]) / 0.02
        assert gradient[place] == pytest.approx(slope, rel=5e-3, abs=2e-6)


def test_adam_by_hand() -> None:
    """The first step of Adam is the rate times the gradient's sign; a sample that is not chosen stays and does not age."""
    adam = bilevel._Adam(3, 0.25)
    values = numpy.zeros(3)
    adam.step(values, numpy.array([0.5, -2.0, 9.0]), numpy.array([True, True, False]))
    assert values == pytest.approx([-0.25, 0.25, 0.0], abs=1e-6)
    adam.step(values, numpy.array([0.5, 1.0, 0.1]), numpy.array([True, True, True]))
    # second moments of -2 then 1: mean (0.9 * -0.2 + 0.1) / 0.19, variance (0.999 * 0.004 + 0.001) / 0.001999
    mean, variance = (0.9 * -0.2 + 0.1) / 0.19, (0.999 * 0.004 + 0.001) / 0.001999
    assert values == pytest.approx([-0.5, 0.25 - 0.25 * mean / variance**0.5, -0.25], abs=1e-6)


def test_wrong_labels_fade() -> None:
    items = reviews(200, wrong=30)
    found = list(parse_step("sungen")[1].weigh(items, Context()))
    values = numpy.array([weight.value for weight in found])
    assert values.mean() == pytest.approx(1.0)
    assert values[:30].mean() < 0.2
    assert values[:30].max() < 0.5 < 0.9 < numpy.median(values[30:])
    assert found[0].reason.startswith("reduced: the validation loss grows with it, gradient +")
    assert "raised: the validation loss falls with it, gradient -" in found[199].reason
    assert list(parse_step("sungen")[1].weigh(items, Context())) == found


def test_a_persons_label_is_not_reduced() -> None:
    items = reviews(200, wrong=30)
    items[:10] = [dataclasses.replace(item, settled=True) for item in items[:10]]
    found = list(parse_step("sungen")[1].weigh(items, Context()))
    assert min(weight.value for weight in found[:10]) == 1.0
    assert found[0].reason.startswith("a person's label, not reduced; gradient +")
    assert numpy.mean([weight.value for weight in found]) == pytest.approx(1.0)
    allowed = list(parse_step("sungen:reduce_settled=yes")[1].weigh(items, Context()))
    assert max(weight.value for weight in allowed[:10]) < 0.5


def test_lifting_settled_weights_by_hand() -> None:
    """(.5, .5, 2): the first is a person's and goes to 1; 2 is left for the others' 2.5, a factor of .8."""
    weights = numpy.array([0.5, 0.5, 2.0])
    settled = numpy.array([True, False, False])
    assert to_mean_one(weights, settled, reduce_settled=False) == pytest.approx([1.0, 0.4, 1.6])
    assert to_mean_one(weights, settled, reduce_settled=True) == pytest.approx(weights)


def test_few_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the caps each step fits a draw, yet every sample gets its weight."""
    monkeypatch.setattr(bilevel, "INNER", 60)
    monkeypatch.setattr(bilevel, "VALIDATION", 20)
    items = reviews(300, wrong=40)
    fitted: list[int] = []
    real = bilevel.fit
    monkeypatch.setattr(
        bilevel, "fit", lambda rows, *rest, **more: fitted.append(rows.shape[0]) or real(rows, *rest, **more)
    )
    values = numpy.array([weight.value for weight in parse_step("sungen")[1].weigh(items, Context())])
    assert set(fitted) == {60}
    assert values[:40].mean() < 0.4 < 0.9 < values[40:].mean()


def test_mixed_and_unusable_tasks() -> None:
    items = reviews(20, wrong=0)
    items[3] = dataclasses.replace(items[3], label=None)
    found = list(parse_step("sungen:steps=2")[1].weigh(items, Context()))
    assert (found[3].value, found[3].reason) == (1.0, "has no label yet")
    assert len(found) == 20
    with pytest.raises(WorkbenchError, match="compares labels, and these 10 samples have only one"):
        list(parse_step("sungen")[1].weigh(items[::2], Context()))
    with pytest.raises(UsageError, match="steps should be from 1"):
        parse_step("sungen:steps=0")


@pytest.mark.parametrize("n", [2, 3, 6])
@pytest.mark.parametrize("name", ["sungen", "fusegen", "inverse_frequency"])
def test_fewer_samples_than_parts(name: str, n: int) -> None:
    found = [weight.value for weight in parse_step(name)[1].weigh(reviews(n, 0), Context())]
    assert numpy.isfinite(found).all()
    assert numpy.mean(found) == pytest.approx(1.0)


def test_stops_when_asked() -> None:
    def step(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(parse_step("sungen")[1].weigh(reviews(40, 0), Context(step=step)))


def test_losses_fall() -> None:
    items = reviews(200, wrong=40)
    labels = numpy.array([item.label == "good" for item in items], numpy.int64)
    rows = Context().rows([item.text for item in items])
    losses = reweigh(rows, labels, l2=0.4, steps=20).losses
    assert numpy.mean(losses[-5:]) < numpy.mean(losses[:5])


def test_no_label_is_weighed_away_as_a_whole() -> None:
    weights = numpy.array([0.2, 0.6, 2.0, 4.0, 0.0])
    found = level(weights, numpy.array([0, 0, 1, 1, 2]))
    assert found.tolist() == pytest.approx([0.5, 1.5, 2 / 3, 4 / 3, 1.0])
