"""One case through preprocessing: the network's input and the classes on the same grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.pooled import network_class_table
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.grid import Array
from brainseg_gui.imaging.labels import NETWORK_CLASSES, LabelMap
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network_grid import NetworkGrid, orient, to_axes
from brainseg_gui.inference.preprocess import prepare
from brainseg_gui.inference.separable import apply_along_axes
from brainseg_gui.progress import run_to_end
from training.data.data_set import TrainingCase
from training.errors import TrainingError

CENTRES_PER_CLASS = 4096


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """What a network is trained on, of one case.

    Parameters
    ----------
    image
        (X, Y, Z, C) in the network's axes.
    labels
        Network classes: 0 background, 1 NCR, 2 ED, 3 ET; (X, Y, Z).
    centres
        Tumour voxels that patches can be centred on: class, x, y, z; (N, 4), at most 4096 per class.
    """

    image: Array
    labels: NDArray[np.uint8]
    centres: NDArray[np.int16]


def prepare_case(case: TrainingCase, passport: Passport, dtype: np.dtype[Any]) -> PreparedCase:
    """Read and prepare a case as inference does.

    Raises
    ------
    BrainsegError
        If a file cannot be used, or the passport does not fit the images.
    """
    study = run_to_end(read_case(case.source))
    if study.reference is None:
        raise TrainingError("it has no mask", "Leave the case out", case.source.folder)
    prepared = run_to_end(prepare(study.volumes, passport))
    classes = classes_of(study.reference.with_scheme(case.scheme))
    labels = labels_on_network_grid(orient(classes, passport.orientation), prepared.network_grid, passport)
    labels = np.ascontiguousarray(to_axes(labels, passport.axes))
    return PreparedCase(np.ascontiguousarray(prepared.batch[0], dtype), labels, tumour_voxels(labels))


def classes_of(labels: LabelMap) -> NDArray[np.uint8]:
    """Network class of every voxel; cavities and what has no class count as background."""
    table = network_class_table(labels.scheme).argmax(axis=1).astype(np.uint8)
    classes: NDArray[np.uint8] = table[labels.values]
    return classes


def labels_on_network_grid(
    oriented: NDArray[np.uint8], network_grid: NetworkGrid, passport: Passport
) -> NDArray[np.uint8]:
    """Classes where the network sees them: cropped, resampled like the images, padded with background.

    Where the grid differs each class is smoothed and sampled as the images are, and the largest wins.

    Parameters
    ----------
    oriented
        (I, J, K) in the passport's orientation.
    """
    box = oriented[network_grid.box]
    if passport.spacing_mm is not None:
        matrices = network_grid.forward(0.5)
        parts = [
            apply_along_axes(np.asfortranarray(box == n, np.float32), matrices) for n in range(len(NETWORK_CLASSES))
        ]
        box = np.argmax(parts, axis=0).astype(np.uint8)
    padded = np.zeros(network_grid.padded, np.uint8)
    padded[network_grid.inside_padding] = box
    return padded


def tumour_voxels(labels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Up to 4096 voxels of each class, evenly drawn: class, x, y, z."""
    found = []
    for value in range(1, len(NETWORK_CLASSES)):
        voxels = np.argwhere(labels == value)
        if len(voxels) > CENTRES_PER_CLASS:
            voxels = voxels[np.linspace(0, len(voxels) - 1, CENTRES_PER_CLASS).astype(int)]
        found.append(np.insert(voxels, 0, value, axis=1))
    return np.concatenate(found).astype(np.int16)
