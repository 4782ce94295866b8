"""Edits of a prepared case, back on the series as they were, whenever they are saved."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from brainseg_gui.errors import CaseError, SaveError
from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.native import file_name
from brainseg_gui.preparation.prepared_case import NATIVE, write_native_masks
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.progress import Progress


def edits_back(
    folder: Path, case_id: str, labels: LabelMap, saved: Path
) -> Generator[Progress, None, SaveError | None]:
    """Bring a mask that a person saved back to each series, where its case is a prepared one.

    Parameters
    ----------
    saved
        Its file, whose name tells the masks on the series apart: ``Jane_annotation_2`` gives
        ``native/<series>_annotation_2.nii.gz``.

    Yields
    ------
    Progress
        As `write_native_masks`.

    Returns
    -------
    SaveError | None
        Why it did not come back; the mask itself is saved all the same.
    """
    if not (folder / RECORD).is_file():
        return None
    kind = file_name(stem(saved).removeprefix(f"{case_id}_"), set())
    try:
        yield from write_native_masks(labels, read_preparation(folder), folder / NATIVE, kind=kind)
    except (SaveError, CaseError) as error:
        what = f"the mask is saved, but did not come back to each series ({error.what})"
        return SaveError(what, error.remedy, folder / NATIVE)
    return None
