"""Laying the visits of a patient onto the first one: rigidly, by what lasts of the brain.

Tumour, oedema and cavity, which change between visits, are left out of what is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event
from typing import TypeVar

import numpy as np

from brainseg_gui.errors import BrainsegError, Cancelled, CaseError, printable
from brainseg_gui.followup.visits import Visit, read_volume
from brainseg_gui.free_memory import usable_cores
from brainseg_gui.imaging.cases.background_thread import in_background
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.imaging.labels import LabelMap, Region, meanings
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.registration.register import Lesions, register
from brainseg_gui.progress import Progress

_BY_CHOICE = (Modality.T1CE, Modality.T1, Modality.T2, Modality.FLAIR)
_POLL_S = 0.1
# Nats over chance. Visits of one head have 1 and more, its T1ce and FLAIR 0.6, two people's T1ce 0.35 to 0.4.
_ONE_HEAD = 0.5
Result = TypeVar("Result")


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
    """

    to_first: Affine
    note: str = ""
    failed: bool = False


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
    stop, waiting, found = Event(), SimpleQueue[int](), dict[int, Placement]()
    patient = _Patient(visits, masks, _common_modality(visits), stop)
    for index in range(1, len(visits)):
        waiting.put(index)
    try:
        fixed = yield from _followed([in_background(patient.first_volume, "read visit")], lambda: 0.0)
        place = partial(patient.placed, fixed[0])
        call = partial(_work_off, waiting, found, place)
        workers = [in_background(call, "place visits") for _ in range(min(usable_cores(), len(visits) - 1))]
        try:
            yield from _followed(workers, lambda: len(found) / len(visits))
        finally:
            stop.set()
            wait(workers)  # some seconds at most: they look at `stop` all the time
    finally:
        stop.set()
    return (Placement(np.eye(4)), *(found[index] for index in range(1, len(visits))))


@dataclass(frozen=True, eq=False)
class _Patient:
    """What each thread needs of a patient."""

    visits: Sequence[Visit]
    masks: Mapping[int, LabelMap]
    modality: Modality | None
    stop: Event

    def first_volume(self) -> Volume | BrainsegError:
        """Of the first visit; what is wrong with it where it cannot be read."""
        try:
            return self._volume(self.visits[0])
        except BrainsegError as error:
            return error

    def placed(self, fixed: Volume | BrainsegError, index: int) -> Placement:
        """Where one visit lies."""
        try:
            if isinstance(fixed, BrainsegError):
                raise fixed
            moving = self._volume(self.visits[index])
            lesions = _lesions(self.masks.get(0)), _lesions(self.masks.get(index))
            return _placement(self._run(register(fixed, moving, lesions)), printable(self.visits[0].name))
        except BrainsegError as error:
            note = f"It was not registered and lies where its files place it: {error}"
            return Placement(np.eye(4), note, failed=True)

    def _volume(self, visit: Visit) -> Volume:
        return self._run(read_volume(visit, self.modality or best_modality(visit)))

    def _run(self, work: Generator[Progress, None, Result]) -> Result:
        with closing(work):
            while not self.stop.is_set():
                try:
                    next(work)
                except StopIteration as end:
                    result: Result = end.value
                    return result
        raise Cancelled


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
        return Placement(
            np.eye(4), f"It could not be registered and lies where its files place it: {found.problem}", True
        )
    if found.is_still:
        return Placement(np.eye(4), f"It lies on {first} as its files place it")
    doubt = ""
    if found.information - found.chance < _ONE_HEAD:
        doubt = (
            f". It fits little better than another head would: look at it over {first}, and whether it is this patient"
        )
    moved = f"turned by {found.rotation_deg:.1f}° and moved by {found.shift_mm:.1f} mm"
    return Placement(np.linalg.inv(found.to_series).astype(np.float64), f"It was registered to {first}: {moved}{doubt}")


def _work_off(waiting: SimpleQueue[int], found: dict[int, Placement], place: Callable[[int], Placement]) -> None:
    while True:
        try:
            index = waiting.get_nowait()
        except Empty:
            return
        found[index] = place(index)


def _followed(futures: list[Future[Result]], done: Callable[[], float]) -> Generator[Progress, None, list[Result]]:
    while wait(futures, timeout=_POLL_S).not_done:
        yield Progress("registering", done())
    return [future.result() for future in futures]
