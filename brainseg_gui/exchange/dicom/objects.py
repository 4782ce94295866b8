"""What segmentations and structure sets have in common: a mask on the grid of its series, names, and being written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError, SaveError
from brainseg_gui.exchange.dicom.deidentification import deidentified, nameless
from brainseg_gui.exchange.dicom.mask_maker import MaskMaker
from brainseg_gui.exchange.dicom.source_series import SourceSeries
from brainseg_gui.imaging.formats.reading import read_mask
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.regrid import regridded
from brainseg_gui.storage.writing import replacing

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

DICOM_ENDING = ".dcm"


@dataclass(frozen=True, eq=False)
class SeriesMask:
    """A mask on the grid of its series.

    Parameters
    ----------
    stored
        Numbers in the stored order of the series, (columns, rows, slices).
    numbers
        Those that become segments or regions: what occurs, or all of the scheme where nothing does.
    """

    stored: NDArray[np.uint8]
    scheme: LabelScheme
    numbers: tuple[int, ...]
    series: SourceSeries
    maker: MaskMaker


def on_series(labels: LabelMap, series: SourceSeries, maker: MaskMaker) -> SeriesMask:
    """A mask that lies on the very grid of a series, in whatever order.

    Raises
    ------
    GridMismatchError
        If it lies on another one.
    """
    own, words = StoredGrid(labels.grid.shape, labels.grid.affine), ("the mask", "the DICOM series")
    values = regridded(labels.values, own, series.stored_grid, series.place, words=words).values
    stored = np.asfortranarray(series.stored_grid.from_ras(values))
    numbers = labels.present() or tuple(sorted(labels.scheme.labels))
    return SeriesMask(stored, labels.scheme, numbers, series, maker)


def write_object(
    path: Path,
    mask: SeriesMask,
    compose: Callable[[SeriesMask], Dataset],
    *,
    deidentify: bool = False,
    overwrite: bool = False,
    chosen: bool = True,
) -> None:
    """Compose an object, write it beside its place, read it back, compare, and only then give it its name.

    Parameters
    ----------
    deidentify
        Whether nobody is to be known by it, as the basic profile of PS3.15 wants it.
    overwrite
        Whether a file that exists may be replaced; an image of the series never is.
    chosen
        Whether a person chose the name, so that it is followed where it is a link.

    Raises
    ------
    SaveError
        If it could not be written and verified. A file that was there is untouched.
    """
    if any(_same_file(path, part.path) for part in mask.series.slices):
        raise SaveError("this is an image of the series", "Choose another name", path)
    if not overwrite and path.exists():
        raise SaveError("the file exists", "Choose another name, or allow overwriting", path)
    content = compose(replace(mask, scheme=nameless(mask.scheme)) if deidentify else mask)
    if deidentify:
        deidentified(content)
    try:
        with replacing(path, chosen=chosen, only_new=not overwrite, suffix=DICOM_ENDING) as temporary:
            content.save_as(temporary, enforce_file_format=True, overwrite=True)
            _verify(temporary, mask, path)
    except FileExistsError as error:
        raise SaveError("the file exists", "Choose another name, or allow overwriting", path) from error
    except OSError as error:
        what = f"the mask was not saved ({error.strerror or error}); the old file, if any, is untouched"
        raise SaveError(what, "Choose another folder", path) from error


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def _verify(temporary: Path, mask: SeriesMask, path: Path) -> None:
    grid = mask.series.stored_grid
    try:
        found = read_mask(temporary, target=grid)
        on_grid = regridded(found.values, found.stored_grid, grid, path, may_be_part=found.is_part)
    except ImageError as error:
        raise SaveError("the file read back is damaged", "Check the disk", path) from error
    if not np.array_equal(grid.from_ras(on_grid.values), mask.stored):
        raise SaveError("the file read back differs from the mask", "Check the disk", path)
