"""How bright a piece of a mask is, beside the healthy brain of the same image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.disagreements import Disagreement
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume

_EVERY = 2  # every second voxel along each axis tells the median as well


@dataclass(frozen=True)
class PieceIntensity:
    """Mean intensity of a piece in one modality.

    Parameters
    ----------
    mean
        Mean intensity inside the piece.
    healthy
        Median intensity of the brain outside both masks; NaN when there is none.
    """

    mean: float
    healthy: float

    @property
    def ratio(self) -> float | None:
        """Mean over the healthy median; None where a ratio says nothing: normalised images around zero."""
        return self.mean / self.healthy if self.healthy > 0 else None


def healthy_medians(
    volumes: Mapping[Modality, Volume], reference: LabelMap, prediction: LabelMap
) -> dict[Modality, float]:
    """Median intensity, per modality, of the brain that neither mask marks.

    Brain is what differs from the background of the image; the median of every second voxel along each axis.
    """
    every = (slice(None, None, _EVERY),) * 3
    marked = (reference.values[every] > 0) | (prediction.values[every] > 0)
    return {modality: _median(volume, ~marked) for modality, volume in volumes.items()}


def brightness(volume: Volume, healthy: float, piece: Disagreement) -> PieceIntensity:
    """Mean intensity of one piece, beside the healthy median."""
    return PieceIntensity(volume.scaled(float(piece.taken_from(volume.stored).mean())), healthy)


def _median(volume: Volume, unmarked: NDArray[np.bool_]) -> float:
    stored = volume.stored[(slice(None, None, _EVERY),) * 3]
    brain = stored[unmarked & (stored != volume.background)]
    return volume.scaled(float(np.median(brain))) if brain.size else float("nan")
