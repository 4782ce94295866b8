"""Reading and writing the list of a cohort beside the window: its drive may be slow, or not answer at all."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from brainseg_gui.annotation.case_list import NAME, CaseEntry, CaseListError, read_entries, write_entries
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.progress import Progress


@dataclass(frozen=True)
class CaseListLocation:
    """Where the list of a cohort is kept.

    Parameters
    ----------
    folder
        Of the cohort.
    private
        The file in the user's own data, for a folder that takes no files.
    apart
        Whether that is the one.
    """

    folder: Path
    private: Path
    apart: bool = False

    @property
    def path(self) -> Path:
        """The file."""
        return self.private if self.apart else self.folder / NAME


@dataclass(frozen=True)
class CaseListContents:
    """What a list holds, and where it is kept now."""

    location: CaseListLocation
    entries: Mapping[str, CaseEntry]


Work = Generator[Progress, None, CaseListContents]


def reading(location: CaseListLocation) -> Future[CaseListContents]:
    """Begin to read a list."""
    return in_background(partial(_read, location), "read list")


def writing(
    location: CaseListLocation, entries: Mapping[str, CaseEntry], known: Mapping[str, CaseEntry]
) -> Future[CaseListContents]:
    """Begin to merge entries into a list; those that are `known` go along when it has to be kept apart."""
    return in_background(partial(_write, location, entries, known), "write list")


def until_done(future: Future[CaseListContents]) -> Work:
    """Wait for either, in steps that can be cancelled."""
    return (yield from waited_for(future, Progress("list of cases", 0.0)))


def _read(location: CaseListLocation) -> CaseListContents:
    entries = read_entries(location.path)
    if entries or location.apart or os.access(location.folder, os.W_OK):
        return CaseListContents(location, entries)
    apart = _apart(location)
    return CaseListContents(apart, read_entries(apart.path))


def _write(
    location: CaseListLocation, entries: Mapping[str, CaseEntry], known: Mapping[str, CaseEntry]
) -> CaseListContents:
    try:
        return CaseListContents(location, write_entries(location.path, entries))
    except CaseListError as error:
        if location.apart or not isinstance(error.__cause__, OSError):
            raise
        apart = _apart(location)
        return CaseListContents(apart, write_entries(apart.path, {**known, **entries}))


def _apart(location: CaseListLocation) -> CaseListLocation:
    location.private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return replace(location, apart=True)
