"""What all layouts share: which mask of a case goes out, ids that a layout allows, images on one grid."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import numpy as np

from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.saving.saved_masks import saved_annotations
from brainseg_gui.errors import BrainsegError, CaseError, SaveError
from brainseg_gui.exchange.faceless import RemoveFaces
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.imaging.formats.reading import read_header, read_label_map
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.schemes.understanding import understand
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.storage.whole_folder import whole_folder
from brainseg_gui.storage.writing import replacing


class MaskChoice(Enum):
    """Which mask of each case goes out."""

    REFERENCE = "reference"
    ANNOTATION = "annotation"


@dataclass(frozen=True, eq=False)
class ReadCase:
    """A case that is read, and the mask of it that goes out, with its file; None where it has none."""

    case: Case
    mask: LabelMap | None
    mask_file: Path | None = None


@dataclass(frozen=True, eq=False)
class ExportOutcome:
    """What became of one case: whether its mask went out, what is to be said of it, or why it is left out."""

    case_id: str
    has_mask: bool = False
    error: BrainsegError | None = None
    notes: Sequence[str] = ()


def beside_images(source: CaseSource) -> Sequence[Path]:
    """Where annotations of a case lie, unless the person keeps masks elsewhere."""
    return (source.folder,)


@dataclass(frozen=True)
class ChosenMasks:
    """Which mask of each case is meant.

    Parameters
    ----------
    homes
        Folders in which annotations of a case may lie.
    """

    choice: MaskChoice = MaskChoice.REFERENCE
    homes: Callable[[CaseSource], Sequence[Path]] = beside_images


REFERENCES = ChosenMasks()


def export_each(
    sources: Sequence[CaseSource],
    masks: ChosenMasks,
    write: Callable[[ReadCase], Sequence[str]],
    remove_faces: RemoveFaces | None = None,
) -> Generator[Progress, None, list[ExportOutcome]]:
    """Read cases one after the other and write each; one that cannot be used is left out.

    Parameters
    ----------
    write
        Writes a case, and gives what is to be said of it.
    remove_faces
        Takes the face out of the images before they are written, where that is wished.

    Yields
    ------
    Progress
        `partial` is the outcome of a case that is done.

    Raises
    ------
    SaveError
        If something could not be written: the others would meet the same.
    """
    together, outcomes = CohortReading(sources), list[ExportOutcome]()
    for index, source in enumerate(sources):
        before, after = index / len(sources), (index + 1) / len(sources)
        try:
            middle = (before + after) / 2 if remove_faces is not None else after
            read, notes = (yield from scaled(_read(source, together, masks), before, middle)), list[str]()
            if remove_faces is not None:
                bare = yield from scaled(remove_faces(read.case), middle, after)
                read, notes = replace(read, case=bare.case), [*bare.notes]
            notes += write(read)
            outcomes.append(ExportOutcome(source.case_id, read.mask is not None, notes=notes))
        except SaveError:
            raise
        except BrainsegError as error:
            outcomes.append(ExportOutcome(source.case_id, error=error))
        yield Progress("exporting", after, source.case_id, outcomes[-1])
    return outcomes


def _read(source: CaseSource, together: CohortReading, masks: ChosenMasks) -> Generator[Progress, None, ReadCase]:
    """Read a case of a list with the mask that was chosen; the newest annotation, where that is asked for.

    Raises
    ------
    BrainsegError
        If a file of it cannot be used.
    """
    case = yield from read_case(source)
    case = yield from together.read(case)
    if masks.choice is MaskChoice.REFERENCE:
        return ReadCase(case, case.reference, source.reference)
    saved = saved_annotations(source, masks.homes(source), (), lambda: study_digest(case))
    if not saved:
        return ReadCase(case, None)
    path = saved[-1].path
    return ReadCase(case, understand(case, read_label_map(path, case.grid, case.scheme), path)[0], path)


def ids_of(sources: Sequence[CaseSource], allowed: str, instead: str) -> dict[Path, str]:
    """An id for each case, by its place, in the characters that a layout allows.

    Parameters
    ----------
    allowed
        Characters of a regular expression's class, such as ``A-Za-z0-9``.
    instead
        What stands for all others.

    Raises
    ------
    CaseError
        If two cases would have one id.
    """
    found = {source.identity: re.sub(f"[^{allowed}]+", instead, source.case_id).strip(instead) for source in sources}
    check_ids(found)
    return found


def check_ids(found: Mapping[Path, str]) -> None:
    """Make sure that each case, by its place, has an id of its own, also where capitals count as small letters.

    Raises
    ------
    CaseError
        If two have one, or one has none.
    """
    counts = Counter(name.casefold() for name in found.values())
    double = next((name for name in found.values() if counts[name.casefold()] > 1 or not name), None)
    if double is not None:
        raise CaseError(
            f"several cases would be called {double!r}" if double else "a case has a name without letters or digits",
            "Rename their folders, or export them into different folders",
            next(place for place, name in found.items() if name == double).parent,
        )


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """The folder of an export in the making, beside its place, which it takes at its end.

    What does not come to its end leaves nothing; what somebody else lays into the place meanwhile stays.

    Raises
    ------
    SaveError
        If there is something in the place, at the beginning or at the end, or nothing can be made there.
    """
    try:
        _check_new(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(folder) as making:
            yield making
    except OSError as error:
        reason = error.strerror or str(error)
        raise SaveError(f"the folder was not written ({reason})", "Choose another one", folder) from error


def _check_new(folder: Path) -> None:
    if folder.is_symlink() or (os.path.lexists(folder) and any(folder.iterdir())):
        raise SaveError("there is something in the folder", "Choose a new or an empty one", folder)


def write_image(volume: Volume, case: Case, path: Path, root: Path) -> None:
    """Write an image on the grid of its case: the very file where it lies so, else its intensities as float32.

    Raises
    ------
    SaveError
        If it could not be written.
    """
    from brainseg_gui.imaging.formats.nifti import write_float_image

    stored = case.header.stored_grid
    path.parent.mkdir(exist_ok=True)
    try:
        with replacing(path, chosen=False, root=root, only_new=True, suffix=MASK_ENDING) as temporary:
            if _is_as_written(volume, stored):
                with volume.path.open("rb") as source, temporary.open("r+b") as stream:
                    shutil.copyfileobj(source, stream)
            else:
                write_float_image(temporary, stored.from_ras(volume.intensities()), stored.affine)
    except OSError as error:
        raise SaveError(f"the image was not written ({error.strerror or error})", "Check the disk", path) from error


def _is_as_written(volume: Volume, stored: StoredGrid) -> bool:
    """Whether the file of a volume holds it alone, compressed, on that very grid, and only numbers."""
    if not volume.path.name.lower().endswith(MASK_ENDING) or volume.note:
        return False
    header = read_header(volume.path)
    same_place = np.allclose(header.stored_grid.affine, stored.affine, rtol=0, atol=1e-4)
    return header.shape == stored.shape and same_place
