"""Where a mask of a case goes: beside its images, or into a folder that mirrors the cases."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING

ANNOTATION, PREDICTION = "annotation", "pred"
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
    return next(path for name in mask_names(case_id, kind) if not os.path.exists(path := folder / name))


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
