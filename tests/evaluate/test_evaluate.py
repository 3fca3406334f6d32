"""Choosing, ordering and failing of metrics; the JSON object and the plain report."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.evaluate.samples import rows
from workbench.errors import UsageError
from workbench.evaluate.base import METRICS, ORDER, Material, Metric, Sample, evaluate, needs_of
from workbench.evaluate.compare import compare
from workbench.evaluate.report import as_json, as_lines, bars, comparison_lines

DATA = rows(("where is my card", "card"), ("i lost my card", "card"), ("change my pin", "pin"), ("new pin", "pin"))
SEEDS = rows(("my card is gone", "card"), ("card lost", "card"), ("forgot pin", "pin"), ("pin please", "pin"), first=50)

DECIDED = [
    ("say hello", "accepted"),
    ("add two numbers", "rejected"),
    ("name a fruit", "accepted"),
    ("write a poem", None),
]


def test_every_metric_is_in_the_reading_order() -> None:
    assert set(ORDER) <= set(METRICS.names())


def test_what_is_about_labels_is_left_out_where_samples_do_not_have_one_each() -> None:
    plain = Material(
        [Sample(n, text, None, person_status=status) for n, (text, status) in enumerate(DECIDED)], one_label=False
    )
    found = evaluate(plain)
    assert {name.partition(".")[0] for name in found} == {"faithfulness", "diversity", "fidelity"}
    assert found["faithfulness.human"].value == pytest.approx(2 / 3)
    assert "2 of 3 reviewed samples confirmed" in found["faithfulness.human"].note
    assert "whose samples have one label each" in evaluate(plain, ["benchmark.accuracy"])["benchmark.accuracy"].note


@pytest.mark.usefixtures("word_votes")
def test_all_metrics_come_in_reading_order_with_notes() -> None:
    test = [replace(row, id=row.id + 100) for row in SEEDS]
    validation = [replace(row, id=row.id + 200) for row in SEEDS]
    found = evaluate(Material(DATA, seeds=SEEDS, test=test, real=SEEDS, validation=validation, labels=["card", "pin"]))
    # What costs money or minutes is done only when it is asked for.
    costly = [name for name in ORDER if needs_of(METRICS.get(name)) & {"judge", "trainer", "time"}]
    assert [name for name in found if name in ORDER] == [name for name in ORDER if name not in costly]
    assert [name for name in costly if name.startswith("benchmark.")] == [
        "benchmark.mixed_accuracy",
        "benchmark.learning_curve",
        "benchmark.external",
    ]
    assert all(metric.note for metric in found.values())
    # Four samples that nobody has looked at: too few for some of what is about people and about the real rows.
    assert {name.partition(".")[0] for name, metric in found.items() if metric.value is None} <= {
        "faithfulness",
        "fidelity",
    }
    assert not [name for name, metric in found.items() if "error" in metric.details]
    json.dumps(as_json(found, len(DATA), details=True), allow_nan=False)


@pytest.mark.usefixtures("word_votes")
def test_an_empty_project_gives_only_reasons() -> None:
    found = evaluate(Material([]))
    assert all(metric.value is None and metric.note.endswith(".") for metric in found.values())
    assert not [metric for metric in found.values() if "error" in metric.details]


def test_only_the_asked_metrics_of_a_technique_are_given() -> None:
    assert list(evaluate(Material(DATA), ["diversity.distinct_2", "label.balance"])) == [
        "label.balance",
        "diversity.distinct_2",
    ]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"diversity\.self_bleu"):
        evaluate(Material(DATA), ["diversity.selfbleu"])


def test_one_broken_metric_does_not_cost_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(material: Material) -> list[Metric]:
        raise ZeroDivisionError("no rows")

    METRICS.names()
    monkeypatch.setitem(METRICS._items, "other.broken", broken)
    found = evaluate(Material(DATA), ["other.broken", "diversity.vocabulary"])
    assert list(found) == ["diversity.vocabulary", "other.broken"]
    assert found["other.broken"].value is None
    assert "ZeroDivisionError: no rows" in found["other.broken"].note


def test_progress_is_told_and_what_it_raises_ends_the_evaluation() -> None:
    told: list[tuple[int, int, str]] = []
    names = ["label.balance", "diversity.vocabulary", "diversity.distinct_1"]
    material = Material(DATA, progress=lambda *step: told.append(step))
    evaluate(material, names)
    assert told == [(0, 3, "label.balance"), (1, 3, "diversity.vocabulary"), (2, 3, "diversity.distinct_1"), (3, 3, "")]

    def stop(done: int, total: int, name: str) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        evaluate(Material(DATA, progress=stop), names)


def test_listing_the_metrics_loads_nothing_heavy() -> None:
    code = (
        "import sys; from workbench.evaluate.base import METRICS; import workbench.evaluate.report, "
        "workbench.evaluate.compare; METRICS.names(); "
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'openai', 'textual') if m in sys.modules])"
    )
    checkout = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=checkout)
    assert done.stdout == "[]\n"


def test_json_has_what_the_command_table_says() -> None:
    metrics = {"m": Metric("m", 0.5, 0.4, float("inf"), "because.", details={"x": (1, float("nan"))})}
    assert as_json(metrics, 7) == {
        "samples": 7,
        "metrics": {"m": {"value": 0.5, "low": 0.4, "high": None, "note": "because."}},
    }
    assert as_json(metrics, 7, details=True)["metrics"]["m"]["details"] == {"x": [1, None]}


def test_lines_are_aligned_and_bars_show_the_balance() -> None:
    metrics = {
        "label.balance": Metric("label.balance", 0.9, note="2 labels.", details={"counts": {"card": 20, "pin": 5}}),
        "diversity.vocabulary": Metric("diversity.vocabulary", 1234.0, unit="tokens"),
        "faithfulness.human": Metric("faithfulness.human", 0.92, 0.82, 0.96, "55 of 60.", "share"),
    }
    assert as_lines(metrics, 60) == [
        "label.balance         0.900",
        "    2 labels.",
        "    card  20  " + "#" * 46,
        "    pin    5  " + "#" * 12,
        "diversity.vocabulary  1,234               tokens",
        "faithfulness.human    0.920 (0.820-0.960) share",
        "    55 of 60.",
    ]


@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_hostile_and_wide_labels_stay_plain_and_inside_the_width(width: int) -> None:
    labels = {"\x1b[31mred\x07": 3, "[@click=x]\u202e": 0, "銀行カード" * 12: 1_000_000, "\ud800": 1}
    note = "\x1b]52;c;aaaa\x07 " + "銀行" * 60
    metrics = {"label.balance": Metric("label.balance", 0.1, note=note, details={"counts": labels})}
    lines = as_lines(metrics, width)
    assert all(cell_len(line) <= max(40, width) for line in lines)
    assert "".join(lines).isprintable()
    assert not bars({}, width)


def test_what_size_alone_may_have_changed_is_called_neither_better_nor_worse() -> None:
    before = Metric("diversity.vendi", 200.0, 190.0, 210.0, direction="higher")
    after = Metric("diversity.vendi", 100.0, 90.0, 110.0, direction="higher")
    (found,) = compare({"diversity.vendi": before}, {"diversity.vendi": after})
    assert found.verdict == "worse"
    (found,) = compare({"diversity.vendi": replace(before, details={"other_size": True})}, {"diversity.vendi": after})
    assert found.verdict == "changed"


def test_comparison_is_one_row_a_metric_that_either_has() -> None:
    a = {"m": Metric("m", 0.5, direction="higher"), "n": Metric("n", None, note="why"), "o": Metric("o", None)}
    b = {"m": Metric("m", 0.75, direction="higher"), "n": Metric("n", 2.0)}
    assert comparison_lines(compare(a, b), 60) == [
        "metric  before  after  change  verdict",
        "m        0.500  0.750  +0.250  changed",
        "n            -  2.000       -  missing",
    ]
