"""Where the brain is in a head: told by a small network from one image, or from several that vote.

The mask holds the brain with its ventricles and the fluid in its sulci, as HD-BET draws it. The network sees a coarse
field; its probabilities come back to the image's own grid smoothly.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.grid import Affine, Array, StoredGrid
from brainseg_gui.preparation.heads.bites import bitten_off
from brainseg_gui.preparation.heads.field import SHAPE, SPACING_MM, FloatArray, HeadField, on_field, resampled
from brainseg_gui.progress import Progress

Mask = NDArray[np.bool_]
Predict = Callable[[FloatArray], Generator[Progress, None, FloatArray]]
"""Runs a network: (1, I, J, K, inputs) to (1, I, J, K, outputs)."""

STRIPPING = "finding the brain"
USUAL_ML = (900.0, 2100.0)
"""Of a brain with its fluid."""

_LEAST = 0.3
"""The probability from which a voxel counts as brain: what is cut off is lost, a rim of fluid is not in the way."""
_BITE = np.float32(0.75)
"""How likely brain is what was bitten off: enough for a vote that others do not share, not for two of them."""
_SURE, WORTHLESS = 0.95, np.float32(0.8)
"""Certainties: below the one the person is told, at the other a series has no vote."""


@dataclass(frozen=True, eq=False)
class BrainMask:
    """A brain found in an image.

    Parameters
    ----------
    mask
        On the image's own grid, in its own order of axes.
    probability
        How likely each voxel is brain, 0 to 1, float32; what several series vote with.
    certainty
        How sharply the network told brain from not brain, 0 to 1: the overlap (Dice) of its probabilities with the
        mask that was made of them. What is well seen reaches 0.95.
    volume_ml
        Of the mask.
    doubts
        Sentences on what is unusual; empty when nothing is.
    field, coarse
        The image as the network saw it, and the brain's probability there.
    """

    mask: Mask
    probability: FloatArray
    certainty: float
    volume_ml: float
    doubts: tuple[str, ...]
    field: HeadField
    coarse: FloatArray


def brain_mask(image: Array, affine: Affine, predict: Predict) -> Generator[Progress, None, BrainMask]:
    """Find the brain in a head of any contrast, resolution and orientation.

    Parameters
    ----------
    image
        Intensities, (I, J, K) in any order of the axes; air is what is darkest.
    affine
        Voxel to world RAS, in mm.
    predict
        Runs the network of the task ``brain mask``.

    Yields
    ------
    Progress
        Closing the generator cancels.

    Raises
    ------
    ImageError
        If the image holds no head.
    """
    yield Progress(STRIPPING, 0.0)
    stored = StoredGrid(_shape_of(image), np.asarray(affine, np.float64))
    field = on_field(stored.to_ras(image), stored.grid.spacing_mm)
    yield Progress(STRIPPING, 0.2)
    coarse = yield from brain_on_field(field, predict)
    yield Progress(STRIPPING, 0.7)
    probability = _on_image(coarse, field, stored.grid.shape)
    yield Progress(STRIPPING, 0.95)
    return _mask_of(stored.from_ras(probability), coarse, field, stored.grid.voxel_ml)


def brain_on_field(field: HeadField, predict: Predict) -> Generator[Progress, None, FloatArray]:
    """The brain's probability on the field, one solid part of it, (I, J, K); what was bitten off it is whole again."""
    output = yield from predict(field.values[None, ..., None])
    coarse = brain_of(output[0, ..., 1])
    bites = bitten_off(coarse > 0.5, field.values)
    return _one_solid(np.where(bites, np.maximum(coarse, _BITE), coarse)) if bites.any() else coarse


def certainty_of(coarse: FloatArray) -> float:
    """How sharply a brain was told on the field; see `BrainMask`."""
    inside = coarse > 0.5
    return 2.0 * float(coarse[inside].sum()) / (float(coarse.sum()) + float(inside.sum())) if inside.any() else 0.0


def vote(
    probabilities: Sequence[FloatArray], certainties: Sequence[float], shown: Sequence[FloatArray | None] | None = None
) -> Mask:
    """The brain that several series agree on: their probabilities on one grid, weighted by how certain each is.

    A series in which the brain is hardly seen has next to no vote.

    Parameters
    ----------
    shown
        1 where a series has voxels, 0 where it ends and has no vote; None where it shows all.
    """
    weights = np.maximum(np.asarray(certainties, np.float32) - WORTHLESS, np.float32(1e-3))
    parts = shown if shown is not None else [None] * len(probabilities)
    voices = [weight if part is None else weight * part for weight, part in zip(weights, parts, strict=True)]
    found = sum(voice * probability for voice, probability in zip(voices, probabilities, strict=True))
    return np.asarray(_solid(np.asarray(found > sum(voices) * np.float32(0.5))))


def _shape_of(image: Array) -> tuple[int, int, int]:
    if image.ndim != 3 or min(image.shape) < 2:
        raise ImageError("this is no volume, so that no brain can be found in it", "Choose another series")
    if not np.isfinite(image).all() or not (image > image.min()).any():
        raise ImageError("all voxels of this image are alike or no numbers", "Choose another series")
    i, j, k = image.shape
    return i, j, k


def brain_of(said: FloatArray) -> FloatArray:
    """The brain in what the network says: its odds moved so that `_LEAST` becomes a half, one solid part of it."""
    odds = np.float32((1.0 - _LEAST) / _LEAST)
    return _one_solid(np.asarray(said * odds / (said * odds + 1.0 - said), np.float32))


def _one_solid(probability: FloatArray) -> FloatArray:
    """Probabilities with all but the largest part at 0, and its holes at 1."""
    inside = _solid(probability > 0.5)
    if not inside.any():
        return np.zeros_like(probability)
    from scipy.ndimage import binary_dilation

    kept = np.where(binary_dilation(inside), probability, 0.0)
    return np.asarray(np.where(inside, np.maximum(kept, 0.5 + 1e-3), kept), np.float32)


def _solid(mask: Mask) -> Mask:
    """The largest part of a mask, without holes."""
    from scipy.ndimage import binary_fill_holes

    if not mask.any():
        return mask
    numbers, count = connected(mask, 6)
    return np.asarray(binary_fill_holes(numbers == sizes_of(numbers, count).argmax()))


def _on_image(coarse: FloatArray, field: HeadField, shape: tuple[int, int, int]) -> FloatArray:
    """Probabilities on the voxels of the image, in RAS order; linear between the field's."""
    return resampled(coarse, 1.0 / field.scale, -field.start / field.scale, shape, "nearest")


def _mask_of(probability: FloatArray, coarse: FloatArray, field: HeadField, voxel_ml: float) -> BrainMask:
    mask = np.ascontiguousarray(probability > 0.5)
    volume_ml = float(mask.sum()) * voxel_ml
    certainty = certainty_of(coarse)
    doubts = _doubts(coarse, certainty, volume_ml)
    return BrainMask(mask, probability, certainty, volume_ml, doubts, field, coarse)


def _doubts(coarse: FloatArray, certainty: float, volume_ml: float) -> tuple[str, ...]:
    if not volume_ml:
        return ("No brain was found in this image",)
    found = []
    low, high = USUAL_ML
    if volume_ml > high or volume_ml < low:
        found.append(f"The brain measures {volume_ml:,.0f} ml; {low:,.0f} to {high:,.0f} ml are usual")
    if certainty < _SURE:
        found.append(f"The edge of the brain is not sharp in this image (certainty {certainty:.2f})")
    edges = [face for axis in range(3) for face in (coarse.take(0, axis), coarse.take(SHAPE[axis] - 1, axis))]
    if any((face > 0.5).any() for face in edges):
        reach = " × ".join(f"{count * SPACING_MM:.0f}" for count in SHAPE)
        found.append(f"The brain reaches beyond the {reach} mm that the network sees")
    return tuple(found)
