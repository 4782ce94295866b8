"""Whether what is to be segmented has to be prepared first: told from names and headers, before any voxel is read."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.dicom_guard import looks_like_dicom
from brainseg_gui.imaging.formats.known_formats import format_of
from brainseg_gui.imaging.formats.reading import read_header
from brainseg_gui.plain_files import open_file

_LOOKED_AT = 50


def holds_dicom(place: Path) -> bool:
    """Whether a file is DICOM, or one of the first files at and below a folder is."""
    if place.is_file():
        return _is_dicom(place)
    below = (Path(parent, name) for parent, _, names in islice(os.walk(place), _LOOKED_AT) for name in sorted(names))
    return any(_is_dicom(path) for path in islice(below, _LOOKED_AT))


def _is_dicom(path: Path) -> bool:
    """By its name, or by how it begins: archives name files by UIDs, whose ends look like endings."""
    if known := format_of(path):
        return known.title == "DICOM"
    try:
        with open_file(path) as stream:
            return looks_like_dicom(stream)
    except OSError:
        return False


def lies_apart(source: CaseSource) -> bool:
    """Whether the images of a case have grids of their own, so that nothing says that they lie on each other.

    What cannot be read is left to whoever opens the case, and says so.
    """
    if source.volumes or len(source.modalities) < 2:
        return False
    try:
        first, *others = (read_header(path).stored_grid.grid for path in source.modalities.values())
    except ImageError:
        return False
    return not all(first.same_as(other) for other in others)
