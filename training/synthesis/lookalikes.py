"""What is bright without being a tumour; none of it enters the mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import Tissue
from .brain import Brain
from .fields import FloatArray, Range, happens, smooth_step, within


@dataclass(frozen=True)
class LookalikePriors:
    """How often and how strongly healthy or aged brains shine.

    Parameters
    ----------
    caps
        Strength of the brighter seam around the ventricles, times what age draws.
    spots
        How often small lesions of white matter are strewn, from a few to many.
    spot_flair
        Their brightness on FLAIR, as a factor on the tissue.
    meninges
        How often dura and falx take up contrast agent beyond the usual.
    vessels
        How often vessels within the brain are bright on T1ce.
    flow
        How often moving fluid is bright on FLAIR.
    """

    caps: Range = (1.0, 1.0)
    spots: float = 0.0
    spot_flair: Range = (1.2, 2.0)
    meninges: float = 0.0
    vessels: float = 0.0
    flow: float = 0.0


def add_caps(rng: np.random.Generator, brain: Brain, images: FloatArray, priors: LookalikePriors) -> None:
    """Age brightens a thin seam of white matter around the ventricles on T2 and FLAIR; it is no tumour."""
    near = brain.blurred(brain.share(Tissue.VENTRICLE), 2.5) * brain.share(Tissue.WHITE)
    seam = near * rng.beta(1.2, 2.5) * np.clip(1.0 + 0.5 * brain.octaves(rng, 6.0), 0.0, 2.0)
    seam *= np.float32(within(rng, priors.caps))
    images[2] *= 1.0 + 1.2 * seam
    images[3] *= 1.0 + 1.8 * seam


def add_lookalikes(rng: np.random.Generator, brain: Brain, images: FloatArray, priors: LookalikePriors) -> None:
    """Change the images (modality, I, J, K) in place, t1, t1ce, t2 and flair in this order."""
    if happens(rng, priors.spots):
        _strew_spots(rng, brain, images, priors)
    if happens(rng, priors.meninges):
        patches = smooth_step(brain.noise(rng, 18.0), -0.6, 0.8)
        images[1] *= 1.0 + np.float32(rng.uniform(0.3, 1.6)) * patches * brain.share(Tissue.MENINGES)
    if happens(rng, priors.vessels):
        _draw_vessels(rng, brain, images)
    if happens(rng, priors.flow):
        moving = smooth_step(brain.noise(rng, 8.0), 0.6, 1.6) * brain.share(Tissue.CSF, Tissue.VENTRICLE)
        images[3] += np.float32(rng.uniform(0.2, 1.0)) * moving


def _strew_spots(rng: np.random.Generator, brain: Brain, images: FloatArray, priors: LookalikePriors) -> None:
    """Small lesions of ageing white matter, clustered in places, darker on T1."""
    rare = rng.uniform(2.0, 3.2)
    where = brain.noise(rng, rng.uniform(1.5, 3.5)) + 0.5 * brain.noise(rng, 20.0)
    spots = smooth_step(where, rare, rare + 0.5) * smooth_step(brain.share(Tissue.WHITE), 0.6, 1.0)
    flair = np.float32(within(rng, priors.spot_flair) - 1.0)
    images[:2] *= 1.0 - np.float32(rng.uniform(0.0, 0.25)) * spots
    images[2] *= 1.0 + np.float32(rng.uniform(0.5, 1.0)) * flair * spots
    images[3] *= 1.0 + flair * spots


def _draw_vessels(rng: np.random.Generator, brain: Brain, images: FloatArray) -> None:
    """Veins in white matter: the curves on which two smooth noises vanish together, a few of them."""
    first, second = (brain.noise(rng, 9.0) for _ in range(2))
    line = smooth_step(-np.hypot(first, second), -0.12, -0.03) * smooth_step(brain.noise(rng, 14.0), 0.3, 1.0)
    images[1] *= 1.0 + np.float32(rng.uniform(0.3, 1.2)) * line
