"""The middle of the window: three planes, four modalities, or the comparison, as linked views."""

from __future__ import annotations

from functools import partial, reduce

from PySide6.QtCore import QPoint, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.slices.profile_strip import ProfileStrip
from brainseg_gui.views.slices.slice_picture import Content
from brainseg_gui.views.slices.slice_view import SliceView
from brainseg_gui.views.widgets.tool_button import show_tool

_BUTTON, _GAP = 16, 2  # above the slider


class SliceCell(QFrame):
    """A slice view with its slider, the profile of the compared masks along it, and a button that enlarges it."""

    enlarge_requested = Signal()

    def __init__(self, view: SliceView, session: Session) -> None:
        super().__init__()
        self.setObjectName("picture")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it has to be painted
        self.view = view
        self._session = session
        self._slider = QSlider(Qt.Orientation.Vertical)
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

    def _make_side(self) -> QVBoxLayout:
        self._enlarge = QToolButton()
        self._enlarge.setObjectName("enlarge")
        self._enlarge.setFixedSize(_BUTTON, _BUTTON)
        self._enlarge.setIconSize(QSize(12, 12))
        self._enlarge.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._enlarge.clicked.connect(self.enlarge_requested)
        side = QVBoxLayout()
        side.setContentsMargins(0, _GAP, 0, 0)
        side.setSpacing(_GAP)
        side.addWidget(self._enlarge)
        side.addWidget(self._slider, 1)
        self.show_enlarged(False)
        return side

    def show_enlarged(self, enlarged: bool) -> None:
        """Say what the button does now."""
        name, tip = ("reduce", "All views (F)") if enlarged else ("enlarge", "This view alone (F)")
        show_tool(self._enlarge, name, tip, "on_picture")

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


class OrthoView(QWidget):
    """Three layouts of linked views; any of them can be enlarged.

    Parameters
    ----------
    companion
        Widget for the cell that planes and comparison leave free: the comparison's numbers.
    """

    cursor_moved = Signal()
    hand_used = Signal(object)
    measure_used = Signal(object)
    line_used = Signal(object)

    def __init__(self, session: Session, companion: QWidget) -> None:
        super().__init__()
        self.setObjectName("centre")
        self._session = session
        self._companion = self._table = companion
        companion.setParent(self)
        self._enlarged: SliceCell | None = None
        self._hovered: SliceView | None = None
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._pages: dict[ViewLayout, QWidget] = {}
        session.viewing.events.layout.connect(self._synchronize)
        self._synchronize()

    @property
    def views(self) -> list[SliceView]:
        """The views of the current layout."""
        return [cell.view for cell in self._cells[self._session.viewing.layout]]

    @property
    def voxel_under_cursor(self) -> Voxel | None:
        """The voxel that the cursor points to now, in whichever view it is."""
        return self._hovered.voxel_under_cursor if self._hovered is not None else None

    @property
    def _cells(self) -> dict[ViewLayout, list[SliceCell]]:
        return {layout: page.findChildren(SliceCell) for layout, page in self._pages.items()}

    def fit(self) -> None:
        """Show whole slices again."""
        for view in self.views:
            view.fit()

    def picture(self) -> QPixmap:
        """What the view under the mouse shows; without one, the views of the layout that are seen, side by side."""
        hovered = self._hovered
        seen = [view for view in self.views if view.isVisible()]
        shown = [hovered] if hovered is not None and hovered.isVisible() else seen
        places = [QRect(view.mapTo(self, QPoint()), view.size()) for view in shown]
        frame = reduce(QRect.united, places, QRect())
        picture = QPixmap(frame.size() * self.devicePixelRatioF())
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        picture.fill(Qt.GlobalColor.black)
        painter = QPainter(picture)
        for view, place in zip(shown, places, strict=True):
            painter.drawPixmap(place.topLeft() - frame.topLeft(), view.viewport().grab())
        painter.end()
        return picture

    def give_quarter(self, widget: QWidget | None) -> None:
        """Give the cell that the slices leave free to a widget; None gives it back to the companion."""
        taken, self._companion = self._companion, widget or self._table
        if taken is not self._companion:
            taken.hide()
            self._companion.setParent(self)
            self._synchronize()

    def reveal(self, voxel_ijk: Voxel) -> None:
        """Bring a voxel to the middle of the views that are zoomed in."""
        for view in self.views:
            view.reveal(voxel_ijk)

    def _page_of(self, layout: ViewLayout) -> QWidget:
        """The page of a layout, made when it is first chosen."""
        if layout not in self._pages:
            views = _views_of(layout, self._session)
            self._pages[layout] = self._page(views, linked=layout is not ViewLayout.PLANES)
        return self._pages[layout]

    def _page(self, views: list[SliceView], *, linked: bool = False) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for place, view in enumerate(views):
            cell = SliceCell(view, self._session)
            grid.addWidget(cell, *divmod(place, 2))
            view.cursor_moved.connect(self._on_cursor_moved)
            view.hand_used.connect(self.hand_used)
            view.measure_used.connect(self.measure_used)
            view.line_used.connect(self.line_used)
            for signal in (view.enlarge_requested, cell.enlarge_requested):
                signal.connect(partial(self._enlarge, cell))
            if linked and place:
                view.link_to(views[0])
        for index in (0, 1):
            grid.setRowStretch(index, 1)
            grid.setColumnStretch(index, 1)
        self._stack.addWidget(page)
        return page

    def _on_cursor_moved(self) -> None:
        view = self.sender()
        if isinstance(view, SliceView) and (view.cursor is not None or view is self._hovered):
            self._hovered = view if view.cursor is not None else None
            self.cursor_moved.emit()

    def _synchronize(self) -> None:
        self._restore()
        page = self._page_of(self._session.viewing.layout)
        if self._session.viewing.layout is not ViewLayout.MODALITIES:
            grid = page.layout()
            if isinstance(grid, QGridLayout):
                grid.addWidget(self._companion, 1, 1)
                self._companion.show()
        self._stack.setCurrentWidget(page)

    def enlarge(self) -> None:
        """Give all the room to the view under the mouse, else to the one that has the keys; or share it again."""
        cells = self._cells[self._session.viewing.layout]
        meant = [cell for cell in cells if cell.underMouse()] or [cell for cell in cells if cell.view.hasFocus()]
        self._enlarge((meant or cells)[0])

    def _enlarge(self, cell: SliceCell) -> None:
        if self._enlarged is not None:
            self._restore()
            return
        self._enlarged = cell
        cell.view.setFocus(Qt.FocusReason.OtherFocusReason)  # before the views beside it go
        for other in self._cells[self._session.viewing.layout]:
            other.setVisible(other is cell)
        self._companion.setVisible(False)
        cell.show_enlarged(True)
        self._stretch(only=cell)

    def _restore(self) -> None:
        self._enlarged = None
        for cells in self._cells.values():
            for cell in cells:
                cell.setVisible(True)
                cell.show_enlarged(False)
        self._companion.setVisible(True)
        self._stretch(only=None)

    def _stretch(self, only: SliceCell | None) -> None:
        """Give the rows and columns of the enlarged cell all the room, or equal shares."""
        for page in self._pages.values():
            grid = page.layout()
            if not isinstance(grid, QGridLayout):
                continue
            row, column = (0, 0)
            if only is not None and (index := grid.indexOf(only)) >= 0:
                row, column = grid.getItemPosition(index)[:2]  # type: ignore[index]
            for n in (0, 1):
                grid.setRowStretch(n, 1 if only is None or n == row else 0)
                grid.setColumnStretch(n, 1 if only is None or n == column else 0)


def _views_of(layout: ViewLayout, session: Session) -> list[SliceView]:
    if layout is ViewLayout.PLANES:
        return [SliceView(session, plane) for plane in _PLANE_ORDER]
    if layout is ViewLayout.MODALITIES:
        return [SliceView(session, None, modality) for modality in _MODALITY_ORDER]
    order = _VISIT_ORDER if layout is ViewLayout.VISITS else _CONTENT_ORDER
    return [SliceView(session, None, None, content) for content in order]


_PLANE_ORDER = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)
_MODALITY_ORDER = (Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR)
_CONTENT_ORDER = (Content.REFERENCE, Content.PREDICTION, Content.AGREEMENT)
_VISIT_ORDER = (Content.ALL, Content.BESIDE, Content.CHANGE)
