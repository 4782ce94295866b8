"""What lies below a folder, by names alone: its images, dead links, and a bound on how much is looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.formats.known_formats import names_image

_DEEPEST = 12
_BEHIND_LINKS = (
    2  # folders below a link: a cohort of links to cases is common, a link to the whole drive is an accident
)
_MOST_FOLDERS = 50_000


@dataclass(frozen=True)
class FolderListing:
    """A folder and its images.

    Parameters
    ----------
    dangling
        Links that are named as images and lead to nothing.
    """

    folder: Path
    files: tuple[Path, ...]
    dangling: tuple[Path, ...] = ()


def listed(folder: Path) -> FolderListing:
    """The files of one folder.

    Raises
    ------
    CaseError
        If it cannot be read.
    """
    return _scanned(folder)[0]


def tree(root: Path) -> Iterator[FolderListing]:
    """A folder and all below it, in the order of their names; a folder that cannot be read hides no other.

    Raises
    ------
    CaseError
        If the first one cannot be read, or there are more than can be looked at.
    """
    seen: set[tuple[int, int]] = set()
    waiting = [(root, _DEEPEST)]
    looked_at = 0
    while waiting:
        folder, deeper = waiting.pop()
        if not _is_new(folder, seen):
            continue
        looked_at += 1
        if looked_at > _MOST_FOLDERS:
            raise CaseError(f"it holds more than {_MOST_FOLDERS:,} folders", "Open a folder further down", root)
        try:
            here, folders = _scanned(folder)
        except CaseError:
            if folder == root:
                raise
            continue
        yield here
        if deeper:
            below = [(path, min(deeper - 1, _BEHIND_LINKS) if link else deeper - 1) for path, link in folders]
            waiting.extend(sorted(below, reverse=True))


def _is_new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a folder was not seen before: links may lead in a circle."""
    try:
        status = folder.stat()
    except OSError:
        return not seen  # the first one says what is wrong with it
    key = (status.st_dev, status.st_ino)
    new = key not in seen
    seen.add(key)
    return new


def _scanned(folder: Path) -> tuple[FolderListing, list[tuple[Path, bool]]]:
    """A folder's files, and its folders with whether each is a link."""
    files: list[str] = []
    dangling: list[str] = []
    folders: list[tuple[Path, bool]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):  # also "._NAME" of macOS archives
                    continue
                if answers(entry.is_dir):
                    folders.append((Path(entry.path), entry.is_symlink()))
                elif names_image(entry.name):
                    (files if answers(entry.is_file) else dangling).append(entry.name)
    except OSError as error:
        raise CaseError(f"the folder cannot be read ({error.strerror})", "Check its permissions", folder) from error
    # names, not paths, are put in order: a path compares its parts, and a folder may hold tens of thousands
    broken = [path for path in _within(folder, dangling) if path.is_symlink() and not answers(path.exists)]
    return FolderListing(folder, _within(folder, files), tuple(broken)), folders


def _within(folder: Path, names: list[str]) -> tuple[Path, ...]:
    return tuple(folder / name for name in sorted(names))


def answers(kind: Callable[[], bool]) -> bool:
    """Whether something is a file (`is_file`) or a folder; a link in a circle, or where nobody may look, is neither."""
    try:
        return kind()
    except OSError:
        return False
