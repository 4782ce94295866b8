"""The slices on which two masks differ most, each with its masks and with what is found, missed and false."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.figures.grid import PlannedTile, compose
from brainseg_gui.evaluation.figures.page import EDGE, GAP
from brainseg_gui.evaluation.figures.style import USUAL_STYLE, FigureExtent, FigureStyle
from brainseg_gui.evaluation.metrics.comparison import Agreement, agreement
from brainseg_gui.evaluation.metrics.overlap import Counts
from brainseg_gui.imaging.labels import LabelMap, Region, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import slice_words
from brainseg_gui.imaging.plane import Plane, pixel_size_mm

DEFAULT_COUNT = 5
MOST_SLICES = 20
APART_MM = 5.0  # neighbours look alike
_MOST_BESIDE = 5
_TALLEST = 9.0  # inches: a page
_NARROWEST = 1.0  # inches that the words over a tile need


@dataclass(frozen=True)
class SliceError:
    """How two masks differ on one slice.

    Parameters
    ----------
    slice_index
        Along the axis of the plane.
    counts
        Voxels of the slice.
    """

    slice_index: int
    counts: Counts

    @property
    def voxels(self) -> int:
        """Voxels that belong to one mask only."""
        return self.counts.only_reference + self.counts.only_prediction


def worst_slices(
    reference: LabelMap,
    prediction: LabelMap,
    region: Region,
    plane: Plane = Plane.AXIAL,
    count: int = DEFAULT_COUNT,
    apart_mm: float = APART_MM,
) -> tuple[SliceError, ...]:
    """Slices with the most voxels that belong to one mask only, the worst first.

    Parameters
    ----------
    count
        How many at most; slices without disagreement are never among them.
    apart_mm
        Slices that lie nearer than that to a worse one are passed over.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    across = tuple(axis for axis in range(3) if axis != plane.axis)
    where = agreement(reference, prediction, region)
    both, missed, false = (
        np.count_nonzero(where == kind, axis=across) for kind in (Agreement.BOTH, Agreement.MISSED, Agreement.FALSE)
    )
    spacing_mm = reference.grid.spacing_mm[plane.axis]
    chosen: list[SliceError] = []
    for number in np.argsort(-(missed + false), kind="stable").tolist():
        if len(chosen) == count or missed[number] + false[number] == 0:
            break
        if all(abs(number - other.slice_index) * spacing_mm >= apart_mm for other in chosen):
            counts = Counts(int(both[number]), int(missed[number]), int(false[number]))
            chosen.append(SliceError(number, counts))
    return tuple(chosen)


def worst_figure(
    content: FigureContent,
    modality: Modality,
    region: Region | None = None,
    plane: Plane = Plane.AXIAL,
    count: int = DEFAULT_COUNT,
    *,
    extent: FigureExtent = FigureExtent.HEAD,
    style: FigureStyle = USUAL_STYLE,
) -> Figure:
    """The slices with the largest disagreement on a region: above the masks, below what is found, missed and false.

    Parameters
    ----------
    region
        By default the whole tumour.

    Raises
    ------
    BrainsegError
        If a mask is missing, or the two agree everywhere.
    """
    region = region or regions()[0]
    if not 1 <= count <= MOST_SLICES:
        raise BrainsegError(f"{count} slices cannot be shown", f"Choose 1 to {MOST_SLICES}")
    worst = worst_slices(*content.both_masks(), region, plane, count)
    if not worst:
        raise BrainsegError(
            f"reference and prediction agree on every voxel of {region.key}", "Choose another region or layout"
        )
    frame = content.frame(extent, [modality], plane)
    rows = []
    for part in _parts(worst, style.width_inches()):
        rows.append([PlannedTile(modality, plane, e.slice_index, frame, _name(plane, e)) for e in part])
        rows.append(
            [PlannedTile(modality, plane, e.slice_index, frame, _area(content, plane, e), region=region) for e in part]
        )
    subtitle = f"{modality.title}, {region.key}: {plane.title.lower()} slices with the largest disagreement"
    return compose(content, rows, subtitle, style, tallest=max(1.25, _TALLEST / style.width_inches()))


def _parts(worst: tuple[SliceError, ...], page_width: float) -> list[tuple[SliceError, ...]]:
    """Slices by line of the page, as even as can be."""
    room = int((page_width - 2 * EDGE + GAP) / (_NARROWEST + GAP))
    lines = -(-len(worst) // max(min(room, _MOST_BESIDE), 1))
    beside = -(-len(worst) // lines)
    return [worst[start : start + beside] for start in range(0, len(worst), beside)]


def _name(plane: Plane, error: SliceError) -> str:
    return f"{slice_words(error.slice_index)}, Dice {error.counts.dice:.2f}"


def _area(content: FigureContent, plane: Plane, error: SliceError) -> str:
    height_mm, width_mm = pixel_size_mm(plane, content.case.grid)
    return f"{error.voxels * height_mm * width_mm:.0f} mm² differ"
