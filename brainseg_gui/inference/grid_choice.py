"""Where a network's input lies: crop, spacing and padding that a passport asks for, on the grid of a case."""

from __future__ import annotations

import math

import numpy as np

from brainseg_gui.errors import ModelError
from brainseg_gui.free_memory import described_bytes, usable_bytes
from brainseg_gui.imaging.grid import Voxel, describe_shape
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network_grid import NetworkGrid

_MOST_VOXELS = 2**28  # four channels of float32 are 4 GiB
_MOST_MADE_VOXELS = 2**26  # of a case with fewer: a head of 40 cm in voxels of 1 mm
_BYTES = 4  # of a voxel, float32
_IN_THE_MAKING = 4  # more images: two at a time, each before and after a step


def orient_spacing(spacing_mm: steps.Triple, code: str) -> steps.Triple:
    """RAS-ordered spacing in the order of a passport's orientation."""
    i, j, k = (spacing_mm[n] for letter in code for n, pair in enumerate(("RL", "AP", "SI")) if letter in pair)
    return i, j, k


def choose_network_grid(
    passport: Passport,
    shape: tuple[int, ...],
    spacing_mm: steps.Triple,
    brain: Mask | None,
    like: NetworkGrid | None = None,
) -> NetworkGrid:
    """Where the network's input lies.

    Parameters
    ----------
    passport
        Its crop, spacing, padding.
    shape, spacing_mm
        Of the case in the passport's orientation.
    brain
        Where the brain is, if the passport asks.
    like
        Another grid, whose crop is taken.

    Raises
    ------
    ModelError
        If the crop leaves nothing, or the network's input would be far too large.
    """
    i, j, k = shape
    network_grid = NetworkGrid.of_box(*((like.start, like.shape) if like is not None else ((0, 0, 0), (i, j, k))))
    for step in passport.preprocess:
        match step:
            case steps.BrainCrop() if brain is not None and like is None:
                network_grid = NetworkGrid.of_box(*brain_box(brain, step.margin_voxels))
            case steps.FixedCrop() if like is None:
                network_grid = NetworkGrid.of_box(*fixed_box((i, j, k), step))
            case steps.Resample() if passport.spacing_mm is not None:
                ratios = [wanted / own for wanted, own in zip(passport.spacing_mm, spacing_mm, strict=True)]
                network_grid = network_grid.with_steps((ratios[0], ratios[1], ratios[2]))
            case steps.Pad():
                network_grid = network_grid.with_padding(passport.divisor, step.side == "both")
    _check_size(network_grid, passport)
    return network_grid


def _check_size(network_grid: NetworkGrid, passport: Passport) -> None:
    """Refuse, before memory is taken, a spacing or divisor that makes a giant of this case."""
    voxels = math.prod(network_grid.padded)
    made = f"the spacing and divisor of {passport.name} make {describe_shape(network_grid.padded)} voxels of this case"
    remedy = "Use a model with a coarser spacing, or crop the images"
    most = _MOST_VOXELS if voxels <= 2 * math.prod(network_grid.shape) else _MOST_MADE_VOXELS
    if voxels > most:
        raise ModelError(made, remedy)
    images = max(len(passport.modalities) + _IN_THE_MAKING, len(passport.modalities) + len(passport.output.channels))
    need, usable = _BYTES * voxels * images, usable_bytes()
    if need > usable:
        size = f"{described_bytes(need)} of memory, and {described_bytes(usable)} can be used"
        raise ModelError(f"{made}, which need {size}", f"Close other programs. {remedy}")


def brain_box(brain: Mask, margin_voxels: int) -> tuple[Voxel, Voxel]:
    """Start and shape of the box around a mask, grown by a margin and clipped to the grid."""
    starts, sizes = [], []
    for axis, length in enumerate(brain.shape):
        other = tuple(n for n in range(3) if n != axis)
        there = np.flatnonzero(brain.any(axis=other))
        start = max(0, int(there[0]) - margin_voxels)
        starts.append(start)
        sizes.append(min(length, int(there[-1]) + 1 + margin_voxels) - start)
    return (starts[0], starts[1], starts[2]), (sizes[0], sizes[1], sizes[2])


def fixed_box(shape: Voxel, step: steps.FixedCrop) -> tuple[Voxel, Voxel]:
    """Start and shape of a fixed crop, slices as Python understands them."""
    ranges = [
        range(length)[start : end or None] for length, start, end in zip(shape, step.start, step.end, strict=True)
    ]
    if not all(ranges):
        size = describe_shape(shape)
        raise ModelError(f"the model's crop leaves nothing of {size} voxels", "Use a model without a fixed crop")
    start, size_ijk = [r.start for r in ranges], [len(r) for r in ranges]
    return (start[0], start[1], start[2]), (size_ijk[0], size_ijk[1], size_ijk[2])
