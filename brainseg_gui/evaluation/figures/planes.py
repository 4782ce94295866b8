"""Figures for print: three planes with masks, or the four modalities of one slice.

Tiles share one scale, are black, and stand on white. The patient's right is on the left of every axial and
coronal tile, and the figure says so. No global state of matplotlib is used or changed.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from brainseg_gui.evaluation.figures.content import FigureContent, voxel_of_interest
from brainseg_gui.evaluation.figures.grid import PlannedTile, compose
from brainseg_gui.evaluation.figures.style import USUAL_STYLE, FigureExtent, FigureStyle
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import slice_words
from brainseg_gui.imaging.plane import Plane

__all__ = ["FigureContent", "modalities_figure", "planes_figure", "voxel_of_interest"]


def planes_figure(
    content: FigureContent,
    modality: Modality,
    at: Voxel | None = None,
    *,
    extent: FigureExtent = FigureExtent.HEAD,
    style: FigureStyle = USUAL_STYLE,
) -> Figure:
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
    voxel = content.checked(at)
    cells = []
    for plane in Plane:
        slice_index = voxel[plane.axis]
        caption = f"{plane.title}, {slice_words(slice_index)}"
        cells.append(PlannedTile(modality, plane, slice_index, content.frame(extent, [modality], plane), caption))
    return compose(content, [cells], modality.title, style)


def modalities_figure(
    content: FigureContent,
    at: Voxel | None = None,
    *,
    plane: Plane = Plane.AXIAL,
    extent: FigureExtent = FigureExtent.HEAD,
    style: FigureStyle = USUAL_STYLE,
) -> Figure:
    """T1, T1ce, T2 and FLAIR of the slice through a voxel; modalities that are missing are left out.

    Raises
    ------
    BrainsegError
        If the voxel lies outside the grid.
    """
    slice_index = content.checked(at)[plane.axis]
    present = [modality for modality in Modality if modality in content.case.volumes]
    frame = content.frame(extent, present, plane)
    cells = [PlannedTile(modality, plane, slice_index, frame, modality.title) for modality in present]
    return compose(content, [cells], f"{plane.title.lower()}, {slice_words(slice_index)}", style)
