"""A folder that takes its place whole or not at all: written beside it, under a name that a sweep knows."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.storage.leftovers import new_name, tidy

_MOST_OF_A_NAME = 60  # characters: a drive takes 255 bytes


@contextmanager
def whole_folder(folder: Path, *, replace: bool = False, mode: int = 0o777) -> Iterator[Path]:
    """The folder in the making, which takes its place at the end; what does not come to its end leaves nothing.

    Parameters
    ----------
    folder
        The place; the folder that it lies in is there.
    replace
        What is in the place is removed once the new one has taken it. Otherwise the place is free, or an empty folder.
    mode
        Of the folder.

    Raises
    ------
    OSError
        If the drive refuses it, or something is in the place that may not be replaced; that stays then.
    """
    tidy([folder.parent])
    making = folder.parent / new_name()
    making.mkdir(mode)
    try:
        yield making
        _take_place(making, folder, replace=replace)
    except BrainsegError as error:
        if error.path is not None and error.path.is_relative_to(making):  # a name that means nothing to a person
            error.path = folder / error.path.relative_to(making)
        raise
    finally:  # also of a generator that is closed: the person cancelled
        shutil.rmtree(making, ignore_errors=True)


def _take_place(making: Path, folder: Path, *, replace: bool) -> None:
    """A folder cannot be renamed over a full one: that steps aside for a moment, under a name that no sweep knows."""
    before = folder.with_name(f".{folder.name[:_MOST_OF_A_NAME]}-replaced-{secrets.token_hex(4)}")
    if os.path.lexists(folder):
        if replace:
            folder.rename(before)
        else:
            folder.rmdir()
    try:
        making.rename(folder)
    except BaseException:
        with suppress(OSError):
            before.rename(folder)
        raise
    if before.is_symlink():
        before.unlink()
    shutil.rmtree(before, ignore_errors=True)
