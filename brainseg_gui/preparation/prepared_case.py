"""The folder of a prepared case: written beside its name first, so that half a case never has it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from brainseg_gui.errors import SaveError, printable
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.cases.side_by_side import side_by_side
from brainseg_gui.imaging.file_mark import FileMark, mark_of
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.native import file_name, native_mask
from brainseg_gui.preparation.record import Preparation, PreparedSeries
from brainseg_gui.preparation.record_writing import as_json
from brainseg_gui.preparation.steps.work import PreparationWork
from brainseg_gui.progress import Progress
from brainseg_gui.storage.folder import make_folders
from brainseg_gui.storage.whole_folder import whole_folder
from brainseg_gui.storage.writing import write_text

WRITING, GOING_BACK = "writing the prepared case", "bringing masks back"
_BRAIN = "_brain_mask"
_MOST_NAMES = 100
NATIVE = "native"
"""The folder in a prepared case that holds masks on the series as they were."""


def write_prepared(
    work: PreparationWork, folder: Path, said: Mapping[Modality, str], *, overwrite: bool = False
) -> Generator[Progress, None, None]:
    """Write images, brain mask and record.

    Parameters
    ----------
    folder
        Gets its name when all is in it; a prepared case that has it is replaced where `overwrite` says so.

    Yields
    ------
    Progress
        Closing the generator leaves nothing.

    Raises
    ------
    SaveError
        If it could not be written, or there is something of that name.
    """
    check_free(folder, overwrite=overwrite)
    with in_the_making(folder, partial(_refuse_added, name=folder.name) if overwrite else None) as making:
        yield Progress(WRITING, 0.0)
        name = folder.name
        works = [write_image(volume, making / f"{name}_{m.value}{MASK_ENDING}") for m, volume in work.prepared.items()]
        yield from side_by_side(works, WRITING)
        if work.brain is not None:
            brain = work.brain.astype(np.float32)
            mask = Volume(brain, work.grid, 1.0, 0.0, folder)
            yield from write_image(mask, making / f"{name}{_BRAIN}{MASK_ENDING}")
        marking = in_background(partial(_marks, work), WRITING)
        marks = yield from waited_for(marking, Progress(WRITING, 0.9, "checking sums"))
        write_text(making / RECORD, as_json(work, marks, said), chosen=False)


def check_free(folder: Path, *, overwrite: bool) -> None:
    """Refuse a name that something has which may not be replaced, and a place where nothing can be written.

    Raises
    ------
    SaveError
        If that is so.
    """
    check_can_be_made(folder)
    if not os.path.lexists(folder):
        return
    if not (folder / RECORD).is_file() or folder.is_symlink():
        raise SaveError("there is something of this name that is no prepared case", "Choose another place", folder)
    if not overwrite:
        raise SaveError("there is a prepared case already, made otherwise", "Give --overwrite to replace it", folder)
    _refuse_added(folder, folder.name)


def name_again(folder: Path) -> str:
    """The name under which a prepared case is made again: its own, or the next one where somebody added to it."""
    try:
        check_free(folder, overwrite=True)
    except SaveError:
        names = (f"{folder.name}_{number}" for number in range(2, _MOST_NAMES))
        return next((name for name in names if not os.path.lexists(folder.with_name(name))), folder.name)
    return folder.name


def can_be_made(folder: Path) -> bool:
    """Whether something can be written there, as far as can be told before."""
    try:
        check_can_be_made(folder)
    except SaveError:
        return False
    return True


def check_can_be_made(folder: Path) -> None:
    """Refuse a place in which no folder can be made, before the minutes that what goes into it takes.

    Raises
    ------
    SaveError
        If that is so.
    """
    there = next(place for place in folder.absolute().parents if os.path.lexists(place))
    if not there.is_dir():
        raise SaveError(f"{printable(there.name)} is no folder", "Choose another place", folder)
    if not os.access(there, os.W_OK | os.X_OK):
        what = f"nothing may be written in {printable(there.name) or there.anchor}"
        raise SaveError(what, "Choose another place, or ask for the permission", folder)


def _refuse_added(folder: Path, name: str) -> None:
    """Refuse to replace a prepared case of a name that holds what its preparation did not put there."""
    if theirs := _not_ours(folder, name):
        what = f"the prepared case that is to be replaced holds what somebody added ({theirs[0]})"
        raise SaveError(what, "Choose another folder, or take that elsewhere first", folder.with_name(name))


def _not_ours(folder: Path, name: str) -> list[str]:
    """What lies in the folder of a prepared case that its preparation did not put there, such as annotations."""
    images = {f"{name}_{modality.value}{MASK_ENDING}" for modality in Modality}
    ours = {*images, f"{name}{_BRAIN}{MASK_ENDING}", RECORD, NATIVE}
    masks = os.listdir(folder / NATIVE) if (folder / NATIVE).is_dir() else []
    added = [f"{NATIVE}/{name}" for name in masks if not name.endswith(f"_pred{MASK_ENDING}")]
    return sorted([other for other in os.listdir(folder) if other not in ours] + added)


@contextmanager
def in_the_making(folder: Path, replaces: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """A new folder beside; it takes the name at the end, and is gone if something goes wrong on the way.

    Parameters
    ----------
    replaces
        Refuses what is there and may not be replaced; nothing may be there where it is None.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(folder, replace=replaces is not None, check=replaces) as making:
            yield making
    except OSError as error:
        reason = error.strerror or str(error)
        raise SaveError(f"the prepared case was not written ({reason})", "Choose another place", folder) from error


def write_image(volume: Volume, path: Path, stage: str = WRITING) -> Generator[Progress, None, None]:
    """Write an image aside; how long that takes is not told."""
    from brainseg_gui.imaging.formats.nifti import write_float_image

    writing = in_background(lambda: write_float_image(path, volume.intensities(), volume.grid.affine), stage)
    try:
        yield from waited_for(writing, Progress(stage, 0.1, path.name))
    finally:
        wait([writing])  # its folder may be about to go


def _marks(work: PreparationWork) -> dict[Modality, dict[Path, FileMark]]:
    return {modality: {path: mark_of(path) for path in work.series_of(modality).files} for modality in work.native}


def write_native_masks(
    labels: LabelMap, preparation: Preparation, folder: Path, made_by: str = "", kind: str = "pred"
) -> Generator[Progress, None, list[Path]]:
    """Write a mask of a prepared case on the voxels of each series that it was made of.

    Parameters
    ----------
    folder
        In the folder of the prepared case, which may be of others: no link in that is followed. Gets
        ``<series>_pred.nii.gz`` for each; what is there of these names is replaced.
    kind
        What the names end with instead of ``pred``.

    Raises
    ------
    SaveError
        If one could not be written.
    """
    paths = native_paths(preparation, folder, kind)
    for number, (one, path) in enumerate(zip(preparation.series, paths, strict=True)):
        progress = Progress(GOING_BACK, number / len(preparation.series), printable(one.name))
        writing = in_background(partial(_write_native, labels, one, path, made_by), GOING_BACK)
        try:
            yield from waited_for(writing, progress)
        finally:
            wait([writing])  # half a mask is none
    return paths


def native_paths(preparation: Preparation, folder: Path, kind: str = "pred") -> list[Path]:
    """Where the mask of each series goes, in their order."""
    taken: set[str] = set()
    return [folder / f"{file_name(one.name, taken)}_{kind}{MASK_ENDING}" for one in preparation.series]


def _write_native(labels: LabelMap, series: PreparedSeries, path: Path, made_by: str) -> None:
    case_folder = path.parent.parent
    try:
        make_folders(path.parent, case_folder)
    except OSError as error:
        raise SaveError(f"the folder cannot be made ({error.strerror})", "Choose another one", path.parent) from error
    mask = native_mask(labels, series.header.stored_grid.grid, series.alignment)
    write_labels(path, mask, series.header, chosen=False, root=case_folder, made_by=made_by)
