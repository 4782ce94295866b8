"""Small flat buttons with an icon, and those that open a menu."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QToolButton

from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import icon


def tool_button(icon_name: str = "") -> QToolButton:
    """A small flat button with an icon."""
    button = QToolButton()
    button.setObjectName("small")
    button.setIconSize(QSize(16, 16))
    if icon_name:
        button.setIcon(icon(icon_name, "quiet"))
    return button


def show_tool(button: QToolButton, icon_name: str, tip: str, role: str = "quiet") -> None:
    """Give a button its icon, in a colour of the theme, and say what it does."""
    button.setIcon(icon(icon_name, role))
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
