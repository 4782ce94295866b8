"""A slice to look at and to work in."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.hand import Point
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.shown_slice import ShownSlice
from brainseg_gui.views.slices.slice_cursor import SliceCursor
from brainseg_gui.views.slices.slice_gestures import SliceGestures
from brainseg_gui.views.slices.slice_hand import SliceHand
from brainseg_gui.views.slices.slice_mapping import SliceMapping
from brainseg_gui.views.slices.slice_navigation import SliceNavigation
from brainseg_gui.views.slices.slice_painting import SlicePainting
from brainseg_gui.views.slices.slice_picture import Content
from brainseg_gui.views.slices.slice_range import SliceRange


class SliceView(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """A slice of the displayed case.

    Left: move the crosshair. Wheel: scroll. Ctrl+wheel or right drag: zoom. Middle drag: pan. Ctrl+drag: window
    (left–right width, up–down level). Double click: enlarge; while a tool is in the hand with the middle button.

    While a tool is in the hand, the left and the right button are the tool's: `hand_used` tells of them. While
    something is measured, the left one is the ruler's: `measure_used` tells of it.

    Parameters
    ----------
    plane
        The plane, or None to follow `viewing.plane`.
    modality
        The modality, or None to follow `viewing.modality`.
    content
        Which masks are drawn.
    """

    cursor_moved = Signal()
    """The cursor came, moved, or left; or the slice moved under it (zoom, pan, another size)."""

    enlarge_requested = Signal()
    hand_used = Signal(object)
    measure_used = Signal(object)
    line_used = Signal(object)

    _made = False  # pyqtgraph sends the view events while it makes it

    def __init__(
        self,
        session: Session,
        plane: Plane | None = None,
        modality: Modality | None = None,
        content: Content = Content.ALL,
    ) -> None:
        super().__init__(background="k")
        self._session, self.content = session, content
        self._shown = ShownSlice(session, plane, modality)
        self._range = SliceRange(self._shown)
        self._painting = SlicePainting(session, self._shown, content)
        self._hand = SliceHand(session, self._shown)
        self._navigation = SliceNavigation(session, self._shown, self._range)
        self._gestures = SliceGestures(session, self._hand, self._navigation)
        self._cursor = SliceCursor(self.viewport())
        self.setCentralItem(self._range.box)
        self._prepare_viewport()
        self._connect()
        self._made = True

    def _prepare_viewport(self) -> None:
        # nothing but `update` paints, however much has changed: once per turn of the event loop
        self.setViewportUpdateMode(self.ViewportUpdateMode.NoViewportUpdate)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)  # drops are for the window
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it has to be painted
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(120, 100)
        self.setFocusPolicy(Qt.FocusPolicy.WheelFocus)

    def _connect(self) -> None:
        session, events = self._session, self._session.viewing.events
        session.case_changed.connect(self.fit)
        events.convention.connect(self._range.turn_over)
        events.plane.connect(self._on_plane_changed)
        events.crosshair.connect(self._on_crosshair_changed)
        annotating = session.annotating
        for field in (annotating.options.events.tool, annotating.hand.events.browsing):
            field.connect(self._show_cursor)
        annotating.annotation_changed.connect(self._show_cursor)
        self._painting.outdated.connect(self._repaint)
        session.measuring.hand.events.tool.connect(self._show_cursor)
        self._hand.tool_used.connect(self.hand_used)
        self._hand.measure_used.connect(self.measure_used)
        self._hand.line_used.connect(self.line_used)
        self._cursor.moved.connect(self._point)
        self._cursor.moved.connect(self.cursor_moved)
        self._range.box.sigRangeChanged.connect(self._on_slice_moved)

    # what is shown, and where it is on the screen

    @property
    def plane(self) -> Plane:
        """The plane that is shown."""
        return self._shown.plane

    @property
    def modality(self) -> Modality:
        """The modality that is shown."""
        return self._shown.modality

    @property
    def slice_index(self) -> int:
        """The slice that is shown: the crosshair's."""
        return self._shown.slice_index

    @property
    def case(self) -> Case | None:
        """The case that is shown."""
        return self._shown.case

    @property
    def mm_to_viewport(self) -> QTransform:
        """The way from the slice in mm to the viewport."""
        transform: QTransform = self._range.mm_to_scene * self.viewportTransform()
        return transform

    @property
    def mapping(self) -> SliceMapping | None:
        """Where the voxels are on the screen now; None without a case."""
        return self._shown.mapped(self.mm_to_viewport)

    @property
    def screen_pixels_per_mm(self) -> float:
        """Current zoom."""
        return self._range.screen_pixels_per_mm

    @property
    def cursor(self) -> QPointF | None:
        """Where the mouse is in the viewport; None while it is elsewhere."""
        return self._cursor.position

    @property
    def voxel_under_cursor(self) -> Voxel | None:
        """The voxel that the mouse points to: in the slice that is shown now, however long it has rested."""
        return self.voxel_at(self.cursor) if self.cursor is not None else None

    def voxel_at(self, position: QPointF) -> Voxel | None:
        """Voxel under a position of the viewport, or None outside the slice."""
        mapping = self.mapping
        return mapping.voxel_at(position.toPoint()) if mapping is not None else None

    def point_at(self, position: QPointF) -> Point | None:
        """Voxel coordinates under a position of the viewport, also outside the slice; None without a case."""
        mapping = self.mapping
        return mapping.point_at(position) if mapping is not None else None

    def position_of(self, voxel_ijk: Voxel) -> QPoint:
        """Position of a voxel's centre in the viewport."""
        mapping = self.mapping
        return mapping.position_of(voxel_ijk) if mapping is not None else QPoint()

    def fit(self) -> None:
        """Show the whole head, without the empty margin around it."""
        self._range.fit()

    def reveal(self, voxel_ijk: Voxel) -> None:
        """Pan to a voxel; a whole slice shows it anyway."""
        self._range.reveal(voxel_ijk)

    def scroll(self, steps: int) -> None:
        """Move by slices; positive goes to the right, anterior or superior."""
        self._navigation.scroll(steps)

    def zoom(self, factor: float, around: QPointF) -> None:
        """Come nearer; what is at a position of the viewport stays there."""
        self._navigation.zoom(factor, around, self.mapping)

    def link_to(self, other: SliceView) -> None:
        """Zoom and pan together with another view of the same plane."""
        self._range.link_to(other._range)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint without the scene, which holds nothing but the view's range: asking it costs more than a slice."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), Qt.GlobalColor.black)
        mapping = self.mapping  # the view asks its scene for it: once in a painting
        if mapping is not None:
            self._painting.paint(painter, self.viewport().rect(), mapping)
        painter.end()

    def _repaint(self) -> None:
        self.viewport().update()

    # the mouse and the keys

    def _show_cursor(self) -> None:
        taken = self._hand.works or self._hand.measures
        shape = Qt.CursorShape.CrossCursor if taken else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._gestures.turn_wheel(event, self.mapping)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._gestures.press(event, self.mapping)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._cursor.follow(event.position())
        self._gestures.move(event, self.mapping, QPointF(self.viewport().rect().center()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._gestures.release(event, self.mapping)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        enlarges = event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)
        if not self._gestures.press_twice(event, self.mapping) and enlarges:
            self.enlarge_requested.emit()

    def _point(self) -> None:
        """Say where the mouse is, for the outline of the brush."""
        self._hand.point(self.point_at(self.cursor) if self.cursor is not None and self._hand.works else None)

    def _on_slice_moved(self) -> None:
        """The mouse rests on the screen while the slice, or the view itself, moves under it."""
        self._repaint()
        self._cursor.look_again()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._made:
            return
        self._range.refit()
        QTimer.singleShot(0, self, self._on_slice_moved)  # when all that was laid out anew has its place

    def _on_plane_changed(self) -> None:
        if self._shown.follows_plane:  # what is seen of one plane says nothing of another
            self.fit()

    def _on_crosshair_changed(self) -> None:
        if self.cursor is not None:  # the brush is in the new slice, also after a key
            self._point()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._cursor.follow(event.position())  # a view that appears under a resting mouse hears of no move
        typing = isinstance(QApplication.focusWidget(), QLineEdit | QAbstractSpinBox | QPlainTextEdit)
        if self._hand.works and not typing:
            self.setFocus(Qt.FocusReason.MouseFocusReason)  # Space, Return and Backspace are for this view

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor.follow(None)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._hand.lose()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._hand.lose()
        self._cursor.follow(None)
        super().hideEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UngrabMouse:
            self._hand.lose()
        return bool(super().viewportEvent(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._navigation.press_key(Qt.Key(event.key())):
            event.ignore()
