"""A network run over a volume in overlapping windows, blended with Gaussian weights."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.inference.options import INFERRING
from brainseg_gui.progress import Progress

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Shape = tuple[int, int, int]
OVERLAP = 0.5


def sliding_window(
    batch: NDArray[np.float32], predict: Predict, window: Shape, channels: int, overlap: float = OVERLAP
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Predict a volume window by window.

    The weight of a window falls from its centre to its borders like a Gaussian with a standard deviation of an
    eighth of the window, as in Isensee et al., nnU-Net (Nature Methods 2021): borders see least context.

    Parameters
    ----------
    batch
        (1, X, Y, Z, C).
    predict
        The network: (1, *window, C) to (1, *window, `channels`).
    window
        Voxels along each axis; a volume smaller than that is padded with zeros.
    channels
        Channels of the output.
    overlap
        Fraction of a window that its neighbour shares, 0 to below 1.

    Yields
    ------
    Progress
        One per window.

    Returns
    -------
    ndarray
        (1, X, Y, Z, `channels`).
    """
    volume = _at_least(batch, window)
    shape = volume.shape[1:4]
    total = np.zeros((*shape, channels), dtype=np.float32)
    weights = np.zeros((*shape, 1), dtype=np.float32)
    weight = gaussian_weight(window)[..., None]  # (*window) -> (*window, 1)
    places = list(_windows(shape, window, overlap))
    for number, place in enumerate(places, start=1):
        total[place] += weight * predict(np.ascontiguousarray(volume[:, *place]))[0]
        weights[place] += weight
        yield Progress(INFERRING, number / len(places), f"window {number} of {len(places)}")
    total /= weights
    i, j, k = batch.shape[1:4]
    return total[None, :i, :j, :k]  # (X, Y, Z, channels) -> (1, X, Y, Z, channels), without the padding


def gaussian_weight(window: Shape) -> NDArray[np.float32]:
    """Weight of each voxel of a window, largest 1, never 0."""
    profiles = [np.exp(-0.5 * ((np.arange(length) - (length - 1) / 2) / (length / 8)) ** 2) for length in window]
    weight = np.einsum("i,j,k->ijk", *profiles)
    result: NDArray[np.float32] = np.maximum(weight / weight.max(), 1e-3).astype(np.float32)
    return result


def window_starts(length: int, window: int, overlap: float) -> list[int]:
    """Starts of the fewest evenly spread windows that cover an axis with at least this overlap."""
    if length <= window:
        return [0]
    stride = max(1, int(window * (1 - overlap)))
    count = -(-(length - window) // stride) + 1
    return [round(n * (length - window) / (count - 1)) for n in range(count)]


def _windows(shape: tuple[int, ...], window: Shape, overlap: float) -> Iterator[tuple[slice, ...]]:
    starts = [window_starts(length, size, overlap) for length, size in zip(shape, window, strict=True)]
    for corner in product(*starts):
        yield tuple(slice(start, start + size) for start, size in zip(corner, window, strict=True))


def _at_least(batch: NDArray[np.float32], window: Shape) -> NDArray[np.float32]:
    extra = [max(0, size - length) for size, length in zip(window, batch.shape[1:4], strict=True)]
    if not any(extra):
        return batch
    # (1, X, Y, Z, C) -> (1, ≥ window, C)
    return np.pad(batch, [(0, 0), *((0, n) for n in extra), (0, 0)])
