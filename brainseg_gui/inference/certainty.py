"""Keeping a network's probabilities: mapped back to the case's grid, in steps of 1/255, cropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import NETWORK_CLASSES, TISSUES, regions
from brainseg_gui.imaging.probabilities import CERTAIN, TOP, quantised
from brainseg_gui.inference.models.passport import Output, Passport
from brainseg_gui.inference.network_grid import orient
from brainseg_gui.inference.postprocess import Classes, NotBackground, where_not_background
from brainseg_gui.inference.preprocess import Prepared
from brainseg_gui.inference.separable import Banded, apply_along_axes

Levels = NDArray[np.uint8]

_HELD_AS = {"NET": 1, "CC": 1, "RC": 0, "WT": 2}  # of four classes: what is in the core, no tumour, not in the core
_REGIONS = frozenset(region.key for region in regions())

_SLAB = 32  # slices at once: the float probabilities of a whole head would take a hundred MB


def keep_probabilities(
    probabilities: NDArray[np.float32], prepared: Prepared, passport: Passport, classes: Classes, levels: Levels
) -> Box:
    """Write the probabilities of every voxel where the background is not certain.

    As in the mask, they are interpolated linearly, and where the passport says so everything outside the brain is
    background. The largest level of each voxel is its class in the mask before any cleaning up.

    Parameters
    ----------
    probabilities
        The network's output, (1, …, C) in the passport's axes.
    prepared
        Where it lies.
    passport
        What its channels mean.
    classes
        What `map_back` made of the same, before the passport's rules; RAS-ordered, (I, J, K).
    levels
        Receives levels per class of `NETWORK_CLASSES`; RAS-ordered, (4, I, J, K). Only the box is written.

    Returns
    -------
    tuple
        The box that was written, RAS-ordered: elsewhere the background has probability 1. Of one voxel, if it is
        certain everywhere.
    """
    network_grid = prepared.network_grid
    near = where_not_background(probabilities, prepared, passport, at_most=CERTAIN)
    if near is None:
        levels[:, 0, 0, 0] = (TOP, 0, 0, 0)
        return slice(0, 1), slice(0, 1), slice(0, 1)
    target = near.target
    winners = orient(classes, passport.orientation)[network_grid.box][target]
    views = [orient(volume, passport.orientation)[network_grid.box][target] for volume in levels]
    for here, found in interpolated_slabs(near, prepared, passport):
        shape = found.shape[1:]  # (class, I, J, k)
        # (class, I, J, k) -> (class, I · J · k), and each of the answers back
        whole = quantised(found.reshape(4, -1), winners[..., here].reshape(-1))
        for view, volume in zip(views, whole, strict=True):
            view[..., here] = volume.reshape(shape)
    return _in_ras(network_grid.box, target, passport.orientation, classes.shape)


def interpolated_slabs(
    near: NotBackground, prepared: Prepared, passport: Passport, strides: Voxel = (1, 1, 1)
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """The probabilities at the voxels of a box of the case, a few slices of its last axis after the other.

    Parameters
    ----------
    strides
        One voxel in so many is looked at, along each axis from the first of the box on.

    Yields
    ------
    tuple
        Which slices of the voxels that are looked at, and one volume per class of `NETWORK_CLASSES`, (4, I', J', k).
    """
    i, j, k = (slice(part.start, part.stop, every) for part, every in zip(near.target, strides, strict=True))
    brain = prepared.brain[i, j, k] if passport.output.only_in_brain and prepared.brain is not None else None
    for start in range(k.start, k.stop, _SLAB * k.step):
        slab = slice(start, min(start + _SLAB * k.step, k.stop), k.step)
        first = (start - k.start) // k.step
        here = slice(first, first + len(range(slab.start, slab.stop, slab.step)))
        found = _interpolated(near, prepared, passport, (i, j, slab))
        if brain is not None:
            found[:, ~brain[..., here]] = np.array([[1], [0], [0], [0]], dtype=np.float32)
        yield here, found


def _interpolated(near: NotBackground, prepared: Prepared, passport: Passport, target: Box) -> NDArray[np.float32]:
    """Probabilities at the box voxels of `target`, one volume per class of `NETWORK_CLASSES`, (4, I', J', K')."""
    matrices = prepared.network_grid.backward(near.source, target)
    found = np.zeros(
        (len(NETWORK_CLASSES), *(len(range(*part.indices(part.stop))) for part in target)), dtype=np.float32
    )
    for share, network_class in _shares(near.probabilities[near.source], matrices, passport.output):
        found[_HELD_AS.get(TISSUES[network_class], network_class)] += share
    if passport.output.activation == "sigmoid":
        total = found.sum(axis=0)
        found /= np.maximum(total, 1)
        found[0] += np.maximum(1 - total, 0)
    return found


def _shares(
    probabilities: NDArray[np.float32], matrices: Sequence[Banded | None], output: Output
) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Probability of the class of each channel at the voxels of the case, without that of the regions within it."""
    inner: NDArray[np.float32] | None = None
    for channel in reversed(output.by_size):
        value = apply_along_axes(np.asfortranarray(probabilities[..., channel]), matrices)
        share = value
        if output.activation == "sigmoid" and output.channels[channel] in _REGIONS:
            share = value if inner is None else np.maximum(value - inner, 0)
            inner = value if inner is None else np.maximum(value, inner)
        yield share, output.classes[channel]


def _in_ras(outer: Box, inner: Box, code: str, shape: tuple[int, ...]) -> Box:
    """A box within a box of an array that is oriented by `code`, as a box of the RAS-ordered array."""
    found = [slice(0, 0)] * 3
    for letter, base, part in zip(code, outer, inner, strict=True):
        axis = next(n for n, pair in enumerate(("RL", "AP", "SI")) if letter in pair)
        start, stop = base.start + part.start, base.start + part.stop
        found[axis] = slice(shape[axis] - stop, shape[axis] - start) if letter in "LPI" else slice(start, stop)
    return found[0], found[1], found[2]
