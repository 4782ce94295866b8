"""Lasso and polygon: drag a line around voxels, or set its corners one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from brainseg_gui.annotation.slab import Area
from brainseg_gui.annotation.tools.corners import corner_at, edge_at
from brainseg_gui.annotation.tools.polygon import polygon
from brainseg_gui.controllers.annotating.hand.hand_tools import edit_name, erases, kept_by_range, label_name, label_of
from brainseg_gui.controllers.annotating.hand.outline_steps import OutlineSteps
from brainseg_gui.imaging.numbering import slice_words
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.annotating.hand import Outline, Point, Pointer
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.slices.hand_event import HandEvent, HandMove

_DRAGGED = 1.5  # voxels; less is a click with an unsteady hand
_CLOSE = 0.75  # voxels from a corner that are on it, however far one zooms out
_CORNER_PIXELS, _EDGE_PIXELS = 6.0, 3.0  # and pixels of the screen, however far one zooms in


class LassoTool:
    """Dragging draws a lasso, closed on release; clicks set the corners of a polygon until it is closed.

    While a polygon is open its corners can be dragged, a press on an edge sets a corner there, and the right button
    takes the corner under the mouse away. Every such change is one step of undo.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pressed: Pointer | None = None
        self._dragged = False
        self._grabbed: int | None = None  # the corner that follows the mouse
        self._steps = OutlineSteps()
        annotating = session.annotating
        for signal in (annotating.edited, annotating.annotation_changed, annotating.options.events.tool):
            signal.connect(self._forget_steps)

    @property
    def busy(self) -> bool:
        return self._session.annotating.hand.outline is not None

    @property
    def redoable(self) -> bool:
        """Whether a step of the polygon was taken back, and nothing else was done since."""
        return self._steps.can_redo(self._outline, self._position)

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
            self._steps.note(None)
            cutting = erases(self._session, event)
            self._outline = Outline((pointer.point_ijk,), pointer.plane, slice_index, cutting)
        elif (outline.plane, outline.slice_index) != (pointer.plane, slice_index):
            self._look_back(outline)
            return
        else:
            corner = self._corner_at(outline, event)
            if event.right and not outline.cutting:
                self._remove(corner)
                return
            self._steps.note(outline)
            if corner is None and (corner := self._edge_at(outline, event)) is not None:
                self._put(corner, pointer, insert=True)
            elif corner is None:
                self._add(pointer)
            self._grabbed = corner
        self._pressed, self._dragged = pointer, False

    def move(self, event: HandEvent) -> None:
        """Draw freely."""
        if self._pressed is None or self._outline is None or event.pointer.plane is not self._outline.plane:
            return
        if not self._dragged and math.dist(self._pressed.point_ijk, event.pointer.point_ijk) < _DRAGGED:
            return
        self._dragged = True
        if self._grabbed is not None:
            self._put(self._grabbed, event.pointer)
        else:
            self._add(event.pointer)

    def release(self, event: HandEvent) -> None:
        """Close a lasso, or a polygon whose first corner was clicked; else it waits for its next corner."""
        outline, grabbed = self._outline, self._grabbed
        self._grabbed = None
        self._steps.drop_unchanged(outline)  # a corner was pressed, not moved
        if outline is not None and grabbed == 0 and not self._dragged and len(outline.points_ijk) > 2:
            self.close()
            return
        begun = self._pressed.point_ijk if self._pressed is not None else None
        if self._dragged and grabbed is None and outline is not None and outline.points_ijk[0] == begun:
            self.close("Lasso")  # else the drag was one side of a polygon
        self._pressed, self._dragged = None, False

    def let_go(self) -> None:
        """The line stays open."""

    def double_click(self, event: HandEvent) -> None:
        """Close the polygon."""
        if self.busy:
            self.close()
        else:
            self.press(event)

    def close(self, name: str = "Polygon") -> None:
        """Fill what the line surrounds, or cut it away."""
        outline, case = self._outline, self._session.case
        self.cancel()
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
            self._remove(len(outline.points_ijk) - 1)

    def remove_corner(self) -> None:
        """Take the corner under the mouse away, else the last one."""
        outline, pointer = self._outline, self._session.annotating.hand.pointer
        if outline is not None:
            near = self._corner_at(outline, HandEvent(HandMove.MOVED, pointer)) if pointer is not None else None
            self._remove(near if near is not None else len(outline.points_ijk) - 1)

    def undo(self) -> None:
        """Take the last change of the polygon back; before the first corner there is none."""
        if self._outline is not None:
            self._outline = self._steps.back(self._outline, self._position)

    def redo(self) -> None:
        """Make the change again that was taken back last, and look where it is."""
        self._outline = self._steps.forward(self._outline)
        self._look_at(self._outline)

    def finish(self) -> None:
        """Close a line that surrounds something."""
        if self.busy:
            self.close()

    def cancel(self) -> None:
        """Drop the line."""
        self._outline, self._pressed, self._dragged, self._grabbed = None, None, False, None
        self._steps.forget()

    def _forget_steps(self, *_: object) -> None:
        self._steps.forget()

    @property
    def _position(self) -> int:
        """Of the history of edits."""
        annotation = self._session.annotating.annotation
        return annotation.history.position if annotation is not None else 0

    def _corner_at(self, outline: Outline, event: HandEvent) -> int | None:
        spacing = self._spacing_mm
        reach = max(_CLOSE * min(spacing), _CORNER_PIXELS * event.pixel_mm)
        return corner_at(outline.points_ijk, event.pointer.point_ijk, spacing, reach)

    def _edge_at(self, outline: Outline, event: HandEvent) -> int | None:
        return edge_at(outline.points_ijk, event.pointer.point_ijk, self._spacing_mm, _EDGE_PIXELS * event.pixel_mm)

    @property
    def _spacing_mm(self) -> Sequence[float]:
        case = self._session.case
        return case.grid.spacing_mm if case is not None else (1.0, 1.0, 1.0)

    def _remove(self, corner: int | None) -> None:
        outline = self._outline
        if outline is not None and corner is not None:
            self._steps.note(outline)
            points = outline.points_ijk[:corner] + outline.points_ijk[corner + 1 :]
            self._outline = replace(outline, points_ijk=points) if points else None

    def _put(self, corner: int, pointer: Pointer, *, insert: bool = False) -> None:
        """Move a corner to where the mouse is, or set one more there."""
        outline = self._outline
        if outline is not None:
            before, behind = outline.points_ijk[:corner], outline.points_ijk[corner if insert else corner + 1 :]
            self._outline = replace(outline, points_ijk=(*before, _in_slice(outline, pointer), *behind))

    def _add(self, pointer: Pointer) -> None:
        outline = self._outline
        if outline is not None and pointer.point_ijk != outline.points_ijk[-1]:
            self._outline = replace(outline, points_ijk=(*outline.points_ijk, _in_slice(outline, pointer)))

    def _look_back(self, outline: Outline) -> None:
        """An open polygon is finished where it was begun."""
        self._look_at(outline)
        what = f"The polygon in the {outline.plane.title.lower()} {slice_words(outline.slice_index)} is still open"
        self._session.say(Notice(what, "Return closes it, Esc drops it", problem=False))

    def _look_at(self, outline: Outline) -> None:
        voxel = list(self._session.viewing.crosshair)
        voxel[outline.plane.axis] = outline.slice_index
        self._session.viewing.crosshair = (voxel[0], voxel[1], voxel[2])


def _in_slice(outline: Outline, pointer: Pointer) -> Point:
    point = list(pointer.point_ijk)
    point[outline.plane.axis] = float(outline.slice_index)
    return point[0], point[1], point[2]


def _through_all_slices(area: Area, plane: Plane, slices: int) -> Area:
    """The same outline in every slice of the plane."""
    slab = list(area.slab)
    slab[plane.axis] = slice(0, slices)
    shape = list(area.mask.shape)
    shape[plane.axis] = slices
    return Area((slab[0], slab[1], slab[2]), np.broadcast_to(area.mask, shape))
