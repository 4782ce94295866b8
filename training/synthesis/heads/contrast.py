"""How bright a head's tissues are: on the four modalities, on others that scanners make, and on none that exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from training.synthesis.anatomy import Tissue
from training.synthesis.contrast import MODALITIES, draw_parts, draw_tissues
from training.synthesis.fields import FloatArray, happens
from training.synthesis.heads.head import TISSUES, HeadTissue
from training.synthesis.presets import TRAINING
from training.synthesis.tumour import Grade

OTHER = "other"
RANDOM = "random"
"""Of a contrast that no scanner makes: it teaches where the brain is, not what an image is."""
KINDS = (*MODALITIES, OTHER, RANDOM)

_H = HeadTissue
# Columns: t1, t1ce, t2, flair; white matter = 1.
_HEAD_VALUES: Mapping[HeadTissue, tuple[float, float, float, float]] = MappingProxyType({
    _H.AIR: (0.03, 0.03, 0.03, 0.03),
    _H.SCALP: (0.95, 1.15, 1.0, 0.9),
    _H.FAT: (1.9, 1.8, 2.1, 1.7),
    _H.MUSCLE: (0.62, 0.78, 0.5, 0.6),
    _H.BONE: (0.15, 0.16, 0.14, 0.12),
    _H.MARROW: (1.2, 1.3, 1.1, 0.9),
    _H.MUCOSA: (0.6, 1.7, 2.4, 1.4),
    _H.EYE: (0.30, 0.34, 4.0, 0.35),
    _H.NERVE: (0.75, 0.85, 1.1, 1.0),
    _H.CORD: (0.92, 0.93, 1.1, 1.05),
    _H.DURA: (0.5, 1.4, 0.5, 0.5),
})  # fmt: skip
_FATTY = (_H.FAT, _H.MARROW, _H.SCALP)
_SUPPRESSED = 0.25
_SPREAD = 0.25
_TUMOUR_PARTS = ("necrosis", "solid", "enhancing", "oedema", "cyst")
_ORDINARY = replace(TRAINING.contrast, random=0.0)

# Others: proton density, diffusion, its coefficient, susceptibility, an inversion that blackens fat.
# Columns: white, grey, fluid, vessel, fat, muscle, bone, mucosa, eye, tumour.
_OTHERS = np.array((
    (1.0, 1.20, 1.25, 0.8, 1.2, 0.9, 0.25, 1.2, 1.2, 1.4),
    (1.0, 1.25, 0.25, 0.4, 0.12, 0.25, 0.05, 0.5, 0.25, 1.8),
    (1.0, 1.15, 3.6, 1.0, 0.15, 0.6, 0.1, 1.5, 3.8, 1.9),
    (1.0, 1.08, 1.30, 0.25, 0.9, 0.7, 0.08, 0.8, 1.3, 1.1),
    (1.0, 1.45, 3.4, 0.8, 0.12, 0.6, 0.1, 2.2, 3.6, 2.2),
))  # fmt: skip


def draw_contrast(rng: np.random.Generator, kind: str) -> FloatArray:
    """Value of each `Tissue` and `HeadTissue` on an image of a kind, white matter about 1."""
    if kind == RANDOM:
        return _random(rng)
    return _other(rng) if kind == OTHER else _ordinary(rng, MODALITIES.index(kind))


def _ordinary(rng: np.random.Generator, modality: int) -> FloatArray:
    grade: Grade = "high" if happens(rng, 0.65) else "low"
    contrast = draw_tissues(rng, _ORDINARY)
    parts = draw_parts(rng, contrast, _ORDINARY, grade)
    values = np.ones(TISSUES)
    values[: len(Tissue)] = contrast.table[:, modality]
    for tissue, row in _HEAD_VALUES.items():
        values[tissue] = row[modality]
    values[HeadTissue.NECROSIS :] = [parts[part][modality] for part in _TUMOUR_PARTS]
    return _varied_outside(rng, values)


def _other(rng: np.random.Generator) -> FloatArray:
    row = _OTHERS[rng.integers(len(_OTHERS))] * np.exp(rng.normal(0.0, 0.08, _OTHERS.shape[1]))
    white, grey, fluid, vessel, fat, muscle, bone, mucosa, eye, tumour = row
    values = np.full(TISSUES, grey)
    for number in (Tissue.WHITE, Tissue.CEREBELLAR_WHITE, Tissue.BRAIN_STEM, Tissue.PALLIDUM, _H.CORD, _H.NERVE):
        values[number] = white
    values[[Tissue.CSF, Tissue.VENTRICLE, Tissue.PLEXUS]] = fluid
    values[[Tissue.VESSEL, Tissue.MENINGES, _H.DURA]] = vessel
    values[[_H.FAT, _H.MARROW, _H.SCALP]] = fat
    values[[_H.MUSCLE, _H.BONE, _H.MUCOSA, _H.EYE]] = muscle, bone, mucosa, eye
    values[_H.AIR] = 0.03
    values[HeadTissue.NECROSIS :] = tumour * np.exp(rng.normal(0.0, 0.3, 5))
    return _varied_outside(rng, values)


def _random(rng: np.random.Generator) -> FloatArray:
    """Any brightness for any tissue (Hoopes et al., SynthStrip, NeuroImage 2022, 260:119474), bone and air dark."""
    values = np.exp(rng.normal(0.0, 0.6, TISSUES)).clip(0.05, 4.0)
    values[_H.AIR] = 0.03
    values[_H.BONE] *= 0.3
    return values.astype(np.float32)


def _varied_outside(rng: np.random.Generator, values: npt.NDArray[np.float64]) -> FloatArray:
    """Vary what lies outside the brain far more than the brain; fat is suppressed at times."""
    outside = slice(HeadTissue.SCALP, HeadTissue.NECROSIS)
    values[outside] *= np.exp(rng.normal(0.0, _SPREAD, values[outside].shape))
    fatty = list(_FATTY)
    values[fatty] *= np.exp(rng.normal(0.0, _SPREAD))
    if happens(rng, _SUPPRESSED):
        values[fatty] *= rng.uniform(0.08, 0.4)
    return values.astype(np.float32)
