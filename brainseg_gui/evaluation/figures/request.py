"""What a person asks of a figure: the same for every layout, for the command and for the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brainseg_gui.evaluation.figures.style import USUAL_STYLE, FigureExtent, FigureStyle
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import Region
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane

if TYPE_CHECKING:
    from brainseg_gui.evaluation.figures.content import FigureContent


@dataclass(frozen=True)
class FigureRequest:
    """What figure is wanted. None is what suits the layout.

    Parameters
    ----------
    layout
        One of `layouts.LAYOUTS`.
    modality
        Image under the masks.
    plane
        Of all layouts that show one.
    at
        voxel_ijk that the slices go through.
    slices
        First and last slice; those of the seed layout are counted in the recipe's crop.
    every
        Step from slice to slice.
    region, count
        What is compared, and how many slices are shown of it.
    """

    layout: str = "planes"
    modality: Modality | None = None
    plane: Plane = Plane.AXIAL
    at: Voxel | None = None
    slices: tuple[int, int] | None = None
    every: int | None = None
    region: Region | None = None
    count: int | None = None
    extent: FigureExtent = FigureExtent.HEAD
    frames_per_second: float | None = None
    style: FigureStyle = USUAL_STYLE

    def modality_of(self, content: FigureContent) -> Modality:
        """The modality that is shown: the one asked for, else T1ce (FLAIR in the seed layout), else any."""
        usual = Modality.FLAIR if self.layout == "seed" else Modality.T1CE
        if self.modality is not None or usual in content.case.volumes:
            return self.modality or usual
        return next(iter(content.case.volumes))
