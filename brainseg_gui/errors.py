"""Errors that a user can cause: each names what happened, where, and the remedy.

Everything that does not derive from `BrainsegError` is a bug and is logged with its traceback.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

_Named = TypeVar("_Named")

_JOINERS = "\u200c\u200d"  # Persian and Indian names, and many an emoji, need them


def printable(text: str) -> str:
    """A text from elsewhere, such as a file's name, as it can be shown on one line.

    Letters that break a line, steer a terminal, turn the direction of writing or are no text at all are replaced by
    signs for them. What comes of it can be shown and be written as UTF-8, but no longer names the file.

    >>> printable("a\\nb\\u202egpj.exe")
    'a(U+000A)b(U+202E)gpj.exe'
    """
    return text if text.isprintable() else "".join(map(_sign, text))


def _sign(letter: str) -> str:
    code, category = ord(letter), unicodedata.category(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name that is no UTF-8
        return f"(0x{code - 0xDC00:02X})"
    return f"(U+{code:04X})" if category in ("Cc", "Cf", "Cs", "Zl", "Zp") and letter not in _JOINERS else letter


def with_minus(number: str) -> str:
    """A number in words with a minus that is as wide as a plus.

    >>> with_minus("-1.5")
    '−1.5'
    """
    return number.replace("-", "−")


def listed(names: Sequence[str]) -> str:
    """Names for a sentence.

    >>> listed(["T1", "T1ce", "T2"])
    'T1, T1ce and T2'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def named(known: Mapping[str, _Named], name: str, missing: str) -> _Named:
    """What a person names, among what is known.

    Raises
    ------
    BrainsegError
        That it is `missing`, such as "there is no rule set", and what there is.
    """
    if name not in known:
        raise BrainsegError(f"{missing} named {name}", f"Choose one of {', '.join(known)}")
    return known[name]


class BrainsegError(Exception):
    """What happened, in one sentence, and what to do about it in another.

    Parameters
    ----------
    what
        What happened, without a full stop.
    remedy
        What the person can do, without a full stop.
    path
        The file or folder at fault.
    """

    def __init__(self, what: str, remedy: str = "", path: Path | None = None) -> None:
        super().__init__(what, remedy, path)
        self.what = what
        self.remedy = remedy
        self.path = path

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path is not None else ""
        remedy = f" {self.remedy}." if self.remedy else ""
        return printable(f"{where}{self.what}.{remedy}")


class ImageError(BrainsegError):
    """A file that cannot be read as a volume or a label map."""


class CaseError(BrainsegError):
    """A folder or a set of files that cannot be opened as a case."""


class GridMismatchError(BrainsegError):
    """A label map that lies on another grid than the case.

    Parameters
    ----------
    same_shape
        Whether it has as many voxels along each axis as stored, so that it could be taken voxel by voxel.
    all_lost
        Whether nothing of it would be left after resampling.
    """

    def __init__(
        self, what: str, remedy: str = "", path: Path | None = None, *, same_shape: bool = False, all_lost: bool = False
    ) -> None:
        super().__init__(what, remedy, path)
        self.same_shape, self.all_lost = same_shape, all_lost


class SaveError(BrainsegError):
    """A file that could not be written; the previous file is untouched."""


class ModelError(BrainsegError):
    """A model folder that cannot be used, or does not fit the case."""


class EngineError(BrainsegError):
    """The process that runs the network died or stopped answering."""


class ShortMemoryError(BrainsegError):
    """Work that can wait was not begun, because the memory is short."""


class Cancelled(Exception):  # noqa: N818  it reports a wish, not a fault
    """The person cancelled the work; nothing was changed."""
