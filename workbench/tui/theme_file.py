"""The check of a theme file: what may stand in it, and the sentence when something else does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from textual.color import Color, ColorParseError

from workbench.config import check, line_of, load_yaml
from workbench.errors import FileError


def _colour(value: str) -> str:
    try:
        Color.parse(value)
    except ColorParseError:
        raise ValueError(f"{value!r} is not a colour; write #rrggbb, a name such as navy, or ansi_blue") from None
    return value


Colour = Annotated[str, AfterValidator(_colour)]


class ThemeFile(BaseModel):
    """``themes/NAME.yaml``. Every colour has one meaning; ``terminal`` themes use ``ansi_*`` colours only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=60)
    dark: bool = True
    terminal: bool = False  # the terminal's own colours, sent as they are
    text: Colour
    muted: Colour
    background: Colour
    panel: Colour  # header, footer, dialogs
    border: Colour
    accent: Colour
    cursor: Colour  # the background of the row with the cursor
    cursor_text: Colour
    accepted: Colour
    rejected: Colour
    flagged: Colour
    error: Colour


def check_theme(path: Path) -> dict[str, Any]:
    """The checked contents of a theme file; raises ``FileError`` (file, line, what is wrong)."""
    value, node = load_yaml(path)
    file = check(ThemeFile, value, node, path)
    if file.terminal:
        for key, colour in file.model_dump(exclude={"title", "dark", "terminal"}).items():
            if not colour.startswith("ansi_"):
                raise FileError(
                    path,
                    line_of(node, (key,)),
                    f"{key}: a terminal theme uses the terminal's colours, such as ansi_blue.",
                )
    return file.model_dump()
