"""Reading a case: the modalities in threads, progress and what is usable so far as they arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import CaseError, printable
from brainseg_gui.imaging.aside import aside, let_end, waited_for
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.case_files import DECATHLON_CHANNELS
from brainseg_gui.imaging.file_words import kind_of, prefix_of
from brainseg_gui.imaging.formats.mask_note import said_scheme
from brainseg_gui.imaging.formats.nifti import as_volume, read_labels, read_picture, read_volume
from brainseg_gui.imaging.formats.nifti_header import places_apart_mm
from brainseg_gui.imaging.grid import Grid, StoredGrid, describe_shape, describe_spacing
from brainseg_gui.imaging.labels import LabelMap, scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.regrid import labels_on_grid
from brainseg_gui.imaging.scheme_guess import SchemeGuess, guess_scheme, measure
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

_POLL_S = 0.1
_NOTED_MM = 1.0


@dataclass(frozen=True, eq=False)
class _Read:
    """One modality as its file stores it."""

    volume: Volume
    stored_grid: StoredGrid
    header: Nifti1Header


def read_case(
    source: CaseSource, *, resample_reference: bool = False, first: Modality = Modality.T1CE
) -> Generator[Progress, None, Case]:
    """Read every file of a case.

    Parameters
    ----------
    source
        Which file is what.
    resample_reference
        Put a mask that lies on another grid onto the case's by nearest neighbour, instead of refusing it.
    first
        The modality to read first, because it will be shown first.

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
        return (yield from _read_parts(source, running, stop, first, resample_reference))
    finally:
        stop.set()
        let_end(running)


def _read_parts(
    source: CaseSource, running: list[Future[Any]], stop: Event, first: Modality, resample: bool
) -> Generator[Progress, None, Case]:
    waiting = _start_modalities(source, stop, first)
    running.extend(waiting)
    mask: Future[Any] | None = None
    total = len(source.modalities) + (source.reference is not None)
    read: dict[Modality, _Read] = {}
    while waiting:
        finished, _ = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
        if finished and mask is None and source.reference is not None:  # not sooner: the images are shown first
            mask = aside(partial(read_labels, source.reference, stop.is_set), "read mask")
            running.append(mask)
        for future in finished:
            read |= {modality: _Read(*part) for modality, part in future.result().items()}
            waiting.remove(future)
        names = ", ".join(m.title for m in Modality if m in read)
        yield Progress("reading", len(read) / total, names, _partial(source, read) if finished else None)
    case = _assemble(source, read)
    if mask is None or source.reference is None:
        return case
    values = yield from waited_for(mask, Progress("reading", (total - 1) / total, "mask"))
    yield Progress("understanding the mask", (total - 0.5) / total)
    return _with_reference(case, source.reference, values, resample)


_Parts = dict[Modality, tuple[Volume, StoredGrid, "Nifti1Header"]]


def _start_modalities(source: CaseSource, stop: Event, first: Modality) -> list[Future[_Parts]]:
    paths = set(source.modalities.values())
    if len(source.modalities) > 1 and len(paths) == 1:
        return [aside(partial(_read_volumes, paths.pop(), source.volumes or DECATHLON_CHANNELS, stop), "read")]
    order = sorted(source.modalities, key=lambda modality: modality is not first)
    return [aside(partial(_read_modality, m, source.modalities[m], stop), f"read {m.value}") for m in order]


def _read_modality(modality: Modality, path: Path, stop: Event) -> _Parts:
    return {modality: read_volume(path, stop.is_set)}


def _read_volumes(path: Path, order: Sequence[Modality | None], stop: Event) -> _Parts:
    """The modalities of a 4-D file, (I, J, K, volume)."""

    def check_shape(shape: tuple[int, ...]) -> None:
        if len(shape) != 4 or shape[3] != len(order):
            count = f"{len(order)} volumes" if len(order) != len(DECATHLON_CHANNELS) else "four volumes"
            raise CaseError(f"it is not a Decathlon file with {count}", "Give one file per modality", path)

    picture = read_picture(path, stop.is_set, check_shape)
    wanted = [(n, modality) for n, modality in enumerate(order) if modality is not None]
    return {m: (as_volume(picture, picture.stored[..., n]), picture.stored_grid, picture.header) for n, m in wanted}


def _partial(source: CaseSource, read: Mapping[Modality, _Read]) -> Case:
    """What can be shown before everything is read: the modalities that share the first one's grid."""
    base = next(iter(read.values()))
    same = {m: part for m, part in read.items() if base.stored_grid.grid.same_as(part.stored_grid.grid)}
    return _assemble(source, same)


def _assemble(source: CaseSource, read: Mapping[Modality, _Read]) -> Case:
    base = read[_common_grid(read)]
    grid = base.stored_grid.grid
    volumes: dict[Modality, Volume] = {}
    for modality in Modality:
        if modality in read:
            volume = read[modality].volume
            volumes[modality] = replace(volume, grid=grid) if grid.same_as(volume.grid) else volume.on_grid(grid)
    names = [str(path) for path in source.modalities.values()]
    scheme = guess_scheme((), names).scheme
    return Case(source, grid, base.stored_grid, base.header, volumes, None, scheme, _notes(source, read, grid))


def _notes(source: CaseSource, read: Mapping[Modality, _Read], grid: Grid) -> tuple[str, ...]:
    """What was assumed, in sentences."""
    parts = [(modality, read[modality]) for modality in Modality if modality in read]
    notes = [
        f"{modality.title} has its own grid ({describe_shape(part.volume.grid.shape)}, "
        f"{describe_spacing(part.volume.grid)} mm) and is shown on the grid of the others"
        for modality, part in parts
        if not grid.same_as(part.volume.grid)
    ]
    apart_mm = {modality: places_apart_mm(part.header) for modality, part in parts}
    if max(apart_mm.values()) > _NOTED_MM:
        titles = ", ".join(modality.title for modality, mm in apart_mm.items() if mm > _NOTED_MM)
        distance = f"{max(apart_mm.values()):,.0f} mm apart"
        notes.append(f"{titles}: the header names two places in space, up to {distance}; its sform is used")
    if source.missing:
        notes.append(f"Not found: {', '.join(m.title for m in source.missing)}")
    prefixes = {prefix_of(path) for path in source.modalities.values() if kind_of(path) is not None}
    if len(prefixes) > 1:
        start = printable(", ".join(sorted(prefixes)))
        notes.append(f"The files' names begin differently ({start}); check that they are of one patient")
    return tuple(notes)


def _common_grid(read: Mapping[Modality, _Read]) -> Modality:
    """The modality whose grid most others share; T1ce before the rest."""
    votes: Counter[Modality] = Counter()
    order = [m for m in (Modality.T1CE, Modality.T1, Modality.T2, Modality.FLAIR) if m in read]
    for candidate in order:
        grid = read[candidate].stored_grid.grid
        votes[candidate] = sum(grid.same_as(part.stored_grid.grid) for part in read.values())
    return max(order, key=lambda modality: votes[modality])


def _with_reference(case: Case, path: Path, mask: tuple[object, StoredGrid], resample: bool) -> Case:
    values, stored_grid = mask
    values = labels_on_grid(values, stored_grid.grid, case.grid, path, resample=resample)  # type: ignore[arg-type]
    stored = LabelMap(values, case.grid, scheme_named("brats2020"))
    reference, guess = _understood(case, stored, path)
    return replace(
        case,
        reference=reference,
        scheme=reference.scheme,
        notes=(*case.notes, guess.sentence),
        mask_note=guess.sentence,
        mask_doubtful=guess.doubtful,
    )


def understand(case: Case, labels: LabelMap, path: Path) -> tuple[LabelMap, str]:
    """The label map with the scheme that it names itself, else the one that fits best on this case's images; and the
    sentence that says so."""
    understood, guess = _understood(case, labels, path)
    return understood, guess.sentence


def _understood(case: Case, labels: LabelMap, path: Path) -> tuple[LabelMap, SchemeGuess]:
    _ = labels.counts  # here, so that the window need not count
    if (said := said_scheme(labels, path)) is not None:
        scheme, place = said
        guess = SchemeGuess(scheme, f"The mask's labels are read as {scheme.title}, as {place} says")
    else:
        names = [str(p) for p in (*case.source.modalities.values(), path)]
        guess = guess_scheme(measure(labels.values, case.volumes), names)
    return labels.with_scheme(guess.scheme), guess
