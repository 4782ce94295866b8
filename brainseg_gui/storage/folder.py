"""A folder held open: what is made, opened and renamed in it stays in it, whatever its name comes to mean meanwhile."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

# Windows opens no folders; there names are looked at before they are used
_HOLDS = {os.open, os.stat, os.unlink, os.rename, os.link} <= os.supports_dir_fd
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_CAREFUL = _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_MODES = {
    "rb": os.O_RDONLY,
    "r+b": os.O_RDWR,
    "ab": os.O_WRONLY | os.O_APPEND | os.O_CREAT,
    "xb": os.O_WRONLY | os.O_EXCL | os.O_CREAT,
}
_CANNOT_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES, errno.EPERM, errno.EBADF}


class Folder:
    """A folder, by a descriptor where the system has such; see `open_folder`."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    def open(self, name: str, mode: str, permissions: int = 0o666) -> IO[bytes]:
        """A regular file of this folder, by a name that is not followed.

        Parameters
        ----------
        mode
            ``rb``, ``r+b``, ``ab`` (made if need be) or ``xb`` (made, or refused).
        permissions
            Of a file that is made, before the user's mask.

        Raises
        ------
        OSError
            If it cannot be opened, is a link or no regular file, or is about to be written and has another name
            besides: `strerror` says so in words.
        """
        if not _NO_FOLLOW:
            self.refuse_link(name)
        try:
            handle = os.open(self._at(name), _MODES[mode] | _CAREFUL, permissions, dir_fd=self._descriptor)
        except OSError as error:
            raise self._in_words(error, name) from error
        try:
            self._check(os.fstat(handle), name, written=mode != "rb")
            return os.fdopen(handle, mode.replace("x", "w"))
        except BaseException:
            os.close(handle)
            raise

    def refuse_link(self, name: str) -> None:
        """Make sure that a name is free, or a regular file.

        Raises
        ------
        OSError
            As `open`.
        """
        found = self.status(name)
        if found is not None and not stat.S_ISREG(found.st_mode):
            self._check(found, name, written=False)

    def status(self, name: str) -> os.stat_result | None:
        """What a name is, not what it leads to; None where it is free."""
        try:
            return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, over any file that has it."""
        os.replace(self._at(old), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def link(self, old: str, new: str) -> None:
        """Give a file a second name, if it is free."""
        os.link(self._at(old), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Take a file away; harmless where there is none."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self._descriptor)

    def names(self) -> list[str]:
        """The names in the folder."""
        return os.listdir(self.path)

    def flush(self) -> None:
        """Make new names survive a power loss, where the system can."""
        if os.name != "posix":
            return
        try:
            handle = os.open(self._at("."), os.O_RDONLY, dir_fd=self._descriptor)
        except OSError:
            return  # a folder that one may write into, but not list
        try:
            flush(handle)
        finally:
            os.close(handle)

    def _at(self, name: str) -> str:
        return name if self._descriptor is not None else str(self.path / name)

    def _check(self, found: os.stat_result, name: str, *, written: bool) -> None:
        path = str(self.path / name)
        if stat.S_ISLNK(found.st_mode):
            raise OSError(errno.ELOOP, "it is a link, and no link is followed here", path)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", path)
        if written and found.st_nlink > 1:
            raise OSError(errno.EMLINK, "it is the same file as another one, by a hard link", path)

    def _in_words(self, error: OSError, name: str) -> OSError:
        """Say of a link or a pipe what it is: the system's words are about levels of links and missing devices."""
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO):
            with contextlib.suppress(FileNotFoundError):
                self.refuse_link(name)
        return type(error)(error.errno, error.strerror, str(self.path / name))


@contextlib.contextmanager
def open_folder(path: Path, root: Path | None = None) -> Iterator[Folder]:
    """Hold a folder open.

    Parameters
    ----------
    root
        A folder above it that a person chose: no link is followed below. None where `path` itself was chosen.

    Raises
    ------
    OSError
        If it is no folder, or a link leads out of `root` on the way.
    """
    if not _HOLDS:
        _refuse_links(path, root)
        yield Folder(path, None)
        return
    descriptor = os.open(path if root is None else root, _FOLDER)
    try:
        for part in path.relative_to(root).parts if root is not None else ():
            descriptor = _step(descriptor, part, path)
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)


def make_folders(path: Path, root: Path) -> None:
    """Make a folder and those above it, where no link leads out of `root`, which a person chose.

    Raises
    ------
    OSError
        If one cannot be made, or a link is met on the way.
    """
    _refuse_links(path, root)
    path.mkdir(parents=True, exist_ok=True)


def flush(handle: int) -> None:
    """Make a file's content survive a power loss, where the drive can.

    Raises
    ------
    OSError
        If the drive is full or broken.
    """
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise


def _step(descriptor: int, part: str, path: Path) -> int:
    """Into a folder, if it is none by a link; the descriptor of the one above is given up for it."""
    try:
        below = os.open(part, _FOLDER | _NO_FOLLOW, dir_fd=descriptor)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            raise _leads_out(path, part) from error
        raise
    os.close(descriptor)
    return below


def _refuse_links(path: Path, root: Path | None) -> None:
    place = root
    for part in path.relative_to(root).parts if root is not None else ():
        place = (place or path) / part
        if place.is_symlink():
            raise _leads_out(path, part)


def _leads_out(path: Path, part: str) -> OSError:
    return OSError(errno.ELOOP, f"{part} in it is no folder, or a link, and no link is followed here", str(path))
