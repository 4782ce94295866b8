"""The window of the Python console, in the colours and the fixed font of the program."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QWidget
from qtconsole.rich_jupyter_widget import RichJupyterWidget

from brainseg_gui.views.widgets.theme import colour

_SHEET = """
    QPlainTextEdit, QTextEdit {{ background: {field}; color: {text}; border: none; padding: 6px 8px;
        selection-background-color: {accent}; selection-color: {on_accent}; }}
    .error {{ color: {problem}; }}
    .in-prompt, .in-prompt-number {{ color: {accent}; }}
    .out-prompt, .out-prompt-number {{ color: {quiet}; }}
"""
_DARK, _LIGHT = ("linux", "github-dark"), ("lightbg", "friendly")  # of IPython's messages, of what is typed


class ConsoleWindow(RichJupyterWidget):  # type: ignore[misc]
    """A console with a greeting; `kernel_manager` and `kernel_client` are given once it is made."""

    def __init__(self, greeting: str) -> None:
        super().__init__(banner=greeting)
        self.setWindowFlag(Qt.WindowType.Window)
        self.setWindowTitle("Python console – brainseg")
        self.resize(820, 460)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(QWidget.font(self).pointSizeF())
        self._set_font(font)
        self.apply_colours()

    def apply_colours(self) -> None:
        """Take the colours of the theme."""
        roles = ("field", "text", "accent", "on_accent", "problem", "quiet")
        self.style_sheet = _SHEET.format(**{role: colour(role).name() for role in roles})
        messages, self.syntax_style = _DARK if colour("field").lightness() < 128 else _LIGHT
        if self.kernel_manager is not None:
            self.kernel_manager.kernel.shell.colors = messages

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.apply_colours()
