"""How a file was left, to tell whether someone else changed it since."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileMark:
    """A file at one time.

    Parameters
    ----------
    size, modified_ns
        In bytes; in nanoseconds since 1970.
    sha256
        Of its bytes.
    """

    size: int
    modified_ns: int
    sha256: str

    def fits(self, path: Path) -> bool:
        """Whether the file is still as it was; one that was only touched, or copied to the same place, is.

        Raises
        ------
        OSError
            If it cannot be read; `FileNotFoundError` where it is gone.
        """
        found = path.stat()
        if found.st_size != self.size or not stat.S_ISREG(found.st_mode):  # a device or a pipe has no end
            return False
        return found.st_mtime_ns == self.modified_ns or _digest(path) == self.sha256


Stamp = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds: as long as it stays, nobody wrote the file."""


def stamp_of(path: Path) -> Stamp:
    """A file as it is now, without reading it.

    Raises
    ------
    OSError
        If it is not there.
    """
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def as_they_were(stamps: Mapping[Path, Stamp]) -> bool:
    """Whether nobody wrote any of some files, nor took it away."""
    try:
        return all(stamp_of(path) == stamp for path, stamp in stamps.items())
    except OSError:
        return False


def mark_of(path: Path) -> FileMark:
    """The file as it is now.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    found = path.stat()
    return FileMark(found.st_size, found.st_mtime_ns, _digest(path))


def _digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
