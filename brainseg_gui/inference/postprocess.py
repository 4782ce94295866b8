"""From the network's probabilities to a mask on the case's grid, and the rules that follow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.inference import steps
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.passport import Output, Passport
from brainseg_gui.inference.placement import from_axes, orient
from brainseg_gui.inference.preprocess import Prepared
from brainseg_gui.inference.separable import apply_along_axes

Classes = NDArray[np.uint8]
Box = tuple[slice, slice, slice]


def map_back(probabilities: NDArray[np.float32], prepared: Prepared, passport: Passport, classes: Classes) -> None:
    """Write the most probable class of every voxel of the case.

    Only voxels near a network voxel whose background is at most one half are looked at: interpolated
    probabilities are weighted means, so that everywhere else the background wins.

    Parameters
    ----------
    probabilities
        The network's output, (1, …, C) in the passport's axes.
    prepared
        Where it lies.
    passport
        What its channels mean.
    classes
        Receives 0 background, 1 NCR, 2 ED, 3 ET; all 0 on entry; RAS-ordered, (I, J, K).
    """
    placement = prepared.placement
    # (1, …, C) in network axes -> (I, J, K, C) without padding
    inside = from_axes(probabilities[0], passport.axes)[placement.inside_padding]
    background = passport.output.channels.index("background")
    near = bounding_box(inside[..., background] <= 0.5)
    if near is None:
        return
    source = _grown(near, inside.shape)
    target = placement.box_voxels_near(near)
    matrices = placement.backward(source, target)
    found = _most_probable(inside[source], matrices, passport.output)
    if passport.output.only_in_brain and prepared.brain is not None:
        found *= prepared.brain[target]
    orient(classes, passport.orientation)[placement.box][target] = found


def _most_probable(
    probabilities: NDArray[np.float32], matrices: Sequence[NDArray[np.float32] | None], output: Output
) -> Classes:
    """Class with the largest interpolated probability; one channel at a time keeps the memory small."""
    best: NDArray[np.float32] | None = None
    winner = np.zeros(0, dtype=np.uint8)
    for channel, network_class in enumerate(output.classes):
        value = apply_along_axes(np.asfortranarray(probabilities[..., channel]), matrices)
        if best is None:
            best, winner = value, np.full(value.shape, network_class, dtype=np.uint8, order="F")
            continue
        np.copyto(winner, np.uint8(network_class), where=value > best)
        np.maximum(best, value, out=best)
    return winner


def postprocess(classes: Classes, passport: Passport) -> None:
    """Apply the passport's rules; voxel counts are those of the case's grid. Changes `classes`."""
    for step in passport.postprocess:
        box = bounding_box(classes > 0)
        if box is None:
            return
        match step:
            case steps.Components():
                keep_large_components(classes[box], step)
            case steps.SmallRegion():
                rename_small_region(classes[box], step)


def keep_large_components(classes: Classes, step: steps.Components) -> None:
    """Clear the components of the whole tumour that are small in number and beside the largest."""
    from scipy.ndimage import generate_binary_structure, label

    rank = {6: 1, 18: 2, 26: 3}[step.connectivity]
    components, count = label(classes > 0, generate_binary_structure(3, rank))
    voxels = np.bincount(components.ravel(order="K"), minlength=count + 1)
    voxels[0] = 0
    kept = voxels >= min(step.keep_at_least_voxels, step.or_fraction_of_largest * voxels.max())
    classes *= kept[components]


def rename_small_region(classes: Classes, step: steps.SmallRegion) -> None:
    """Turn a label with too few voxels into another one."""
    there = classes == step.label
    if 0 < np.count_nonzero(there) < step.below_voxels:
        classes[there] = step.becomes


def bounding_box(mask: Mask) -> Box | None:
    """The smallest box around what is true, or None when nothing is."""
    slices = []
    for axis in range(3):
        there = np.flatnonzero(mask.any(axis=tuple(n for n in range(3) if n != axis)))
        if not there.size:
            return None
        slices.append(slice(int(there[0]), int(there[-1]) + 1))
    i, j, k = slices
    return i, j, k


def _grown(box: Box, shape: tuple[int, ...]) -> Box:
    i, j, k = (slice(max(0, s.start - 1), min(n, s.stop + 1)) for s, n in zip(box, shape[:3], strict=True))
    return i, j, k
