"""One writer per study: a lock file that tells who holds it, and that a dead process cannot keep.

A lock of this computer whose process is gone is taken over; a lock of another computer can only be broken by a person.
"""

from __future__ import annotations

import errno
import time
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.storage import lock_file
from brainseg_gui.storage.lock_file import Holder, in_the_making, read_holder, remove_stale_lock


class LockedError(BrainsegError):
    """Another window holds the study, or took it over."""


class StudyLock:
    """A lock that is held, until `release`."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self._path, self._holder = path, holder

    def check(self) -> bool:
        """Make sure that the lock is still ours; one that is gone, or has become nonsense, is made again.

        Returns
        -------
        bool
            Whether it was there: else somebody else may have had the study meanwhile.

        Raises
        ------
        LockedError
            If another window took it over.
        OSError
            If that cannot be told now, or the lock not be made.
        """
        try:
            found = lock_file.holder_in(self._path)
        except FileNotFoundError:
            return self._make_again()
        if found is None:
            if in_the_making(self._path):
                raise OSError(errno.EBUSY, "its lock is being written", str(self._path))
            remove_stale_lock(self._path, None)
            return self._make_again()
        if found.token != self._holder.token:
            raise LockedError(
                "another window has taken over this annotation",
                "Save this one under another name, or close it",
                self._path,
            )
        return True

    def _make_again(self) -> bool:
        """The lock anew, unless another window was quicker, which the next check finds; says that it was gone."""
        if not lock_file.create(self._path, self._holder):
            raise OSError(errno.EBUSY, "its lock is being written", str(self._path))
        return False

    def holds(self, holder: Holder) -> bool:
        """Whether `holder` describes this lock."""
        return holder.token == self._holder.token

    def release(self) -> None:
        """Give the study free; harmless when the lock is no longer ours."""
        lock_file.release(self._path, self._holder)


def acquire(path: Path, *, take_over: bool = False) -> StudyLock:
    """Take the lock.

    Parameters
    ----------
    take_over
        Take it from whoever holds it: only after a person said so.

    Raises
    ------
    LockedError
        If another window holds it; says since when and where.
    OSError
        If the folder cannot be written.
    """
    mine = lock_file.new_holder()
    for _ in range(5):
        if lock_file.create(path, mine):
            return StudyLock(path, mine)
        holder = read_holder(path)
        if holder is None and in_the_making(path):
            raise LockedError("another window is opening this annotation", "Try again in a moment", path)
        if holder is not None and holder.alive and not take_over:
            raise _locked(path, holder)
        remove_stale_lock(path, holder)
    raise LockedError("another window is opening this annotation", "Try again in a moment", path)


def holder_of(path: Path) -> Holder | None:
    """Who holds the lock, dead or alive; None when nobody does."""
    return read_holder(path)


def is_held(path: Path, but_by: StudyLock | None = None) -> bool:
    """Whether a living process holds the lock; that of `but_by` does not count."""
    holder = read_holder(path)
    if holder is None:
        return in_the_making(path)
    return holder.alive and not (but_by is not None and but_by.holds(holder))


def remove_stale(path: Path) -> None:
    """Remove a lock whose process is gone."""
    holder = read_holder(path)
    if not (holder.alive if holder is not None else in_the_making(path)):
        remove_stale_lock(path, holder)


def _locked(path: Path, holder: Holder) -> LockedError:
    since = time.strftime("%H:%M", time.localtime(holder.since))
    where = f"process {holder.pid}" if holder.here else f"on the computer {holder.host}"
    return LockedError(
        f"this study is being annotated in another window ({where}, since {since})",
        "It opens read-only here; close the other window to edit",
        path,
    )
