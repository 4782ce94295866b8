"""Noise-free images: tissue values, the texture that makes them look like tissue, and the tumour."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .anatomy import Tissue
from .brain import Brain
from .contrast import ContrastPriors, TissueContrast, draw_parts, draw_tissues
from .fields import FloatArray, Shape, happens, octaves, smooth_step, within
from .lookalikes import LookalikePriors, add_caps, add_lookalikes
from .tumour import CORE, ENHANCING, Tumour

_LEAF_MM = 4.2
_LEAF_RADIUS_MM = 28.0
"""Width of a leaf of the cerebellum with its groove, at this distance from where the leaves meet."""
_TEXTURE: dict[Tissue, float] = {Tissue.CSF: 0.10, Tissue.MENINGES: 0.30, Tissue.PLEXUS: 0.20, Tissue.VESSEL: 0.20}


def paint(rng: np.random.Generator, brain: Brain, tumour: Tumour, priors: ContrastPriors,
          lookalikes: LookalikePriors) -> FloatArray:  # fmt: skip
    """Noise-free images of the four modalities: (modality, I, J, K), white matter about 1."""
    contrast = draw_tissues(rng, priors)
    fractions = _with_surface_vessels(rng, brain)
    _cut_folia(rng.spawn(1)[0], brain, fractions)
    images = np.tensordot(contrast.table.T, fractions, axes=1)
    images *= _texture(rng, brain, within(rng, priors.texture))
    _divide_tissues(rng, brain, images, within(rng, priors.patches))
    add_caps(rng, brain, images, lookalikes)
    add_lookalikes(rng, brain, images, lookalikes)
    _add_tumour(rng, brain, tumour, images, priors, contrast)
    return images


def _with_surface_vessels(rng: np.random.Generator, brain: Brain) -> FloatArray:
    """Thin vessels in sulci and cisterns: the curves on which two smooth noises vanish together."""
    first, second = (brain.noise(rng, 5.0) for _ in range(2))
    line = smooth_step(-np.hypot(first, second), -0.22, -0.08)
    line *= smooth_step(brain.share(Tissue.CSF, Tissue.MENINGES), 0.15, 0.6)
    fractions = brain.fractions * (1.0 - line)
    fractions[Tissue.VESSEL] += line
    return np.asarray(fractions, np.float32)


def _cut_folia(rng: np.random.Generator, brain: Brain, fractions: FloatArray) -> None:
    """Fluid between the leaves of the cerebellum, which fan out from the fourth ventricle; the maps lack them."""
    cortex = fractions[Tissue.CEREBELLAR_CORTEX]
    where = ndimage.find_objects((cortex > 0.02).astype(np.uint8))
    if not where:
        return
    part = cortex[where[0]]
    _, j, k = np.indices(part.shape, dtype=np.float32)
    ahead, up = ((axis * part).sum() / part.sum() - axis for axis in (j, k))
    ahead, up = ahead * np.float32(brain.spacing_mm), up * np.float32(brain.spacing_mm)
    along = _LEAF_RADIUS_MM * np.arctan2(up, ahead + 10.0) + 0.15 * np.hypot(ahead, up)
    shape: Shape = (part.shape[0], part.shape[1], part.shape[2])
    phase = 2.0 * np.pi * along / _LEAF_MM + 2.4 * octaves(rng, shape, 9.0 / brain.spacing_mm)
    groove = 0.32 * smooth_step(np.asarray(np.sin(phase), np.float32), 0.1, 1.0) * part
    fractions[Tissue.CSF][where[0]] += groove
    cortex[where[0]] -= groove


def _texture(rng: np.random.Generator, brain: Brain, strength: float) -> FloatArray:
    """Multiplicative texture, partly shared between modalities: (modality, I, J, K)."""
    amount = np.full(brain.shape, strength, np.float32)
    for tissue, value in _TEXTURE.items():
        amount += (value - strength) * brain.fractions[tissue]
    shared = brain.octaves(rng, 7.0)
    sign = (1.0, 1.0, -1.0, -1.0)
    result = np.empty((4, *brain.shape), np.float32)
    for modality in range(4):
        private = brain.octaves(rng, 4.0)
        result[modality] = 1.0 + amount * (0.7 * sign[modality] * shared + 0.7 * private)
    return np.clip(result, 0.2, 3.0)


def _divide_tissues(rng: np.random.Generator, brain: Brain, images: FloatArray, spread: float) -> None:
    """Divide every tissue into smooth random parts that differ a little, each modality in its own way.

    The idea is FetalSynthSeg's (Zalevskyi et al., MICCAI 2024), where clusters of real intensities divide them.
    """
    if spread == 0.0:
        return
    for scale_mm in (28.0, 9.0):
        part = smooth_step(brain.noise(rng, scale_mm), -0.5, 0.5) - np.float32(0.5)
        change = rng.normal(0.0, spread, (4, len(Tissue))).astype(np.float32)
        images *= 1.0 + part * np.tensordot(change, brain.fractions, axes=1)


def _add_tumour(rng: np.random.Generator, brain: Brain, tumour: Tumour, images: FloatArray,
                priors: ContrastPriors, contrast: TissueContrast) -> None:  # fmt: skip
    """Mix oedema into the tissue it swells, then replace tissue by core and enhancement."""
    value = draw_parts(rng, contrast, priors, tumour.grade)
    blur_mm = within(rng, priors.blur_mm)
    core, enhancing = (_soft(brain, tumour, blur_mm, *classes) for classes in ((CORE, ENHANCING), (ENHANCING,)))
    swelling = _wetness(rng, brain, tumour, priors)
    grain = _tumour_grain(rng, brain, np.float32(within(rng, priors.tumour_texture)))
    for modality, image in enumerate(images):
        wet = value["oedema"][modality] * (1.0 + 0.08 * grain[0] + 0.02 * grain[1])
        image += swelling * (wet - image)
        dead = tumour.necrosis * value["necrosis"][modality] * (1.0 + 0.12 * grain[2])
        inner = dead + (1.0 - tumour.necrosis) * value["solid"][modality] * (1.0 + 0.10 * grain[3])
        image += core * (inner * (1.0 + 0.06 * grain[1]) - image)
    _add_insides(rng, brain, tumour, images, priors, value)
    for modality, image in enumerate(images):
        uptake = value["enhancing"][modality] * (1.0 + (0.16 if modality == 1 else 0.08) * grain[4])
        image += enhancing * (uptake - image)


def _add_insides(rng: np.random.Generator, brain: Brain, tumour: Tumour, images: FloatArray,
                 priors: ContrastPriors, value: dict[str, FloatArray]) -> None:  # fmt: skip
    """Cysts, blood, and a low-grade core that is dark on FLAIR (Patel et al., Clin Cancer Res 2017, 23:6078)."""
    inside = np.asarray(tumour.classes == CORE, np.float32)
    if tumour.cyst is not None:
        for modality, image in enumerate(images):
            image += tumour.cyst * inside * (value["cyst"][modality] - image)
    if tumour.grade == "low" and happens(rng, priors.mismatch):
        inner = smooth_step(tumour.depth_mm + 1.5 * brain.noise(rng, 6.0), 1.5, 7.0) * inside
        images[3] += inner * (np.float32(rng.uniform(0.5, 1.0)) - images[3])
    if happens(rng, priors.blood):
        spots = smooth_step(brain.octaves(rng, 6.0), 0.5, 1.2) * inside
        for modality, image in enumerate(images):
            image += spots * (value["blood"][modality] - image)


def _soft(brain: Brain, tumour: Tumour, blur_mm: float, *classes: int) -> FloatArray:
    return brain.blurred(np.isin(tumour.classes, classes), blur_mm)


def _wetness(rng: np.random.Generator, brain: Brain, tumour: Tumour, priors: ContrastPriors) -> FloatArray:
    """White matter takes up most water, cortex little, fluid none."""
    share = brain.share(Tissue.WHITE) + 0.85 * brain.share(Tissue.BRAIN_STEM, Tissue.CEREBELLAR_WHITE)
    share += 0.7 * brain.share(Tissue.THALAMUS, Tissue.STRIATUM, Tissue.PALLIDUM, Tissue.HIPPOCAMPUS)
    share += 0.35 * brain.share(Tissue.CORTEX)
    strength = np.clip(priors.wetness + 0.12 * brain.octaves(rng, 9.0), 0.4, 1.0)
    return np.asarray(share * strength * np.minimum(priors.wet_edge * tumour.swelling, 1.0), np.float32)


def _tumour_grain(rng: np.random.Generator, brain: Brain, strength: np.float32) -> list[FloatArray]:
    return [np.clip(brain.octaves(rng, scale), -2.5, 2.5) * strength for scale in (8.0, 2.0, 6.0, 5.0, 4.0)]
