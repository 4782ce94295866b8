"""Guessing what the numbers of a mask mean, from the values, the file names and the images.

Evidence is measured where each label lies. Enhancing tumour is bright on T1ce relative to T1; oedema is the
outermost label, it touches the healthy brain; a resection cavity is as dark as fluid on FLAIR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around, grown
from brainseg_gui.imaging.labels import LabelScheme, label_schemes
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume

_BRIGHT = 0.5  # standard deviations of the brain by which T1ce must exceed T1 for a label to enhance
_CORE = ("NCR", "NET", "CC")
_NAMES = 0.25  # what names count for beside the images; without images they decide between what shapes leave open
_SURE = 0.5  # by how much a reading must fit better than any other; the real and synthetic cases at hand have 0.75
_NAMES_ALONE = 1.0


@dataclass(frozen=True)
class LabelEvidence:
    """Where one label lies.

    Parameters
    ----------
    value
        Number in the mask.
    voxels
        How many voxels carry it.
    enhancement
        Mean of T1ce minus T1, each in standard deviations of the brain; NaN without both.
    flair
        Mean of FLAIR in standard deviations of the brain; NaN without it.
    exposure
        Fraction of its voxels that touch the background label.
    """

    value: int
    voxels: int
    enhancement: float
    flair: float
    exposure: float


def measure(values: NDArray[np.uint8], volumes: Mapping[Modality, Volume]) -> tuple[LabelEvidence, ...]:
    """Measure the evidence of every label of a mask, (I, J, K)."""
    around = box_around(values)
    if around is None:
        return ()
    box = grown(around, 1, values.shape)  # with background around it, where there is room
    values = values[box]
    scaled = {m: _standardised(volumes[m], box) for m in (Modality.T1, Modality.T1CE, Modality.FLAIR) if m in volumes}
    nothing: NDArray[np.float32] = np.full(values.shape, np.nan, dtype=np.float32)
    enhancement = scaled.get(Modality.T1CE, nothing) - scaled.get(Modality.T1, nothing)
    flair = scaled.get(Modality.FLAIR, nothing)
    exposed = _touches_background(values)
    return tuple(
        LabelEvidence(
            int(value),
            int(mask.sum()),
            float(enhancement[mask].mean()),
            float(flair[mask].mean()),
            float(exposed[mask].mean()),
        )
        for value in np.unique(values)
        if value
        for mask in [values == value]
    )


def _standardised(volume: Volume, box: Box) -> NDArray[np.float32]:
    """Intensities in a box, in standard deviations of the brain."""
    sample = volume.stored[::2, ::2, ::2]
    brain = sample[sample != volume.background].astype(np.float32)
    mean, spread = (float(brain.mean()), float(brain.std()) or 1.0) if brain.size else (0.0, 1.0)
    return (volume.stored[box].astype(np.float32) - np.float32(mean)) / np.float32(spread)


def _touches_background(values: NDArray[np.uint8]) -> NDArray[np.bool_]:
    background = values == 0
    touches = np.zeros(values.shape, dtype=bool)
    for axis in range(3):
        ahead = [slice(None)] * 3
        behind = [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        touches[tuple(ahead)] |= background[tuple(behind)]
        touches[tuple(behind)] |= background[tuple(ahead)]
    return touches


@dataclass(frozen=True)
class SchemeGuess:
    """A guess and the sentence that says it.

    Parameters
    ----------
    doubtful
        Whether another reading of the same numbers fits nearly as well, or none fits.
    """

    scheme: LabelScheme
    sentence: str
    doubtful: bool = False


def guess_scheme(evidence: Sequence[LabelEvidence], file_names: Sequence[str]) -> SchemeGuess:
    """The scheme that explains the labels best.

    Parameters
    ----------
    evidence
        What `measure` found; empty when there is no mask.
    file_names
        Names of the case's files: those of 2023 and later (``-t1n``, ``-t2f``) suggest their scheme.
    """
    favourite = _suggested_by_names(file_names)
    blind = all(np.isnan(e.enhancement) and np.isnan(e.flair) for e in evidence)
    bonus = _NAMES_ALONE if blind else _NAMES
    scores = {
        scheme.name: sum(_fit(scheme.meaning_of(e.value), e, evidence) for e in evidence)
        + (bonus if scheme.name == favourite else 0.0)
        for scheme in label_schemes().values()
    }
    best = label_schemes()[max(scores, key=lambda name: scores[name])]
    rivals = [scores[other.name] for other in label_schemes().values() if not _reads_alike(best, other, evidence)]
    margin = scores[best.name] - max(rivals, default=-np.inf)
    unknown = any(best.meaning_of(e.value) == "?" for e in evidence)
    return SchemeGuess(best, _sentence(best, evidence), bool(evidence) and bool(margin < _SURE or unknown))


def _reads_alike(scheme: LabelScheme, other: LabelScheme, evidence: Sequence[LabelEvidence]) -> bool:
    return all(scheme.meaning_of(e.value) == other.meaning_of(e.value) for e in evidence)


def _suggested_by_names(file_names: Sequence[str]) -> str:
    joined = " ".join(file_names).lower()
    if any(f"{word}.nii" in joined for word in ("-t1n", "-t1c", "-t2w", "-t2f")):
        return "brats2023"
    return "msd" if "labelstr" in joined or "imagestr" in joined else "brats2020"


def _fit(meaning: str, label: LabelEvidence, everyone: Sequence[LabelEvidence]) -> float:
    """How well a meaning explains one label, about -3 to 1."""
    outermost = label.exposure >= max(e.exposure for e in everyone)
    if meaning == "ET":
        return _fit_enhancing(label, everyone, outermost=outermost)
    if meaning == "ED" and len(everyone) == 1 and np.isnan(label.enhancement):
        return 0.5  # a label alone is always the outermost: that says nothing
    if meaning == "ED":
        return (1.0 if outermost else -0.5) - (1.0 if label.enhancement > 2 * _BRIGHT else 0.0)
    if meaning == "RC":
        return 0.0 if np.isnan(label.flair) else 0.5 if label.flair < 0 else -1.0
    if meaning in _CORE:
        rarer = 0.1 if meaning == "NCR" else 0.0  # the plain word where nothing tells necrosis from the rest
        return rarer + (0.5 if not outermost or len(everyone) == 1 else -0.5)
    return -3.0


def _fit_enhancing(label: LabelEvidence, everyone: Sequence[LabelEvidence], *, outermost: bool) -> float:
    if np.isnan(label.enhancement):
        # as for a core, and a little more: of what lies within oedema, most masks name what enhances
        return -0.4 if outermost and len(everyone) > 1 else 0.6
    brightest = label.enhancement >= max(e.enhancement for e in everyone)
    return 1.0 if brightest and label.enhancement > _BRIGHT else -1.0


def _sentence(scheme: LabelScheme, evidence: Sequence[LabelEvidence]) -> str:
    if not evidence:
        return f"Labels are numbered as in {scheme.title}"
    words = ", ".join(f"{e.value} = {scheme.meaning_of(e.value)}" for e in evidence)
    return f"The mask's labels are read as {scheme.title} ({words})"
