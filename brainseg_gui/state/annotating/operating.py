"""The operation on the annotation that is being tried out, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import Region, label_region, meanings, regions
from brainseg_gui.imaging.plane import Plane


class OperationKind(Enum):
    """What can be done to labels as a whole."""

    KEEP_LARGEST = "keep_largest"
    REMOVE_SMALL = "remove_small"
    REMOVE_ISLAND = "remove_island"
    SMOOTH = "smooth"
    GROW = "grow"
    SHRINK = "shrink"
    FILL_HOLES = "fill_holes"
    INTERPOLATE = "interpolate"
    UNION = "union"
    INTERSECT = "intersect"
    SUBTRACT = "subtract"
    RELABEL = "relabel"
    SWAP = "swap"
    MERGE = "merge"
    SEEDS = "grow_seeds"


class OperationStage(Enum):
    """How far the operation has come."""

    NOTHING = "nothing"
    WORKING = "working"
    PROPOSED = "proposed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass
class Operating:
    """The chosen operation; every field emits when it really changes.

    Parameters
    ----------
    kind
        The operation being tried out, or None.
    all_labels
        Work on all labels together instead of the active one.
    distance_mm
        How far to grow or shrink.
    radius_mm
        How far smoothing looks to each side.
    smallest_ml, smallest_voxels, in_voxels
        Smaller islands are removed; counted in ml, or in voxels.
    in_3d
        Fill holes in 3-D; else slice by slice of `plane`.
    plane
        The slices that holes are filled in, or that are interpolated between.
    other
        The other label of relabel, swap and merge; 0 clears.
    layer
        Name of the layer to combine with; empty for the annotation itself.
    part
        What of it: key of a region, or of a label's meaning.
    place
        The voxel whose island is removed.
    likeness, edges
        How regions grow from scribbles; see `seeds.SeedSettings`.
    shown, words, fraction
        How far it has come; a sentence; how much is done, 0 to 1.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    kind: OperationKind | None = None
    all_labels: bool = False
    distance_mm: float = 2.0
    radius_mm: float = 1.0
    smallest_ml: float = 0.1
    smallest_voxels: int = 50
    in_voxels: bool = False
    in_3d: bool = True
    plane: Plane = Plane.AXIAL
    other: int = 0
    layer: str = ""
    part: str = "WT"
    place: Voxel = (0, 0, 0)
    likeness: float = 1.0
    edges: float = 16.0
    shown: OperationStage = OperationStage.NOTHING
    words: str = ""
    fraction: float = 0.0

    @property
    def region(self) -> Region | None:
        """`part` as a region, which a label's meaning is too; None where nothing is known by that key."""
        known = next((region for region in regions() if region.key == self.part), None)
        return known or (label_region(self.part) if self.part in meanings() else None)


SETTINGS = (
    "all_labels",
    "distance_mm",
    "radius_mm",
    "smallest_ml",
    "smallest_voxels",
    "in_voxels",
    "in_3d",
    "plane",
    "other",
    "layer",
    "part",
    "place",
    "likeness",
    "edges",
)
"""The fields of `Operating` that an operation depends on."""

RANGES: Mapping[str, tuple[float, float]] = {
    "distance_mm": (0.5, 30.0),
    "radius_mm": (0.5, 10.0),
    "smallest_ml": (0.001, 100.0),
    "smallest_voxels": (2, 100_000),
}
"""Smallest and largest value of the settings that are numbers of a person."""
