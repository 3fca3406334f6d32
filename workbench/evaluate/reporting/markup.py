"""HTML from hostile text: everything is cleaned and escaped here, and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from workbench.text import clean
from workbench.text import number as written_number

#: Characters of one text of a data set that a report shows.
LONGEST = 1_000


def text(value: object, *, limit: int = LONGEST) -> str:
    """``value`` as HTML text: without control and direction marks, cut with a mark, escaped (quotes too)."""
    shown = clean(str(value), multiline=True, limit=limit + 1)
    return html.escape(shown if len(shown) <= limit else shown[: limit - 1] + "…", quote=True)


def number(value: float | None) -> str:
    """``text.number``, with a dash for none."""
    return written_number(value, "–")


def ends(low: float | None, high: float | None) -> str:
    """``0.812 to 0.960``, or nothing where an end is missing."""
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[int] = (),
    caption: str = "",
    wide: bool = False,
) -> str:
    """A table of cells that are markup already; columns in ``right`` hold numbers. ``wide`` ones scroll on a narrow page."""
    numbers = set(right)

    def cell(tag: str, place: int, content: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        kind = ' class="n"' if place in numbers else ""
        return f"<{tag}{scope}{kind}>{content}</{tag}>"

    def line(tag: str, cells: Sequence[str]) -> str:
        return "<tr>" + "".join(cell(tag, place, content) for place, content in enumerate(cells)) + "</tr>"

    body = "\n".join(line("td", row) for row in rows)
    said = f"<caption>{text(caption)}</caption>" if caption else ""
    heading = "<thead>" + line("th", [text(name) for name in head]) + "</thead>" if any(head) else ""
    made = f"<table>{said}{heading}<tbody>\n{body}\n</tbody></table>"
    return f'<div class="wide" tabindex="0">{made}</div>' if wide else made


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of plain words."""
    return f'<p class="{kind}">{text(words, limit=4_000)}</p>' if kind else f"<p>{text(words, limit=4_000)}</p>"


def items(words: Iterable[str]) -> str:
    """A list of plain sentences; nothing where there are none."""
    lines = "".join(f"<li>{text(one, limit=4_000)}</li>" for one in words)
    return f"<ul>{lines}</ul>" if lines else ""


def section(name: str, title: str, *parts: str) -> str:
    """A section with a heading that a link can point to; nothing where it has no content."""
    content = "\n".join(part for part in parts if part)
    return f'<section id="{name}"><h2>{text(title)}</h2>\n{content}\n</section>' if content else ""
