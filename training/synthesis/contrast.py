"""How bright each tissue and each part of a tumour is on each modality, as drawn for one patient.

Values are relative to normal white matter = 1. They were set by eye and by the tissue medians of public
BraTS cases; between patients they vary far more than between tissues, hence the spreads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from .anatomy import Tissue
from .fields import FloatArray, Range, happens, within
from .tumour import Grade

MODALITIES = ("t1", "t1ce", "t2", "flair")
PARTS = ("necrosis", "solid", "enhancing", "oedema")
PartRanges = Mapping[str, tuple[Range, Range, Range, Range]]

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
_DARKEST, _BRIGHTEST = 0.12, 6.0
_RANDOM_GREY: Range = (0.6, 1.6)
_CORE_PARTS = ("necrosis", "solid", "cyst")
_CORE_TO_OEDEMA_T1: Range = (0.55, 0.97)
_CORE_TO_OEDEMA_T2: Range = (1.04, 1.5)


@dataclass(frozen=True)
class ContrastPriors:
    """Means and spreads of tissue intensities; 0.1 means ten per cent.

    Parameters
    ----------
    tissue, tumour
        Mean per modality (t1, t1ce, t2, flair), white matter = 1.
    tissue_spread, tumour_spread
        Standard deviation of the logarithm of each value, drawn per patient.
    gain_spread, gain_limits
        The same for the contrast of a whole modality: below 1 it turns flat, above 1 harsh.
    texture, tumour_texture
        Relative variation within healthy tissue, and how much of the usual one a tumour shows.
    tumour_ranges
        Where given, a tumour's values come evenly (in the logarithm) from these ranges, by grade.
    ordered
        How often the core holds more water than the oedema around it: darker on T1, brighter on T2.
    random
        How often tissues have any contrast at all; tumours then still differ from white and grey matter to the
        side that they do in patients.
    mismatch
        How often a low-grade core is dark on FLAIR within a bright border though bright on T2.
    blood
        How often part of the core is bright on T1 before contrast.
    patches
        Spread of the values within one tissue, between smooth random parts of it.
    blur_mm
        Blur of the border between the parts of a tumour.
    wetness, wet_edge
        Share of the oedema's own value that swollen white matter takes on, and how steeply it gets there from the
        oedema's edge, where above 1.
    """

    tissue: Mapping[Tissue, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType(_TISSUE_VALUES))
    tumour: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType(_TUMOUR_VALUES))
    tissue_spread: float = 0.035
    tumour_spread: float = 0.10
    gain_spread: float = 0.10
    gain_limits: Range = (0.0, 9.0)
    texture: Range = (0.035, 0.035)
    tumour_texture: Range = (1.0, 1.0)
    tumour_ranges: Mapping[Grade, PartRanges] | None = None
    ordered: float = 0.0
    random: float = 0.0
    mismatch: float = 0.0
    blood: float = 0.0
    patches: Range = (0.0, 0.0)
    blur_mm: Range = (0.6, 0.6)
    wetness: float = 0.85
    wet_edge: float = 1.0


@dataclass(frozen=True)
class TissueContrast:
    """One patient's healthy contrast.

    Parameters
    ----------
    table
        Value of each tissue: (tissue, modality), white matter about 1.
    gain
        Contrast of each modality.
    is_random
        Whether the tissues may have any contrast.
    """

    table: FloatArray
    gain: FloatArray
    is_random: bool


def draw_tissues(rng: np.random.Generator, priors: ContrastPriors) -> TissueContrast:
    """Draw the healthy contrast of one patient."""
    gain = np.clip(np.exp(rng.normal(0.0, priors.gain_spread, 4)), *priors.gain_limits)
    table = _vary(rng, np.array([priors.tissue[tissue] for tissue in Tissue]), gain, priors.tissue_spread)
    if priors.tumour_ranges is not None:
        # Ranges are ratios to white matter: were it brighter than 1, faint oedema would turn dark.
        table /= table[Tissue.WHITE].copy()
    if not happens(rng, priors.random):
        return TissueContrast(table, gain, False)
    table = np.exp(rng.normal(0.0, 0.55, table.shape)).clip(0.2, 3.0).astype(np.float32)
    table[Tissue.WHITE] = 1.0
    table[Tissue.CORTEX] = np.clip(table[Tissue.CORTEX], *_RANDOM_GREY)
    return TissueContrast(table, gain, True)


def draw_parts(rng: np.random.Generator, contrast: TissueContrast, priors: ContrastPriors,
               grade: Grade) -> dict[str, FloatArray]:  # fmt: skip
    """Draw the values of a tumour's parts: four modalities each."""
    if priors.tumour_ranges is None:
        varied = _vary(rng, np.array(list(priors.tumour.values())), contrast.gain, priors.tumour_spread)
        return dict(zip(priors.tumour, varied, strict=True))
    parts = {part: _draw_part(rng, part, ranges) for part, ranges in priors.tumour_ranges[grade].items()}
    if happens(rng, priors.ordered):
        _order_parts(rng, parts)
    if contrast.is_random:
        return {part: _beside(value, contrast.table) for part, value in parts.items()}
    return {
        part: np.clip(1.0 + (value - 1.0) * contrast.gain, _DARKEST, _BRIGHTEST).astype(np.float32)
        for part, value in parts.items()
    }


def _draw_part(rng: np.random.Generator, part: str, ranges: tuple[Range, ...]) -> FloatArray:
    value = np.exp([rng.uniform(*np.log(limits)) for limits in ranges])
    if part not in ("enhancing", "blood"):
        # What takes up no contrast agent looks on T1ce as it did before.
        value[1] = value[0] * within(rng, (0.95, 1.08))
    return value.astype(np.float32)


def _order_parts(rng: np.random.Generator, parts: dict[str, FloatArray]) -> None:
    """Make the core darker on T1 and brighter on T2 than the oedema; what differs from T1 to T1ce stays."""
    t1, _, t2, _ = parts["oedema"]
    for part in _CORE_PARTS:
        value = parts[part]
        darker = min(1.0, t1 * within(rng, _CORE_TO_OEDEMA_T1) / value[0])
        value[:2] *= darker
        value[2] = max(value[2], t2 * within(rng, _CORE_TO_OEDEMA_T2))


def _beside(value: FloatArray, table: FloatArray) -> FloatArray:
    """Turn ratios to white matter into values on the same side of white and of grey matter."""
    white, grey = table[Tissue.WHITE], table[Tissue.CORTEX]
    reference = np.where(value > 1.0, np.maximum(white, grey), np.minimum(white, grey))
    return np.asarray(np.clip(value * reference, _DARKEST, _BRIGHTEST), np.float32)


def _vary(rng: np.random.Generator, values: FloatArray, gain: FloatArray, spread: float) -> FloatArray:
    """Spread values per patient, and stretch their difference to white matter by the modality's gain."""
    varied = values * np.exp(rng.normal(0.0, spread, values.shape))
    return np.asarray(np.maximum(1.0 + (varied - 1.0) * gain, _DARKEST), np.float32)
