"""What a person can do about a case that cannot be opened as it is, or that lacks something: buttons of notices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from brainseg_gui.errors import BrainsegError, CaseError, GridMismatchError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.formats.known_formats import FROM_DICOM

Ways = tuple[tuple[str, str], ...]
"""Words of a button, and the action that it stands for."""

_ASSIGN = ("Assign files…", "file.assign")
_SERIES = ("Series and steps…", "prepare.show")
PREPARE = ("Prepare it…", "file.prepare_asked")


def ways_out(error: Exception, source: CaseSource | None, assignable: Callable[[], bool]) -> Ways:
    """What can be done about an error of opening.

    Parameters
    ----------
    source
        What was to be opened, where its files are known.
    assignable
        Tells whether there are files whose kind the person could say.
    """
    if isinstance(error, BrainsegError) and source is not None and source.reference == error.path is not None:
        return (*_regrid_actions(error), ("Open without the mask", "file.without_mask"))
    if isinstance(error, BrainsegError) and source is not None and _has_others(source, error.path):
        return (("Open the other images", "file.readable"), _ASSIGN)
    if isinstance(error, CaseError) and error.remedy == FROM_DICOM:
        return (PREPARE,)
    return (_ASSIGN,) if isinstance(error, CaseError) and assignable() else ()


def ways_on(case: Case, *, raw: bool = False, outdated: bool = False) -> Ways:
    """What can be done about a case that is open, but lacks something, is `raw`, or was prepared of what changed."""
    chosen = case.missing or case.source.notes  # something was left aside, or missed
    assign = (_ASSIGN,) if chosen and case.source.unused else ()
    return ((PREPARE,) if raw else ()) + ((_SERIES,) if outdated else ()) + assign


def _has_others(source: CaseSource, path: Path | None) -> bool:
    """Whether a file is one of the images of a case, and there are others."""
    images = set(source.modalities.values())
    return path in images and len(images) > 1


def _regrid_actions(error: BrainsegError) -> Ways:
    """The ways to take a mask that lies on another grid, the one that loses less first."""
    if not isinstance(error, GridMismatchError):
        return ()
    voxels = (("Take it voxel by voxel", "file.voxels"),) if error.same_shape else ()
    nearest = (("Resample the mask", "file.resample"),) if not error.all_lost else ()
    return (*voxels, *nearest)
