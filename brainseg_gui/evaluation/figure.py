"""Figures for print: three planes with masks, or the four modalities of one slice.

Tiles share one scale, are black, and stand on white. The patient's right is on the left of every axial and
coronal tile, and the figure says so. No global state of matplotlib is used or changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.evaluation.page import (
    DOTS_PER_INCH,
    EDGE,
    GAP,
    INK,
    TEXT_POINTS,
    place_axes,
    write_footer,
    write_heading,
    write_legend,
)
from brainseg_gui.evaluation.tile import Frame, draw_tile, frame_of, head_box
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Voxel, describe_shape
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane, pixel_size_mm
from brainseg_gui.imaging.volume import Volume

WIDTH_INCHES = 7.2  # two columns of a journal page
MARGIN_MM = 11.0
_HEADING = 0.2
_CAPTION = 0.17
_LEGEND = 0.2
_FOOTER = 0.19


@dataclass(frozen=True, eq=False)
class FigureContent:
    """What a figure shows.

    Parameters
    ----------
    case
        The study.
    reference, prediction
        Masks on its grid: the first is drawn as outline, the second as fill.
    """

    case: Case
    reference: LabelMap | None = None
    prediction: LabelMap | None = None

    @property
    def masks(self) -> tuple[LabelMap | None, LabelMap | None]:
        """Reference and prediction."""
        return self.reference, self.prediction


@dataclass(frozen=True)
class _Cell:
    """A tile before it is placed."""

    caption: str
    modality: Modality
    plane: Plane
    slice_index: int
    frame: Frame

    def size_mm(self, case: Case) -> tuple[float, float]:
        """Width and height."""
        height_mm, width_mm = pixel_size_mm(self.plane, case.grid)
        return (self.frame.right - self.frame.left) * width_mm, (self.frame.bottom - self.frame.top) * height_mm


def planes_figure(content: FigureContent, modality: Modality, at: Voxel | None = None) -> Figure:
    """Axial, coronal and sagittal slice through a voxel.

    Parameters
    ----------
    at
        voxel_ijk on the RAS grid; by default `voxel_of_interest`.

    Raises
    ------
    BrainsegError
        If the voxel lies outside the grid or the modality is missing.
    """
    voxel = _checked(content, at)
    box = head_box(volume_of(content.case, modality))
    cells = []
    for plane, letter in zip(Plane, "kji", strict=True):
        slice_index = voxel[plane.axis]
        caption = f"{plane.title}, {letter} = {slice_index}"
        frame = frame_of(box, plane, content.case.grid, MARGIN_MM)
        cells.append(_Cell(caption, modality, plane, slice_index, frame))
    return _composed(content, cells, modality.title)


def modalities_figure(content: FigureContent, at: Voxel | None = None) -> Figure:
    """T1, T1ce, T2 and FLAIR of the axial slice through a voxel; modalities that are missing are left out.

    Raises
    ------
    BrainsegError
        If the voxel lies outside the grid.
    """
    voxel = _checked(content, at)
    slice_index = voxel[Plane.AXIAL.axis]
    boxes = [head_box(volume) for volume in content.case.volumes.values()]
    first = tuple(min(box[0][axis] for box in boxes) for axis in range(3))
    last = tuple(max(box[1][axis] for box in boxes) for axis in range(3))
    frame = frame_of((first, last), Plane.AXIAL, content.case.grid, MARGIN_MM)  # type: ignore[arg-type]
    cells = [
        _Cell(modality.title, modality, Plane.AXIAL, slice_index, frame)
        for modality in Modality
        if modality in content.case.volumes
    ]
    return _composed(content, cells, f"axial, k = {slice_index}")


def volume_of(case: Case, modality: Modality) -> Volume:
    """A modality of a case.

    Raises
    ------
    CaseError
        If the case has no such modality; names those it has.
    """
    if modality not in case.volumes:
        has = ", ".join(present.title for present in case.volumes)
        raise CaseError(f"it has no {modality.title}", f"Choose one of {has}", case.source.folder)
    return case.volumes[modality]


def voxel_of_interest(content: FigureContent) -> Voxel:
    """Centre of the largest axial cross-section of the whole tumour, of the first mask that has one.

    Without any, the middle of the grid.
    """
    whole_tumour = regions()[0]
    for labels in content.masks:
        if labels is None:
            continue
        mask = labels.mask(whole_tumour)
        areas = np.count_nonzero(mask, axis=(0, 1))
        if areas.any():
            slice_index = int(areas.argmax())
            i, j = np.argwhere(mask[:, :, slice_index]).mean(axis=0)
            return labels.grid.clip((float(i), float(j), slice_index))
    return content.case.grid.centre


def _checked(content: FigureContent, at: Voxel | None) -> Voxel:
    grid = content.case.grid
    if at is None:
        return voxel_of_interest(content)
    if grid.clip(at) != tuple(at):
        raise BrainsegError(
            f"the voxel {','.join(map(str, at))} lies outside the grid of {describe_shape(grid.shape)} voxels",
            "Count from 0, to the patient's right, to anterior, to superior",
        )
    return at


def _composed(content: FigureContent, cells: Sequence[_Cell], subtitle: str) -> Figure:
    """Tiles side by side at one scale, with heading, captions, legend and footer."""
    sizes_mm = [cell.size_mm(content.case) for cell in cells]
    height_mm = max(height for _, height in sizes_mm)
    gaps = GAP * (len(cells) - 1)
    total_mm = sum(width for width, _ in sizes_mm)
    usable = WIDTH_INCHES - 2 * EDGE
    inches_per_mm = min((usable - gaps) / total_mm, usable / 2 / height_mm)
    page_height = _HEADING + _CAPTION + height_mm * inches_per_mm + _LEGEND + _FOOTER + 2 * EDGE
    figure = Figure(figsize=(WIDTH_INCHES, page_height), dpi=DOTS_PER_INCH)
    left = (WIDTH_INCHES - total_mm * inches_per_mm - gaps) / 2
    write_heading(figure, content.case.case_id, subtitle, left)
    drawn: set[str] = set()
    for cell, (width_mm, _) in zip(cells, sizes_mm, strict=True):
        drawn |= _placed(figure, content, cell, left, inches_per_mm, height_mm)
        left += width_mm * inches_per_mm + GAP
    reference, prediction = (labels is not None for labels in content.masks)
    write_legend(figure, drawn, reference=reference, prediction=prediction, bottom=EDGE + _FOOTER - 0.06)
    write_footer(figure, "Radiological convention: the patient's right is on the left")
    return figure


def _placed(
    figure: Figure, content: FigureContent, cell: _Cell, left: float, inches_per_mm: float, height_mm: float
) -> set[str]:
    """Draw one cell, its slice in the middle of a tile of the common height; the meanings that were drawn."""
    width_mm, own_height_mm = cell.size_mm(content.case)
    size = (width_mm * inches_per_mm, height_mm * inches_per_mm)
    axes = place_axes(figure, left, EDGE + _FOOTER + _LEGEND, *size)
    axes.set_label(cell.caption)
    axes.set_title(cell.caption, fontsize=TEXT_POINTS, color=INK, loc="left", pad=2.5)
    frame = cell.frame.of_height((cell.frame.bottom - cell.frame.top) * height_mm / own_height_mm)
    volume = volume_of(content.case, cell.modality)
    return draw_tile(axes, volume, content.masks, cell.plane, cell.slice_index, frame)
