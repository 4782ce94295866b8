"""Saving a mask: where it goes, whether that is in doubt, and writing it, verified, with the note beside it.

What only a person can decide is raised as a `MaskDoubt`; asked again with that doubt settled, it goes on.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.provenance import write_provenance
from brainseg_gui.annotation.saving.mask_paths import OutputTree, free_path, home_of
from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.file_mark import Stamp, mark_of, stamp_of
from brainseg_gui.imaging.formats.mask_note import MaskFile, note_path, read_note
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.links import behind_links
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.storage.folder import make_folders
from brainseg_gui.storage.writing import remove_derived

if TYPE_CHECKING:
    from brainseg_gui.imaging.cases.sureness_note import VolumeLimits

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, eq=False)
class SavedMaskFile:
    """A mask that was saved.

    Parameters
    ----------
    file
        Its file, as it was left.
    study
        Digest of the images.
    problem
        Why the note beside it is missing, if it is.
    """

    file: MaskFile
    study: str
    problem: SaveError | None


class Doubt(Enum):
    """What a person has to settle before a mask is written."""

    CHANGED = "changed"
    REFERENCE = "reference"
    OTHER_CASE = "other case"
    IMAGES = "images"


class MaskDoubt(SaveError):  # noqa: N818  nothing went wrong yet
    """A mask may not be meant to go where it would go."""

    def __init__(self, doubt: Doubt, path: Path, name: str = "") -> None:
        super().__init__(f"the place of the mask is in doubt ({doubt.value})", "Choose another place", path)
        self.doubt, self.name = doubt, name


class ReadOnlyHomeError(SaveError):
    """The folder that a mask belongs into takes no files."""


@dataclass(frozen=True, eq=False)
class SaveRequest:
    """A mask to save.

    Parameters
    ----------
    case
        Its case, in whose stored order and grid it is written.
    labels
        Its voxels; nobody changes them meanwhile.
    kind
        What its name says that it is: ``annotation``, ``pred``, or the name of a layer.
    file
        Where it lies already, and how it was left there; None where it was never saved.
    chosen
        Where the person wants it; None where it goes to follows from the case.
    tree
        The folder that mirrors the cases, where the person chose one.
    left
        Folders that masks of the case went into before: one that lies there goes to where they go now, and the file
        there stays as it is.
    known
        Other cases that the person works with.
    study
        Digest of the images; empty where it is not known yet.
    settled
        Doubts that the person settled.
    """

    case: Case
    labels: LabelMap
    kind: str
    file: MaskFile | None = None
    chosen: Path | None = None
    tree: OutputTree | None = None
    left: Sequence[Path] = ()
    known: Sequence[CaseSource] = ()
    study: str = ""
    settled: frozenset[Doubt] = frozenset()

    def settling(self, doubt: Doubt) -> SaveRequest:
        """The same, with a doubt settled."""
        return replace(self, settled=self.settled | {doubt})


def save_mask(
    request: SaveRequest,
    note: Callable[[str], Mapping[str, Any]] | None = None,
    made_by: str = "",
    sure_ml: VolumeLimits = MappingProxyType({}),
) -> Generator[Progress, None, SavedMaskFile]:
    """Write a mask where it belongs, verified, and the note on how it was made.

    Parameters
    ----------
    note
        Gives the note, from the digest of the images; None for a mask that has none.
    made_by
        The network that made the mask.
    sure_ml
        How sure it was, for the file beside a mask that has no note.

    Raises
    ------
    MaskDoubt
        If a person has to settle something first.
    ReadOnlyHomeError, SaveError
        If the mask could not be written and verified. A file that was there is untouched.
    """
    yield Progress("saving", 0.0, request.case.case_id)
    study = request.study or study_digest(request.case)
    path = _written(request, study, made_by)
    mark, problem = mark_of(path), None
    yield Progress("noting how it was made", 0.9, path.name)
    if note is None:
        with contextlib.suppress(OSError):
            remove_derived(note_path(path))  # it told of the mask that was there before
            if sure_ml:
                from brainseg_gui.imaging.cases.sureness_note import write_sureness

                write_sureness(path, request.labels.values, made_by, sure_ml)
    else:
        try:
            write_provenance(path, note(study))
        except SaveError as error:
            problem = error
    return SavedMaskFile(MaskFile(path, mark, read_note(path)), study, problem)


def _written(request: SaveRequest, study: str, made_by: str) -> Path:
    """Write the mask to the first place that is right and free; returns its path."""
    known = request.file.path if request.file is not None and request.file.path.parent not in request.left else None
    if request.chosen is not None:
        known = behind_links(request.chosen)  # the link was chosen, and stays: from now on the mask is behind it
    if known is not None:
        _check(request, known, study)
        _write_labels(request, known, made_by, new=False)
        return known
    source = request.case.source
    folder = home_of(source, request.tree)
    while True:
        path = free_path(folder, source.case_id, request.kind)
        _check(request, path, study)
        try:
            _write_labels(request, path, made_by, new=True)
        except SaveError:
            if not os.path.exists(path):  # else someone took the name that was free a moment ago
                raise
        else:
            return path


def _check(request: SaveRequest, path: Path, study: str) -> None:
    """Make sure that a mask may go to a place: never over an image, else where a person settled what is in doubt."""
    from brainseg_gui.annotation.saving.other_case import other_case_at  # how files are named is not there at the start

    source = request.case.source
    if any(_same_file(path, image) for image in source.modalities.values()):
        raise SaveError("this is an image of the case, not a mask", "Choose another name", path)
    if path.parent.is_relative_to(source.folder) and images_were_exchanged(request.case, study):
        _ask(request, Doubt.IMAGES, path, source.case_id)
    own = request.file if request.file is not None and path == request.file.path else None
    if own is not None and _was_changed(own):
        _ask(request, Doubt.CHANGED, path)
    if source.reference is not None and _same_file(path, source.reference):
        _ask(request, Doubt.REFERENCE, path)
    elif own is not None and own.note is not None and own.note.study == study:
        return  # it tells of these images: it was put there for them
    elif other := other_case_at(path, source, request.known, study):
        _ask(request, Doubt.OTHER_CASE, path, other)


def images_were_exchanged(case: Case, study: str) -> bool:
    """Whether other images lie now where those of a case were read; files that were only touched are the same.

    They may be another patient's: a drive that was exchanged, a folder that was exported anew.
    """
    if not any(_was_written(path, stamp) for path, stamp in case.stamps.items()):
        return False
    from brainseg_gui.imaging.cases.read_case import read_case  # nibabel is not there at the start

    try:
        return study_digest(run_to_end(read_case(replace(case.source, reference=None)))) != study
    except BrainsegError:
        return True


def _was_written(path: Path, stamp: Stamp) -> bool:
    try:
        return stamp_of(path) != stamp
    except OSError:
        return False  # it is gone, or out of reach: nothing else lies there


def _ask(request: SaveRequest, doubt: Doubt, path: Path, name: str = "") -> None:
    if doubt not in request.settled:
        raise MaskDoubt(doubt, path, name)


def _was_changed(file: MaskFile) -> bool:
    """Whether a file is no longer as it was left; one that is gone can lose nothing."""
    try:
        return not file.mark.fits(file.path) if file.mark is not None else file.path.exists()
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _write_labels(request: SaveRequest, path: Path, made_by: str, *, new: bool) -> None:
    from brainseg_gui.imaging.formats.save import write_labels

    case = request.case
    try:
        chosen = request.chosen is not None
        root = _root_of(path, request.tree) if not chosen else None
        if new and root is not None:
            make_folders(path.parent, root)
        write_labels(path, request.labels, case.header, overwrite=not new, chosen=chosen, root=root, made_by=made_by)
    except OSError as error:
        raise _no_room(path, error) from error
    except SaveError as error:
        cause = error.__cause__
        if request.chosen is None and isinstance(cause, OSError) and cause.errno in _READ_ONLY:
            raise _no_room(path, cause) from cause
        raise


def _root_of(path: Path, tree: OutputTree | None) -> Path | None:
    """The folder that the person chose, below which no link is followed; None for a mask beside its images."""
    return tree.folder if tree is not None and path.is_relative_to(tree.folder) else None


def _no_room(path: Path, error: OSError) -> ReadOnlyHomeError:
    return ReadOnlyHomeError(
        f"the folder takes no files ({error.strerror or error}), so the mask is not saved yet",
        "Choose a folder for masks: they will lie in it as the cases lie in theirs",
        path.parent,
    )


def _same_file(one: Path, other: Path) -> bool:
    """Whether two names lead to one file, through links too."""
    with contextlib.suppress(OSError):
        return one.samefile(other)
    return one.absolute() == other.absolute()
