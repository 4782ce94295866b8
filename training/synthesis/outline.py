"""What skull stripping and the field of view leave: the brain's outline, bits of skull, missing slabs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .brain import Brain
from .fields import BoolArray, FloatArray, Range, happens, smooth_step, within

_FACES = ((2, False), (2, True), (1, False), (1, True), (0, False), (0, True))
"""Where a field of view ends: axis, and whether at its far end; below, above, behind, in front, left, right."""


@dataclass(frozen=True)
class OutlinePriors:
    """How the brain is cut out of the head.

    Parameters
    ----------
    level_mm
        Distance of the outline from the envelope, positive inside.
    smoothing_mm, bumps_mm
        Blur of the envelope; standard deviation of its dents.
    leftover, leftover_mm, leftover_grey
        How often bits of skull stay, their thickness, and the brightness of fat in them.
    truncated, truncated_mm
        How often a slab is missing, and how deep it reaches into the brain.
    truncated_alone
        How often it is missing in some modalities only.
    """

    level_mm: Range = (-0.5, 1.5)
    smoothing_mm: Range = (0.0, 0.0)
    bumps_mm: Range = (0.0, 0.0)
    leftover: float = 0.0
    leftover_mm: Range = (2.0, 8.0)
    leftover_grey: Range = (0.3, 2.2)
    truncated: float = 0.0
    truncated_mm: Range = (5.0, 40.0)
    truncated_alone: float = 0.5


def draw_outline(rng: np.random.Generator, brain: Brain, priors: OutlinePriors) -> BoolArray:
    """The brain as a skull stripper would cut it out."""
    level = rng.uniform(*priors.level_mm)
    hull_mm = brain.hull_mm
    smoothing, bumps = within(rng, priors.smoothing_mm), within(rng, priors.bumps_mm)
    if smoothing:
        hull_mm = brain.blurred(hull_mm, smoothing)
    if bumps:
        hull_mm = hull_mm + np.float32(bumps) * brain.noise(rng, rng.uniform(8.0, 25.0))
    mask = hull_mm > level
    return np.asarray(ndimage.binary_fill_holes(mask) if smoothing or bumps else mask)


def leave_skull(rng: np.random.Generator, brain: Brain, mask: BoolArray, images: FloatArray,
                priors: OutlinePriors) -> BoolArray:  # fmt: skip
    """The outline with bits of dura, bone and fat on it, which are painted into the images (modality, I, J, K)."""
    if not happens(rng, priors.leftover):
        return mask
    thickness = rng.uniform(*priors.leftover_mm) * np.exp(0.4 * brain.noise(rng, 8.0))
    place = brain.noise(rng, 14.0) > rng.uniform(1.0, 2.3)
    bits = (brain.hull_mm <= 0.5) & (brain.hull_mm > -thickness) & place
    layer = smooth_step(brain.hull_mm + brain.noise(rng, 3.0), -4.0, -1.0)  # fat outside, dura and bone inside
    for image in images:
        inner, outer = rng.uniform(0.2, 1.2), rng.uniform(*priors.leftover_grey)
        grain = 1.0 + 0.15 * brain.noise(rng, 2.0)
        image[bits] = ((inner * layer + outer * (1.0 - layer)) * grain)[bits]
    return np.asarray(mask | bits)


def draw_views(rng: np.random.Generator, mask: BoolArray, priors: OutlinePriors, spacing_mm: float) -> list[BoolArray]:
    """What of the box each of the four modalities shows; a tilted edge, as slices that were turned leave it."""
    whole = np.ones_like(mask)
    if not happens(rng, priors.truncated):
        return [whole] * 4
    axis, far = _FACES[int(rng.choice(6, p=(0.35, 0.35, 0.08, 0.08, 0.07, 0.07)))]
    depth_mm = np.indices(mask.shape, dtype=np.float32)[axis] * np.float32(spacing_mm)
    if far:
        depth_mm = depth_mm.max() - depth_mm
    for other in {0, 1, 2} - {axis}:
        along = np.arange(mask.shape[other], dtype=np.float32) - mask.shape[other] / 2.0
        tilt = rng.normal(0.0, 0.04) * spacing_mm * along
        depth_mm = depth_mm + tilt.reshape([-1 if a == other else 1 for a in range(3)])
    cut = depth_mm >= depth_mm[mask].min() + rng.uniform(*priors.truncated_mm)
    affected = np.ones(4, bool)
    if happens(rng, priors.truncated_alone):
        affected = rng.permutation(np.arange(4) < rng.integers(1, 3))
    return [np.asarray(cut) if hit else whole for hit in affected]
