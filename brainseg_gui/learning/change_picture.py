"""One held-back case as a picture: reference, the network before, the new one, where the two differ most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_label_map
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.learning.gate import CaseChange
from brainseg_gui.progress import run_to_end

Picture = NDArray[np.uint8]
_OPACITY = 0.5
_TOP = 99.5  # percentile that is drawn white


def change_picture(change: CaseChange) -> Picture:
    """Reference, before and after beside each other, as the radiologist sees an axial slice: (rows, 3 · columns, 3).

    Raises
    ------
    BrainsegError
        If a file cannot be read.
    """
    case = run_to_end(read_case(find_case(change.after.reference.parent)))
    sides = [
        read_label_map(path, case.grid, case.scheme)
        for path in (change.after.reference, change.before.prediction, change.after.prediction)
    ]
    k = _slice_of(*sides)
    volume = case.volumes.get(Modality.FLAIR) or next(iter(case.volumes.values()))
    values = volume.intensities()[:, :, k]
    low, high = float(values.min()), float(np.percentile(values, _TOP))
    grey = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    return np.concatenate([_painted(grey, labels, k) for labels in sides], axis=1)


def _slice_of(reference: LabelMap, before: LabelMap, after: LabelMap) -> int:
    """The axial slice with most voxels that one of the two has right and the other has not."""
    right = [(labels.values > 0) == (reference.values > 0) for labels in (before, after)]
    counts = (right[0] != right[1]).sum(axis=(0, 1))
    return int(np.argmax(counts if counts.any() else (reference.values > 0).sum(axis=(0, 1))))


def _painted(grey: NDArray[np.floating], labels: LabelMap, k: int) -> Picture:
    """Right is left, front is up: both axes of the slice turn round."""
    picture = np.repeat(grey[..., None], 3, axis=-1)
    for value in labels.present():
        here = labels.values[:, :, k] == value
        look = labels.scheme.look_of(value).colour
        rgb = np.array([int(look[n : n + 2], 16) for n in (1, 3, 5)]) / 255
        picture[here] = (1 - _OPACITY) * picture[here] + _OPACITY * rgb
    return np.ascontiguousarray((255 * picture[::-1, ::-1]).swapaxes(0, 1).astype(np.uint8))
