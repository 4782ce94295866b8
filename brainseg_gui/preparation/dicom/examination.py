"""Looking through a folder of DICOM files: headers first, pixels later."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.errors import CaseError
from brainseg_gui.preparation.dicom.headers import is_damaged, read_headers
from brainseg_gui.preparation.dicom.slice_header import SliceHeader
from brainseg_gui.preparation.dicom.stacks import Stack, stacks_of, why_excluded
from brainseg_gui.progress import Progress

MOST_FILES = 200_000
_PAUSE_S = 0.1  # between two reports of progress
_NO_IMAGES = ("DICOMDIR", ".", "__MACOSX")


@dataclass(frozen=True, eq=False)
class Examination:
    """What a folder holds.

    Parameters
    ----------
    stacks
        The volumes, by series.
    others
        Files that are no DICOM images, or cannot be read.
    damaged
        Those of them that are empty, cut off or out of reach, as far as one can tell.
    """

    stacks: tuple[Stack, ...]
    others: tuple[Path, ...] = ()
    damaged: tuple[Path, ...] = ()

    @property
    def usable(self) -> tuple[Stack, ...]:
        """Volumes of anatomy by MRI."""
        return tuple(stack for stack in self.stacks if not why_not(stack))


def why_not(stack: Stack) -> str:
    """Why a volume is not used: what it is instead of an image, or what is wrong with it; empty where it is used."""
    excluded = why_excluded(stack.first)
    return f"it is {excluded}" if excluded else stack.problem


def look_through(place: Path) -> Generator[Progress, None, Examination]:
    """What `found_below` finds.

    Raises
    ------
    CaseError
        If there is no DICOM image in it.
    """
    found = yield from found_below(place)
    if not found.stacks:
        raise CaseError("it holds no DICOM image", "Choose the folder that the scanner or the archive gave", place)
    return found


def found_below(place: Path) -> Generator[Progress, None, Examination]:
    """Read the headers of all DICOM files below a folder, or of one file; no link is followed.

    A ``DICOMDIR`` is not needed: what it lists lies beside it, and is found as everything else is.

    Yields
    ------
    Progress
        Some times a second.

    Raises
    ------
    CaseError
        If there are more files than one patient has.
    """
    folder = place.parent if place.name.upper() == "DICOMDIR" else place
    files = [folder] if folder.is_file() else sorted(_files(folder))
    found: list[SliceHeader] = []
    others: list[Path] = []
    damaged: list[Path] = []
    said = time.monotonic()
    for number, path in enumerate(files):
        if time.monotonic() - said >= _PAUSE_S:
            said = time.monotonic()
            yield Progress("looking through files", number / len(files), f"{number:,} of {len(files):,}")
        try:
            headers = read_headers(path)
        except OSError:
            headers = ()
        found += headers
        if not headers:
            others.append(path)
            if not path.name.startswith(".") and is_damaged(path):
                damaged.append(path)
    return Examination(stacks_of(found), tuple(others), tuple(damaged))


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(_NO_IMAGES)]
        for name in names:
            path = Path(parent, name)
            if name.upper().startswith(_NO_IMAGES) or path.is_symlink():
                continue
            count += 1
            if count > MOST_FILES:
                raise CaseError(f"it holds more than {MOST_FILES:,} files", "Choose the folder of one patient", folder)
            yield path
