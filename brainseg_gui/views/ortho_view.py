"""The middle of the window: three planes, four modalities, or the comparison, as linked views."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSlider, QStackedWidget, QVBoxLayout, QWidget

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.session import Session
from brainseg_gui.state.viewing import Layout
from brainseg_gui.views.profile_strip import ProfileStrip
from brainseg_gui.views.slice_picture import Content
from brainseg_gui.views.slice_view import SliceView


class SliceCell(QFrame):
    """A slice view with its slider, and the profile of the compared masks along it."""

    def __init__(self, view: SliceView, session: Session) -> None:
        super().__init__()
        self.setObjectName("picture")
        self.view = view
        self._session = session
        self._slider = QSlider(Qt.Orientation.Vertical)
        self._slider.setFixedWidth(16)
        self._slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._slider.valueChanged.connect(self._on_slider_moved)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(view, 1)
        self._profile = ProfileStrip(view, session)
        row.addWidget(self._profile)
        row.addWidget(self._slider)
        for signal in (session.case_changed, session.viewing.events.crosshair, session.viewing.events.plane):
            signal.connect(self._synchronize)
        self._synchronize()

    def _synchronize(self) -> None:
        case = self.view.case
        self._slider.setEnabled(case is not None)
        if case is None:
            return
        self._profile.move_marker()
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, case.grid.shape[self.view.plane.axis] - 1)
            self._slider.setValue(self.view.slice_index)
        self._slider.setToolTip(f"Slice {self.view.slice_index + 1}. Wheel over the picture, Page up, Page down")

    def _on_slider_moved(self, slice_index: int) -> None:
        self.view.scroll(slice_index - self.view.slice_index)


class OrthoView(QWidget):
    """Three layouts of linked views; a double click maximises one of them.

    Parameters
    ----------
    companion
        Widget for the cell that planes and comparison leave free: the comparison's numbers.
    """

    voxel_hovered = Signal(object)
    hand_used = Signal(object)

    def __init__(self, session: Session, companion: QWidget) -> None:
        super().__init__()
        self.setObjectName("centre")
        self._session = session
        self._companion = companion
        self._maximised: SliceCell | None = None
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._pages = {
            Layout.PLANES: self._page([SliceView(session, plane) for plane in _PLANE_ORDER]),
            Layout.MODALITIES: self._page([SliceView(session, None, m) for m in _MODALITY_ORDER], linked=True),
            Layout.COMPARE: self._page([SliceView(session, None, None, c) for c in _CONTENT_ORDER], linked=True),
        }
        session.viewing.events.layout.connect(self._synchronize)
        self._synchronize()

    @property
    def views(self) -> list[SliceView]:
        """The views of the current layout."""
        return [cell.view for cell in self._cells[self._session.viewing.layout]]

    @property
    def _cells(self) -> dict[Layout, list[SliceCell]]:
        return {layout: page.findChildren(SliceCell) for layout, page in self._pages.items()}

    def fit(self) -> None:
        """Show whole slices again."""
        for view in self.views:
            view.fit()

    def reveal(self, voxel_ijk: Voxel) -> None:
        """Bring a voxel to the middle of the views that are zoomed in."""
        for view in self.views:
            view.reveal(voxel_ijk)

    def _page(self, views: list[SliceView], *, linked: bool = False) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for place, view in enumerate(views):
            cell = SliceCell(view, self._session)
            grid.addWidget(cell, *divmod(place, 2))
            view.voxel_hovered.connect(self.voxel_hovered)
            view.hand_used.connect(self.hand_used)
            view.maximise_requested.connect(self._on_maximise_requested)
            if linked and place:
                view.link_to(views[0])
        for index in (0, 1):
            grid.setRowStretch(index, 1)
            grid.setColumnStretch(index, 1)
        self._stack.addWidget(page)
        return page

    def _synchronize(self) -> None:
        self._restore()
        page = self._pages[self._session.viewing.layout]
        if self._session.viewing.layout is not Layout.MODALITIES:
            grid = page.layout()
            if isinstance(grid, QGridLayout):
                grid.addWidget(self._companion, 1, 1)
                self._companion.show()
        self._stack.setCurrentWidget(page)

    def _on_maximise_requested(self) -> None:
        view = self.sender()
        if self._maximised is not None:
            self._restore()
            return
        for cell in self._cells[self._session.viewing.layout]:
            if cell.view is view:
                self._maximised = cell
        for cell in self._cells[self._session.viewing.layout]:
            cell.setVisible(cell is self._maximised)
        self._companion.setVisible(False)
        self._stretch(only=self._maximised)

    def _restore(self) -> None:
        self._maximised = None
        for cells in self._cells.values():
            for cell in cells:
                cell.setVisible(True)
        self._companion.setVisible(True)
        self._stretch(only=None)

    def _stretch(self, only: SliceCell | None) -> None:
        """Give the rows and columns of the maximised cell all the room, or equal shares."""
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


_PLANE_ORDER = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)
_MODALITY_ORDER = (Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR)
_CONTENT_ORDER = (Content.REFERENCE, Content.PREDICTION, Content.AGREEMENT)
