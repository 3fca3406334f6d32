"""Reports: one page that needs nothing else, hostile text as text, every chart with its numbers, and how a browser sees it."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from workbench.evaluate.reporting import charts
from workbench.evaluate.reporting.charts import Line, Mark
from workbench.evaluate.reporting.markup import number, text
from workbench.evaluate.reporting.page import page

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(2)>\x1b]52;c;aGk=\x07\u202e& \"'"
VOID = {"meta", "br", "img"}


def metric(value: float | None, low: float | None = None, high: float | None = None, **more: Any) -> dict[str, Any]:
    found = {
        "value": value,
        "low": low,
        "high": high,
        "note": "",
        "unit": "share",
        "direction": "higher",
        "rough": False,
    }
    return {**found, "details": {}, **more}


def facts(**more: Any) -> dict[str, Any]:
    """Facts with something in every section; names and texts are hostile."""
    gold, predicted = [0, 0, 1, 1, 1], [0, 1, 1, 1, 0]
    accuracy = metric(0.6, 0.2, 0.9, details={"classes": ["a", HOSTILE], "gold": gold, "predicted": predicted})
    per_label = {
        "a": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "count": 2},
        HOSTILE: {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "count": 3},
    }
    points = [
        {"size": 100, "value": 0.5, "low": 0.4, "high": 0.6},
        {"size": 400, "value": 0.7, "low": 0.6, "high": 0.8},
    ]
    curve = {"points": points, "real": [{"size": 100, "value": 0.6, "low": 0.5, "high": 0.7}]}
    metrics = {
        "benchmark.accuracy": accuracy,
        "benchmark.macro_f1": metric(0.58, 0.2, 0.9, details={"per_label": per_label}),
        "benchmark.real_accuracy": metric(0.8, 0.5, 1.0),
        "benchmark.learning_curve": metric(0.2, details=curve, note="More would help."),
        "label.balance": metric(0.9, details={"counts": {"a": 3, HOSTILE: 2}, "seed_counts": {"a": 1, HOSTILE: 1}}),
        "diversity.length": metric(
            12.0, details={"histogram": {"low": 0, "high": 20, "counts": [1, 4]}, "seeds_histogram": None}
        ),
        "other.strange": metric(None, note=HOSTILE),
    }
    contenders = [
        {
            "name": name,
            "samples": 10,
            "cost": 0.5,
            "cost_per_kept": 0.05,
            "metrics": {"benchmark.accuracy": metric(value, value - 0.1, value + 0.1)},
        }
        for name, value in (("zerogen", 0.5), (HOSTILE, 0.8))
    ]
    return {
        "title": HOSTILE, "description": HOSTILE, "language": "en", "created": "2026-11-20T10:00:00Z", "version": "1.0",
        "samples": 5, "view": HOSTILE, "summary": [HOSTILE],
        "result": {"metrics": metrics, "before": {"metrics": {"benchmark.accuracy": metric(0.5, 0.1, 0.8)}},
                   "difference": {"value": 0.1, "low": -0.1, "high": 0.3}},
        "comparison": {"contenders": contenders, "best": {"benchmark.accuracy": 1}, "summary": [HOSTILE]},
        "history": [{"created_at": f"2026-11-1{n}T00:00:00Z", "samples": n, "accuracy": 0.5 + n / 10} for n in (1, 2)],
        "data_map": {"grid": [[0, 3], [1, 0]], "bounds": (0.0, 0.4, 0.1, 0.9)},
        "judged": [{"name": HOSTILE, "question": HOSTILE, "summary": [], "judges": [
            {"judge": HOSTILE, "ranking": [{"name": HOSTILE, "value": 0.3, "low": 0.1, "high": 0.5}], "summary": [HOSTILE]}]}],
        "examples": [{"text": HOSTILE, "label": HOSTILE}],
        "card": {"recipes": [{"name": HOSTILE, "paper": HOSTILE, "models": [HOSTILE], "samples": 5}],
                 "filters": [{"name": HOSTILE, "paper": None, "checked": 5, "dropped": 1}],
                 "annotations": {"annotators": 2}, "limitations": [HOSTILE]},
        **more,
    }  # fmt: skip


class Reading(HTMLParser):
    """Which elements stand in a page, and whether every one is closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1:] == [tag]
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_holds_hostile_text_as_text_and_nothing_that_runs_or_loads() -> None:
    made = page(facts())
    found = Reading(made)
    assert found.open == []
    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & found.seen.keys()
    names = {name for name, _ in found.attributes}
    assert not any(name.startswith("on") for name in names)
    assert not {"src", "style"} & names  # nothing is loaded, and only the one style sheet speaks
    assert all(value.startswith("#") for name, value in found.attributes if name == "href" and value)
    assert "default-src 'none'" in made
    assert "\x1b" not in made
    assert "\u202e" not in made
    assert "alert(1)" in "".join(found.words)  # it is there, as words


def test_every_chart_has_a_title_a_description_and_its_numbers() -> None:
    found = Reading(page(facts()))
    assert found.seen["svg"] == found.seen["desc"] == found.seen["details"] == found.seen["figure"]
    assert found.seen["svg"] >= 8  # accuracies, curve, confusion, labels, lengths, map, judged, history, multiples
    described = [value for name, value in found.attributes if name == "aria-describedby"]
    ids = [value for name, value in found.attributes if name == "id"]
    assert set(described) <= set(ids)
    assert len(ids) == len(set(ids))


def test_the_same_facts_give_the_same_bytes() -> None:
    assert page(facts()) == page(facts())


def test_a_page_without_figures_says_what_to_do() -> None:
    made = page({"title": "t", "created": "2026-11-20T10:00:00Z", "version": "1"})
    assert "run workbench evaluate" in made


def test_the_best_is_marked_only_where_the_comparison_says_so() -> None:
    assert '<span class="best">0.800 *</span>' in page(facts())
    unsure = facts()["comparison"] | {"best": {"benchmark.accuracy": None}}
    assert 'class="best"' not in page(facts(comparison=unsure))


def test_whiskers_stand_where_their_numbers_are() -> None:
    drawn = charts.whiskers("t", [Mark("a", 0.0, -1.0, 1.0), Mark("b", 1.0), Mark("none", None)])
    # The scale holds -1 to 1 with 6 % room on each side, over 470 units from 190: 0 is its middle, 1 at (2.12 / 2.24).
    assert 'cx="425.0"' in drawn
    assert f'cx="{190 + 470 * 2.12 / 2.24:.1f}"' in drawn
    assert "none" not in drawn
    assert charts.whiskers("t", [Mark("none", None)]) == ""


def test_one_value_and_equal_values_can_be_drawn() -> None:
    assert "<circle" in charts.whiskers("t", [Mark("a", 0.5)])
    assert charts.curves("t", [Line("a", [(1.0, 0.5, None, None)])], across="x") == ""
    assert charts.curves("t", [Line("a", [(1.0, 0.5, None, None), (1.0, 0.5, None, None)])], across="x")


def test_heat_counts_and_names_the_most_confused() -> None:
    drawn = charts.heat("t", ["a", "b"], {(0, 0): 3, (0, 1): 1, (1, 1): 2})
    assert "Most confused: a taken for b: 1" in drawn
    assert drawn.count('class="mark"') == 2
    assert drawn.count('class="wrong"') == 1
    assert 'fill-opacity="0.34"' in drawn  # a quarter of its row: .12 + .88 / 4


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.12345, "0.123"),
        (1234.5, "1,234"),
        (12.0, "12"),
        (-3.0, "-3.000"),
        (-0.0004, "0.000"),
    ],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_long_texts_are_cut_with_a_mark() -> None:
    assert text("x" * 50, limit=10) == "x" * 9 + "…"


BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome", "chrome") if (found := shutil.which(name))),
    None,
)


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here to look at the page with")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_draws_it_in_light_and_dark(tmp_path: Path, scheme: str) -> None:
    from tests.evaluate.pictures import colours

    source, shot = tmp_path / "report.html", tmp_path / "shot.png"
    source.write_text(page(facts()), encoding="utf-8")
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=900,1600",
        f"--user-data-dir={tmp_path / 'profile'}", *dark, f"--screenshot={shot}", source.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    found = colours(shot)
    page_colour, accent = {"light": ((255, 255, 255), (31, 111, 139)), "dark": ((22, 25, 29), (95, 179, 207))}[scheme]
    assert found.most_common(1)[0][0] == page_colour
    assert found[accent] > 500  # charts are drawn in the accent colour of this scheme
