"""Small flat buttons with an icon, and those that open a menu."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QToolButton

from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import icon


class IconButton(QToolButton):
    """A button whose icon is drawn again in the colours of another theme."""

    def __init__(self) -> None:
        super().__init__()
        self._worn: tuple[str, str] | None = None

    def wear(self, icon_name: str, role: str = "quiet") -> None:
        """Show an icon, in a colour of the theme."""
        self._worn = (icon_name, role)
        self.setIcon(icon(icon_name, role))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._worn is not None:
            self.setIcon(icon(*self._worn))


def tool_button(icon_name: str = "") -> IconButton:
    """A small flat button with an icon."""
    button = IconButton()
    button.setObjectName("small")
    button.setIconSize(QSize(16, 16))
    if icon_name:
        button.wear(icon_name)
    return button


def show_tool(button: IconButton, icon_name: str, tip: str, role: str = "quiet") -> None:
    """Give a button its icon, in a colour of the theme, and say what it does."""
    button.wear(icon_name, role)
    button.setToolTip(plain_tip(tip))
    button.setAccessibleName(tip)


def give_menu(button: QToolButton, menu: QMenu) -> None:
    """Let a button open a menu; when that closes, the button is lit only if the mouse is really over it."""

    def refresh_hover() -> None:
        over = button.rect().contains(button.mapFromGlobal(QCursor.pos()))
        button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, over)  # its leaving was told to the menu
        button.update()

    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(menu)
    menu.aboutToHide.connect(refresh_hover)
