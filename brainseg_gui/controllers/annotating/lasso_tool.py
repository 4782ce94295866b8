"""Lasso and polygon: drag a line around voxels, or set its corners one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from brainseg_gui.annotation.slab import Area
from brainseg_gui.annotation.tools.polygon import polygon
from brainseg_gui.controllers.annotating.hand_tools import edit_name, erases, kept_by_range, label_name, label_of
from brainseg_gui.imaging.numbering import slice_words
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.hand import Outline, Pointer
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.slices.hand_event import HandEvent

_DRAGGED = 1.5  # voxels; less is a click with an unsteady hand
_CLOSE = 0.75  # voxels from the first corner that close the polygon


class LassoTool:
    """Dragging draws a lasso, closed on release; clicks set the corners of a polygon until it is closed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pressed: Pointer | None = None
        self._dragged = False

    @property
    def busy(self) -> bool:
        return self._session.annotating.hand.outline is not None

    @property
    def _outline(self) -> Outline | None:
        return self._session.annotating.hand.outline

    @_outline.setter
    def _outline(self, outline: Outline | None) -> None:
        self._session.annotating.hand.outline = outline

    def press(self, event: HandEvent) -> None:
        """Begin, or set the next corner."""
        outline, pointer = self._outline, event.pointer
        slice_index = round(pointer.point_ijk[pointer.plane.axis])
        if outline is None:
            cutting = erases(self._session, event)
            self._outline = Outline((pointer.point_ijk,), pointer.plane, slice_index, cutting)
        elif (outline.plane, outline.slice_index) != (pointer.plane, slice_index):
            self._look_back(outline)
            return
        elif len(outline.points_ijk) > 2 and math.dist(outline.points_ijk[0], pointer.point_ijk) < _CLOSE:
            self.close()
            return
        else:
            self._add(pointer)
        self._pressed, self._dragged = pointer, False

    def move(self, event: HandEvent) -> None:
        """Draw freely."""
        if self._pressed is None or self._outline is None or event.pointer.plane is not self._outline.plane:
            return
        if not self._dragged and math.dist(self._pressed.point_ijk, event.pointer.point_ijk) < _DRAGGED:
            return
        self._dragged = True
        self._add(event.pointer)

    def release(self, event: HandEvent) -> None:
        """Close a lasso; a polygon waits for its next corner."""
        outline = self._outline
        begun = self._pressed.point_ijk if self._pressed is not None else None
        if self._dragged and outline is not None and outline.points_ijk[0] == begun:
            self.close("Lasso")  # else the drag was one side of a polygon
        self._pressed, self._dragged = None, False

    def double_click(self, event: HandEvent) -> None:
        """Close the polygon."""
        if self.busy:
            self.close()
        else:
            self.press(event)

    def close(self, name: str = "Polygon") -> None:
        """Fill what the line surrounds, or cut it away."""
        outline, case = self._outline, self._session.case
        self._outline, self._pressed, self._dragged = None, None, False
        if outline is None or case is None:
            return
        area = polygon(outline.points_ijk, outline.plane, outline.slice_index, case.grid.shape)
        if area is None:
            return
        annotating, plane = self._session.annotating, outline.plane
        through = outline.cutting and annotating.options.in_3d
        if through:
            area = _through_all_slices(area, plane, case.grid.shape[plane.axis])
        label = label_of(self._session, erasing=outline.cutting)
        what = f"{name} {label_name(self._session, label)}" if label else f"{name} cut"
        title = edit_name(what, plane, outline.slice_index, in_3d=through)
        area = kept_by_range(self._session, case, area)
        annotating.edit(area.becomes(label), title, "lasso", axis=None if through else plane.axis)

    def drop_corner(self) -> None:
        """Take the last corner back."""
        outline = self._outline
        if outline is not None:
            points = outline.points_ijk[:-1]
            self._outline = replace(outline, points_ijk=points) if points else None

    def finish(self) -> None:
        """Close a line that surrounds something."""
        if self.busy:
            self.close()

    def cancel(self) -> None:
        """Drop the line."""
        self._outline, self._pressed, self._dragged = None, None, False

    def _add(self, pointer: Pointer) -> None:
        outline = self._outline
        if outline is not None and pointer.point_ijk != outline.points_ijk[-1]:
            point = list(pointer.point_ijk)
            point[outline.plane.axis] = float(outline.slice_index)
            self._outline = replace(outline, points_ijk=(*outline.points_ijk, (point[0], point[1], point[2])))

    def _look_back(self, outline: Outline) -> None:
        """An open polygon is finished where it was begun."""
        voxel = list(self._session.viewing.crosshair)
        voxel[outline.plane.axis] = outline.slice_index
        self._session.viewing.crosshair = (voxel[0], voxel[1], voxel[2])
        what = f"The polygon in the {outline.plane.title.lower()} {slice_words(outline.slice_index)} is still open"
        self._session.say(Notice(what, "Return closes it, Esc drops it", problem=False))


def _through_all_slices(area: Area, plane: Plane, slices: int) -> Area:
    """The same outline in every slice of the plane."""
    slab = list(area.slab)
    slab[plane.axis] = slice(0, slices)
    shape = list(area.mask.shape)
    shape[plane.axis] = slices
    return Area((slab[0], slab[1], slab[2]), np.broadcast_to(area.mask, shape))
