"""Whose files lie where a mask is to go: it never comes among those of another case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import kind_of, prefix_of
from brainseg_gui.imaging.formats.known_formats import is_image, stem
from brainseg_gui.imaging.formats.mask_note import read_note
from brainseg_gui.imaging.modality import Modality

_FARTHEST = 3  # folders above a target that are looked at
_SEPARATORS = "-_. "


def other_case_at(path: Path, source: CaseSource, known: Sequence[CaseSource], study: str = "") -> str:
    """The name of another case among whose files a mask would lie; empty where none is seen.

    Parameters
    ----------
    path
        Where the mask is to go.
    source
        Its own case.
    known
        Other cases that the person works with.
    study
        Digest of the case's images: masks in that folder may tell that they are of others.
    """
    for other in known:
        if other.identity != source.identity and _is_among(path, other, source):
            return other.case_id
    for folder in _folders_above(path, source):
        if (name := _case_in(folder, source)) or (name := _case_noted_in(folder, study)):
            return name
    return ""


def _is_among(path: Path, other: CaseSource, source: CaseSource) -> bool:
    """Whether a mask would lie in the folder of another case, or carry its name in a folder that both share."""
    if other.folder == source.folder:
        return path.parent == other.folder and _begins_with(path.name, other.case_id, source.case_id)
    return path.is_relative_to(other.folder) and not source.folder.is_relative_to(other.folder)


def _begins_with(name: str, other: str, own: str) -> bool:
    """Whether a file is named after another case: "P1_late_x" is of "P1_late", also where there is a "P1"."""
    fits = [case_id for case_id in (other, own) if re.match(rf"{re.escape(case_id)}(?:[{_SEPARATORS}]|$)", name)]
    return bool(fits) and max(fits, key=len) == other


def _folders_above(path: Path, source: CaseSource) -> Iterator[Path]:
    """The folders around a target, up to those that hold the case itself."""
    for folder in (*path.parents,)[:_FARTHEST]:
        if source.folder.is_relative_to(folder):
            return
        yield folder


def _case_in(folder: Path, source: CaseSource) -> str:
    """The case whose images lie in a folder, if they are not those of `source`; by their names alone."""
    with suppress(OSError):
        files = [path for path in folder.iterdir() if is_image(path) and path not in source.modalities.values()]
        images = [path for path in files if isinstance(kind_of(path), Modality)]
        if images:
            starts = {prefix_of(path) for path in images}
            return folder.name if len(starts) == 1 else min(starts)
        if files and folder.name.startswith("images"):
            return stem(files[0])
    return ""


def _case_noted_in(folder: Path, study: str) -> str:
    """The folder's name, where all masks in it that tell of their images are of others."""
    with suppress(OSError):
        masks = filter(is_image, folder.iterdir())
        notes = [note for path in masks if (note := read_note(path)) is not None and note.study]
        if study and notes and all(note.study != study for note in notes):
            return folder.name
    return ""
