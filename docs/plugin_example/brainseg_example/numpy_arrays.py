"""A format: arrays of numpy as images in voxels of 1 mm that grow to the right, front and top."""

from pathlib import Path

import numpy as np

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats.image_format import CheckShape, ImageHeader, Picture, ShouldStop
from brainseg_gui.imaging.grid import StoredGrid


def read_header(path: Path) -> ImageHeader:
    """What the file says before its voxels; nothing of them is read."""
    shape = _opened(path).shape
    return ImageHeader(path, shape, StoredGrid(shape[:3], np.eye(4)))


def read_picture(path: Path, should_stop: ShouldStop | None = None, check_shape: CheckShape | None = None) -> Picture:
    """The voxels."""
    array = _opened(path)
    if check_shape is not None:
        check_shape(array.shape)
    return Picture(read_header(path), np.asfortranarray(array))


def _opened(path: Path) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ImageError("it is no array of numpy", "Save it again with numpy.save", path) from error
    if array.ndim != 3 or array.dtype.kind not in "iuf":
        raise ImageError("it is no array of three axes", "Save one image per file", path)
    return array
