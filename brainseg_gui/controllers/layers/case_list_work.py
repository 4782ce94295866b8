"""Reading and writing the list of a cohort beside the window: its drive may be slow, or not answer at all."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from brainseg_gui.annotation.case_list import NAME, CaseEntry, CaseListError, read_entries, write_entries
from brainseg_gui.imaging.aside import aside, waited_for
from brainseg_gui.progress import Progress


@dataclass(frozen=True)
class ListPlace:
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
class Listed:
    """What a list holds, and where it is kept now."""

    place: ListPlace
    entries: Mapping[str, CaseEntry]


Work = Generator[Progress, None, Listed]


def reading(place: ListPlace) -> Future[Listed]:
    """Begin to read a list."""
    return aside(partial(_read, place), "read list")


def writing(place: ListPlace, entries: Mapping[str, CaseEntry], known: Mapping[str, CaseEntry]) -> Future[Listed]:
    """Begin to merge entries into a list; those that are `known` go along when it has to be kept apart."""
    return aside(partial(_write, place, entries, known), "write list")


def until_done(future: Future[Listed]) -> Work:
    """Wait for either, in steps that can be cancelled."""
    return (yield from waited_for(future, Progress("list of cases", 0.0)))


def _read(place: ListPlace) -> Listed:
    entries = read_entries(place.path)
    if entries or place.apart or os.access(place.folder, os.W_OK):
        return Listed(place, entries)
    apart = _apart(place)
    return Listed(apart, read_entries(apart.path))


def _write(place: ListPlace, entries: Mapping[str, CaseEntry], known: Mapping[str, CaseEntry]) -> Listed:
    try:
        return Listed(place, write_entries(place.path, entries))
    except CaseListError as error:
        if place.apart or not isinstance(error.__cause__, OSError):
            raise
        apart = _apart(place)
        return Listed(apart, write_entries(apart.path, {**known, **entries}))


def _apart(place: ListPlace) -> ListPlace:
    place.private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return replace(place, apart=True)
