"""One sentence over the pictures: what happened, what to do, details folded. Never a modal box."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.errors import printable
from brainseg_gui.state.notices import Notice, Notices
from brainseg_gui.views.widgets.plain_text import plain_caption
from brainseg_gui.views.widgets.theme import icon
from brainseg_gui.views.widgets.tool_button import IconButton

_WIDTH = 760
_FOOT = 36
_SHOWN_MS = 10_000


class NoticeBar(QFrame):
    """The session's notice; hidden when there is none.

    Problems stay until they are closed, by Esc too, answered or followed by something else; what is only worth knowing
    goes after ten seconds.
    """

    action_requested = Signal(str)

    def __init__(self, notices: Notices) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._notices = notices
        self._icon, self._text = QLabel(), QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._actions = QHBoxLayout()
        self._buttons: list[QPushButton] = []
        self._more = QPushButton("Details")
        self._more.setCheckable(True)
        self._more.toggled.connect(self._on_details_toggled)
        self._below = QHBoxLayout()
        self._below.addStretch(1)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setMaximumHeight(140)
        self._details.hide()
        self._column = QVBoxLayout(self)
        self._arrange(self._column)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(lambda: notices.say(None))
        notices.notice_changed.connect(self._synchronize)
        self._synchronize()

    def _arrange(self, column: QVBoxLayout) -> None:
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        row.addLayout(self._actions)
        row.addWidget(self._more)
        row.addWidget(self._close_button(), 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addLayout(self._below)
        column.addWidget(self._details)

    def _close_button(self) -> QToolButton:
        close = IconButton()
        close.wear("close")
        close.setIconSize(QSize(16, 16))
        close.setToolTip("Close this message (Esc)")
        close.clicked.connect(lambda: self._notices.say(None))
        return close

    def float_over(self, ground: QWidget) -> None:
        """Lie over the foot of a widget, so that nothing moves when there is something to say."""
        self.setParent(ground)
        ground.installEventFilter(self)
        self._synchronize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._move_into_window()
        return isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._closed_by(event)

    def _closed_by(self, event: QKeyEvent) -> bool:
        """Esc that nobody else wanted; in the main window it is an action that comes here last."""
        wanted = event.key() == Qt.Key.Key_Escape and self.isVisible()
        if wanted:
            self._notices.say(None)
        return wanted

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # the height is known only when text and buttons are shown
            self._move_into_window()
        return handled

    def _move_into_window(self) -> None:
        ground = self.parentWidget()
        if ground is not None:
            self._column.activate()
            width = min(ground.width() - 32, _WIDTH)
            height = self._column.totalHeightForWidth(width)
            self.setGeometry((ground.width() - width) // 2, ground.height() - height - _FOOT, width, height)
            self.raise_()

    @property
    def text(self) -> str:
        """What is being said."""
        return self._text.text()

    def _synchronize(self) -> None:
        notice = self._notices.notice
        self.setVisible(notice is not None)
        if notice is None:
            return
        self._draw_icon(notice)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        words = " ".join(part for part in (_sentence(notice.what), _sentence(notice.remedy)) if part)
        self._text.setText(printable(words))
        self._details.setPlainText(notice.details)
        self._more.setVisible(bool(notice.details))
        self._more.setChecked(False)
        self._fill_actions(notice)
        self._move_into_window()
        if notice.problem or notice.actions:
            self._timer.stop()
        else:
            self._timer.start()

    def _draw_icon(self, notice: Notice) -> None:
        name, role = ("warning", "problem") if notice.problem else ("info", "accent")
        self._icon.setPixmap(icon(name, role).pixmap(20, 20))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and (notice := self._notices.notice) is not None:
            self._draw_icon(notice)

    def _fill_actions(self, notice: Notice) -> None:
        for button in self._buttons:
            button.hide()  # it takes room until it is gone
            button.deleteLater()
        self._buttons = []
        row = self._actions if len(notice.actions) < 2 else self._below  # the sentence needs its room
        for text, key in notice.actions:
            button = QPushButton(plain_caption(text))
            button.clicked.connect(lambda _checked=False, key=key: self.action_requested.emit(key))
            self._buttons.append(button)
            row.addWidget(button)

    def _on_details_toggled(self, shown: bool) -> None:
        self._details.setVisible(shown)
        self._move_into_window()


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "?")) else f"{text}."
