"""A mask as a file that another program may be given: the one that holds it, else one that is written for that."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from brainseg_gui.annotation.saving.mask_paths import mask_names
from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.formats.reading import read_label_map
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.storage.writing import make_private_folder

_KEPT_S = 7 * 24 * 3600.0  # the other program may read the file long after it was given


def mask_as_file(case: Case, labels: LabelMap, name: str, saved: Path | None, place: Path) -> Path:
    """The file that holds a mask as it is now.

    Parameters
    ----------
    name
        Of the mask; a file that is written is called by it and the case.
    saved
        The file that is believed to hold it. It is read again: another program may have changed it since.
    place
        A folder of the program's own, for files that are written here; each lies in a new folder, so that none is
        changed under the program that got it, and is removed after a week.

    Raises
    ------
    SaveError
        If it has to be written and cannot be.
    """
    if saved is not None and _holds(saved, labels, case):
        return saved.absolute()
    try:
        make_private_folder(place)
        _remove_old(place)
        path = Path(tempfile.mkdtemp(dir=place)) / next(mask_names(case.case_id, name))
        write_labels(path, labels, case.header, chosen=False, root=place)
    except OSError as error:
        raise SaveError(f"it cannot be written ({error.strerror or error})", "Check the disk", place) from error
    return path


def _holds(path: Path, labels: LabelMap, case: Case) -> bool:
    """Whether a file holds these very voxels, on the grid of the case."""
    try:
        found = read_label_map(path, case.stored_grid, labels.scheme)
    except (BrainsegError, OSError):
        return False
    return np.array_equal(found.values, labels.values)


def _remove_old(place: Path) -> None:
    now = time.time()
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and now - entry.stat(follow_symlinks=False).st_mtime > _KEPT_S:
                shutil.rmtree(entry.path, ignore_errors=True)
