"""What one view shows of one slice: the image, and the masks over it. No mouse, no letters."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainter

from brainseg_gui.evaluation.metrics.comparison import agreement_of, region_table
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.colour_maps import map_table
from brainseg_gui.imaging.colours import agreement_table, overlay_table
from brainseg_gui.imaging.labels import LabelMap, Region, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane, take_slice
from brainseg_gui.imaging.scalar_map import ScalarMap
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window, auto_window, to_grey
from brainseg_gui.state.layers.layers import Layer, OverlayStyle
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.overlays.hand_overlays import range_fill, scribble_fill
from brainseg_gui.views.slices.overlays.outline import Outlines
from brainseg_gui.views.slices.overlays.piece_mark import STRENGTH, piece_in_slice
from brainseg_gui.views.slices.overlays.preview_item import PreviewMarks, preview_in_slice
from brainseg_gui.views.slices.slice_images import FillImage, GreyImage

if TYPE_CHECKING:
    from brainseg_gui.followup.aligning.beside import BesideVisit

_EDGE = np.zeros((256, 4), dtype=np.uint8)
_EDGE[1] = (230, 232, 235, 255)

Cut = Callable[[LabelMap], NDArray[np.uint8]]


def _agreement_table(opacity: float) -> NDArray[np.uint8]:
    """What is wrong is strong: over a bright image a pale red and a pale blue look alike."""
    return agreement_table(max(opacity, 0.35), max(opacity, 0.7))


class Content(Enum):
    """Which masks a view shows."""

    ALL = "all"
    REFERENCE = "reference"
    PREDICTION = "prediction"
    AGREEMENT = "agreement"
    BESIDE = "another visit"
    CHANGE = "change between visits"


class SlicePicture:
    """The layers of one slice, in pixels of the slice, row 0 at the top.

    They are no items of a scene: a scene asks for a repaint of its own after every change, in a later turn of the
    event loop, and all views would be painted nearly twice for every step.
    """

    def __init__(self, session: Session, content: Content) -> None:
        self._session = session
        self._content = content
        self._grey = GreyImage()
        self._fills: list[FillImage] = []
        self._outlines: list[Outlines] = []
        self._fills_shown = self._outlines_shown = 0
        self._preview = PreviewMarks()
        self._modality = Modality.T1CE

    def show(self, case: Case, plane: Plane, slice_index: int, modality: Modality) -> None:
        """Take a new slice of the image and of the masks."""
        self._modality = modality
        volume, window = self._image_of(case, modality)
        if volume is None or window is None:
            self._grey.show(None)
        else:
            stored = take_slice(volume.stored, plane, slice_index, self._session.viewing.convention)
            self._grey.show(to_grey(stored, volume, window))
        self.show_masks(plane, slice_index)

    def _image_of(self, case: Case, modality: Modality) -> tuple[Volume | None, Window | None]:
        """The image that is shown, and its window: that of the open case, or of the visit beside it."""
        own, beside = self._session.viewing.windows.get(modality), self.beside
        if not self.shows_beside:
            return case.volumes.get(modality), own
        volume = beside.volumes.get(modality) if beside is not None else None
        if beside is None or volume is None:
            return None, None
        return volume, beside.window_of(modality, own) if own is not None else auto_window(volume)

    @property
    def beside(self) -> BesideVisit | None:
        """The visit beside the open one, where both are there."""
        return self._session.following.beside if not self._session.previewing else None

    @property
    def shows_beside(self) -> bool:
        """Whether the visit beside the open one is drawn here."""
        blinks = self._session.viewing.blink and self._content is Content.ALL and self.beside is not None
        return blinks or self._content is Content.BESIDE

    def draw(self, painter: QPainter) -> None:
        """Paint everything; one unit of the painter is a pixel of the slice."""
        self._grey.draw(painter, smooth=self._session.viewing.smooth)
        for fill in self._fills[: self._fills_shown]:
            fill.draw(painter)
        outlined = self._outlines[: self._outlines_shown]
        if self.agreement_region is None:  # a casing would hide the thin rims that are missed or false
            for outlines in outlined:
                outlines.draw_casing(painter)
        for outlines in outlined:
            outlines.draw(painter)
        self._preview.draw(painter)

    def show_masks(self, plane: Plane, slice_index: int) -> None:
        """Take the masks again, over the same image."""
        if self.shows_beside or self._content is Content.CHANGE:
            self._show_other_visit(plane, slice_index)
            return
        viewing = self._session.viewing
        fills: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []
        outlines: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []

        def cut(labels: LabelMap) -> NDArray[np.uint8]:
            # a copy whose rows lie side by side: it is looked at several times
            return np.ascontiguousarray(take_slice(labels.values, plane, slice_index, viewing.convention))

        if viewing.masks_visible and not self._session.previewing:
            region, overlay = self.agreement_region, self.overlay
            pair = self._session.layers.compared
            if overlay is not None:
                table = map_table(overlay.top, viewing.opacity, overlay.faintest)
                fills.append((self._levels_of(overlay, plane, slice_index), table))
                layers = self._drawn_layers() if overlay.outlined else []
                outlines += [(cut(layer.labels), self._table_of(layer, OverlayStyle.OUTLINE)) for layer, _ in layers]
            elif region is not None and pair is not None:
                fills.append((self._agreement(cut, pair, region), _agreement_table(viewing.opacity)))
                fills += self._error_looked_at(region, plane, slice_index)
                outlines.append(self._reference_outline(cut, pair[0].labels, region))
            else:
                for layer, style in self._drawn_layers():
                    drawn = (cut(layer.labels), self._table_of(layer, style))
                    (fills if style is OverlayStyle.FILL else outlines).append(drawn)
        scribbles, edges = scribble_fill(self._session, plane, slice_index)
        self._draw_fills([*fills, *range_fill(self._session, plane, slice_index), *scribbles])
        self._draw_outlines([*outlines, *edges])
        self._draw_preview(plane, slice_index)

    def _levels_of(self, overlay: ScalarMap, plane: Plane, slice_index: int) -> NDArray[np.uint8]:
        levels, case = overlay.slice_of(plane, slice_index, self._session.viewing.convention), self._session.displayed
        if not overlay.outside or case is None:
            return levels
        # certainly background: true of the air too, and not worth saying
        return np.where(self._in_head(case, plane, slice_index), levels, 0).astype(np.uint8)

    def _show_other_visit(self, plane: Plane, slice_index: int) -> None:
        """The outlines of the other visit's mask, or what changed between both."""
        viewing, beside = self._session.viewing, self.beside
        fills, outlines = [], []
        if beside is not None and self._content is Content.CHANGE:
            fills = self._change(beside, plane, slice_index)
        elif beside is not None and beside.labels is not None and viewing.masks_visible:
            values = take_slice(beside.labels.values, plane, slice_index, viewing.convention)
            table = overlay_table(beside.labels.scheme, 1.0, viewing.hidden, viewing.colours)
            outlines = [(np.ascontiguousarray(values), table)]
        self._draw_fills(fills)
        self._draw_outlines(outlines)
        self._preview.show(None)

    def _change(
        self, beside: BesideVisit, plane: Plane, slice_index: int
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
        from brainseg_gui.followup.aligning.beside import change_levels, change_table

        case, modality, viewing = self._session.case, self._modality, self._session.viewing
        if case is None or modality not in case.volumes or modality not in beside.volumes:
            return []
        window = viewing.windows[modality]
        before = beside.volumes[modality]
        ours, theirs = (
            take_slice(volume.stored, plane, slice_index, viewing.convention)
            for volume in (case.volumes[modality], before)
        )
        if (shading := beside.shadings.get(modality)) is not None:
            theirs = shading.evened(theirs, plane, slice_index, viewing.convention)
        shown = beside.window_of(modality, window)
        levels = change_levels((ours, case.volumes[modality], window), (theirs, before, shown))
        return [(np.ascontiguousarray(levels), change_table())]

    @property
    def overlay(self) -> ScalarMap | None:
        """The quantity that is drawn here: instead of fills, with the masks' outlines over it."""
        shown = self._content is Content.ALL and self._session.viewing.masks_visible and not self._session.previewing
        return self._session.overlay if shown else None

    def _in_head(self, case: Case, plane: Plane, slice_index: int) -> NDArray[np.bool_]:
        """Pixels of the slice that are not the image's background."""
        volume = next(iter(case.volumes.values()))
        stored = take_slice(volume.stored, plane, slice_index, self._session.viewing.convention)
        inside: NDArray[np.bool_] = stored != volume.background
        return inside

    def _table_of(self, layer: Layer, style: OverlayStyle) -> NDArray[np.uint8]:
        """Colours of a layer's labels; how opaque fills are says nothing about outlines."""
        viewing = self._session.viewing
        own = viewing.opacity if layer.opacity is None else layer.opacity
        opacity = own if style is OverlayStyle.FILL else 1.0
        return overlay_table(layer.labels.scheme, opacity, viewing.hidden, viewing.colours)

    @property
    def agreement_region(self) -> Region | None:
        """The region whose agreement is to be drawn, when there are two masks to compare."""
        viewing = self._session.viewing
        if self._session.layers.compared is None:
            return None
        if self._content is Content.AGREEMENT:
            return viewing.agreement or regions()[0]
        if self._content is Content.ALL and viewing.agreement is not None and not viewing.peek:
            return viewing.agreement
        return None

    def _agreement(self, cut: Cut, pair: tuple[Layer, Layer], region: Region) -> NDArray[np.uint8]:
        reference, prediction = (layer.labels for layer in pair)
        return agreement_of(
            cut(reference),
            cut(prediction),
            region_table(reference.scheme, region),
            region_table(prediction.scheme, region),
        )

    def _error_looked_at(
        self, region: Region, plane: Plane, slice_index: int
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
        entry, case = self._session.errors.current, self._session.case
        if entry is None or case is None or entry.piece.region != region:
            return []
        convention = self._session.viewing.convention
        values = piece_in_slice(entry.piece, case.grid.shape, plane, slice_index, convention)
        return [(values, agreement_table(STRENGTH, STRENGTH))] if values is not None else []

    def _reference_outline(
        self, cut: Cut, reference: LabelMap, region: Region
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The reference's edge, the second cue beside colour: what is missed lies inside it, what is false outside."""
        inside = region_table(reference.scheme, region).astype(np.uint8)[cut(reference)]
        return inside, _EDGE

    def _drawn_layers(self) -> list[tuple[Layer, OverlayStyle]]:
        layers, viewing = self._session.layers, self._session.viewing
        if self._content is Content.REFERENCE:
            return [(layers.reference, OverlayStyle.FILL)] if layers.reference else []
        if self._content is Content.PREDICTION:
            return [(layers.prediction, OverlayStyle.FILL)] if layers.prediction else []
        if self._content is Content.AGREEMENT:
            return []
        if viewing.peek and layers.reference is not None and layers.prediction is not None:
            return [(layers.reference, layers.prediction.style)]
        return [(layer, layer.style) for layer in layers if layer.visible]

    def _draw_preview(self, plane: Plane, slice_index: int) -> None:
        """What an operation would do to the annotation, where it is shown."""
        annotating, layers = self._session.annotating, self._session.layers
        preview, annotation = annotating.preview, annotating.annotation
        here = self._content is Content.ALL or (
            self._content is Content.PREDICTION and layers.prediction is annotating.layer
        )
        change = preview.change if preview is not None and here and not self._session.previewing else None
        if change is None or annotation is None:
            self._preview.show(None)
            return
        convention = self._session.viewing.convention
        self._preview.show(preview_in_slice(change, annotation.settled, plane, slice_index, convention))

    def _draw_fills(self, fills: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> None:
        self._fills += [FillImage() for _ in fills[len(self._fills) :]]
        self._fills_shown = len(fills)
        for fill, (values, table) in zip(self._fills, fills, strict=False):
            fill.show(values, table)

    def _draw_outlines(self, outlines: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> None:
        self._outlines += [Outlines() for _ in outlines[len(self._outlines) :]]
        self._outlines_shown = len(outlines)
        for outline, (values, table) in zip(self._outlines, outlines, strict=False):
            outline.show(values, table)
