"""What each tissue looks like on each modality, with the texture that makes it look like tissue.

Values are relative to normal white matter = 1. They were set by eye and by the tissue medians of public
BraTS cases; between patients they vary far more than between tissues, hence the spreads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from scipy import ndimage

from .anatomy import Tissue
from .fields import FloatArray, Shape, octaves, smooth_noise, smooth_step
from .tumour import CORE, ENHANCING, Tumour
from .warp import Brain

MODALITIES = ("t1", "t1ce", "t2", "flair")

_T = Tissue
# Columns: t1, t1ce, t2, flair.
_TISSUE_VALUES: dict[Tissue, tuple[float, float, float, float]] = {
    _T.MENINGES: (0.50, 0.95, 1.10, 0.70),
    _T.CSF: (0.30, 0.38, 3.60, 0.42),
    _T.VENTRICLE: (0.26, 0.33, 4.20, 0.25),
    _T.WHITE: (1.00, 1.00, 1.00, 1.00),
    _T.CORTEX: (0.75, 0.82, 1.50, 1.24),
    _T.THALAMUS: (0.86, 0.90, 1.15, 1.10),
    _T.STRIATUM: (0.79, 0.85, 1.25, 1.15),
    _T.PALLIDUM: (0.92, 0.95, 0.88, 0.92),
    _T.HIPPOCAMPUS: (0.75, 0.82, 1.50, 1.32),
    _T.CEREBELLAR_WHITE: (0.96, 0.97, 1.05, 1.00),
    _T.CEREBELLAR_CORTEX: (0.75, 0.85, 1.38, 1.12),
    _T.BRAIN_STEM: (0.93, 0.94, 1.12, 1.05),
    _T.VESSEL: (0.65, 2.00, 0.80, 0.55),
    _T.PLEXUS: (0.55, 1.60, 2.60, 0.90),
}
_TUMOUR_VALUES: dict[str, tuple[float, float, float, float]] = {
    "necrosis": (0.55, 0.58, 3.10, 1.55),
    "solid": (0.70, 0.76, 2.20, 1.90),
    "enhancing": (0.80, 2.00, 1.80, 1.65),
    "oedema": (0.74, 0.78, 2.35, 2.15),
}
_LEAF_MM = 4.2
_LEAF_RADIUS_MM = 28.0
"""Width of a leaf of the cerebellum with its groove, at this distance from where the leaves meet."""
_TEXTURE: dict[Tissue, float] = {_T.CSF: 0.10, _T.MENINGES: 0.30, _T.PLEXUS: 0.20, _T.VESSEL: 0.20}


@dataclass(frozen=True)
class ContrastPriors:
    """Means and spreads of tissue intensities; 0.1 means ten per cent.

    Parameters
    ----------
    tissue, tumour
        Mean per modality (t1, t1ce, t2, flair), white matter = 1.
    tissue_spread, tumour_spread
        Standard deviation of the logarithm of each value, drawn per patient.
    gain_spread
        The same for the contrast of a whole modality: below 1 it turns flat, above 1 harsh.
    texture
        Relative variation within healthy tissue.
    """

    tissue: Mapping[Tissue, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType(_TISSUE_VALUES))
    tumour: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType(_TUMOUR_VALUES))
    tissue_spread: float = 0.035
    tumour_spread: float = 0.10
    gain_spread: float = 0.10
    texture: float = 0.035


def paint(rng: np.random.Generator, brain: Brain, tumour: Tumour, priors: ContrastPriors) -> FloatArray:
    """Noise-free images of the four modalities: (modality, I, J, K), white matter about 1."""
    gain = np.exp(rng.normal(0.0, priors.gain_spread, 4))
    table = np.array([priors.tissue[tissue] for tissue in Tissue])
    table = _vary(rng, table, gain, priors.tissue_spread)  # (tissue, modality)
    fractions = _with_surface_vessels(rng, brain)
    _cut_folia(rng.spawn(1)[0], fractions)
    images = np.tensordot(table.T, fractions, axes=1)
    images *= _texture(rng, brain, priors.texture)
    _add_caps(rng, brain, images)
    _add_tumour(rng, brain, tumour, images, priors, gain)
    return images


def _vary(rng: np.random.Generator, values: FloatArray, gain: FloatArray, spread: float) -> FloatArray:
    """Spread values per patient, and stretch their difference to white matter by the modality's gain."""
    varied = values * np.exp(rng.normal(0.0, spread, values.shape))
    return np.asarray(np.maximum(1.0 + (varied - 1.0) * gain, 0.12), np.float32)


def _with_surface_vessels(rng: np.random.Generator, brain: Brain) -> FloatArray:
    """Thin vessels in sulci and cisterns: the curves on which two smooth noises vanish together."""
    first, second = (smooth_noise(rng, brain.shape, 5.0) for _ in range(2))
    line = smooth_step(-np.hypot(first, second), -0.22, -0.08)
    line *= smooth_step(brain.share(Tissue.CSF, Tissue.MENINGES), 0.15, 0.6)
    fractions = brain.fractions * (1.0 - line)
    fractions[Tissue.VESSEL] += line
    return np.asarray(fractions, np.float32)


def _cut_folia(rng: np.random.Generator, fractions: FloatArray) -> None:
    """Fluid between the leaves of the cerebellum, which fan out from the fourth ventricle; the maps lack them."""
    cortex = fractions[Tissue.CEREBELLAR_CORTEX]
    where = ndimage.find_objects((cortex > 0.02).astype(np.uint8))
    if not where:
        return
    part = cortex[where[0]]
    _, j, k = np.indices(part.shape, dtype=np.float32)
    ahead, up = ((axis * part).sum() / part.sum() - axis for axis in (j, k))
    along = _LEAF_RADIUS_MM * np.arctan2(up, ahead + 10.0) + 0.15 * np.hypot(ahead, up)
    shape: Shape = (part.shape[0], part.shape[1], part.shape[2])
    phase = 2.0 * np.pi * along / _LEAF_MM + 2.4 * octaves(rng, shape, 9.0)
    groove = 0.32 * smooth_step(np.asarray(np.sin(phase), np.float32), 0.1, 1.0) * part
    fractions[Tissue.CSF][where[0]] += groove
    cortex[where[0]] -= groove


def _texture(rng: np.random.Generator, brain: Brain, strength: float) -> FloatArray:
    """Multiplicative texture, partly shared between modalities: (modality, I, J, K)."""
    amount = np.full(brain.shape, strength, np.float32)
    for tissue, value in _TEXTURE.items():
        amount += (value - strength) * brain.fractions[tissue]
    shared = octaves(rng, brain.shape, 7.0)
    sign = (1.0, 1.0, -1.0, -1.0)
    result = np.empty((4, *brain.shape), np.float32)
    for modality in range(4):
        private = octaves(rng, brain.shape, 4.0)
        result[modality] = 1.0 + amount * (0.7 * sign[modality] * shared + 0.7 * private)
    return np.clip(result, 0.2, 3.0)


def _add_caps(rng: np.random.Generator, brain: Brain, images: FloatArray) -> None:
    """Age brightens a thin seam of white matter around the ventricles on T2 and FLAIR; it is no tumour."""
    near = ndimage.gaussian_filter(brain.share(Tissue.VENTRICLE), 2.5) * brain.share(Tissue.WHITE)
    seam = near * rng.beta(1.2, 2.5) * np.clip(1.0 + 0.5 * octaves(rng, brain.shape, 6.0), 0.0, 2.0)
    images[2] *= 1.0 + 1.2 * seam
    images[3] *= 1.0 + 1.8 * seam


def _add_tumour(rng: np.random.Generator, brain: Brain, tumour: Tumour, images: FloatArray,
                priors: ContrastPriors, gain: FloatArray) -> None:  # fmt: skip
    """Mix oedema into the tissue it swells, then replace tissue by core and enhancement."""
    values = np.array(list(priors.tumour.values()))
    varied = _vary(rng, values, gain, priors.tumour_spread)
    value = dict(zip(priors.tumour, varied, strict=True))
    core, enhancing = (_soft(tumour, *classes) for classes in ((CORE, ENHANCING), (ENHANCING,)))
    swelling = _wetness(rng, brain, tumour)
    grain = _tumour_grain(rng, brain.shape)
    for modality, image in enumerate(images):
        wet = value["oedema"][modality] * (1.0 + 0.08 * grain[0] + 0.02 * grain[1])
        image += swelling * (wet - image)
        dead = tumour.necrosis * value["necrosis"][modality] * (1.0 + 0.12 * grain[2])
        inner = dead + (1.0 - tumour.necrosis) * value["solid"][modality] * (1.0 + 0.10 * grain[3])
        image += core * (inner * (1.0 + 0.06 * grain[1]) - image)
        uptake = value["enhancing"][modality] * (1.0 + (0.16 if modality == 1 else 0.08) * grain[4])
        image += enhancing * (uptake - image)


def _soft(tumour: Tumour, *classes: int) -> FloatArray:
    return np.asarray(ndimage.gaussian_filter(np.isin(tumour.classes, classes).astype(np.float32), 0.6), np.float32)


def _wetness(rng: np.random.Generator, brain: Brain, tumour: Tumour) -> FloatArray:
    """White matter takes up most water, cortex little, fluid none."""
    share = brain.share(Tissue.WHITE) + 0.85 * brain.share(Tissue.BRAIN_STEM, Tissue.CEREBELLAR_WHITE)
    share += 0.7 * brain.share(Tissue.THALAMUS, Tissue.STRIATUM, Tissue.PALLIDUM, Tissue.HIPPOCAMPUS)
    share += 0.35 * brain.share(Tissue.CORTEX)
    strength = np.clip(0.85 + 0.12 * octaves(rng, brain.shape, 9.0), 0.4, 1.0)
    return np.asarray(share * strength * tumour.swelling, np.float32)


def _tumour_grain(rng: np.random.Generator, shape: Shape) -> list[FloatArray]:
    return [np.clip(octaves(rng, shape, scale), -2.5, 2.5) for scale in (8.0, 2.0, 6.0, 5.0, 4.0)]
