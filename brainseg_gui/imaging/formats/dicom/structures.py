"""Structure sets of radiotherapy: PS3.3 A.19. Regions as closed contours in planes, drawn on the grid of the images.

A pixel belongs to a region where its centre lies inside an odd number of the region's contours in its plane: so holes
are left out both where they are joined to the contour around them (keyhole) and where they are contours of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import Cancelled, ImageError, printable
from brainseg_gui.imaging.contours import inside_of, rows_crossed
from brainseg_gui.imaging.formats.dicom.geometry import lps_affine
from brainseg_gui.imaging.formats.dicom.labels import DicomLabel, code_of, said_by, wanted_numbers
from brainseg_gui.imaging.formats.dicom.values import first_number_of, sequence_of, tag_of, text_of, vector_of, whole_of
from brainseg_gui.imaging.formats.image_format import ShouldStop, StoredMask
from brainseg_gui.imaging.formats.overlaps import flattened, numbered
from brainseg_gui.imaging.formats.promises import FARTHEST_MM
from brainseg_gui.imaging.grid import StoredGrid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_AGAIN = "Export it again from the program that made it"
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_FLAT = 0.2  # of a slice: how far the points of a contour may lie from its plane
_MOST_CONTOURS = 30_000
_MOST_POINTS = 10_000_000
_MOST_CROSSINGS = 50_000_000


@dataclass(frozen=True, eq=False)
class _Contour:
    """A closed contour: voxel indices of its points, (n, 3), and how many mm of slices it stands for, or 0."""

    points: NDArray[np.float64]
    thick_mm: float


@dataclass(frozen=True, eq=False)
class _Region:
    label: DicomLabel
    contours: list[_Contour]


@dataclass(frozen=True, eq=False)
class _Planes:
    """How contours lie on a grid: the axis that they are flat along, and to how many slices each belongs."""

    axis: int
    reach: float


def read_structures(
    path: Path, header: Dataset, target: StoredGrid | None, should_stop: ShouldStop | None = None
) -> StoredMask:
    """The regions of a structure set as a mask on the grid of its images.

    Raises
    ------
    ImageError
        If there is no such grid, its contours lie in other planes, or it makes no sense.
    """
    if target is None:
        what = "it holds contours, which lie on no grid of their own"
        raise ImageError(what, "Open the images that they were drawn on, then add it as a mask", path)
    regions = list(_regions(path, header, should_stop, np.asarray(np.linalg.inv(lps_affine(target)), np.float64)))
    if not regions:
        return _nothing(path, header, target)
    planes, notes = _planes(path, [contour for region in regions for contour in region.contours], target)
    numbers = numbered(path, wanted_numbers([region.label for region in regions]))
    parts = [
        (number, partial(_drawn, region.contours, planes, target, should_stop))
        for number, region in zip(numbers, regions, strict=True)
    ]
    values, told = flattened(path, target.shape, parts, [region.label.name for region in regions])
    said = said_by(path, [region.label for region in regions], numbers)
    return StoredMask(target.to_ras(values), target, (*notes, *told), said)


def _nothing(path: Path, header: Dataset, target: StoredGrid) -> StoredMask:
    """An empty mask, of regions of which nothing is drawn; points and open lines are no mask."""
    if not sequence_of(header, "StructureSetROISequence") or any(
        sequence_of(item, "ContourSequence") for item in sequence_of(header, "ROIContourSequence")
    ):
        raise ImageError("it holds no closed contours", _AGAIN, path)
    return StoredMask(target.to_ras(np.zeros(target.shape, np.uint8, order="F")), target)


def _regions(
    path: Path, header: Dataset, should_stop: ShouldStop | None, to_voxels: NDArray[np.float64]
) -> Iterator[_Region]:
    described = {whole_of(item, "ROINumber"): item for item in sequence_of(header, "StructureSetROISequence")}
    observed = {
        whole_of(item, "ReferencedROINumber"): item for item in sequence_of(header, "RTROIObservationsSequence")
    }
    points = count = 0
    for item in sequence_of(header, "ROIContourSequence"):
        number = whole_of(item, "ReferencedROINumber")
        if number not in described:
            raise ImageError("contours are of a region that it does not describe", _AGAIN, path)
        contours = []
        for contour in sequence_of(item, "ContourSequence"):
            count += 1
            if count > _MOST_CONTOURS:
                raise ImageError(f"it holds more than {_MOST_CONTOURS:,} contours", "Export fewer regions", path)
            if should_stop is not None and should_stop():
                raise Cancelled
            if text_of(contour, "ContourGeometricType") in _CLOSED:
                contours.append(_contour(path, contour, to_voxels, _MOST_POINTS - points))
                points += len(contours[-1].points)
        if contours:
            yield _Region(_label(number or 0, described[number], item, observed.get(number)), contours)


def _label(number: int, item: Dataset, contours: Dataset, observed: Dataset | None) -> DicomLabel:
    colour = vector_of((contours,), "ROIDisplayColor", 3)
    usable = bool(colour) and 0 <= min(colour) <= max(colour) < 256
    shown = "#" + "".join(f"{int(part):02x}" for part in colour) if usable else ""
    code = code_of(observed, "RTROIIdentificationCodeSequence") if observed is not None else ""
    return DicomLabel(number, text_of(item, "ROIName"), shown, code, text_of(item, "ROIDescription"))


def _contour(path: Path, item: Dataset, to_voxels: NDArray[np.float64], most: int) -> _Contour:
    numbers = _numbers(path, item, most)
    if len(numbers) % 3 or len(numbers) < 9 or not (np.abs(numbers) < FARTHEST_MM).all():
        raise ImageError("a contour has points that are nowhere", _AGAIN, path)
    points = numbers.reshape(-1, 3) @ to_voxels[:3, :3].T + to_voxels[:3, 3]
    thick = first_number_of((item,), "ContourSlabThickness") or 0.0
    return _Contour(points, thick if 0 < thick < FARTHEST_MM else 0.0)


def _numbers(path: Path, item: Dataset, most: int) -> NDArray[np.float64]:
    """The coordinates of a contour, of the text as it lies in the file: pydicom makes an object of each number."""
    tag = tag_of("ContourData")
    raw = item.get_item(tag).value if tag in item else b""
    raw = raw if isinstance(raw, bytes) else b""
    if raw.count(b"\\") > 3 * most:
        raise ImageError(f"its contours have more than {_MOST_POINTS:,} points", "Export fewer regions", path)
    try:
        return np.array(raw.rstrip(b" \0").split(b"\\"), np.float64) if raw else np.zeros(0)
    except (ValueError, TypeError, OverflowError) as error:
        raise ImageError("a contour has coordinates that are no numbers", _AGAIN, path) from error


def _planes(path: Path, contours: Sequence[_Contour], target: StoredGrid) -> tuple[_Planes, tuple[str, ...]]:
    ranges = np.array([np.ptp(contour.points, axis=0) for contour in contours]).max(axis=0)
    axis = int(np.argmin(ranges))
    if ranges[axis] > _FLAT:
        what = "its contours lie in planes that are oblique to the slices of the images"
        raise ImageError(what, "Open the series that they were drawn on, then add it as a mask", path)
    if sum(rows_crossed(_flat(contour, axis), target.shape[_rows(axis)[0]]) for contour in contours) > _MOST_CROSSINGS:
        raise ImageError("its contours run to and fro more than any drawing does", _AGAIN, path)
    heights = np.unique(np.round([contour.points[:, axis].mean() for contour in contours], 2))
    edge_mm = float(np.linalg.norm(target.affine[:3, axis]))
    apart = _apart(contours, heights, edge_mm)
    if apart <= 1 + _FLAT and np.abs(heights - np.rint(heights)).max() <= _FLAT:
        return _Planes(axis, 0.0), ()
    note = f"{printable(path.name)}: its contours lie in other planes than the images; each is drawn on the nearest"
    return _Planes(axis, max(apart, 1.0) / 2), (note,)


def _apart(contours: Sequence[_Contour], heights: NDArray[np.float64], edge_mm: float) -> float:
    """How many slices of the images lie between two planes of contours: as they say, else as most of them lie."""
    thick = [contour.thick_mm for contour in contours if contour.thick_mm]
    if thick:
        return float(np.median(thick)) / edge_mm
    steps = np.diff(heights)
    return float(np.median(steps)) if len(steps) > 1 else 1.0


def _rows(axis: int) -> tuple[int, int]:
    """The two axes of a plane."""
    first, second = (other for other in range(3) if other != axis)
    return first, second


def _flat(contour: _Contour, axis: int) -> NDArray[np.float64]:
    return contour.points[:, _rows(axis)]


def _drawn(
    contours: Sequence[_Contour], planes: _Planes, target: StoredGrid, should_stop: ShouldStop | None
) -> NDArray[np.bool_]:
    """The voxels of a region, in stored order."""
    found = np.zeros(target.shape, np.bool_, order="F")
    slices = np.moveaxis(found, planes.axis, 0)
    by_plane: dict[float, list[NDArray[np.float64]]] = {}
    for contour in contours:
        height = round(float(contour.points[:, planes.axis].mean()), 1)
        by_plane.setdefault(height, []).append(_flat(contour, planes.axis))
    for height, flat in by_plane.items():
        if should_stop is not None and should_stop():
            raise Cancelled
        first, last = (min(max(end, 0), len(slices)) for end in _slices(height, planes.reach))
        if first < last:
            slices[first:last] |= inside_of(flat, slices.shape[1:])
    return found


def _slices(height: float, reach: float) -> tuple[int, int]:
    """The slices that a plane stands for, and the one after: that in which it lies, or half way to the next planes."""
    if not reach:
        return round(height), round(height) + 1
    return int(np.ceil(height - reach)), int(np.ceil(height + reach))
