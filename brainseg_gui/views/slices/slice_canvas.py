"""One slice with its crosshair, letters and scale bar: what it shows, and when it draws again."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent

from brainseg_gui.annotation.slab import Slab
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.imaging.plane import Plane, edge_letters, pixel_size_mm, voxel_to_pixel
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.hand_marks import BrushMark, brush_mark, draw_hand
from brainseg_gui.views.slices.measurements import draw_measurements
from brainseg_gui.views.slices.slice_mapping import SliceMapping
from brainseg_gui.views.slices.slice_marks import SliceMarks, draw_crosshair, draw_marks
from brainseg_gui.views.slices.slice_picture import Content, SlicePicture
from brainseg_gui.views.slices.slice_viewport import SliceViewport

_MARGIN = 0.08


class SliceCanvas(SliceViewport):
    """A slice of the displayed case, drawn.

    Parameters
    ----------
    plane
        The plane, or None to follow `viewing.plane`.
    modality
        The modality, or None to follow `viewing.modality`.
    content
        Which masks are drawn.
    """

    _fitted = False  # pyqtgraph resizes the view while it makes it

    def __init__(
        self,
        session: Session,
        plane: Plane | None = None,
        modality: Modality | None = None,
        content: Content = Content.ALL,
    ) -> None:
        super().__init__(session, plane, modality)
        self.content = content
        self._fitted = True
        self._image_stale = self._masks_stale = True
        self._taken_slice: tuple[object, ...] | None = None
        self._brush: BrushMark | None = None
        self._picture = SlicePicture(session, content)
        # nothing but `update` paints, however much has changed: once per turn of the event loop
        self.setViewportUpdateMode(self.ViewportUpdateMode.NoViewportUpdate)
        self._box.sigRangeChanged.connect(self._on_marks_changed)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)  # drops are for the window
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # nothing behind it has to be painted
        self.setMinimumSize(120, 100)
        self._connect()

    def _connect(self) -> None:
        session, events = self._session, self._session.viewing.events
        session.case_changed.connect(self._on_case_changed)
        session.layers.changed.connect(self._on_masks_changed)
        session.layers.appearance_changed.connect(self._on_masks_changed)
        session.overlay_changed.connect(self._on_masks_changed)
        session.errors.moved.connect(self._on_masks_changed)
        session.errors.changed.connect(self._on_masks_changed)
        events.crosshair.connect(self._on_crosshair_changed)
        for field in (events.modality, events.windows, events.smooth):
            field.connect(self._on_picture_changed)
        for field in (events.convention, events.plane):
            field.connect(self._on_shape_changed)
        masks = (events.masks_visible, events.opacity, events.hidden, events.colours, events.peek)
        for field in (*masks, events.agreement):
            field.connect(self._on_masks_changed)
        events.crosshair_visible.connect(self._on_marks_changed)
        session.measuring.changed.connect(self._on_marks_changed)
        for field in (session.measuring.hand.events.drawn, session.measuring.hand.events.chosen):
            field.connect(self._on_marks_changed)
        self._connect_hand()

    def _connect_hand(self) -> None:
        annotating = self._session.annotating
        annotating.voxels_changed.connect(self._on_voxels_changed)
        annotating.preview_changed.connect(self._on_masks_changed)
        annotating.scribbles.changed.connect(self._on_voxels_changed)
        annotating.hand.events.range_shown.connect(self._on_masks_changed)
        annotating.hand.events.outline.connect(self._on_marks_changed)
        annotating.hand.events.drawn.connect(self._on_marks_changed)
        options, hand = annotating.options.events, annotating.hand.events
        for field in (hand.pointer, hand.browsing, hand.erasing, options.tool, options.brush_mm, options.square):
            field.connect(self._on_hand_changed)
        for field in (options.in_3d, options.erasing):
            field.connect(self._on_hand_changed)
        for field in (options.intensities, options.modality):
            field.connect(self._on_range_changed)

    def fit(self) -> None:
        """Show the whole head, without the empty margin around it."""
        self._fitted = True
        case = self.case
        if case is not None and case.volumes:
            plane, content = self.plane, next(iter(case.volumes.values())).content
            convention = self._session.viewing.convention
            first = voxel_to_pixel(tuple(part.start for part in content), plane, case.grid, convention)
            last = voxel_to_pixel(tuple(part.stop - 1 for part in content), plane, case.grid, convention)
            height, width = pixel_size_mm(plane, case.grid)
            corner = QPointF(min(first[1], last[1]) * width, min(first[0], last[0]) * height)
            rows, columns = abs(first[0] - last[0]) + 1, abs(first[1] - last[1]) + 1
            self._box.setRange(QRectF(corner.x(), corner.y(), columns * width, rows * height), padding=_MARGIN)

    def reveal(self, voxel_ijk: Voxel) -> None:
        """Pan to a voxel; a whole slice shows it anyway."""
        case = self.case
        if case is None or self._fitted:
            return
        row, column = voxel_to_pixel(voxel_ijk, self.plane, case.grid, self._session.viewing.convention)
        height, width = pixel_size_mm(self.plane, case.grid)
        middle = self._box.viewRect().center()
        self._box.translateBy(x=(column + 0.5) * width - middle.x(), y=(row + 0.5) * height - middle.y())
        self.viewport().update()

    def link_to(self, other: SliceCanvas) -> None:
        """Zoom and pan together with another view of the same plane."""
        self._box.setXLink(other._box)
        self._box.setYLink(other._box)

    def _synchronize(self) -> None:
        """Take slice and masks again before the next painting; a view that nobody sees takes nothing."""
        self._image_stale = True
        self.viewport().update()

    def _take(self) -> None:
        """Bring up to date what changed since the last painting, in one go."""
        case = self.case
        if case is not None and self._image_stale:
            self._taken_slice = (self.plane, self.slice_index)
            self._picture.show(case, self.plane, self.slice_index, self.modality)
        elif case is not None and self._masks_stale:
            self._picture.show_masks(self.plane, self.slice_index)
        self._image_stale = self._masks_stale = False

    def _on_case_changed(self) -> None:
        self._fitted = True
        self._on_shape_changed()

    def _on_shape_changed(self) -> None:
        """What a slice looks like from the side has changed, or which side it is."""
        if self._fitted:
            self.fit()
        self._synchronize()

    def _on_picture_changed(self) -> None:
        self._synchronize()

    def _on_masks_changed(self) -> None:
        self._masks_stale = True
        self.viewport().update()

    def _on_marks_changed(self, *_: object) -> None:
        self.viewport().update()

    def _on_voxels_changed(self, slab: Slab) -> None:
        """Draw the masks again if the box meets the slice; the image stays."""
        part = slab[self.plane.axis]
        if part.start <= self.slice_index < part.stop:
            self._on_masks_changed()

    def _on_range_changed(self) -> None:
        if self._session.annotating.hand.range_shown:
            self._on_masks_changed()

    def _on_hand_changed(self) -> None:
        """Draw the brush again where it is, or was."""
        case = self.case
        before, self._brush = self._brush, None
        if case is not None:
            self._brush = brush_mark(self._session.annotating, self.plane, self.slice_index, case.grid)
        if self._brush != before or self._session.annotating.hand.outline is not None:
            self.viewport().update()

    def _on_crosshair_changed(self) -> None:
        if (self.plane, self.slice_index) != self._taken_slice:
            self._image_stale = True
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint without the scene, which holds nothing but the view's range: asking it costs more than a slice."""
        self._take()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), Qt.GlobalColor.black)
        case = self.case
        if case is not None:
            self._draw(painter, case)
        painter.end()

    def _draw(self, painter: QPainter, case: Case) -> None:
        frame, viewing = self.viewport().rect(), self._session.viewing
        mapping = self._mapping_of(case)  # the view asks its scene for it: once in a painting
        height, width = pixel_size_mm(mapping.plane, case.grid)
        painter.setTransform(mapping.mm_to_screen)
        painter.scale(width, height)
        self._picture.draw(painter)
        painter.resetTransform()
        if viewing.crosshair_visible:
            draw_crosshair(painter, frame, mapping.position_of(viewing.crosshair))
        measuring = self._session.measuring
        if (measuring.marks or measuring.hand.drawn is not None) and not self._session.previewing:
            draw_measurements(painter, mapping, measuring)
        draw_marks(painter, frame, self._marks(case, mapping), self._picture.overlay)
        if self._session.annotating.annotation is not None:
            draw_hand(painter, mapping, self._session.annotating)

    def _marks(self, case: Case, mapping: SliceMapping) -> SliceMarks:
        plane, modality, number = mapping.plane, self.modality, number_of(mapping.slice_index)
        missing = "" if modality in case.volumes else "reading…" if self._session.previewing else "not found"
        agreement = self._picture.agreement_region if self._session.viewing.masks_visible else None
        return SliceMarks(
            edge_letters(plane, mapping.convention),
            _titles(plane, modality, missing),
            self._content_title(),
            (f"{number} / {case.grid.shape[plane.axis]}", str(number)),
            mapping.screen_pixels_per_mm,
            agreement.key if agreement is not None else "",
        )

    def _content_title(self) -> str:
        """Which masks are shown, where it is not all of them."""
        layers = self._session.layers
        if self.content is Content.ALL and self._session.viewing.peek and layers.reference is not None:
            return layers.reference.name  # in the prediction's place
        if self.content is Content.ALL:
            legend = self._picture.overlay is not None  # stands in that corner
            return "" if legend else self._session.errors.words_at(self._session.viewing.crosshair)
        if self.content is Content.AGREEMENT:
            return f"agreement {(self._session.viewing.agreement or regions()[0]).key}"
        layer = layers.reference if self.content is Content.REFERENCE else layers.prediction
        return layer.name if layer is not None else f"no {self.content.value}"


@lru_cache(maxsize=64)
def _titles(plane: Plane, modality: Modality, missing: str) -> tuple[str, ...]:
    """What a view shows, from the longest title to the shortest."""
    rest = [modality.title, *([missing] if missing else [])]
    return *(" · ".join([name, *rest]) for name in (plane.title, plane.short_title)), plane.short_title
