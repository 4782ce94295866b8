"""Annotations of a case that were saved before: found by the notes beside them, or by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from brainseg_gui.annotation.saving.mask_paths import ANNOTATION
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import answers, kind_of, prefix_of
from brainseg_gui.imaging.formats.known_formats import is_image, stem
from brainseg_gui.imaging.formats.mask_note import MaskNote, read_note
from brainseg_gui.imaging.modality import Modality

_NUMBERED = re.compile(rf"(?:^|[-_. ]){ANNOTATION}(?:[-_. ]?\d+)?$", re.IGNORECASE)
_MOST = 500  # files of one folder whose notes are read


@dataclass(frozen=True)
class SavedMask:
    """An annotation in a file.

    Parameters
    ----------
    note
        What the note beside it says; None where there is none.
    saved
        When it was saved: as the note says, else when the file was changed.
    """

    path: Path
    note: MaskNote | None
    saved: datetime

    @property
    def annotator(self) -> str:
        """Who saved it; empty where nobody says."""
        return self.note.annotator if self.note is not None else ""


def is_annotation_name(path: Path) -> bool:
    """Whether a mask is named as the program names annotations."""
    return bool(_NUMBERED.search(stem(path)))


def saved_annotations(
    source: CaseSource, folders: Sequence[Path], named: Sequence[Path], study: Callable[[], str]
) -> list[SavedMask]:
    """The annotations of a case, oldest first.

    Parameters
    ----------
    source
        Its files; none of them is an annotation.
    folders
        Where masks of the case are kept; they may be gone.
    named
        Files that are known to be annotations of it.
    study
        Gives the digest of its images; asked only where a note tells of one.
    """
    taken = {*source.modalities.values(), source.reference}
    found: dict[Path, SavedMask] = {}
    for folder in dict.fromkeys(folders):
        for path in _masks_in(folder):
            if path not in taken and (mask := _of_case(path, source, study)) is not None:
                found[path] = mask
    for path in named:
        if path not in taken and path not in found and answers(path.is_file):
            found[path] = _saved_mask(path, read_note(path))
    return sorted(found.values(), key=lambda mask: (mask.saved, _changed(mask.path), mask.path.name))


def _masks_in(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if is_image(path) and not path.name.startswith("."))
    except OSError:
        return
    for path in paths[:_MOST]:
        if not isinstance(kind_of(path), Modality) and answers(path.is_file):
            yield path


def _of_case(path: Path, source: CaseSource, study: Callable[[], str]) -> SavedMask | None:
    """An annotation, if it is one and is of this case: its note knows the images, else the names must tell."""
    note = read_note(path)
    if note is None and not is_annotation_name(path):
        return None
    known = note is not None and bool(note.study)
    if known and note is not None and note.study == study():
        return _saved_mask(path, note)
    if known and path.parent != source.folder:  # elsewhere two cases may have one name
        return None
    return _saved_mask(path, note) if _is_named_after(path, source) else None


def _is_named_after(path: Path, source: CaseSource) -> bool:
    """Whether a mask lies in the case's own folder or carries its name, and not that of another case beside it."""
    own = {source.case_id, *map(prefix_of, source.modalities.values())}
    others = {prefix_of(image) for image in _images_in(path.parent)} - own
    if not others and path.parent == source.folder:
        return True
    starts = [start for start in own | others if re.match(rf"{re.escape(start)}(?:[-_. ]|$)", stem(path))]
    return bool(starts) and max(starts, key=len) in own


def _images_in(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if is_image(path) and isinstance(kind_of(path), Modality))
    except OSError:
        return


def _saved_mask(path: Path, note: MaskNote | None) -> SavedMask:
    if note is not None and note.saved is not None:
        return SavedMask(path, note, note.saved)
    return SavedMask(path, note, datetime.fromtimestamp(_changed(path), UTC))


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
