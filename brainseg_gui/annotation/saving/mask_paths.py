"""Where a mask of a case goes: beside its images, or into a folder that mirrors the cases; never among another's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import kind_of, prefix_of
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING, is_image, stem
from brainseg_gui.imaging.formats.mask_note import read_note
from brainseg_gui.imaging.modality import Modality

ANNOTATION, PREDICTION = "annotation", "pred"
_FARTHEST = 3  # folders above a target that are looked at
_SEPARATORS = "-_. "
_NO_NAME = re.compile(r'[\0-\x1f/\\:*?"<>|]')


@dataclass(frozen=True)
class OutputTree:
    """A folder for all masks, in which the cases lie as they do below `root`."""

    folder: Path
    root: Path

    def home_of(self, source: CaseSource) -> Path:
        """The folder of a case in it; a case from elsewhere gets one of the case folder's name."""
        if source.folder.is_relative_to(self.root):
            return self.folder / source.folder.relative_to(self.root)
        return self.folder / source.folder.name


def home_of(source: CaseSource, tree: OutputTree | None) -> Path:
    """The folder that the masks of a case go into."""
    return tree.home_of(source) if tree is not None else source.folder


def homes_of(source: CaseSource, tree: OutputTree | None, earlier: Sequence[OutputTree] = ()) -> tuple[Path, ...]:
    """The folders in which masks of a case may lie: beside its images, where they went before, and go now, the last."""
    before = (source.folder, *(other.home_of(source) for other in earlier))
    now = home_of(source, tree)
    return (*dict.fromkeys(home for home in before if home != now), now)


def mask_names(case_id: str, kind: str) -> Iterator[str]:
    """Names for a mask of a case, the best first: ``P1_annotation.nii.gz``, ``P1_annotation_2.nii.gz``, …"""
    stem = _NO_NAME.sub("_", f"{case_id}_{kind}")
    yield f"{stem}{MASK_ENDING}"
    number = 2
    while True:
        yield f"{stem}_{number}{MASK_ENDING}"
        number += 1


def free_path(folder: Path, case_id: str, kind: str) -> Path:
    """The first of a mask's names that no file has."""
    return next(path for name in mask_names(case_id, kind) if not (path := folder / name).exists())


def root_of(cohort: Sequence[CaseSource], source: CaseSource) -> Path:
    """The folder that the cases lie below: that of the whole list, else the one around the case's."""
    folders = {other.folder for other in cohort} or {source.folder}
    if len(folders) == 1:
        folder = folders.pop()
        return folder if len(cohort) > 1 else folder.parent
    shared = next(iter(folders))
    while not all(folder.is_relative_to(shared) for folder in folders):
        shared = shared.parent
    return shared


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
