"""The middle of the window: three planes, four modalities, or the comparison, as linked views."""

from __future__ import annotations

from functools import partial, reduce

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.slices.slice_cell import Cell, SliceCell
from brainseg_gui.views.slices.slice_picture import Content
from brainseg_gui.views.slices.slice_view import SliceView


class OrthoView(QWidget):
    """Three layouts of linked views; any of them can be enlarged.

    Parameters
    ----------
    companion
        Widget for the cell that planes and comparison leave free: the comparison's numbers.

    Signals
    -------
    fitted
        Whole slices were asked for.
    """

    cursor_moved = Signal()
    fitted = Signal()
    hand_used = Signal(object)
    measure_used = Signal(object)
    line_used = Signal(object)

    def __init__(self, session: Session, companion: QWidget) -> None:
        super().__init__()
        self.setObjectName("centre")
        self._session = session
        self._companion = companion
        self._guest: Cell | None = None
        companion.setParent(self)
        self._enlarged: Cell | None = None
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
    def views_with_keys(self) -> list[QWidget]:
        """Whom the keyboard may belong to: the slices of the layout, and what was given their quarter."""
        return [cell.view for cell in self._seen_cells]

    @property
    def voxel_under_cursor(self) -> Voxel | None:
        """The voxel that the cursor points to now, in whichever view it is."""
        return self._hovered.voxel_under_cursor if self._hovered is not None else None

    @property
    def modality_under_cursor(self) -> Modality | None:
        """What the view under the cursor shows; None where the cursor is over none."""
        return self._hovered.modality if self._hovered is not None else None

    @property
    def _cells(self) -> dict[ViewLayout, list[SliceCell]]:
        return {layout: page.findChildren(SliceCell) for layout, page in self._pages.items()}

    def fit(self) -> None:
        """Show whole slices again."""
        for view in self.views:
            view.fit()
        self.fitted.emit()

    def picture(self) -> QPixmap:
        """What the view under the mouse shows; without one, the views of the layout that are seen, side by side."""
        seen = [cell.view for cell in self._seen_cells if cell.view.isVisible()]
        shown = [view for view in seen if self._is_pointed_at(view)] or seen
        places = [QRect(view.mapTo(self, QPoint()), view.size()) for view in shown]
        frame = reduce(QRect.united, places, QRect())
        picture = QPixmap(frame.size() * self.devicePixelRatioF())
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        picture.fill(Qt.GlobalColor.black)
        painter = QPainter(picture)
        for view, place in zip(shown, places, strict=True):
            picture_of = view.viewport() if isinstance(view, SliceView) else view
            painter.drawPixmap(place.topLeft() - frame.topLeft(), picture_of.grab())
        painter.end()
        return picture

    def _is_pointed_at(self, view: QWidget) -> bool:
        return view is self._hovered if isinstance(view, SliceView) else view.underMouse()

    def give_quarter(self, guest: Cell | None) -> None:
        """Give the cell that the slices leave free to another view; None gives it back to the companion."""
        if guest is self._guest:
            return
        self._quarter.hide()
        if self._guest is not None:
            self._guest.enlarge_requested.disconnect(self._on_guest_enlarged)
        self._guest = guest
        if guest is not None:
            guest.enlarge_requested.connect(self._on_guest_enlarged)
        self._quarter.setParent(self)
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
        page = self._page_of(self._session.viewing.layout)
        grid = page.layout()
        if self._has_quarter and isinstance(grid, QGridLayout):
            grid.addWidget(self._quarter, 1, 1)
        self._restore()
        self._stack.setCurrentWidget(page)

    @property
    def _has_quarter(self) -> bool:
        """Whether the slices of the layout leave a cell free."""
        return self._session.viewing.layout is not ViewLayout.MODALITIES

    @property
    def _quarter(self) -> QWidget:
        """What stands there."""
        return self._guest or self._companion

    @property
    def _seen_cells(self) -> list[Cell]:
        """Those of the layout that can be enlarged."""
        guests = [self._guest] if self._guest is not None and self._has_quarter else []
        return [*self._cells[self._session.viewing.layout], *guests]

    def enlarge(self) -> None:
        """Give all the room to the view under the mouse, else to the one that has the keys; or share it again."""
        cells = self._seen_cells
        meant = [cell for cell in cells if cell.underMouse()] or [cell for cell in cells if cell.view.hasFocus()]
        self._enlarge((meant or cells)[0])

    def _on_guest_enlarged(self) -> None:
        if self._guest is not None:
            self._enlarge(self._guest)

    def _enlarge(self, cell: Cell) -> None:
        if self._enlarged is not None:
            self._restore()
            return
        self._enlarged = cell
        cell.view.setFocus(Qt.FocusReason.OtherFocusReason)  # before the views beside it go
        for other in (*self._seen_cells, self._quarter):
            other.setVisible(other is cell)
        cell.show_enlarged(True)
        self._stretch(only=cell)

    def _restore(self) -> None:
        self._enlarged = None
        every = [cell for cells in self._cells.values() for cell in cells]
        for cell in [*every, self._guest] if self._guest is not None else every:
            cell.setVisible(True)
            cell.show_enlarged(False)
        self._quarter.setVisible(self._has_quarter)
        self._stretch(only=None)

    def _stretch(self, only: Cell | None) -> None:
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
        return [SliceView(session, None, modality) for modality in Modality]
    order = _VISIT_ORDER if layout is ViewLayout.VISITS else _CONTENT_ORDER
    return [SliceView(session, None, None, content) for content in order]


_PLANE_ORDER = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)
_CONTENT_ORDER = (Content.REFERENCE, Content.PREDICTION, Content.AGREEMENT)
_VISIT_ORDER = (Content.ALL, Content.BESIDE, Content.CHANGE)
