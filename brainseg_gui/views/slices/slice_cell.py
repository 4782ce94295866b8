"""A part of the middle of the window that can have all the room, and the one that shows slices."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.profile_strip import ProfileStrip
from brainseg_gui.views.slices.slice_view import SliceView
from brainseg_gui.views.widgets.tool_button import IconButton, show_tool

_BUTTON, _GAP = 16, 2  # above the slider


class Cell(QFrame):
    """A view with a button that enlarges it.

    Parameters
    ----------
    view
        What has the keys when it is large.
    on_black
        Whether the button stands on black, whatever the theme is.
    """

    enlarge_requested = Signal()

    def __init__(self, view: QWidget, *, on_black: bool) -> None:
        super().__init__()
        self._shown, self._on_black = view, on_black
        self.enlarge_button = IconButton()
        self.enlarge_button.setObjectName("enlarge")
        self.enlarge_button.setFixedSize(_BUTTON, _BUTTON)
        self.enlarge_button.setIconSize(QSize(12, 12))
        self.enlarge_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.enlarge_button.clicked.connect(self.enlarge_requested)
        self.show_enlarged(False)

    @property
    def view(self) -> QWidget:
        """What it shows."""
        return self._shown

    def show_enlarged(self, enlarged: bool) -> None:
        """Say what the button does now."""
        name, tip = ("reduce", "All views (F)") if enlarged else ("enlarge", "This view alone (F)")
        show_tool(self.enlarge_button, name, tip, "on_picture" if self._on_black else "quiet")


class _SliceSlider(QSlider):
    """The slices of a view; the wheel goes through them as over the picture: Qt's would pass over two of three."""

    def __init__(self, view: SliceView) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._view = view

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._view.wheelEvent(event)


class SliceCell(Cell):
    """A slice view with its slider, and the profile of the compared masks along it."""

    def __init__(self, view: SliceView, session: Session) -> None:
        super().__init__(view, on_black=True)
        self.setObjectName("picture")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it has to be painted
        self._view = view
        self._session = session
        self._slider = _SliceSlider(view)
        self._slider.setFixedWidth(16)
        self._slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._slider.setToolTip("Slice. Wheel over the picture, Page up, Page down")
        self._slider.valueChanged.connect(self._on_slider_moved)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(view, 1)
        self._profile = ProfileStrip(view, session)
        beside = QVBoxLayout()
        beside.setContentsMargins(0, 2 * _GAP + _BUTTON, 0, 0)  # as high as the slider: each place beside its handle
        beside.addWidget(self._profile)
        row.addLayout(beside)
        row.addLayout(self._make_side())
        for signal in (session.case_changed, session.viewing.events.plane):
            signal.connect(self._synchronize)
        session.viewing.events.crosshair.connect(self._on_crosshair_changed)
        self._synchronize()

    @property
    def view(self) -> SliceView:
        """The slices."""
        return self._view

    def _make_side(self) -> QVBoxLayout:
        side = QVBoxLayout()
        side.setContentsMargins(0, _GAP, 0, 0)
        side.setSpacing(_GAP)
        side.addWidget(self.enlarge_button)
        side.addWidget(self._slider, 1)
        return side

    def _synchronize(self) -> None:
        case = self.view.case
        self._slider.setEnabled(case is not None)
        if case is None:
            return
        self._profile.move_marker()
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, case.grid.shape[self.view.plane.axis] - 1)
            self._slider.setValue(self.view.slice_index)

    def _on_crosshair_changed(self) -> None:
        if self.isVisible() and self.view.slice_index != self._slider.value():
            self._synchronize()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._synchronize()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        needed = self.view.minimumWidth() + self._profile.width() + self._slider.width()
        self._profile.keep_room(self.width() >= needed)  # else the picture would lie under it

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), Qt.GlobalColor.black)
        painter.end()

    def _on_slider_moved(self, slice_index: int) -> None:
        self.view.scroll(slice_index - self.view.slice_index)
