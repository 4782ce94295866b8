"""Colours, style sheet and icons of the window."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from string import Template

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QPushButton

THEMES = ("dark", "light", "system")

_RESOURCES = files("brainseg_gui.resources")
_OWN_COLOUR = re.compile(r'(?:fill|stroke)="#')  # beside the theme's
_current: dict[str, str] = {}


def shown_theme(choice: str) -> str:
    """``dark`` or ``light``: what a choice of `THEMES` means now; the system's is dark where it says nothing."""
    if choice == "system":
        return "light" if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else "dark"
    return choice


def apply_theme(app: QApplication, choice: str) -> None:
    """Dress the application as one of `THEMES`; one that is worn already costs nothing."""
    name = shown_theme(choice)
    colours = tomllib.loads(_RESOURCES.joinpath("themes", f"{name}.toml").read_text("utf-8"))
    icons = str(_RESOURCES.joinpath("icons")).replace("\\", "/")
    sheet = Template(_RESOURCES.joinpath("themes", "style.qss").read_text("utf-8")).substitute(colours, icons=icons)
    if sheet == app.styleSheet():
        return
    _current.clear()
    _current.update(colours)
    _icon.cache_clear()
    app.setStyle("Fusion")
    app.setPalette(_palette())
    app.setStyleSheet(sheet)


def make_primary(button: QPushButton, primary: bool) -> None:
    """Show a button as the next step, or as any other."""
    name = "primary" if primary else ""
    if button.objectName() != name:
        button.setObjectName(name)
        button.style().unpolish(button)
        button.style().polish(button)


def colour(role: str) -> QColor:
    """A colour of the current theme, by its name in the theme file."""
    return QColor(_current.get(role, "#d9dce0"))


def icon(name: str, role: str = "text") -> QIcon:
    """An icon in a colour of the current theme."""
    return _icon(name, colour(role).name(), colour("faint").name())


@cache
def _icon(name: str, colour_name: str, disabled_name: str) -> QIcon:
    result = QIcon()
    svg = _RESOURCES.joinpath("icons", f"{name}.svg").read_text("utf-8")
    one_colour = _OWN_COLOUR.search(svg) is None
    drawing, disabled = _renderer(svg, colour_name), None if one_colour else _renderer(svg, disabled_name)
    for size in (16, 20, 32, 40):
        drawn = _drawn(drawing, size)
        result.addPixmap(drawn, QIcon.Mode.Normal)
        faint = _drawn(disabled, size) if disabled is not None else _tinted(drawn, QColor(disabled_name))
        result.addPixmap(faint, QIcon.Mode.Disabled)
    return result


def _renderer(svg: str, colour_name: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(svg.replace("currentColor", colour_name).encode()))


def _drawn(drawing: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(QSize(size, size))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    drawing.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def _tinted(drawn: QPixmap, tint: QColor) -> QPixmap:
    """The same shape in another colour, for a fraction of what drawing it again takes."""
    pixmap = QPixmap(drawn)
    painter = QPainter(pixmap)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(pixmap.rect(), tint)
    painter.end()
    return pixmap


def _palette() -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: "base",
        QPalette.ColorRole.Base: "sunken",
        QPalette.ColorRole.AlternateBase: "raised",
        QPalette.ColorRole.Button: "raised",
        QPalette.ColorRole.ToolTipBase: "raised",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.PlaceholderText: "faint",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.Link: "accent",
    }
    for role, name in roles.items():
        palette.setColor(role, colour(name))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, colour("faint"))
    return palette
