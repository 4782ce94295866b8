"""What is painted of a slice, with crosshair, letters and scale bar, and when it has to be painted again."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QPainter

from brainseg_gui.annotation.slab import Slab
from brainseg_gui.errors import printable
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.imaging.plane import Plane, edge_letters, pixel_size_mm
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.overlays.hand_marks import BrushMark, brush_mark, draw_hand
from brainseg_gui.views.slices.overlays.measurements import draw_diameters, draw_measurements
from brainseg_gui.views.slices.overlays.slice_marks import SliceMarks, draw_crosshair, draw_marks
from brainseg_gui.views.slices.shown_slice import ShownSlice
from brainseg_gui.views.slices.slice_mapping import SliceMapping
from brainseg_gui.views.slices.slice_picture import Content, SlicePicture


class SlicePainting(QObject):
    """A slice of the displayed case, drawn.

    It takes what changed when it is painted, in one go: a view that nobody sees takes nothing.

    Parameters
    ----------
    content
        Which masks are drawn.
    """

    outdated = Signal()
    """What was painted last is not what there is to see."""

    def __init__(self, session: Session, shown: ShownSlice, content: Content) -> None:
        super().__init__()
        self._session, self._shown, self._content = session, shown, content
        self._image_stale = self._masks_stale = True
        self._taken_slice: tuple[object, ...] | None = None
        self._brush: BrushMark | None = None
        self._picture = SlicePicture(session, content)
        self._connect()

    def _connect(self) -> None:
        session, events = self._session, self._session.viewing.events
        session.case_changed.connect(self.take_again)
        session.layers.changed.connect(self._on_masks_changed)
        session.layers.appearance_changed.connect(self._on_masks_changed)
        session.overlay_changed.connect(self._on_masks_changed)
        session.errors.moved.connect(self._on_masks_changed)
        session.errors.changed.connect(self._on_masks_changed)
        events.crosshair.connect(self._on_crosshair_changed)
        for field in (events.modality, events.windows, events.smooth, events.convention, events.plane, events.blink):
            field.connect(self.take_again)
        session.following.beside_changed.connect(self.take_again)
        for signal in (session.following.changed, session.following.dragged_changed):
            signal.connect(self._on_marks_changed)
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

    def take_again(self) -> None:
        """Take slice and masks again before the next painting."""
        self._image_stale = True
        self.outdated.emit()

    def _on_masks_changed(self) -> None:
        self._masks_stale = True
        self.outdated.emit()

    def _on_marks_changed(self) -> None:
        self.outdated.emit()

    def _on_voxels_changed(self, slab: Slab) -> None:
        """Draw the masks again if the box meets the slice; the image stays."""
        part = slab[self._shown.plane.axis]
        if part.start <= self._shown.slice_index < part.stop:
            self._on_masks_changed()

    def _on_range_changed(self) -> None:
        if self._session.annotating.hand.range_shown:
            self._on_masks_changed()

    def _on_hand_changed(self) -> None:
        """Draw the brush again where it is, or was."""
        shown, case = self._shown, self._shown.case
        before, self._brush = self._brush, None
        if case is not None:
            self._brush = brush_mark(self._session.annotating, shown.plane, shown.slice_index, case.grid)
        if self._brush != before or self._session.annotating.hand.outline is not None:
            self.outdated.emit()

    def _on_crosshair_changed(self) -> None:
        if (self._shown.plane, self._shown.slice_index) != self._taken_slice:
            self._image_stale = True
        self.outdated.emit()

    def paint(self, painter: QPainter, frame: QRect, mapping: SliceMapping) -> None:
        """Paint everything into a frame.

        Parameters
        ----------
        mapping
            Where the voxels of the shown slice are in the frame.
        """
        case = self._shown.case
        if case is None:
            return
        self._take(case)
        height, width = pixel_size_mm(mapping.plane, case.grid)
        painter.setTransform(mapping.mm_to_screen)
        painter.scale(width, height)
        self._picture.draw(painter)
        painter.resetTransform()
        viewing = self._session.viewing
        if viewing.crosshair_visible:
            draw_crosshair(painter, frame, mapping.position_of(viewing.crosshair))
        measuring = self._session.measuring
        if (measuring.marks or measuring.hand.drawn is not None) and not self._session.previewing:
            draw_measurements(painter, frame, mapping, measuring)
        if viewing.masks_visible and not (self._session.previewing or self._picture.shows_beside):
            draw_diameters(painter, frame, mapping, self._session.following)
        draw_marks(painter, frame, self._marks(case, mapping), self._picture.overlay)
        if self._session.annotating.annotation is not None:
            draw_hand(painter, mapping, self._session.annotating)

    def _take(self, case: Case) -> None:
        """Bring up to date what changed since the last painting."""
        plane, slice_index = self._shown.plane, self._shown.slice_index
        if self._image_stale:
            self._taken_slice = (plane, slice_index)
            self._picture.show(case, plane, slice_index, self._shown.modality)
        elif self._masks_stale:
            self._picture.show_masks(plane, slice_index)
        self._image_stale = self._masks_stale = False

    def _marks(self, case: Case, mapping: SliceMapping) -> SliceMarks:
        plane, modality, number = mapping.plane, self._shown.modality, number_of(mapping.slice_index)
        missing = "" if modality in case.volumes else "reading…" if self._session.previewing else "not found"
        agreement = self._picture.agreement_region if self._session.viewing.masks_visible else None
        return SliceMarks(
            edge_letters(plane, mapping.convention),
            _titles(plane, modality, missing),
            self._content_titles(),
            (f"{number} / {case.grid.shape[plane.axis]}", str(number)),
            mapping.screen_pixels_per_mm,
            agreement.key if agreement is not None else "",
        )

    def _content_titles(self) -> tuple[str, ...]:
        """From the longest to the shortest: what an error is says more than which one it is."""
        title = self._content_title()
        words, several, _ = title.partition(" · ")
        error = several and title == self._session.errors.words_at(self._session.viewing.crosshair)
        return (title, words) if error else (title,)

    def _content_title(self) -> str:
        """Which masks are shown, where it is not all of them."""
        if self._picture.shows_beside or self._content is Content.CHANGE:
            return self._visit_title()
        layers = self._session.layers
        if self._content is Content.ALL and self._session.viewing.peek and layers.reference is not None:
            return layers.reference.name  # in the prediction's place
        if self._content is Content.ALL:
            legend = self._picture.overlay is not None  # stands in that corner
            return "" if legend else self._session.errors.words_at(self._session.viewing.crosshair)
        if self._content is Content.AGREEMENT:
            return f"agreement {(self._session.viewing.agreement or regions()[0]).key}"
        layer = layers.reference if self._content is Content.REFERENCE else layers.prediction
        return layer.name if layer is not None else f"no {self._content.value}"

    def _visit_title(self) -> str:
        """Which visit is beside the open one, and what the colours of a change mean."""
        beside = self._picture.beside
        if beside is None:
            return "no visit beside this one"
        words = f"orange +, blue − since {printable(beside.name)}"
        return words if self._content is Content.CHANGE else printable(beside.name)


@lru_cache(maxsize=64)
def _titles(plane: Plane, modality: Modality, missing: str) -> tuple[str, ...]:
    """What a view shows, from the longest title to the shortest."""
    rest = [modality.title, *([missing] if missing else [])]
    return *(" · ".join([name, *rest]) for name in (plane.title, plane.short_title)), plane.short_title
