"""Images of a case without the face, for those that leave."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from brainseg_gui.errors import CaseError, listed
from brainseg_gui.exchange.burned_in import refuse_burned_in
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.face import face_before, without_face
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.heads.skull import WORTHLESS, BrainMask, brain_mask
from brainseg_gui.preparation.looking import bare_brain
from brainseg_gui.preparation.steps.defacing import DEFACING
from brainseg_gui.progress import Progress, scaled

_REMEDY = "Take the skull off with another program, or leave the case out"


@dataclass(frozen=True, eq=False)
class Faceless:
    """A case whose images have no face, and what is to be said of it."""

    case: Case
    notes: Sequence[str]


RemoveFaces = Callable[[Case], Generator[Progress, None, Faceless]]


def faceless(case: Case, finder: BrainFinder | None) -> Generator[Progress, None, Faceless]:
    """A case without the face: each image by the brain that is seen in it, for images may lie apart.

    An image whose skull is off stays as it is. One in which the brain is hardly seen is cut by the one that sees it
    best, and that is said.

    Parameters
    ----------
    finder
        None where there is no network that finds brains: then a case with a skull is refused.

    Raises
    ------
    CaseError
        If no brain is found, so that nothing tells where the face is, or names are burned into an image.
    """
    refuse_burned_in(case.source.folder)
    faced = {m: volume for m, volume in case.volumes.items() if bare_brain(volume) is None}
    bare = [m for m in case.volumes if m not in faced]
    if not faced:
        return Faceless(case, _in_words(faced, bare))
    if finder is None:
        what = "the face cannot be removed: this version comes without a network that finds brains"
        raise CaseError(what, _REMEDY, case.source.folder)
    found = yield from scaled(_brains(faced, finder), 0.0, 0.8)
    best = max(found.values(), key=lambda one: one.certainty)
    if best.certainty < WORTHLESS or not best.mask.any():
        raise CaseError("the face cannot be removed, for no brain was found", _REMEDY, case.source.folder)
    unsure = [m for m, one in found.items() if one.certainty < WORTHLESS]
    sure = {m: best if m in unsure else one for m, one in found.items()}
    removing = in_background(partial(_removed, faced, sure), DEFACING)
    removed = yield from waited_for(removing, Progress(DEFACING, 0.8))
    return Faceless(replace(case, volumes={**case.volumes, **removed}), _in_words(faced, bare, unsure, found))


def _brains(
    volumes: Mapping[Modality, Volume], finder: BrainFinder
) -> Generator[Progress, None, Mapping[Modality, BrainMask]]:
    found, share = dict[Modality, BrainMask](), 1.0 / len(volumes)
    for number, (modality, volume) in enumerate(volumes.items()):
        looking = brain_mask(volume.intensities(), volume.grid.affine, finder.predict)
        found[modality] = yield from scaled(looking, number * share, (number + 1) * share)
    return found


def _removed(volumes: Mapping[Modality, Volume], brains: Mapping[Modality, BrainMask]) -> Mapping[Modality, Volume]:
    return {m: without_face(one, face_before(brains[m].mask, one.grid), one.grid) for m, one in volumes.items()}


def _in_words(
    faced: Mapping[Modality, Volume],
    bare: Sequence[Modality],
    unsure: Sequence[Modality] = (),
    found: Mapping[Modality, BrainMask] | None = None,
) -> tuple[str, ...]:
    words = []
    if faced:
        words.append(f"the face was removed from {_titles(list(faced))}")
    if bare:
        words.append(f"there is no face in {_titles(bare)}, whose skull is off: unchanged")
    if unsure:
        words.append(f"look at {_titles(unsure)}: the brain is hardly seen there, the face was told by another image")
    doubts = [(m, doubt) for m, one in (found or {}).items() if m not in unsure for doubt in one.doubts]
    return (*words, *(f"look at {m.title}, its face may be left: {doubt}" for m, doubt in doubts))


def _titles(modalities: Sequence[Modality]) -> str:
    return listed([modality.title for modality in modalities])
