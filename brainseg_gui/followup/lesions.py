"""The lesions of one visit: which voxels, how much, and their two diameters on the best slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.anatomy.location import Location
from brainseg_gui.evaluation.metrics.lesions import dilated
from brainseg_gui.followup.criteria import Criteria, LesionKind
from brainseg_gui.followup.diameters import Cross, cross_on_slice, flat_frame, hull_size_mm, within_hull
from brainseg_gui.followup.outline import Bools
from brainseg_gui.imaging.box import Box, box_around, grown
from brainseg_gui.imaging.connected import Numbers, connected
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labels import LabelMap, Region
from brainseg_gui.imaging.plane import Plane

CRUMB_MM3 = 27.0
"""Less than a cube of 3 mm is no lesion but a crumb of a mask."""
LINES_A_CAVITY = "it lines a cavity"
"""How the reason of a lesion begins that is not measurable for that."""


@dataclass(frozen=True, eq=False)
class VisitLesion:
    """One lesion of one visit.

    Parameters
    ----------
    number
        In `LesionMap.numbers`.
    box
        Where it lies in the case.
    tissue
        What is measured of it, within the box.
    crossed
        What lines may cross besides, within the box.
    lines_cavity
        Whether it touches a cavity or a cyst.
    """

    number: int
    box: Box
    tissue: Bools
    crossed: Bools
    lines_cavity: bool = False

    def volume_ml(self, grid: Grid) -> float:
        """Volume of what is measured."""
        return int(np.count_nonzero(self.tissue)) * grid.voxel_ml


@dataclass(frozen=True, eq=False)
class LesionMap:
    """The lesions of a mask.

    Parameters
    ----------
    numbers
        Number of the lesion that each voxel is measured as part of, 0 elsewhere, (I, J, K).
    grid
        Grid of the mask.
    lesions
        The largest first, numbered from 1.
    crumbs
        Pieces that were too small to be lesions.
    """

    numbers: NDArray[np.int32]
    grid: Grid
    lesions: tuple[VisitLesion, ...]
    crumbs: int = 0


@dataclass(frozen=True)
class MeasuredLesion:
    """One lesion as it is measured.

    Parameters
    ----------
    cross
        Its diameters.
    slices
        Slices of the diameters' plane that it is seen on.
    volume_ml
        Its volume.
    why_not
        Why it is not measurable, in words; empty where it is.
    location
        Where in the brain it lies; None where nobody asked, or the brain fits no atlas.
    """

    cross: Cross
    slices: int
    volume_ml: float
    why_not: str = ""
    location: Location | None = None

    @property
    def measurable(self) -> bool:
        """Whether it is large enough for its diameters to count."""
        return not self.why_not


def lesions_of(labels: LabelMap, kind: LesionKind, crumb_mm3: float = CRUMB_MM3) -> LesionMap:
    """The lesions of a mask: components, across corners too (26-connected), of what holds its parts together."""
    from scipy.ndimage import find_objects

    tissue, joined, crossed = (_mask(labels, part) for part in (kind.meanings, kind.joined, kind.crossed))
    parts, count = connected(joined | tissue)
    ordered, crumbs = _renumbered(parts, tissue, count, crumb_mm3 / 1000 / labels.grid.voxel_ml)
    numbers = np.where(tissue, ordered, 0).astype(np.int32)
    touched = _touching(numbers, _mask(labels, kind.cavities))
    found = []
    for number, box in enumerate(find_objects(numbers), start=1):
        if box is not None:
            here = (box[0], box[1], box[2])
            mine = ordered[here] == number
            lines = touched.size > 0 and number in touched
            found.append(VisitLesion(number, here, mine & tissue[here], mine & crossed[here], lines))
    return LesionMap(numbers, labels.grid, tuple(found), crumbs)


def _touching(numbers: NDArray[np.int32], cavity: Bools) -> NDArray[np.int32]:
    """Numbers of the lesions that a cavity touches."""
    box = box_around(cavity)
    if box is None:
        return np.zeros(0, dtype=np.int32)
    near = grown(box, 2, cavity.shape)
    return np.unique(numbers[near][dilated(cavity[near], 1)])


def _mask(labels: LabelMap, meanings: frozenset[str]) -> Bools:
    return labels.mask(Region("", "", meanings))


def _renumbered(parts: Numbers, tissue: Bools, count: int, crumb: float) -> tuple[NDArray[np.intp], int]:
    """Components numbered by how much tissue they hold, the largest first; those without are 0, and crumbs."""
    sizes = np.bincount(parts[tissue], minlength=count + 1)
    order = np.argsort(-sizes[1:], kind="stable") + 1
    kept = [number for number in order.tolist() if sizes[number] >= crumb]
    table = np.zeros(count + 1, dtype=np.intp)
    table[kept] = np.arange(1, len(kept) + 1)
    return table[parts], int(np.count_nonzero(sizes[1:])) - len(kept)


def measured(
    lesion: VisitLesion, grid: Grid, criteria: Criteria, planes: Sequence[Plane] = (Plane.AXIAL,)
) -> MeasuredLesion:
    """A lesion's diameters on its best slice of some planes, its volume, and whether it is measurable."""
    cross = best_cross(lesion, grid, planes, criteria.dimensions)
    seen = lesion.tissue.any(axis=tuple(axis for axis in range(3) if axis != cross.plane.axis))
    slices = int(np.count_nonzero(seen))
    why_not = why_not_measurable(cross, slices, grid, criteria)
    if not why_not and lesion.lines_cavity and thickest_mm(lesion, grid) < criteria.least_across:
        why_not = f"{LINES_A_CAVITY} and has no nodule of {criteria.least_across:g} mm"
    return MeasuredLesion(cross, slices, lesion.volume_ml(grid), why_not)


def thickest_mm(lesion: VisitLesion, grid: Grid) -> float:
    """Diameter of the largest ball within a lesion, about: the nodule of one that lines a cavity.

    A slice would not tell: it cuts the dome of a thin wall as a disc.
    """
    from scipy.ndimage import distance_transform_edt

    deepest = float(distance_transform_edt(np.pad(lesion.tissue, 1), sampling=grid.spacing_mm).max())
    return 2 * deepest - float(np.mean(grid.spacing_mm))


def why_not_measurable(cross: Cross, slices: int, grid: Grid, criteria: Criteria) -> str:
    """Why a lesion of these diameters is not measurable, in words; empty where it is."""
    thickness = grid.spacing_mm[cross.plane.axis]
    thick = criteria.times_thickness * thickness if thickness > criteria.thick else 0.0
    longest, across = max(criteria.least_longest, thick), max(criteria.least_across, thick)
    if cross.longest_mm < longest:
        return f"its longest diameter is below {longest:g} mm"
    if cross.across_mm < across:
        return f"its diameter across is below {across:g} mm"
    if slices < criteria.least_slices:
        return f"it is seen on {slices} slice{'s' * (slices != 1)} only"
    return ""


def best_cross(lesion: VisitLesion, grid: Grid, planes: Sequence[Plane], dimensions: int) -> Cross:
    """The diameters on the slice where their product is largest, or, in one dimension, the longest of them."""
    best: Cross | None = None
    for bound, plane, index in _candidates(lesion, grid, planes, dimensions):
        if best is not None and bound <= _size(best, dimensions):
            break
        cross = _cross_at(lesion, grid, plane, index)
        if best is None or _size(cross, dimensions) > _size(best, dimensions):
            best = cross
    if best is None:
        raise ValueError("a lesion has a voxel")
    return best


def _size(cross: Cross, dimensions: int) -> float:
    return cross.product_mm2 if dimensions == 2 else cross.longest_mm


def _candidates(
    lesion: VisitLesion, grid: Grid, planes: Sequence[Plane], dimensions: int
) -> list[tuple[float, Plane, int]]:
    """Slices of a lesion's box with what their diameters cannot exceed, the most promising first.

    Two lines that cross at a right angle span a quadrangle of half their product, which lies within the hull.
    """
    found = []
    for plane in planes:
        frame = flat_frame(grid, plane)
        slices = np.moveaxis(lesion.tissue, plane.axis, 0)
        for index in np.flatnonzero(slices.any(axis=(1, 2))).tolist():
            longest_mm, area_mm2 = hull_size_mm(slices[index], frame)
            found.append((min(2 * area_mm2, longest_mm**2) if dimensions == 2 else longest_mm, plane, index))
    return sorted(found, key=lambda entry: -entry[0])


def _cross_at(lesion: VisitLesion, grid: Grid, plane: Plane, index: int) -> Cross:
    """The diameters on one slice of the box, in voxels of the case."""
    flat, crossed = (np.take(mask, index, axis=plane.axis) for mask in (lesion.tissue, lesion.crossed))
    start = [part.start for part in lesion.box]
    return cross_on_slice(flat | _within_hull(crossed, flat), grid, plane, index, (start[0], start[1], start[2]))


def _within_hull(crossed: Bools, tissue: Bools) -> Bools:
    """What lines may cross: as far as the hull of a connected part of the tissue reaches, such as a ring with gaps."""
    result = np.zeros_like(crossed)
    if not crossed.any():
        return result
    places = np.argwhere(crossed)
    parts, count = connected(tissue)
    for part in range(1, count + 1):
        inside = places[within_hull(places, parts == part)]
        result[tuple(inside.T)] = True
    return result
