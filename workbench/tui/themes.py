"""Themes: YAML files checked before Textual sees them (an invalid colour there would end the program)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from textual.color import Color, ColorParseError
from textual.theme import Theme

from workbench.config import check, load_yaml
from workbench.errors import FileError, UsageError, WorkbenchError
from workbench.paths import data_folder, user_config
from workbench.tui import settings

if TYPE_CHECKING:
    from textual.app import App

DEFAULT = "workbench-dark"


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


def folders() -> list[Path]:
    """Where themes are looked for; the user's own come first."""
    return [user_config() / "themes", data_folder("themes")]


def names() -> list[str]:
    """Names of all theme files, sorted; a file may still be wrong."""
    return sorted({path.stem for folder in folders() for path in folder.glob("*.yaml")})


def load(name: str) -> Theme:
    """A theme by name; raises ``FileError`` (file, line, what is wrong), ``UsageError`` when there is none."""
    for folder in folders():
        path = folder / f"{name}.yaml"
        if path.is_file() and path.parent == folder:
            return read(path)
    raise UsageError(f"There is no theme {name!r}. There are: {', '.join(names())}.")


def read(path: Path) -> Theme:
    """The theme in a file; raises ``FileError``."""
    value, node = load_yaml(path)
    file = check(ThemeFile, value, node, path)
    if file.terminal:
        colours = file.model_dump(exclude={"title", "dark", "terminal"})
        for key, colour in colours.items():
            if not colour.startswith("ansi_"):
                raise FileError(
                    path, _line(node, key), f"{key}: a terminal theme uses the terminal's colours, such as ansi_blue."
                )
    return Theme(
        name=path.stem, primary=file.accent, secondary=file.muted, accent=file.accent, foreground=file.text,
        background=file.background, surface=file.background, panel=file.panel, error=file.error,
        warning=file.flagged, success=file.accepted, dark=file.dark, ansi=file.terminal,
        variables=_variables(file),
    )  # fmt: skip


def _line(node: Any, key: str) -> int:
    from workbench.config import line_of

    return line_of(node, (key,))


def _variables(file: ThemeFile) -> dict[str, str]:
    """Textual's variables that its stock widgets and ours read."""
    return {
        "text": file.text, "text-muted": file.muted, "text-disabled": file.muted, "text-accent": file.accent,
        "text-error": file.error, "text-warning": file.flagged, "text-success": file.accepted,
        "text-primary": file.accent, "panel": file.panel, "surface": file.background, "surface-active": file.panel,
        "accepted": file.accepted, "rejected": file.rejected, "flagged": file.flagged,
        "border": file.accent, "border-blurred": file.border, "frame": file.border,
        "block-cursor-background": file.cursor, "block-cursor-foreground": file.cursor_text,
        "block-cursor-text-style": "none", "block-cursor-blurred-background": file.cursor,
        "block-cursor-blurred-foreground": file.cursor_text, "block-hover-background": file.panel,
        "input-cursor-background": file.text, "input-cursor-foreground": file.background,
        "input-selection-background": file.cursor, "input-selection-foreground": file.cursor_text,
        "ansi-background": file.background, "ansi-foreground": file.text, "scrollbar": file.border,
        "scrollbar-hover": file.border, "scrollbar-active": file.accent,
        "scrollbar-background": file.background, "scrollbar-background-hover": file.background,
        "scrollbar-background-active": file.background, "scrollbar-corner-color": file.background,
    }  # fmt: skip


def install(app: App[Any]) -> None:
    """Use the theme that the user chose; a bad one is a message, and the default is used."""
    for name in list(app.available_themes):
        if name not in ("textual-dark", "textual-light"):
            app.unregister_theme(name)
    wanted = settings.theme() or DEFAULT
    mistake: WorkbenchError | None = None
    try:
        theme = load(wanted)
    except WorkbenchError as error:
        mistake, theme = error, load(DEFAULT)
    app.register_theme(theme)
    app.theme = theme.name
    if mistake is not None:
        app.fail(mistake)  # type: ignore[attr-defined]


def choose(app: App[Any], name: str, *, remember: bool = True) -> None:
    """Switch to a theme and remember it for this user; raises what ``load`` raises."""
    app.register_theme(load(name))
    app.theme = name
    if remember:
        settings.remember_theme(name)
