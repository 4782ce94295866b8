"""Random changes of patches. Space first: turn, scale and flip in one resampling; then intensities.

Image and labels go through the same transform; labels take the nearest voxel and stay whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter1d
from scipy.sparse import csr_array

from brainseg_gui.runs.config import Augmentation

Image = NDArray[np.float32]
Labels = NDArray[np.uint8]
Random = np.random.Generator
Matrix = NDArray[np.float64]

SPATIAL_PROBABILITY = 0.5  # of turning and scaling a patch: the resampling is the dearest part
BIAS_WAVES = 3  # cosines of the bias field along each axis: constant, half a wave, one wave
BRAIN_CONTRAST = (0.2, 0.55)  # standard deviation / mean inside brains: 12 images of three patients


@dataclass(frozen=True)
class Turn:
    """How a patch lies in the volume.

    Parameters
    ----------
    matrix
        Offset from the patch's centre -> offset in the volume, 3×3; identity when nothing is turned.
    flips
        Axes that are mirrored.
    """

    matrix: Matrix
    flips: tuple[int, ...]

    @property
    def is_plain(self) -> bool:
        """Whether voxels fall on voxels."""
        return bool(np.array_equal(self.matrix, np.eye(3)))


def draw_turn(random: Random, config: Augmentation) -> Turn:
    """Draw a rotation about each axis, a size and flips."""
    flips = tuple(axis for axis in range(3) if random.random() < config.flip)
    wanted = random.random() < SPATIAL_PROBABILITY and (config.rotation_deg > 0 or config.scale > 0)
    angles = np.deg2rad(random.uniform(-config.rotation_deg, config.rotation_deg, 3))
    size = np.exp(random.uniform(np.log1p(-config.scale), -np.log1p(-config.scale))) if config.scale else 1.0
    return Turn(rotation(angles) / size if wanted else np.eye(3), flips)


def rotation(angles: NDArray[np.float64]) -> Matrix:
    """Rotation about x, then y, then z, by angles in radians."""
    result = np.eye(3)
    for axis, angle in enumerate(angles):
        first, second = (n for n in range(3) if n != axis)
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
        result = turn @ result
    return result


def reach(turn: Turn, patch: tuple[int, int, int]) -> NDArray[np.int_]:
    """Edge lengths of the box in the volume that a turned patch is read from."""
    half = (np.array(patch) - 1) / 2
    return 2 * np.ceil(np.abs(turn.matrix) @ half).astype(int) + 3


def resample(image: Image, labels: Labels, turn: Turn, patch: tuple[int, int, int]) -> tuple[Image, Labels]:
    """The patch in the middle of a box, turned.

    Parameters
    ----------
    image, labels
        (X, Y, Z, C) and (X, Y, Z), as large as `reach` says.

    Returns
    -------
    tuple
        (x, y, z, C) float32, linear, and (x, y, z), nearest.
    """
    middle = (np.array(labels.shape) - 1) / 2
    offset = middle - turn.matrix @ ((np.array(patch) - 1) / 2)
    turned = np.empty((*patch, image.shape[-1]), np.float32)
    for channel in range(image.shape[-1]):
        # contiguous: scipy reads a strided channel three times slower
        source = np.ascontiguousarray(image[..., channel], np.float32)
        turned[..., channel] = affine_transform(source, turn.matrix, offset, patch, order=1, mode="constant")
    moved = affine_transform(labels, turn.matrix, offset, patch, order=0, mode="constant")
    return turned, moved


def flip(image: Image, labels: Labels, axes: tuple[int, ...]) -> tuple[Image, Labels]:
    """Mirror along some axes; views."""
    return (np.flip(image, axes), np.flip(labels, axes)) if axes else (image, labels)


def turn_in_plane(
    image: Image, labels: Labels, random: Random, config: Augmentation, out: Image | None = None
) -> tuple[Image, Labels]:
    """The source article's augmentation, alike in every slice: a turn in the plane (H, W) and flips along H and W.

    Parameters
    ----------
    image, labels
        (D, H, W, C) and (D, H, W). What turns in from outside repeats the edge, as in the article's generator.
    out
        Where the image is written to.
    """
    angle = random.uniform(-config.rotation_deg, config.rotation_deg)
    flips = tuple(axis for axis in (1, 2) if random.random() < config.flip)
    turned = np.empty(image.shape, np.float32) if out is None else out
    if not angle:
        flipped, labels = flip(image, labels, flips)
        turned[:] = flipped
        return turned, labels
    weights, nearest = _plane_rotation(labels.shape[1:], np.deg2rad(angle), flips)
    for plane, source in zip(turned, image, strict=True):  # (H, W, C) -> (H · W, C)
        plane[:] = (weights @ source.reshape(-1, image.shape[-1])).reshape(plane.shape)
    # (D, H, W) -> (D, H · W) and back
    return turned, np.take(labels.reshape(len(labels), -1), nearest, axis=1).reshape(labels.shape)


def _plane_rotation(
    shape: tuple[int, ...], angle: float, flips: tuple[int, ...] = ()
) -> tuple[csr_array, NDArray[np.int_]]:
    """Rotation of a plane about its middle: bilinear weights, (H·W, H·W), and the nearest pixel of each, (H·W,).

    Worked out once for all slices and channels, flips along H (1) and W (2) included: several times faster than to
    resample each of them.
    """
    height, width = shape
    across, along = (
        (np.arange(count) - (count - 1) / 2)[:: -1 if axis in flips else 1] for axis, count in ((1, height), (2, width))
    )
    rows, columns = np.meshgrid(across, along, indexing="ij")
    row = np.clip(np.cos(angle) * rows - np.sin(angle) * columns + (height - 1) / 2, 0, height - 1).ravel()
    column = np.clip(np.sin(angle) * rows + np.cos(angle) * columns + (width - 1) / 2, 0, width - 1).ravel()
    top, left = np.minimum(row.astype(int), height - 2), np.minimum(column.astype(int), width - 2)
    down, right = row - top, column - left
    corners = [
        (0, 0, (1 - down) * (1 - right)),
        (0, 1, (1 - down) * right),
        (1, 0, down * (1 - right)),
        (1, 1, down * right),
    ]
    # four times (H · W,) -> (H · W, 4)
    sources = np.stack([(top + i) * width + left + j for i, j, _ in corners], axis=1)
    values = np.stack([weight for _, _, weight in corners], axis=1).astype(np.float32)
    starts = np.arange(0, 4 * len(row) + 1, 4)
    weights = csr_array((values.ravel(), sources.ravel(), starts), shape=(len(row), len(row)))
    nearest = np.rint(row).astype(int) * width + np.rint(column).astype(int)
    return weights, nearest


def change_intensities(image: Image, random: Random, config: Augmentation, out: Image | None = None) -> Image:
    """Noise, blur, brightness, contrast, lost resolution, gamma and bias, each with its probability; (X, Y, Z, C).

    Everything is told for images of mean 0 and standard deviation 1; background (exactly 0) stays 0.
    """
    inside = image != 0
    for change, strength in (
        (_noise, config.noise),
        (_blur, config.blur),
        (_brightness, config.brightness),
        (_contrast, config.contrast),
        (_lower_resolution, config.low_resolution),
        (_gamma, config.gamma),
        (partial(_bias_field, inside=inside), config.bias_field),
    ):
        drawn = random.random() < config.probability  # drawn even when off: strengths do not shift what follows
        if drawn and strength > 0:
            image = change(image, random, strength)
    result: Image = np.multiply(image, inside, out=out, dtype=np.float32)
    return result


def drop_modalities(image: Image, random: Random, probability: float) -> None:
    """Blank one to all but one of a patch's channels, (X, Y, Z, C), in place: a study that lacks them looks so."""
    if not probability or random.random() >= probability:
        return
    channels = image.shape[-1]
    dropped = random.permutation(channels)[: random.integers(1, channels)]
    image[..., dropped] = 0


def _noise(image: Image, random: Random, strength: float) -> Image:
    noise: Image = random.standard_normal(image.shape, np.float32)
    noise *= np.float32(random.uniform(0, strength))
    noise += image
    return noise


def _blur(image: Image, random: Random, strength: float) -> Image:
    sigma = random.uniform(0.25, 1.0) * strength
    for axis in range(3):
        image = gaussian_filter1d(image, sigma, axis=axis, output=np.float32, truncate=3.0)
    return image


def _brightness(image: Image, random: Random, strength: float) -> Image:
    return image + np.asarray(random.normal(0, strength, image.shape[-1]), np.float32)


def _contrast(image: Image, random: Random, strength: float) -> Image:
    return image * np.asarray(random.uniform(1 - strength, 1 + strength, image.shape[-1]), np.float32)


def _lower_resolution(image: Image, random: Random, strength: float) -> Image:
    """Means of n voxels, repeated: thick slices along a random axis, which leave everything where it is."""
    step = round(1 / (1 - random.uniform(0, strength)))
    axis = int(random.integers(3))
    if step < 2:
        return image
    count = image.shape[axis]
    starts = np.arange(0, count, step)
    sizes = np.diff(starts, append=count)
    shape = [-1 if a == axis else 1 for a in range(image.ndim)]
    # (…, count, …) -> (…, slabs, …) and back
    means = np.add.reduceat(image, starts, axis=axis) / sizes.reshape(shape).astype(np.float32)
    coarse: Image = np.repeat(means, sizes, axis=axis)
    return coarse


def _gamma(image: Image, random: Random, strength: float) -> Image:
    """A power of the range, each channel back on its mean and standard deviation."""
    exponent = np.float32(np.exp(random.uniform(-1, 1) * np.log1p(strength)))
    axes = (0, 1, 2)
    low = image.min(axes)
    span = np.maximum(image.max(axes) - low, np.float32(1e-6))
    mean, deviation = image.mean(axes), image.std(axes)
    changed = np.power((image - low) / span, exponent)
    changed -= changed.mean(axes)
    changed *= deviation / np.maximum(changed.std(axes), np.float32(1e-6))
    changed += mean
    return np.asarray(changed, np.float32)


def _bias_field(image: Image, random: Random, strength: float, inside: NDArray[np.bool_]) -> Image:
    """A smooth shading, another on each channel, each back on the brain's mean and standard deviation.

    A coil's sensitivity multiplies intensities, which z-scores are no longer: a channel is put back on a mean of 1 and
    a contrast as brains have it first. Other changes leave the background other than 0: `inside` is the brain.
    """
    shaded = np.empty_like(image)
    for channel in range(image.shape[-1]):
        brain = inside[..., channel]
        if not brain.any():
            shaded[..., channel] = image[..., channel]
            continue
        contrast = np.float32(random.uniform(*BRAIN_CONTRAST))
        field = _smooth_field(random, brain.shape) * np.float32(random.uniform(0, strength))
        values = ((1 + contrast * image[..., channel]) * np.exp(field) - 1) / contrast
        before, after = image[..., channel][brain], values[brain]
        values -= after.mean()
        values *= before.std() / max(float(after.std()), 1e-6)
        shaded[..., channel] = values + before.mean()
    return shaded


def _smooth_field(random: Random, shape: tuple[int, ...]) -> Image:
    """A random sum of the longest cosines that fit the box, (X, Y, Z), of standard deviation 1."""
    field = random.standard_normal((BIAS_WAVES,) * 3, np.float32)
    field /= np.square(1 + np.indices(field.shape, np.float32).sum(axis=0))  # longer waves are stronger
    field[0, 0, 0] = 0
    for axis, count in enumerate(shape):
        waves = np.cos(np.pi * np.outer(np.arange(count) + 0.5, np.arange(BIAS_WAVES)) / count).astype(np.float32)
        # (…, waves, …) -> (…, count, …)
        field = np.moveaxis(np.tensordot(waves, field, axes=(1, axis)), 0, axis)
    return np.asarray(field / max(float(field.std()), 1e-6), np.float32)
