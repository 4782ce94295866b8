"""Where a mask may be saved: a free name is proposed, and no image of the case is ever replaced."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.case import Case


def free_name(folder: Path, case_id: str) -> Path:
    """A proposal that no file has yet."""
    path, number = folder / f"{case_id}_annotation.nii.gz", 2
    while path.exists():
        path, number = folder / f"{case_id}_annotation_{number}.nii.gz", number + 1
    return path


def same_file(one: Path, other: Path) -> bool:
    """Whether two names lead to one file, through links too."""
    with suppress(OSError):
        return one.samefile(other)
    return one.absolute() == other.absolute()


def is_reference(case: Case, path: Path) -> bool:
    """Whether a name leads to the reference of the case."""
    return case.source.reference is not None and same_file(path, case.source.reference)


def refuse_image(case: Case, path: Path) -> None:
    """Make sure that a mask is not saved over an image.

    Raises
    ------
    SaveError
        If the name leads to an image of the case.
    """
    if any(same_file(path, image) for image in case.source.modalities.values()):
        raise SaveError("this is an image of the case, not a mask", "Choose another name", path)
