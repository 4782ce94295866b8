"""Whether a mask lies where the images show something: one of another patient, or turned over, lies in the air too."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume

# None of the experts' masks of 28 patients at hand has a voxel in the air.
_SHARE, _LEAST_ML = 0.02, 0.1


def outside_doubt(labels: LabelMap, volumes: Mapping[Modality, Volume]) -> str:
    """How much of a mask lies where no image shows anything, in a sentence; empty where that is next to nothing.

    Parameters
    ----------
    volumes
        Images on the mask's grid; others are not looked at.
    """
    images = [volume for volume in volumes.values() if volume.stored.shape == labels.values.shape]
    box = box_around(labels.values)
    if not images or box is None:
        return ""
    drawn = labels.values[box] > 0
    air = drawn.copy()
    for volume in images:
        air &= volume.stored[box] == volume.background
    outside, total = int(np.count_nonzero(air)), int(np.count_nonzero(drawn))
    volume_ml = outside * labels.grid.voxel_ml
    if outside < _SHARE * total or volume_ml < _LEAST_ML:
        return ""
    return (
        f"{volume_ml:.3g} ml of the mask ({outside / total:.0%}) lie where no image shows anything: "
        "it may be of another case, or turned over"
    )
