"""What lies behind the paths that a person gave, by names alone: a case, a cohort, loose files, or masks."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from brainseg_gui.annotation.case_list import NAME, CaseListError, CaseState, read_entries
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import Progress
from brainseg_gui.storage.leftovers import tidy


@dataclass(frozen=True)
class RecognisedPaths:
    """What lies behind some paths.

    Parameters
    ----------
    sources
        The cases.
    is_cohort
        Whether they are to be listed, also a single one.
    first
        Place of the one to open: of a list, the first that is still to do.
    one_patient
        Whether they are visits of one patient, as names tell without doubt.
    """

    sources: tuple[CaseSource, ...]
    is_cohort: bool
    first: int = 0
    one_patient: bool = False


def recognise(paths: tuple[Path, ...]) -> Generator[Progress, None, RecognisedPaths]:
    """Tell a case from a cohort and from loose files; the drive may not answer for long."""
    from brainseg_gui.imaging.cases.background_thread import in_background, waited_for

    step = Progress("looking", 0.0, paths[0].name)
    yield step
    found: RecognisedPaths = yield from waited_for(in_background(partial(_recognise, paths), "look"), step)
    if found.is_cohort:
        in_background(partial(tidy, [*paths, *(source.folder for source in found.sources)]), "tidy")
    return found


def may_be_mask(path: Path) -> bool:
    """Whether a dropped file can be a mask: one of a format of masks whose name says no modality.

    The drive is not asked.
    """
    from brainseg_gui.imaging.cases.case_folder import kind_of
    from brainseg_gui.imaging.formats.known_formats import format_of, mask_formats

    return format_of(path) in mask_formats() and kind_of(path) in (None, "mask")


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The images among some paths, and in those of them that are folders; none of a drive that does not answer."""
    from brainseg_gui.imaging.cases.background_thread import answer_soon

    return answer_soon(partial(_files_of, paths), [])


def _files_of(paths: Sequence[Path]) -> list[Path]:
    from brainseg_gui.imaging.formats.known_formats import is_image

    found: list[Path] = []
    for path in paths:
        with suppress(OSError):  # a folder that may not be read has nothing to assign
            found += [p for p in path.iterdir() if is_image(p)] if path.is_dir() else [path] * is_image(path)
    return sorted(found)


def assigned(source: CaseSource | None, paths: Sequence[Path]) -> dict[Path, Modality | str]:
    """What files are taken for now: as in the open case, else as their names say."""
    from brainseg_gui.imaging.cases.case_folder import kind_of

    if source is not None and set(source.modalities.values()) <= set(paths):
        known: dict[Path, Modality | str] = {path: m for m, path in source.modalities.items()}
        return known | ({source.reference: "mask"} if source.reference else {})
    guesses = {path: kind_of(path) for path in paths}
    return {path: kind for path, kind in guesses.items() if kind is not None}


def _recognise(paths: tuple[Path, ...]) -> RecognisedPaths:
    from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort, source_of_files

    if len(paths) == 1 and paths[0].is_dir():
        sources = find_cohort(paths[0])
        is_cohort = len(sources) > 1 or sources[0].folder != paths[0]
        first = _first_to_do(sources, paths[0]) if is_cohort else 0
        return RecognisedPaths(sources, is_cohort, first, _of_one_patient(sources))
    if any(path.is_dir() for path in paths):
        found = [source for path in paths for source in (find_cohort(path) if path.is_dir() else [find_case(path)])]
        return RecognisedPaths(tuple(found), is_cohort=len(found) > 1, one_patient=_of_one_patient(found))
    if len(paths) == 1:
        return RecognisedPaths((find_case(paths[0]),), is_cohort=False)
    return RecognisedPaths((source_of_files(paths),), is_cohort=False)


def _of_one_patient(sources: Sequence[CaseSource]) -> bool:
    """Whether several cases are visits of one patient; numbers at the end of names alone do not tell."""
    if len(sources) < 2:
        return False
    from brainseg_gui.imaging.naming.patients import patients_of

    owners, doubtful = patients_of(sources)
    return len(set(owners.values())) == 1 and not doubtful


def _first_to_do(sources: Sequence[CaseSource], folder: Path) -> int:
    """Place of the first case that the list in the folder does not call done; the first where all are, or none is."""
    try:
        entries = read_entries(folder / NAME)
    except CaseListError:
        return 0  # it is said when the list is read to be shown
    done = [case_id for case_id, entry in entries.items() if entry.state is CaseState.DONE]
    return next((place for place, source in enumerate(sources) if source.case_id not in done), 0)
