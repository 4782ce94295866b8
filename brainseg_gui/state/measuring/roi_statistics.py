"""How bright something is that a person looks at: an ellipse, a label or a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brainseg_gui.imaging.modality import Modality

if TYPE_CHECKING:
    from brainseg_gui.evaluation.metrics.label_statistics import IntensityStatistics


@dataclass(frozen=True, eq=False)
class RoiStatistics:
    """Intensities in a region of interest.

    Parameters
    ----------
    title
        What it is, for people.
    voxels, ml
        How large it is.
    brightness
        By modality; empty where it holds no voxel.
    """

    title: str
    voxels: int
    ml: float
    brightness: Mapping[Modality, IntensityStatistics]
