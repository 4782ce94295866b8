"""Reading as the program does, and looking whether what was opened can be worked with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from brainseg_gui.errors import ImageError, SaveError
from brainseg_gui.evaluation.cohorts.pairing import pair_masks
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort, source_of_files
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_header, read_label_map, read_labels, read_volume
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import auto_window, to_grey
from brainseg_gui.progress import run_to_end
from tests.fuzz.measure import WrongAnswer


def open_header(path: Path) -> None:
    """A header alone, as a list of cases reads it."""
    if not 3 <= len(read_header(path).shape) <= 7:
        raise WrongAnswer("a header that is of no volume")


def open_volume(path: Path) -> None:
    """One image; its values, place and window must be finite."""
    volume, header = read_volume(path)
    check_volume(volume)
    if sorted(header.shape) != sorted(volume.stored.shape):
        raise WrongAnswer(f"shape {volume.stored.shape}, stored as {header.shape}")


def open_and_save(path: Path) -> None:
    """One image, and a mask that is saved in its order and read back."""
    volume, header = read_volume(path)
    check_volume(volume)
    mask = np.zeros(volume.grid.shape, np.uint8)
    mask[1:3, 1:2, 1:4] = 4
    labels = LabelMap(mask, volume.grid, scheme_named("brats2020"))
    for name in ("saved.nii.gz", "saved.nii"):
        try:
            write_labels(path.parent / name, labels, header)
            again = read_label_map(path.parent / name, volume.grid, labels.scheme)
        except (ImageError, SaveError) as error:
            raise WrongAnswer(f"a case that was opened cannot be saved: {error}") from error
        if not np.array_equal(again.values, mask):
            raise WrongAnswer("the saved mask reads differently")


def open_mask(path: Path) -> None:
    """One mask on its own grid."""
    values, stored_grid = read_labels(path)
    check_grid(stored_grid.grid)
    if values.dtype != np.uint8 or values.shape != stored_grid.grid.shape:
        raise WrongAnswer(f"a mask of {values.dtype} and {values.shape}")


def open_case(folder: Path) -> None:
    """A case folder with all that is in it."""
    check_case(run_to_end(read_case(find_case(folder))))


def open_resampled(folder: Path) -> None:
    """A case folder whose mask may lie on another grid."""
    check_case(run_to_end(read_case(find_case(folder), regrid=RegridPolicy.NEAREST)))


def open_cohort(folder: Path) -> None:
    """The cases of a folder, at least the first of them."""
    for source in find_cohort(folder)[:20]:
        check_case(run_to_end(read_case(source)))


def list_cohort(folder: Path) -> None:
    """The cases of a folder, by name."""
    if not find_cohort(folder):
        raise WrongAnswer("no case and no word")


def pair(folder: Path) -> None:
    """The masks of a folder, paired with themselves to be compared."""
    for found in pair_masks(folder, folder).pairs[:20]:
        if not found.case_id.isprintable() and not set(found.case_id) & {"\u00a0", "\u200c", "\u200d"}:
            raise WrongAnswer(f"a case named {found.case_id!a}")


def open_file(path: Path) -> None:
    """A loose file, as it is dropped onto the window."""
    check_case(run_to_end(read_case(source_of_files([path]))))


def check_case(case: Case) -> None:
    """Every volume, the mask, and the sentences about them."""
    for volume in case.volumes.values():
        check_volume(volume)
        if volume.stored.shape != case.grid.shape:
            raise WrongAnswer(f"a volume of {volume.stored.shape} in a case of {case.grid.shape}")
    if case.reference is not None and case.reference.values.shape != case.grid.shape:
        raise WrongAnswer("a mask of another shape than its case")
    if any(not note or note.endswith(".") or not note.isprintable() for note in case.notes):
        raise WrongAnswer(f"notes that are no sentences: {case.notes!a}")


def check_volume(volume: Volume) -> None:
    """Finite values, window and slices."""
    check_grid(volume.grid)
    ends = [volume.scaled(float(end)) for end in (volume.stored.min(), volume.stored.max())]
    window = auto_window(volume)
    numbers = [*ends, window.level, window.width, volume.background, float(np.square(np.float32(max(map(abs, ends)))))]
    if not np.isfinite(numbers).all() or window.width <= 0:
        raise WrongAnswer(f"numbers that are none: {numbers}")
    for plane in Plane:
        cut = take_slice(volume.stored, plane, volume.grid.centre[plane.axis], DisplayConvention.RADIOLOGICAL)
        if to_grey(cut, volume, window).shape != cut.shape:
            raise WrongAnswer("a picture of another shape than its slice")
    if any(part.stop <= part.start for part in volume.content):
        raise WrongAnswer(f"an empty box {volume.content}")


def check_grid(grid: Grid) -> None:
    """Voxels of a finite size, somewhere."""
    sizes = [*grid.spacing_mm, grid.voxel_ml]
    places = [*grid.to_world((0, 0, 0)), *grid.to_world(grid.centre)]
    if not (np.isfinite(grid.affine).all() and np.isfinite(places).all() and np.isfinite(sizes).all()):
        raise WrongAnswer(f"a place that is none:\n{grid.affine}")
    if min(sizes) <= 0 or max(sizes[:3]) > 1e6:
        raise WrongAnswer(f"voxels of {sizes}")
