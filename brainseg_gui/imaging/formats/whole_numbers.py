"""Numbers of a mask as uint8, whatever type its file stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError, printable
from brainseg_gui.imaging.formats.image_format import Picture
from brainseg_gui.imaging.grid import Array

_BLOCK_BYTES = 2**22
_NEARLY_WHOLE = 0.02  # what programs that scale float masks into an integer header leave of whole numbers
_NOTHING = -1  # some write it where nobody drew
_NOT_WHOLE = "its numbers are not quite whole (such as {:.6g}) and were rounded"
_WRAPPED = "-1 is read as 255, which bytes with a sign cannot hold"
_BELOW, _NO_NUMBERS = "-1 is read as background", "NaN is read as background"


def whole_numbers(picture: Picture) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """The values as uint8, a few slices at a time: scaled, they take eight bytes each; and what was done to them."""
    stored, scaled = picture.stored, (picture.slope, picture.intercept) != (1.0, 0.0)
    if stored.dtype == np.uint8 and not scaled:
        return stored, ()
    if not scaled and _wrapped(stored):
        return stored.view(np.uint8), (f"{printable(picture.path.name)}: {_WRAPPED}",)
    values = np.empty(stored.shape, dtype=np.uint8, order="F")
    depth = max(1, _BLOCK_BYTES * stored.shape[2] // stored.nbytes)
    said: dict[str, float] = {}
    for start in range(0, stored.shape[2], depth):
        block = stored[:, :, start : start + depth]
        with np.errstate(invalid="ignore", over="ignore"):
            if scaled:
                block = block * picture.slope + picture.intercept
            values[:, :, start : start + depth] = block
        if not np.array_equal(values[:, :, start : start + depth], block):
            values[:, :, start : start + depth] = _rounded(block, said, picture.path)
    name = printable(picture.path.name)
    return values, tuple(f"{name}: {words.format(value)}" for words, value in said.items())


def _wrapped(stored: Array) -> bool:
    """Whether a mask of 0 and 255 was cast to bytes with a sign: 0 and -1 is all there is, most of it 0."""
    if stored.dtype != np.int8 or stored.min() != _NOTHING or stored.max() != 0:
        return False
    return 2 * int(np.count_nonzero(stored)) < stored.size


def _rounded(block: Array, said: dict[str, float], path: Path) -> NDArray[np.uint8]:
    """Numbers that are nearly whole, with background for NaN and -1; `said` learns of each kind."""
    nothing = np.isnan(block) if block.dtype.kind == "f" else np.zeros(block.shape, bool)
    if nothing.any():
        said[_NO_NUMBERS] = 0
    below = np.abs(block - float(_NOTHING)) <= _NEARLY_WHOLE
    if below.any():
        said[_BELOW] = 0
    kept = np.where(nothing | below, 0, block)
    whole = np.rint(kept)
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(kept - whole)
    wrong = ~(off <= _NEARLY_WHOLE) | (whole < 0) | (whole > 255)
    if wrong.any():
        example = float(kept[wrong].flat[0])
        raise ImageError(
            f"it holds values other than whole numbers from 0 to 255 (such as {example:.4g}), so it is not a mask",
            "Choose a mask, or convert it to whole numbers",
            path,
        )
    if off.any():
        said.setdefault(_NOT_WHOLE, float(kept.flat[off.argmax()]))
    return np.asarray(whole, dtype=np.uint8)
