"""Themes: YAML files checked before Textual sees them (an invalid colour there would end the program)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

from workbench.errors import UsageError, WorkbenchError
from workbench.memo import remembered
from workbench.paths import data_folder, user_config
from workbench.tui import settings

if TYPE_CHECKING:
    from textual.app import App

DEFAULT = "workbench-dark"


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
    """The theme in a file; raises ``FileError``. A file that was right before is not checked again."""

    def checked() -> dict[str, Any]:
        from workbench.tui.theme_file import check_theme

        return check_theme(path)

    try:
        source = path.read_bytes()
    except OSError:  # the check says in a sentence what is wrong with it
        source = b""
    file = remembered("theme", source, checked)
    return Theme(
        name=path.stem,
        primary=file["accent"],
        secondary=file["muted"],
        accent=file["accent"],
        foreground=file["text"],
        background=file["background"],
        surface=file["background"],
        panel=file["panel"],
        error=file["error"],
        warning=file["flagged"],
        success=file["accepted"],
        dark=file["dark"],
        ansi=file["terminal"],
        variables={variable: file[colour] for variable, colour in VARIABLES.items()}
        | {"block-cursor-text-style": "none"},
    )


#: Textual's variables that its stock widgets and ours read, and the colour of a theme file that each takes.
VARIABLES = {
    "text": "text",
    "text-muted": "muted",
    "text-disabled": "muted",
    "text-accent": "accent",
    "text-error": "error",
    "text-warning": "flagged",
    "text-success": "accepted",
    "text-primary": "accent",
    "panel": "panel",
    "surface": "background",
    "surface-active": "panel",
    "accepted": "accepted",
    "rejected": "rejected",
    "flagged": "flagged",
    "border": "accent",
    "border-blurred": "border",
    "frame": "border",
    "block-cursor-background": "cursor",
    "block-cursor-foreground": "cursor_text",
    "block-cursor-blurred-background": "cursor",
    "block-cursor-blurred-foreground": "cursor_text",
    "block-hover-background": "panel",
    "input-cursor-background": "text",
    "input-cursor-foreground": "background",
    "input-selection-background": "cursor",
    "input-selection-foreground": "cursor_text",
    "ansi-background": "background",
    "ansi-foreground": "text",
    "scrollbar": "border",
    "scrollbar-hover": "border",
    "scrollbar-active": "accent",
    "scrollbar-background": "background",
    "scrollbar-background-hover": "background",
    "scrollbar-background-active": "background",
    "scrollbar-corner-color": "background",
}


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
    if app.no_color:
        theme = without_colours(app)
    app.register_theme(theme)
    app.theme = theme.name
    if mistake is not None:
        app.fail(mistake)  # type: ignore[attr-defined]


class Plain(LineFilter):
    """NO_COLOR: no colour at all is sent; what stands on the cursor's background is reversed."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[Style, Style] = {}

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same text, bold, italic, underlined or reversed as before."""
        return [Segment(text, self._plain(style) if style else style, control) for text, style, control in segments]

    def _plain(self, style: Style) -> Style:
        made = self._made.get(style)
        if made is None:
            here = style.bgcolor is not None and style.bgcolor.number == HERE
            made = self._made[style] = Style(
                bold=style.bold, italic=style.italic, underline=style.underline, reverse=style.reverse or here
            )
        return made


#: ANSI number of the cursor's background in the theme without colours.
HERE = 4


def without_colours(app: App[Any]) -> Theme:
    """The theme for NO_COLOR, and the filter that takes away what is left of its colours."""
    app._filters = [Plain()]
    theme = load("terminal")
    default = dict.fromkeys(theme.variables, "ansi_default")
    here = {name: "ansi_blue" for name in theme.variables if "cursor-background" in name or "selection-b" in name}
    theme.variables = default | here | {"block-cursor-text-style": "none"}
    return theme


def choose(app: App[Any], name: str, *, remember: bool = True) -> None:
    """Switch to a theme and remember it for this user; raises what ``load`` raises."""
    theme = load(name)
    if not app.no_color:
        app.register_theme(theme)
        app.theme = name
    if remember:
        settings.remember_theme(name)
