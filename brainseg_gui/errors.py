"""Errors that a user can cause: each names what happened, where, and the remedy.

Everything that does not derive from `BrainsegError` is a bug and is logged with its traceback.
"""

from __future__ import annotations

from pathlib import Path


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
        return f"{where}{self.what}.{remedy}"


class ImageError(BrainsegError):
    """A file that cannot be read as a volume or a label map."""


class CaseError(BrainsegError):
    """A folder or a set of files that cannot be opened as a case."""


class GridMismatchError(BrainsegError):
    """A label map that lies on another grid than the case."""


class SaveError(BrainsegError):
    """A file that could not be written; the previous file is untouched."""


class ModelError(BrainsegError):
    """A model folder that cannot be used, or does not fit the case."""


class EngineError(BrainsegError):
    """The process that runs the network died or stopped answering."""


class Cancelled(Exception):  # noqa: N818  it reports a wish, not a fault
    """The person cancelled the work; nothing was changed."""
