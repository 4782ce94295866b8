"""A network run over a volume in overlapping windows, blended with Gaussian weights."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.inference.models.steps import Windows
from brainseg_gui.inference.options import INFERRING
from brainseg_gui.progress import Progress

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Shape = tuple[int, int, int]
OWN = Windows("brainseg", 0.5)
"""How windows slide where the passport does not say."""
_FAINTEST_OF_NNUNET = 6e-9  # the smallest number of half precision, over the 10 by which it enlarges weights
_FAINTEST = 1e-3


def sliding_window(
    batch: NDArray[np.float32], predict: Predict, window: Shape, channels: int, manner: Windows = OWN
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Predict a volume window by window.

    Parameters
    ----------
    batch
        (1, X, Y, Z, C).
    predict
        The network: (1, *window, C) to (1, *window, `channels`).
    window
        Voxels along each axis; a volume smaller than that is padded with zeros on both sides.
    channels
        Channels of the output.
    manner
        How windows are placed and blended.

    Yields
    ------
    Progress
        One per window.

    Returns
    -------
    ndarray
        (1, X, Y, Z, `channels`).
    """
    volume, inside = _at_least(batch, window)
    shape = volume.shape[1:4]
    total = np.zeros((*shape, channels), dtype=np.float32)
    weights = np.zeros((*shape, 1), dtype=np.float32)
    weight = window_weight(window, manner)[..., None]  # (*window) -> (*window, 1)
    places = list(_windows(shape, window, manner))
    for number, place in enumerate(places, start=1):
        total[place] += weight * predict(np.ascontiguousarray(volume[:, *place]))[0]
        weights[place] += weight
        yield Progress(INFERRING, number / len(places), f"window {number} of {len(places)}")
    total /= weights
    return total[None, *inside]  # (X, Y, Z, channels) -> (1, X, Y, Z, channels), without the padding


def window_weight(window: Shape, manner: Windows = OWN) -> NDArray[np.float32]:
    """Weight of each voxel of a window, never 0.

    It falls from the centre to the borders like a Gaussian with a standard deviation of an eighth of the window, as in
    Isensee et al., nnU-Net (Nature Methods 2021): borders see least context. The centre is a voxel there; in MONAI,
    and here, it is the middle of the window.
    """
    if manner.like == "MONAI constant":
        return np.ones(window, np.float32)
    theirs = manner.like == "nnU-Net"
    centres = [length // 2 if theirs else (length - 1) / 2 for length in window]
    profiles = [
        np.exp(-0.5 * ((np.arange(length) - centre) / (length / 8)) ** 2)
        for length, centre in zip(window, centres, strict=True)
    ]
    weight = np.einsum("i,j,k->ijk", *profiles)
    result: NDArray[np.float32] = np.maximum(
        weight / weight.max(), _FAINTEST_OF_NNUNET if theirs else _FAINTEST
    ).astype(np.float32)
    return result


def window_starts(length: int, window: int, manner: Windows = OWN) -> list[int]:
    """Starts of the fewest windows that cover an axis with at least this overlap.

    They are spread evenly; MONAI's have one distance, and the last ends with the axis.
    """
    if length <= window:
        return [0]
    stride = max(1, int(window * (1 - manner.overlap)))
    count = -(-(length - window) // stride) + 1
    if manner.like.startswith("MONAI"):
        return [min(n * stride, length - window) for n in range(count)]
    return [round(n * (length - window) / (count - 1)) for n in range(count)]


def _windows(shape: tuple[int, ...], window: Shape, manner: Windows) -> Iterator[tuple[slice, ...]]:
    starts = [window_starts(length, size, manner) for length, size in zip(shape, window, strict=True)]
    for corner in product(*starts):
        yield tuple(slice(start, start + size) for start, size in zip(corner, window, strict=True))


def _at_least(batch: NDArray[np.float32], window: Shape) -> tuple[NDArray[np.float32], tuple[slice, ...]]:
    """A volume that holds a window, and where the original lies in it."""
    extra = [max(0, size - length) for size, length in zip(window, batch.shape[1:4], strict=True)]
    inside = tuple(slice(n // 2, n // 2 + length) for n, length in zip(extra, batch.shape[1:4], strict=True))
    if not any(extra):
        return batch, inside
    # (1, X, Y, Z, C) -> (1, ≥ window, C)
    return np.pad(batch, [(0, 0), *((n // 2, n - n // 2) for n in extra), (0, 0)]), inside
