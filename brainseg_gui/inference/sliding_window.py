"""A network run over a volume in overlapping windows, blended with Gaussian weights."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models.steps import Windows
from brainseg_gui.inference.options import INFERRING
from brainseg_gui.progress import Progress, scaled

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Shape = tuple[int, int, int]
OWN = Windows("brainseg", 0.5)
"""How windows slide where the passport does not say."""
NNUNET = "nnU-Net"
_LARGEST_OF_NNUNET = 10.0  # weights of its windows: at their centre
_FAINTEST = 1e-3
_TOO_LARGE = "its answers are no numbers, or too large to be added up in half precision as nnU-Net does it"


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

    Raises
    ------
    ModelError
        If the network gives no numbers, or too large ones for this manner.
    """
    volume, inside = _at_least(batch, window)
    shape = volume.shape[1:4]
    summed = _summed_in(manner)
    total = np.zeros((*shape, channels), summed)
    weights = np.zeros((*shape, 1), summed)
    weight = window_weight(window, manner)[..., None]  # (*window) -> (*window, 1)
    places = list(_windows(shape, window, manner))
    for number, place in enumerate(places, start=1):
        answers = weight * predict(np.ascontiguousarray(volume[:, *place]))[0]
        with np.errstate(over="ignore", invalid="ignore"):  # looked for below
            total[place] += answers
        weights[place] += weight
        yield Progress(INFERRING, number / len(places), f"window {number} of {len(places)}")
    with np.errstate(invalid="ignore"):
        total /= weights
    if not np.isfinite(total).all():
        raise ModelError(_TOO_LARGE, "Leave windows out of its passport, or say another manner in like")
    # (X, Y, Z, channels) -> (1, X, Y, Z, channels), without the padding
    return total[None, *inside].astype(np.float32, copy=False)


def _summed_in(manner: Windows) -> type[np.floating[Any]]:
    """nnU-Net adds windows, and folds of them, up in half precision; where few windows meet its weights are numbers
    of one or two digits, and its answers differ from exact ones by up to .1. Who says nnU-Net wants its answers."""
    return np.float16 if manner.like == NNUNET else np.float32


def slide_each(
    batch: NDArray[np.float32], members: Sequence[Predict], window: Shape, channels: int, manner: Windows = OWN
) -> Generator[Progress, None, NDArray[np.float32]]:
    """The mean of several networks, each run over the whole volume by itself; otherwise as `sliding_window`."""
    count, summed = len(members), _summed_in(manner)
    total = np.zeros((), np.float32)
    for number, member in enumerate(members):
        work = sliding_window(batch, member, window, channels, manner)
        answers = yield from scaled(work, number / count, (number + 1) / count)
        total = (total + answers).astype(summed).astype(np.float32)
    return (total / np.float32(count)).astype(summed).astype(np.float32)


def window_weight(window: Shape, manner: Windows = OWN) -> NDArray[np.float32]:
    """Weight of each voxel of a window, never 0.

    It falls from the centre to the borders like a Gaussian with a standard deviation of an eighth of the window, as in
    Isensee et al., nnU-Net (Nature Methods 2021): borders see least context. The centre is a voxel there; in MONAI,
    and here, it is the middle of the window.
    """
    if manner.like == "MONAI constant":
        return np.ones(window, np.float32)
    theirs = manner.like == NNUNET
    centres = [length // 2 if theirs else (length - 1) / 2 for length in window]
    profiles = [
        np.exp(-0.5 * ((np.arange(length) - centre) / (length / 8)) ** 2)
        for length, centre in zip(window, centres, strict=True)
    ]
    weight = np.einsum("i,j,k->ijk", *profiles)
    if not manner.like.startswith("MONAI"):  # whose faintest is .001 whatever the largest is (`compute_importance_map`)
        weight /= weight.max()
    result: NDArray[np.float32] = _in_half(weight) if theirs else np.maximum(weight, _FAINTEST).astype(np.float32)
    return result


def _in_half(weight: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights as nnU-Net keeps them (`compute_gaussian` of its 2.8): ten times as large, rounded to half precision, and
    where that is 0 its smallest number."""
    half = (_LARGEST_OF_NNUNET * weight).astype(np.float16)
    half[half == 0] = half[half > 0].min()
    return half.astype(np.float32)


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
