"""What the hand over the slices is about to do: where it points, and what it has begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.imaging.plane import Plane

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is over a slice.

    Parameters
    ----------
    point_ijk
        Voxel coordinates: whole numbers at voxel centres, and the slice's number along `plane.axis`.
    plane
        Plane of the slice.
    """

    point_ijk: Point
    plane: Plane


@dataclass(frozen=True)
class Outline:
    """A lasso or polygon that is being drawn.

    Parameters
    ----------
    points_ijk
        Its corners so far, in voxel coordinates.
    plane, slice_index
        The slice that it lies in.
    cutting
        Whether it takes away what it surrounds.
    """

    points_ijk: tuple[Point, ...]
    plane: Plane
    slice_index: int
    cutting: bool = False


@dataclass
class Hand:
    """What is drawn for the hand; every field emits when it really changes.

    Parameters
    ----------
    pointer
        Where the mouse is, or None when it is over no slice.
    outline
        The lasso or polygon being drawn, or None.
    drawn
        The scribble or box of a click being drawn, or None.
    browsing
        While true, the mouse browses though another tool is chosen (held key).
    erasing
        While true, the stroke in progress takes away.
    range_shown
        Whether the voxels in the range of the painting "in range" are drawn.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    pointer: Pointer | None = None
    outline: Outline | None = None
    drawn: Outline | None = None
    browsing: bool = False
    erasing: bool = False
    range_shown: bool = False
