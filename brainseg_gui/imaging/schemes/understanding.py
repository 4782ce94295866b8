"""What a mask's numbers mean: what it says itself, what its data set states, or what fits the images best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.formats.mask_note import said_scheme
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import MASK, conventions, match_of
from brainseg_gui.imaging.naming.dataset_json import dataset_json_of
from brainseg_gui.imaging.schemes.scheme_guess import guess_scheme, measure
from brainseg_gui.imaging.volume import Volume

# Of what is not air: a mask of the brain covers most of it, also of a head; no tumour does.
_BRAIN_IN_HEAD, _TISSUES_IN_HEAD = 1 / 3, 0.6


def expected_scheme(source: CaseSource) -> LabelScheme:
    """The scheme that a case's names suggest, in which what the network finds is numbered."""
    known = label_schemes()
    stated = [known[name] for name in stated_schemes(source) if name in known and known[name].tells_apart]
    names = [str(path) for path in source.modalities.values()]
    return guess_scheme((), names, [scheme.name for scheme in stated[:1]]).scheme


def stated_schemes(source: CaseSource) -> tuple[str, ...]:
    """Schemes that the case's data set states for its masks; none where it states nothing."""
    if source.scheme:
        return (source.scheme,)
    return next((row.schemes for row in conventions() if row.name == source.convention), ())


def brain_part(labels: LabelMap, volumes: Mapping[Modality, Volume]) -> float:
    """The part of the head that a mask covers, where it is too large to be of a tumour; else 0."""
    volume = next(iter(volumes.values()), None)
    if volume is None or volume.stored.shape != labels.values.shape:
        return 0.0
    limit = _BRAIN_IN_HEAD if len(labels.present()) == 1 else _TISSUES_IN_HEAD
    covered = int(labels.counts.sum())
    enough = math.ceil(covered / limit)
    head = _head_voxels(volume, enough)
    return covered / max(head, 1) if head < enough else 0.0


def _head_voxels(volume: Volume, enough: int) -> int:
    """Voxels that are not the image's background, counted from the middle until there are enough: most masks are small.

    Looking at all of them takes a tenth of what reading a case takes.
    """
    found, middle = 0, volume.stored.shape[2] // 2
    for k in sorted(range(volume.stored.shape[2]), key=lambda k: abs(k - middle)):
        if found >= enough:
            break
        found += int(np.count_nonzero(volume.stored[:, :, k] != volume.background))
    return found


@dataclass(frozen=True, eq=False)
class Understood:
    """A mask with what its numbers mean.

    Parameters
    ----------
    sentence
        How they are read.
    doubt
        Why that may be wrong, in a sentence; empty where nothing speaks against it.
    stated
        Whether the program, names or a data set's own description state it.
    doubtful
        Whether another reading fits nearly as well, or something speaks against this one.
    """

    labels: LabelMap
    sentence: str
    doubt: str = ""
    stated: bool = False
    doubtful: bool = False


def understood(case: Case | None, labels: LabelMap, path: Path) -> Understood:
    """The label map with the scheme that it names itself, or its data set; else the one that fits the images best.

    Without a case only names and numbers tell.
    """
    _ = labels.counts  # here, so that the window need not count
    if (said := said_scheme(labels, path)) is not None:
        scheme, place = said
        sentence = f"The mask's labels are read as {scheme.title}, as {place} says"
        return Understood(labels.with_scheme(scheme), sentence, stated=True)
    if case is None:
        guess = guess_scheme(measure(labels.values, {}), [str(path)], _stated_beside(path))
        sentence = guess.sentence if guess.stated else f"{guess.sentence}; guessed without images"
        return Understood(labels.with_scheme(guess.scheme), sentence, guess.doubt, guess.stated, guess.doubtful)
    names = [str(p) for p in (*case.source.modalities.values(), path)]
    stated = stated_schemes(case.source) if _of_data_set(path, case.source) else ()
    guess = guess_scheme(measure(labels.values, case.volumes), names, stated)
    return Understood(labels.with_scheme(guess.scheme), guess.sentence, guess.doubt, guess.stated, guess.doubtful)


def _stated_beside(path: Path) -> tuple[str, ...]:
    """The scheme that a ``dataset.json`` states for the masks of its folders of labels."""
    match = match_of(path)
    if match is None or not match.whole or match.kind != MASK or not match.convention.order:
        return ()
    scheme = dataset_json_of(match.base).scheme()
    return (scheme.name,) if scheme is not None else ()


def _of_data_set(path: Path, source: CaseSource) -> bool:
    """Whether a mask came with the images: it is the case's, or named as its data set names masks."""
    match = match_of(path)
    named = match is not None and match.kind == MASK and match.convention.name == source.convention
    return named or path == source.reference


def understand(case: Case, labels: LabelMap, path: Path) -> tuple[LabelMap, str]:
    """As `understood`: the label map, and the sentence that says how it is read."""
    read = understood(case, labels, path)
    return read.labels, read.sentence
