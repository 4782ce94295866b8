"""Guessing what the numbers of a mask mean, from the values, the file names and the images.

Evidence is measured where each label lies. Enhancing tumour is bright on T1ce relative to T1; oedema is the
outermost label, it touches the healthy brain; a resection cavity is as dark as fluid on FLAIR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around, grown
from brainseg_gui.imaging.labelling.built_in_schemes import built_in_schemes, scheme_priors
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import CORE, UNKNOWN, LabelScheme, built_in_meanings
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import match_of
from brainseg_gui.imaging.naming.suggestions import SchemeSuggestion, suggestions
from brainseg_gui.imaging.volume import Volume

_BRIGHT = 0.5  # standard deviations of the brain by which T1ce must exceed T1 for a label to enhance
_FAINT = 0.15  # by which a rim still shows that is too thin, or too faint, to be called bright
_CLOSE = 0.1  # of two schemes that explain a mask nearly as well either may be right
_COMMONEST = "brats2020"
WHOLE_TUMOUR = "whole-tumour"
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
    doubt
        Why it may be wrong, in a sentence; empty where nothing speaks against it.
    stated
        Whether names or a ``dataset.json`` state it.
    """

    scheme: LabelScheme
    sentence: str
    doubt: str = ""
    stated: bool = False
    doubtful: bool = False


def guess_scheme(
    evidence: Sequence[LabelEvidence], file_names: Sequence[str], stated: Sequence[str] = ()
) -> SchemeGuess:
    """The scheme that names state, or the built-in one that explains the labels best.

    A scheme of people's own is never guessed: it is read where a note, a memory or a person names it.

    Parameters
    ----------
    evidence
        What `measure` found; empty when there is no mask.
    file_names
        Names of the case's files: a data set that the table of conventions knows states its scheme.
    stated
        Schemes that are known to be possible; where there is one, it is taken unless it does not know a number.
    """
    possible = tuple(name for name in stated if name in label_schemes()) or _stated_by_names(file_names)
    if len(possible) == 1:
        return _checked(label_schemes()[possible[0]], evidence, file_names)
    return _best(evidence, file_names, possible or tuple(built_in_schemes()))


def _checked(scheme: LabelScheme, evidence: Sequence[LabelEvidence], file_names: Sequence[str]) -> SchemeGuess:
    """A scheme that names state, with what speaks against it."""
    unknown = [e.value for e in evidence if scheme.meaning_of(e.value) == UNKNOWN]
    knowing = tuple(s.name for s in built_in_schemes().values() if s.tells_apart and _knows(s, evidence))
    if unknown and knowing:
        guess = _best(evidence, file_names, knowing)
        why = f"Its names are those of {scheme.title}, which has no {unknown[0]}"
        return replace(guess, doubt=f"{why}; it is read as {guess.scheme.title}", doubtful=True)
    doubt = ""
    if (other := _enhances_instead(scheme, evidence)) is not None:
        doubt = f"On the images it is {other} that enhances, which {scheme.title} calls {scheme.meaning_of(other)}"
    return SchemeGuess(scheme, _sentence(scheme, evidence), doubt, stated=True, doubtful=bool(doubt))


def _knows(scheme: LabelScheme, evidence: Sequence[LabelEvidence]) -> bool:
    return all(scheme.meaning_of(e.value) != UNKNOWN for e in evidence)


def _enhances_instead(scheme: LabelScheme, evidence: Sequence[LabelEvidence]) -> int | None:
    """A label that clearly enhances though the scheme calls it something else, while what it calls ET does not."""
    enhancing = [e.enhancement for e in evidence if scheme.meaning_of(e.value) == "ET"]
    others = [e for e in evidence if scheme.meaning_of(e.value) in (*CORE, "ED") and not np.isnan(e.enhancement)]
    if not enhancing or not others:
        return None
    brightest = max(others, key=lambda e: e.enhancement)
    clearly = brightest.enhancement > 2 * _BRIGHT and brightest.enhancement > max(enhancing) + _BRIGHT
    return brightest.value if clearly else None


def _best(evidence: Sequence[LabelEvidence], file_names: Sequence[str], possible: Sequence[str]) -> SchemeGuess:
    """The scheme among those possible that explains the labels best, and the next one where that is as good."""
    suggestion = _suggestion_of(file_names)
    if _is_one_label(evidence) and WHOLE_TUMOUR in possible and suggestion is None:
        whole = label_schemes()[WHOLE_TUMOUR]
        return SchemeGuess(whole, _sentence(whole, evidence))
    favourite = _COMMONEST if suggestion is None else suggestion.schemes[0]
    blind = all(np.isnan(e.enhancement) and np.isnan(e.flair) for e in evidence)
    bonus = _NAMES_ALONE if blind else _NAMES
    scores = {
        name: sum(_fit(label_schemes()[name].meaning_of(e.value), e, evidence) for e in evidence)
        + scheme_priors().get(name, 0.0)
        + (bonus if name == favourite else 0.0)
        for name in possible
    }
    best = label_schemes()[max(scores, key=lambda name: scores[name])]
    rivals = [name for name in scores if not _reads_alike(best, label_schemes()[name], evidence)]
    rival = max(rivals, key=lambda name: scores[name], default="")
    doubt = ""
    margin = scores[best.name] - scores.get(rival, -np.inf)
    if rival and not blind and margin < _CLOSE:
        doubt = f"It may as well be {label_schemes()[rival].title}"
    doubtful = bool(evidence) and (margin < _SURE or not _knows(best, evidence))
    return SchemeGuess(best, _sentence(best, evidence), doubt, doubtful=bool(doubtful))


def _is_one_label(evidence: Sequence[LabelEvidence]) -> bool:
    """Whether a mask holds a single number, and one that by itself says no tissue: 1, or what no scheme knows."""
    if len(evidence) != 1:
        return False
    value = evidence[0].value
    return value == 1 or not any(value in scheme.labels for scheme in built_in_schemes().values())


def _reads_alike(scheme: LabelScheme, other: LabelScheme, evidence: Sequence[LabelEvidence]) -> bool:
    return all(scheme.meaning_of(e.value) == other.meaning_of(e.value) for e in evidence)


def _stated_by_names(file_names: Sequence[str]) -> tuple[str, ...]:
    """Schemes that the data set states whose names the files have."""
    for name in file_names:
        match = match_of(Path(name))
        if match is not None and match.convention.schemes and not match.convention.loose:
            return match.convention.schemes
    suggestion = _suggestion_of(file_names)
    return suggestion.schemes if suggestion is not None and suggestion.only else ()


def _suggestion_of(file_names: Sequence[str]) -> SchemeSuggestion | None:
    return next((one for one in suggestions() if any(one.fits(Path(name)) for name in file_names)), None)


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
    if meaning == "WT":
        return 0.0
    if meaning in CORE:
        rarer = 0.1 if meaning == "NCR" else 0.0  # the plain word where nothing tells necrosis from the rest
        return rarer + (0.5 if not outermost or len(everyone) == 1 else -0.5)
    return -3.0 if meaning in built_in_meanings() else -0.5  # a label of a person's own says nothing of the images


def _fit_enhancing(label: LabelEvidence, everyone: Sequence[LabelEvidence], *, outermost: bool) -> float:
    if np.isnan(label.enhancement):
        # as for a core, and a little more: of what lies within oedema, most masks name what enhances
        return -0.4 if outermost and len(everyone) > 1 else 0.6
    if label.enhancement < max(e.enhancement for e in everyone):
        return -1.0
    return 1.0 if label.enhancement > _BRIGHT else 0.3 if label.enhancement > _FAINT else -1.0


def _sentence(scheme: LabelScheme, evidence: Sequence[LabelEvidence]) -> str:
    if not evidence:
        return f"Labels are numbered as in {scheme.title}"
    words = ", ".join(f"{e.value} = {scheme.meaning_of(e.value)}" for e in evidence)
    return f"The mask's labels are read as {scheme.title} ({words})"
