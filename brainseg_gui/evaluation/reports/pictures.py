"""Pictures of a report: slices through the worst place of a case, on its images or, without any, on black."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.page import EDGE, GAP, INK, TEXT_POINTS, add_axes_at
from brainseg_gui.evaluation.figures.style import palette
from brainseg_gui.evaluation.figures.tile import (
    CONVENTION,
    Frame,
    draw_image,
    draw_letters,
    draw_masks,
    draw_scale_bar,
    frame_of,
    grey_slice,
    head_box,
)
from brainseg_gui.evaluation.metrics.overlap import union_box
from brainseg_gui.evaluation.records.report import CaseReport
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.formats.reading import read_labels, read_volume
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import slice_words
from brainseg_gui.imaging.plane import Plane, edge_letters, pixel_size_mm, voxel_to_pixel
from brainseg_gui.imaging.volume import Volume

SCREEN_DPI = 132
_WIDTH_INCHES = 9.0
_MARGIN_MM = 6.0
_CAPTION = 0.17
_SMALLEST_MM = 60.0  # a single voxel is not shown as large as a head
# What shows each region best, and what comes next where that is missing.
_BEST = {
    "WT": (Modality.FLAIR, Modality.T2, Modality.T1CE, Modality.T1),
    "TC": (Modality.T1CE, Modality.FLAIR, Modality.T2, Modality.T1),
    "ET": (Modality.T1CE, Modality.FLAIR, Modality.T2, Modality.T1),
}


@dataclass(frozen=True, eq=False)
class WorstContent:
    """What a picture of a worst place shows.

    Parameters
    ----------
    volume
        The image under the masks; all zero when there is none.
    modality
        Which it is, or None.
    reference, prediction
        The masks.
    voxel
        The place, voxel_ijk.
    """

    volume: Volume
    modality: Modality | None
    reference: LabelMap
    prediction: LabelMap
    voxel: Voxel


def read_worst(case: CaseReport) -> WorstContent | None:
    """Read what the picture of a case's worst place needs: both masks and one image.

    Returns
    -------
    WorstContent or None
        None when the masks do not differ.

    Raises
    ------
    BrainsegError
        If a mask can no longer be read.
    """
    if case.worst is None:
        return None
    reference, prediction = (
        _mask(path, scheme)
        for path, scheme in ((case.reference, case.reference_scheme), (case.prediction, case.prediction_scheme))
    )
    found = _image(case, reference)
    if found is not None:
        return WorstContent(found[1], found[0], reference, prediction, case.worst.voxel_ijk)
    black = np.zeros(reference.grid.shape, dtype=np.uint8)
    volume = Volume(black, reference.grid, 1.0, 0.0, case.reference)
    return WorstContent(volume, None, reference, prediction, case.worst.voxel_ijk)


def best_modality(region: str, present: Collection[Modality]) -> Modality:
    """Of the modalities of a case (at least one), the one that shows a region best."""
    return next(modality for modality in _BEST[region] if modality in present)


def _mask(path: Path, scheme: str) -> LabelMap:
    values, stored_grid = read_labels(path)
    return LabelMap(values, stored_grid.grid, scheme_named(scheme))


def _image(case: CaseReport, reference: LabelMap) -> tuple[Modality, Volume] | None:
    """The image that shows the worst region best, on the masks' grid."""
    if case.images is None or case.worst is None:
        return None
    try:
        files = find_case(case.images).modalities
        modality = best_modality(case.worst.region, files)
        volume, _ = read_volume(files[modality])
    except BrainsegError:
        return None  # the outlines alone still show where it is
    if not volume.grid.same_as(reference.grid):
        volume = volume.on_grid(reference.grid)
    return modality, volume


def worst_figure(content: WorstContent) -> Figure:
    """The axial slice without and with masks, then coronal and sagittal through the same voxel; marks on the place."""
    grid = content.reference.grid
    tiles = [(plane, True) for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)]
    if content.modality is not None:
        tiles.insert(0, (Plane.AXIAL, False))
    box = head_box(content.volume) if content.modality is not None else _mask_box(content)
    frames = [frame_of(box, plane, grid, _MARGIN_MM) for plane, _ in tiles]
    sizes_mm = [_size_mm(frame, plane, content) for frame, (plane, _) in zip(frames, tiles, strict=True)]
    height_mm = max(height for _, height in sizes_mm)
    usable = _WIDTH_INCHES - 2 * EDGE - GAP * (len(tiles) - 1)
    inches_per_mm = min(usable / sum(width for width, _ in sizes_mm), 3.2 / height_mm)
    height = height_mm * inches_per_mm
    width = sum(width for width, _ in sizes_mm) * inches_per_mm + 2 * EDGE + GAP * (len(tiles) - 1)
    figure = Figure(figsize=(width, height + _CAPTION + 2 * EDGE), dpi=SCREEN_DPI)
    left = EDGE
    for frame, (plane, masked), (width_mm, own_mm) in zip(frames, tiles, sizes_mm, strict=True):
        axes = add_axes_at(figure, left, EDGE, width_mm * inches_per_mm, height)
        shown = frame.of_height((frame.bottom - frame.top) * height_mm / own_mm)
        _draw(axes, content, plane, shown, masked=masked)
        left += width_mm * inches_per_mm + GAP
    return figure


def _draw(axes: Axes, content: WorstContent, plane: Plane, frame: Frame, *, masked: bool) -> None:
    slice_index = content.voxel[plane.axis]
    draw_image(axes, grey_slice(content.volume, plane, slice_index), frame)
    if masked:
        draw_masks(axes, (content.reference, content.prediction), plane, slice_index, palette())
    draw_letters(axes, edge_letters(plane, CONVENTION))
    draw_scale_bar(axes, frame, pixel_size_mm(plane, content.volume.grid)[1])
    image = content.modality.title if content.modality is not None else "no image"
    title = f"{plane.title}, {slice_words(slice_index)}" + ("" if masked else f", {image}")
    axes.set_title(title, fontsize=TEXT_POINTS, color=INK, loc="left", pad=2.5)
    row, column = voxel_to_pixel(content.voxel, plane, content.reference.grid, CONVENTION)
    # at the edges, so that the place itself stays free
    across, along = 0.018 * (frame.right - frame.left), 0.018 * (frame.bottom - frame.top)
    for x, y, marker in (
        (column, frame.top + along, "v"),
        (column, frame.bottom - along, "^"),
        (frame.left + across, row, ">"),
        (frame.right - across, row, "<"),
    ):
        axes.plot(x, y, marker=marker, color="white", markersize=4.5, markeredgewidth=0, zorder=6)


def _size_mm(frame: Frame, plane: Plane, content: WorstContent) -> tuple[float, float]:
    height_mm, width_mm = pixel_size_mm(plane, content.reference.grid)
    return (frame.right - frame.left) * width_mm, (frame.bottom - frame.top) * height_mm


def _mask_box(content: WorstContent) -> tuple[Voxel, Voxel]:
    """First and last voxel of a box around both masks, not smaller than `_SMALLEST_MM`."""
    grid = content.reference.grid
    first, last = [], []
    for side, size, spacing in zip(
        union_box(content.reference.values, content.prediction.values), grid.shape, grid.spacing_mm, strict=True
    ):
        more = max((_SMALLEST_MM / spacing - (side.stop - side.start)) / 2, 0.0)
        first.append(max(round(side.start - more), 0))
        last.append(min(round(side.stop + more), size) - 1)
    return (first[0], first[1], first[2]), (last[0], last[1], last[2])


def as_png(figure: Figure, dpi: int = SCREEN_DPI) -> bytes:
    """A figure as the bytes of a PNG file."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, facecolor="white", metadata={"Software": "brainseg"})
    return stream.getvalue()
