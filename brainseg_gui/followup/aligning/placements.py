"""Laying the visits of a patient onto the first one: rigidly, by what lasts of the brain.

Tumour, oedema and cavity, which change between visits, are left out of what is compared.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from brainseg_gui.errors import BrainsegError, CaseError, listed, printable
from brainseg_gui.followup.visits import Visit, read_volume
from brainseg_gui.imaging.cases.side_by_side import side_by_side
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.imaging.labels import LabelMap, Region, meanings
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.registration.register import Lesions, register
from brainseg_gui.progress import Progress

_BY_CHOICE = (Modality.T1CE, Modality.T1, Modality.T2, Modality.FLAIR)
# Nats over chance. Visits of one head have 1 and more, its T1ce and FLAIR 0.6, two people's T1ce 0.35 to 0.4.
_ONE_HEAD = 0.5
_REGISTERING = "registering"
_WAY_OUT = "Look at it over the first one, and leave it out or register it with another program"


@dataclass(frozen=True, eq=False)
class Placement:
    """Where a visit lies.

    Parameters
    ----------
    to_first
        4×4: its world (RAS, mm) to that of the first visit.
    note
        How that was found, or why it was not, in a sentence; empty for the first visit.
    failed
        Whether nothing was found, so that its files are believed.
    doubtful
        Whether what was found may be wrong, as the note says.
    """

    to_first: Affine
    note: str = ""
    failed: bool = False
    doubtful: bool = False


def place_visits(
    visits: Sequence[Visit], masks: Mapping[int, LabelMap]
) -> Generator[Progress, None, tuple[Placement, ...]]:
    """Where all visits lie in the space of the first one.

    Parameters
    ----------
    masks
        Index of a visit -> its mask: the tissues of a tumour in it, and its cavities, are left out.

    Yields
    ------
    Progress
        Ten times a second. Closing the generator ends the work.
    """
    patient = _Patient(visits, masks, _common_modality(visits))
    (fixed,) = yield from side_by_side([patient.first_volume()], _REGISTERING)
    works = [patient.placed(fixed, index) for index in range(1, len(visits))]
    found = yield from side_by_side(works, _REGISTERING, partial(_under_way, len(visits)))
    return (Placement(np.eye(4)), *found)


def _under_way(count: int, works: Sequence[int]) -> str:
    """Such as “visits 2 and 3 of 6”: the first visit is what the others are laid on."""
    if not works:
        return ""
    return f"visit{'s' * (len(works) > 1)} {listed([str(number_of(work + 1)) for work in works])} of {count}"


@dataclass(frozen=True, eq=False)
class _Patient:
    """What is known of a patient while the visits are laid onto each other."""

    visits: Sequence[Visit]
    masks: Mapping[int, LabelMap]
    modality: Modality | None

    def first_volume(self) -> Generator[Progress, None, Volume | BrainsegError]:
        """Of the first visit; what is wrong with it where it cannot be read."""
        try:
            return (yield from self._volume(self.visits[0]))
        except BrainsegError as error:
            return error

    def placed(self, fixed: Volume | BrainsegError, index: int) -> Generator[Progress, None, Placement]:
        """Where one visit lies."""
        try:
            if isinstance(fixed, BrainsegError):
                raise fixed
            moving = yield from self._volume(self.visits[index])
            lesions = _lesions(self.masks.get(0)), _lesions(self.masks.get(index))
            found = yield from register(fixed, moving, lesions)
            return _placement(found, printable(self.visits[0].name))
        except BrainsegError as error:
            note = f"It was not registered and lies where its files place it: {error}"
            return Placement(np.eye(4), note, failed=True)

    def _volume(self, visit: Visit) -> Generator[Progress, None, Volume]:
        return (yield from read_volume(visit, self.modality or best_modality(visit)))


def best_modality(visit: Visit) -> Modality:
    """The modality that a visit is laid by where it is looked at alone."""
    there = [modality for modality in _BY_CHOICE if modality in visit.source.modalities]
    if not there:
        raise CaseError("it has no image", "Put its images beside its mask", visit.source.folder)
    return there[0]


def _common_modality(visits: Sequence[Visit]) -> Modality | None:
    """What all visits have, T1ce first; None where there is no such: then each is taken by what it has."""
    return next((one for one in _BY_CHOICE if all(one in visit.source.modalities for visit in visits)), None)


def _lesions(labels: LabelMap | None) -> Lesions | None:
    if labels is None:
        return None
    voxels = labels.mask(Region("", "", frozenset(meanings())))
    return Lesions(voxels, labels.grid) if voxels.any() else None


def _placement(found: Alignment, first: str) -> Placement:
    if found.problem:
        said = f"It could not be registered and lies where its files place it: {found.problem}. {_WAY_OUT}"
        return Placement(np.eye(4), said, True)
    if found.is_still:
        return Placement(np.eye(4), f"It lies on {first} as its files place it")
    doubt = ""
    if found.information - found.chance < _ONE_HEAD:
        doubt = (
            f". It fits little better than another head would: look at it over {first}, and whether it is this patient"
        )
    moved = f"turned by {found.rotation_deg:.1f}° and moved by {found.shift_mm:.1f} mm"
    to_first = np.linalg.inv(found.to_series).astype(np.float64)
    return Placement(to_first, f"It was registered to {first}: {moved}{doubt}", doubtful=bool(doubt))
