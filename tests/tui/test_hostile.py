"""Hostile text in samples, labels, notes, conditions and names reaches no part of the screen raw."""

from __future__ import annotations

import json
import unicodedata

import pytest

from workbench.project import Project, create
from workbench.store import acts, curation, jobs, ledger, samples, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample
from workbench.tui.app import WorkbenchApp

HOSTILE = [
    "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[31mred",
    "[/] [bold]x[/bold] [@click=app.quit]press[/] [link=file:///etc/passwd]y",
    "abc\u202edef\u2066ghi \u200b\ufeff",
    "nul\x00 bell\x07 back\x08\x08 tab\t cr\r\n\x85\x9b31m",
    "a" * 300_000,
    "word " * 50_000,
    "👩‍👩‍👧‍👦 नमस्ते שלום 漢字漢字 e\u0301\u0302\u0303\u0304",
    "\udc80 lone",
    "",
    "{{ 7 * 7 }} {% for x in y %} \\u001b ${HOME} `id`",
]


@pytest.fixture
def hostile(tmp_path) -> Project:
    project = create(tmp_path / "p", labels=["fine", "[red]x[/]", "[@click=app.quit]y[/]"])
    (project.folder / "guidelines.md").write_text("# [/] \x1b[2J\n" + HOSTILE[1], encoding="utf-8")
    with Store(project) as store:
        job = jobs.create(store, "generate", {"recipe": HOSTILE[1], "x": HOSTILE[0]})
        jobs.start(store, job)
        jobs.progress(store, job, 1, 3, HOSTILE[0])
        jobs.log(store, job, "error", HOSTILE[0])
        samples.add(
            store, [NewSample({"text": text}, "[red]x[/] \x1b[31m", conditions={"[/]": text[:50]}) for text in HOSTILE]
        )
        ids = range(1, len(HOSTILE) + 1)
        curation.save_suggestions(store, HOSTILE[0], [(n, [(HOSTILE[1], 0.5)]) for n in ids], job_id=job)
        curation.save_scores(store, "[/]\x1b[1m", [(n, 0.5) for n in ids], version=1, job_id=job)
        curation.save_neighbours(store, [(n, [(other, 0.9) for other in (1, 2, 3, 4, 7)]) for n in ids])
        curation.save_drops(store, job, [curation.Drop(n, "[/]", 1, {}, HOSTILE[0], 0.1, 2) for n in ids])
        me = acts.annotator(store, "anna")
        acts.apply(store, me, [2], Change(note=HOSTILE[0]), kind="note")
        acts.apply(store, me, [3], Change(fields={"text": HOSTILE[1] + "\x1b[5m"}), kind="edit")
        views.save(store, "[/]\x1b[1m", '"[/]"')
        assert ledger.spent(store) == (0.0, False)
    return project


def harmless(app: WorkbenchApp) -> str:
    """All text on the screen; fails on anything that a terminal would obey."""
    lines = app.screen._compositor.render_strips()
    text = "\n".join("".join(segment.text for segment in line) for line in lines)
    bad = {
        c
        for c in text
        if (unicodedata.category(c) in ("Cc", "Cs") and c != "\n") or c in "\u202e\u202d\u2066\u2067\u2068\u200e"
    }
    assert not bad, {hex(ord(c)) for c in bad}
    assert not any(
        segment.style and (segment.style.link or segment.style.meta.get("@click")) for line in lines for segment in line
    )
    return text


#: Dialogs that look the same whatever the sample is.
ONCE = ("colon", "l", "w", "o", "f1", "question_mark", "slash", "ctrl+b", "n")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (30, 9)])
async def test_every_part_of_review(hostile: Project, size: tuple[int, int]) -> None:
    app = WorkbenchApp(hostile, "anna")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for n in range(len(HOSTILE)):
            harmless(app)
            for key in ("i", "l", "n", "e", "slash", "colon", "A", "w", "o", "ctrl+b", "f1", "question_mark", "ctrl+e"):
                if n and (key in ONCE or (size[0] < 120 and key != "i")):
                    continue
                await pilot.press(key)
                await pilot.pause()
                harmless(app)
                await pilot.press("escape")
                await pilot.pause()
            await pilot.press("j")
        await pilot.press("g", "2", "u", "c")
        await pilot.pause()
        text = harmless(app)
    assert size[0] < 100 or "[@click=app.quit]" in text  # shown as it is written


def test_a_copy_is_clean(hostile: Project) -> None:
    from workbench.text import clean

    with Store(hostile) as store:
        assert "\x1b" not in clean(samples.get(store, 1).text, multiline=True)
        assert json.dumps(samples.get(store, 1).text)


SHORT = [text[:30_000] for text in HOSTILE]  # long enough to be cut everywhere
HOSTILE_FIELDS = [
    ("dialogue", {"messages": [{"role": role, "content": text} for role in ("user", SHORT[0]) for text in SHORT]}),
    ("dialogue", {"messages": [{"role": "user", "content": SHORT[2], "name": SHORT[1]}] * 3_000}),
    ("dialogue", {"messages": SHORT[1]}),
    ("preference", dict(zip(("prompt", "chosen", "rejected"), SHORT, strict=False))),
    ("preference", {"prompt": SHORT[7], "chosen": SHORT[5], "rejected": SHORT[6], SHORT[0]: SHORT[1]}),
    ("free", {"title": SHORT[3], "meta": {text: {text: [text]} for text in SHORT}, "stars": 10**300}),
    ("free", {"title": SHORT[4], "meta": json.loads("[" * 200 + "]" * 200), "stars": SHORT[0]}),
    ("extraction", {"text": SHORT[6]}),
]
HOSTILE_LABELS = [None, SHORT[1], [SHORT[0], [1]], {text: [text, {text: 1}] for text in SHORT}, 1e308, True]


SIZES = [*(((120, 40), one) for one in HOSTILE_FIELDS), *(((30, 9), HOSTILE_FIELDS[at]) for at in (0, 3, 5))]


@pytest.mark.parametrize(("size", "content"), SIZES)
async def test_fields_of_every_kind(tmp_path, size: tuple[int, int], content: tuple[str, dict[str, object]]) -> None:
    from tests.tui.kinds import make

    kind, fields = content

    def add(store: Store) -> None:
        samples.add(store, [NewSample(fields, label) for label in HOSTILE_LABELS])

    project = make(tmp_path, kind, add)
    first = 2 if kind == "free" else 3
    app = WorkbenchApp(project, "anna")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("G")
        for _ in HOSTILE_LABELS:
            await pilot.pause()
            harmless(app)
            await pilot.press("k")
        await pilot.press("G", "k", "k")
        assert app.screen.list.current > first  # one with a label that is an object
        for key in ("J", "i", "e", "1", "l", "L"):
            await pilot.press(key)
            await pilot.pause()
            harmless(app)
            if key != "e":
                await pilot.press("escape", "escape")
                await pilot.pause()


@pytest.mark.parametrize("label", HOSTILE_LABELS)
async def test_labels_of_every_shape(tmp_path, label: object) -> None:
    """A label of another shape, from a file or an older setting, is shown, not obeyed; a key sets one that fits."""
    from tests.tui.kinds import make

    for kind in ("classification", "multi_label", "similarity", "extraction", "preference"):
        project = make(tmp_path, kind, lambda store: samples.add(store, [NewSample({"text": "x"}, label)]))
        app = WorkbenchApp(project, "anna")
        async with app.run_test() as pilot:
            await pilot.pause()
            await pilot.press("G")
            await pilot.pause()
            harmless(app)
            await pilot.press("1", "G")
            await pilot.pause()
            harmless(app)
