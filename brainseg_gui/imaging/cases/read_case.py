"""Reading a case: the modalities in threads, progress and what is usable so far as they arrive."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from brainseg_gui.errors import BrainsegError, CaseError, printable
from brainseg_gui.free_memory import described_bytes, usable_bytes
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.background_thread import in_background, let_end, waited_for
from brainseg_gui.imaging.cases.case_notes import notes_of
from brainseg_gui.imaging.cases.unregistered import not_registered
from brainseg_gui.imaging.file_mark import Stamp, stamp_of
from brainseg_gui.imaging.formats.image_format import ImageHeader, StoredMask
from brainseg_gui.imaging.formats.reading import as_volume, read_mask, read_picture, read_volume
from brainseg_gui.imaging.grid import Grid, describe_shape
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.case_files import ASSUMED_ORDER, DECATHLON_CHANNELS
from brainseg_gui.imaging.regrid import regridded
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.imaging.schemes.outside import outside_doubt
from brainseg_gui.imaging.schemes.understanding import brain_part, expected_scheme, understood
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress

_POLL_S = 0.1


@dataclass(frozen=True, eq=False)
class _Read:
    """One modality as its file stores it."""

    volume: Volume
    header: ImageHeader

    @property
    def grid(self) -> Grid:
        """What its file stores, RAS-ordered."""
        return self.header.stored_grid.grid


_Parts = dict[Modality, tuple[Volume, ImageHeader]]


def read_case(
    source: CaseSource,
    *,
    regrid: RegridPolicy = RegridPolicy.STRICT,
    first: Modality = Modality.T1CE,
    leave_unreadable: bool = False,
) -> Generator[Progress, None, Case]:
    """Read every file of a case.

    Parameters
    ----------
    source
        Which file is what.
    regrid
        What may be done with a mask that lies on another grid, instead of refusing it.
    first
        The modality to read first, because it will be shown first.
    leave_unreadable
        Leave out the images that cannot be read, as long as there is one that can, and say so in the notes.

    Yields
    ------
    Progress
        One per modality; `partial` is the case with the modalities read so far. Closing the generator stops
        the reading threads; one that is stuck in a drive that went away is left behind.

    Raises
    ------
    CaseError, ImageError, GridMismatchError
        If a file cannot be used. Nothing of the case is kept then.
    """
    if not source.modalities:
        raise CaseError("it holds no modality", "Choose a folder with T1, T1ce, T2 or FLAIR files", source.folder)
    stop = Event()
    running: list[Future[Any]] = []
    try:
        return (yield from _read_parts(source, running, stop, first, regrid, leave_unreadable=leave_unreadable))
    finally:
        stop.set()
        let_end(running)


def _read_parts(
    source: CaseSource,
    running: list[Future[Any]],
    stop: Event,
    first: Modality,
    regrid: RegridPolicy,
    *,
    leave_unreadable: bool,
) -> Generator[Progress, None, Case]:
    stamps: dict[Path, Stamp] = {}
    waiting = _start_modalities(source, stop, first, stamps)
    running.extend(waiting)
    mask: Future[Any] | None = None
    total = len(source.modalities) + (source.reference is not None)
    read: dict[Modality, _Read] = {}
    unreadable: list[BrainsegError] = []
    while waiting:
        finished, _ = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
        if finished and mask is None and source.reference is not None:  # not sooner: the images are shown first
            mask = in_background(partial(read_mask, source.reference, stop.is_set), "read mask")
            running.append(mask)
        for future in finished:
            waiting.remove(future)
            if error := _take(future, read):
                if not leave_unreadable:
                    raise error
                unreadable.append(error)
        names = ", ".join(m.title for m in Modality if m in read)
        yield Progress("reading", len(read) / total, names, _partial(source, read) if finished and read else None)
    readable = _without(source, unreadable) if unreadable else source
    moved = yield from _on_common_grid(readable, read, running, stop)
    lost = not_registered(readable)
    case = replace(_assemble(readable, read, moved, source.missing), stamps=stamps, not_registered=lost)
    if mask is None or source.reference is None:
        return case
    stored: StoredMask = yield from waited_for(mask, Progress("reading", (total - 1) / total, "mask"))
    step = Progress("understanding the mask", (total - 0.5) / total)
    understanding = in_background(partial(_with_reference, case, source.reference, stored, regrid), "understand mask")
    return (yield from waited_for(understanding, step))


def _take(future: Future[_Parts], read: dict[Modality, _Read]) -> BrainsegError | None:
    """Add what was read; returns why it could not be."""
    try:
        read |= {modality: _Read(*part) for modality, part in future.result().items()}
    except BrainsegError as error:
        return error
    return None


def _without(source: CaseSource, errors: Sequence[BrainsegError]) -> CaseSource:
    """A case without the images that could not be read, which its notes name.

    Raises
    ------
    BrainsegError
        If none is left.
    """
    paths = [error.path for error in errors if error.path is not None]
    kept = {modality: path for modality, path in source.modalities.items() if path not in paths}
    if not kept:
        if len(errors) == 1:
            raise errors[0]
        raise CaseError(f"none of its images can be read ({_told(errors)})", "Export them again", source.folder)
    notes = (*source.notes, f"Left out: {_told(errors)}")
    return replace(source, modalities=kept, unused=(*source.unused, *paths), notes=notes)


def _told(errors: Sequence[BrainsegError]) -> str:
    return "; ".join(f"{printable(error.path.name) if error.path else ''}: {error.what}" for error in errors)


def _start_modalities(
    source: CaseSource, stop: Event, first: Modality, stamps: dict[Path, Stamp]
) -> list[Future[_Parts]]:
    paths = set(source.modalities.values())
    if len(source.modalities) > 1 and len(paths) == 1:
        order_4d = source.volumes or DECATHLON_CHANNELS
        return [in_background(partial(_read_volumes, paths.pop(), order_4d, stop, stamps), "read")]
    order = sorted(source.modalities, key=lambda modality: modality is not first)
    return [
        in_background(partial(_read_modality, m, source.modalities[m], stop, stamps), f"read {m.value}") for m in order
    ]


def _note_stamp(path: Path, stamps: dict[Path, Stamp]) -> None:
    with contextlib.suppress(OSError):  # reading says more
        stamps[path] = stamp_of(path)


def _read_modality(modality: Modality, path: Path, stop: Event, stamps: dict[Path, Stamp]) -> _Parts:
    _note_stamp(path, stamps)
    return {modality: read_volume(path, stop.is_set)}


def _read_volumes(path: Path, order: Sequence[Modality | None], stop: Event, stamps: dict[Path, Stamp]) -> _Parts:
    """The modalities of a 4-D file, (I, J, K, volume)."""
    _note_stamp(path, stamps)

    def check_shape(shape: tuple[int, ...]) -> None:
        if len(shape) != 4 or shape[3] != len(order):
            count = f"{len(order)} volumes" if len(order) != len(DECATHLON_CHANNELS) else "four volumes"
            raise CaseError(f"it is not a Decathlon file with {count}", "Give one file per modality", path)

    picture = read_picture(path, stop.is_set, check_shape)
    wanted = [(n, modality) for n, modality in enumerate(order) if modality is not None]
    return {m: (as_volume(picture, picture.stored[..., n]), picture.header) for n, m in wanted}


def _partial(source: CaseSource, read: Mapping[Modality, _Read]) -> Case:
    """What can be shown before everything is read: the modalities that share the first one's grid."""
    base = next(iter(read.values()))
    same = {m: part for m, part in read.items() if base.grid.same_as(part.grid)}
    return _assemble(source, same, {}, source.missing)


def _on_common_grid(
    source: CaseSource, read: Mapping[Modality, _Read], running: list[Future[Any]], stop: Event
) -> Generator[Progress, None, dict[Modality, Volume]]:
    """The modalities that have a grid of their own, on that of the others; refused where they would not fit."""
    grid = read[_common_grid(read)].grid
    others = {m: part.volume for m, part in read.items() if not grid.same_as(part.volume.grid)}
    need, usable = 4 * math.prod(grid.shape) * len(others), usable_bytes() if others else 0
    if need > usable:
        size = f"{described_bytes(need)} of memory, and {described_bytes(usable)} can be used"
        sentence = f"its images have different grids: on the finest, {describe_shape(grid.shape)}, they need {size}"
        raise CaseError(sentence, "Close other programs, or resample the images to a coarser grid", source.folder)
    moving = {m: in_background(partial(v.on_grid, grid, stop.is_set), f"resample {m.value}") for m, v in others.items()}
    running.extend(moving.values())
    moved = {}
    for modality, future in moving.items():
        moved[modality] = yield from waited_for(future, Progress("resampling", 1.0, modality.title))
    return moved


def _assemble(
    source: CaseSource,
    read: Mapping[Modality, _Read],
    moved: Mapping[Modality, Volume],
    missing: Sequence[Modality],
) -> Case:
    base = read[_common_grid(read)]
    grid = base.grid
    volumes = {m: moved[m] if m in moved else replace(read[m].volume, grid=grid) for m in Modality if m in read}
    doubts = tuple(note for note in source.notes if note.startswith(ASSUMED_ORDER))
    notes = notes_of(source, {m: (part.volume, part.header) for m, part in read.items()}, grid, missing)
    return Case(source, grid, base.header, volumes, None, expected_scheme(source), notes, doubts=doubts)


def _common_grid(read: Mapping[Modality, _Read]) -> Modality:
    """The modality whose grid most others share; T1ce before the rest."""
    votes: Counter[Modality] = Counter()
    order = [m for m in (Modality.T1CE, Modality.T1, Modality.T2, Modality.FLAIR) if m in read]
    for candidate in order:
        grid = read[candidate].grid
        votes[candidate] = sum(grid.same_as(part.grid) for part in read.values())
    return max(order, key=lambda modality: votes[modality])


def _with_reference(case: Case, path: Path, mask: StoredMask, regrid: RegridPolicy) -> Case:
    on_grid = regridded(mask.values, mask.stored_grid, case.stored_grid, path, regrid, may_be_part=mask.is_part)
    labels = mask.as_labels(on_grid.values, case.grid, scheme_named("brats2020"), on_grid.note)
    notes = (*case.notes, *labels.notes)
    if part := brain_part(labels, case.volumes):
        name = printable(path.name)
        sentence = f"{name} covers {part:.0%} of the head: it is a mask of the brain, not of a tumour, and not taken"
        return replace(case, notes=(*notes, sentence))
    read = understood(case, labels, path)
    found = [doubt for doubt in (read.doubt, outside_doubt(labels, case.volumes)) if doubt]
    reference, doubts = read.labels, (*case.doubts, *found)
    scheme = reference.scheme if reference.scheme.tells_apart else case.scheme
    notes = (*notes, read.sentence, *found)
    return replace(
        case,
        reference=reference,
        scheme=scheme,
        notes=notes,
        mask_note=read.sentence,
        mask_doubtful=read.doubtful,
        doubts=doubts,
        stated=read.stated,
    )
