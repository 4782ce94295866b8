"""Names that are burned into the pixels of images which leave: told by the record of a prepared case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.errors import CaseError, listed
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.record_reading import read_preparation

_WHY = "its series said that annotations are burned into its pixels: names may be among them"


def burned_in(folder: Path) -> Sequence[Modality]:
    """The images of a prepared case whose series said so; none where the folder holds no such case."""
    if not (folder / RECORD).is_file():
        return ()
    try:
        return [one.modality for one in read_preparation(folder).series if one.burned_in]
    except CaseError:
        return ()


def notes_of_burned_in(folder: Path) -> Sequence[str]:
    """What to say of the images of a case that leave."""
    return [f"look at {one.title} before it leaves: {_WHY}" for one in burned_in(folder)]


def refuse_burned_in(folder: Path) -> None:
    """Refuse a case that is to leave without what tells who it is.

    Raises
    ------
    CaseError
        If an image of it holds names.
    """
    if found := burned_in(folder):
        titles = listed([one.title for one in found])
        remedy = "Prepare it from series without them, or leave the case out"
        raise CaseError(f"{titles} may tell who it is: {_WHY}", remedy, folder)
