"""A folder that takes its place whole or not at all: written beside it, under a name that a sweep knows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.storage.leftovers import aside_name, new_name, recover, tidy


@contextmanager
def whole_folder(
    folder: Path, *, replace: bool = False, mode: int = 0o777, check: Callable[[Path], None] | None = None
) -> Iterator[Path]:
    """The folder in the making, which takes its place at the end; what does not come to its end leaves nothing.

    Parameters
    ----------
    folder
        The place; the folder that it lies in is there.
    replace
        What is in the place is removed once the new one has taken it. Otherwise the place is free, or an empty folder.
    mode
        Of the folder.
    check
        Looks at what is replaced, at the last moment and at another place, where nobody writes into it any more; what
        it raises leaves that as it was.

    Raises
    ------
    OSError
        If the drive refuses it, or something is in the place that may not be replaced; that stays then.
    """
    tidy([folder.parent])
    recover(folder)
    making = folder.parent / new_name()
    making.mkdir(mode)
    try:
        yield making
        _take_place(making, folder, replace=replace, check=check)
    except BrainsegError as error:
        if error.path is not None and error.path.is_relative_to(making):  # a name that means nothing to a person
            error.path = folder / error.path.relative_to(making)
        raise
    finally:  # also of a generator that is closed: the person cancelled
        shutil.rmtree(making, ignore_errors=True)


def _take_place(making: Path, folder: Path, *, replace: bool, check: Callable[[Path], None] | None) -> None:
    """A folder cannot be renamed over a full one: that steps aside for a moment."""
    before = folder.with_name(aside_name(folder.name))
    aside = replace and os.path.lexists(folder)
    if aside:
        folder.rename(before)
    elif os.path.lexists(folder):
        folder.rmdir()
    try:
        if aside and check is not None:
            check(before)
        making.rename(folder)
    except BaseException:
        with suppress(OSError):
            before.rename(folder)
        raise
    if before.is_symlink():
        before.unlink()
    shutil.rmtree(before, ignore_errors=True)
