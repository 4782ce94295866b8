"""What tumours of one case look like, in numbers that do not depend on the scanner's scale.

Everything is measured on the grid and in the z-scores that a network sees. Normal brain is brain without a label, away
from the tumour; a brightness of 1 is one spread of it above its median.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.labels import NETWORK_CLASSES
from training.data.prepare_case import PreparedCase

AWAY_MM = 10.0  # from the tumour: normal brain begins
SMALLEST_ML = 0.1  # of a label whose brightness is measured, and of a component that is counted
_NORMAL_SPREAD = 1.4826  # median absolute deviation to standard deviation, of normal numbers

Traits = dict[str, float]


def traits_of(case: PreparedCase, spacing_mm: float, modalities: tuple[str, ...]) -> Traits:
    """The traits of a case by name; what it has none of is left out.

    Parameters
    ----------
    case
        (X, Y, Z, C) and its classes.
    spacing_mm
        Edge of its voxels.
    modalities
        Names of the channels.
    """
    voxel_ml = spacing_mm**3 / 1000
    brain = np.asarray(case.image.any(axis=-1))
    tumour = case.labels > 0
    far = distance_transform_edt(~tumour, sampling=spacing_mm) >= AWAY_MM if tumour.any() else ~tumour
    return {
        "brain ml": np.count_nonzero(brain) * voxel_ml,
        **dict(_volumes(case.labels, voxel_ml)),
        **dict(_shape(case.labels, brain, spacing_mm)),
        **dict(_brightness(case, brain & far, voxel_ml, modalities)),
    }


def _volumes(labels: NDArray[np.uint8], voxel_ml: float) -> Iterator[tuple[str, float]]:
    counts = np.bincount(labels.ravel(), minlength=len(NETWORK_CLASSES)) * voxel_ml
    whole = float(counts[1:].sum())
    yield "WT ml", whole
    for number, name in enumerate(NETWORK_CLASSES[1:], start=1):
        yield f"{name} ml", float(counts[number])
        if whole:
            yield f"{name} share of WT", float(counts[number]) / whole


def _shape(labels: NDArray[np.uint8], brain: NDArray[np.bool_], spacing_mm: float) -> Iterator[tuple[str, float]]:
    voxel_ml = spacing_mm**3 / 1000
    for name, classes in (("WT", (1, 2, 3)), ("ET", (3,))):
        region = np.isin(labels, classes)
        if np.count_nonzero(region) * voxel_ml < SMALLEST_ML:
            continue
        sizes = sizes_of(*connected(region, 26))[1:] * voxel_ml
        yield f"{name} components", float(np.count_nonzero(sizes >= SMALLEST_ML))
        yield f"{name} share of the largest", float(sizes.max() / sizes.sum())
        yield f"{name} surface", _surface(region) * spacing_mm**2 / _of_ball(np.count_nonzero(region) * spacing_mm**3)
    if labels.any():
        depth = distance_transform_edt(np.pad(brain, 1), sampling=spacing_mm)[1:-1, 1:-1, 1:-1]
        yield "WT median depth mm", float(np.median(depth[labels > 0]))
        yield "WT share at the rim", float(np.mean(depth[labels > 0] <= 2 * spacing_mm))


def _surface(region: NDArray[np.bool_]) -> float:
    """Faces between inside and outside; a ball's are 3/2 of its surface."""
    padded = np.pad(region, 1).astype(np.int8)
    return float(sum(np.count_nonzero(np.diff(padded, axis=axis)) for axis in range(3))) / 1.5


def _of_ball(volume: float) -> float:
    """Surface of a ball of some volume."""
    return float((36 * np.pi * volume**2) ** (1 / 3))


def _brightness(
    case: PreparedCase, normal: NDArray[np.bool_], voxel_ml: float, modalities: tuple[str, ...]
) -> Iterator[tuple[str, float]]:
    for channel, modality in enumerate(modalities):
        image = case.image[..., channel].astype(np.float32)
        middle, spread = _middle_and_spread(image[normal])
        image = (image - middle) / max(spread, 1e-3)
        yield f"{modality} grain", _grain(image, normal)
        yield f"{modality} shading", _shading(image, normal)
        for number, name in enumerate(NETWORK_CLASSES[1:], start=1):
            inside = image[case.labels == number]
            if inside.size * voxel_ml < SMALLEST_ML:
                continue
            middle, spread = _middle_and_spread(inside)
            yield f"{modality} {name} brightness", middle
            yield f"{modality} {name} spread", spread


def _middle_and_spread(values: NDArray[Any]) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    middle = float(np.median(values))
    return middle, _NORMAL_SPREAD * float(np.median(np.abs(values - middle)))


def _grain(image: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Spread of the difference between a voxel and the mean of its neighbours along the first axis."""
    inside = where[1:-1] & where[:-2] & where[2:]
    return _middle_and_spread((image[1:-1] - (image[:-2] + image[2:]) / 2)[inside])[1]


def _shading(image: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Spread of a parabola in space that is fitted to normal brain."""
    places = np.argwhere(where)[::7].astype(np.float64)
    if len(places) < 100:
        return 0.0
    x, y, z = (2 * places / np.array(image.shape) - 1).T
    terms = np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, x * z, y * z], axis=1)
    values = image[where][::7].astype(np.float64)
    fitted = terms @ np.linalg.lstsq(terms, values, rcond=None)[0]
    return float(fitted.std())
