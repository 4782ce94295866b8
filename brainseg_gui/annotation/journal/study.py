"""What ties a journal to a study: a digest of the images themselves, not of their names or places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.values_digest import DIGEST_BYTES, SLICES
from brainseg_gui.imaging.volume import Volume

if TYPE_CHECKING:
    import hashlib


def study_digest(case: Case) -> str:
    """Digest of a study's grid and of all voxels of all its images, 40 hexadecimal digits.

    The same study gives the same digest wherever it lies and however its files are named, also when its files are
    stored in another orientation. The reference does not count: it may be added later.
    """
    total = _grid_hash(case.grid)
    for modality in sorted(case.volumes, key=lambda m: m.value):
        total.update(modality.value.encode())
        _add_volume(total, case.volumes[modality])
    return total.hexdigest()


def _grid_hash(grid: Grid) -> hashlib.blake2b:
    # a thousandth of a millimetre is rounding of the header
    corner = np.round(grid.affine, 3) + 0.0
    return _hash(repr(grid.shape).encode() + corner.tobytes())


def _hash(start: bytes) -> hashlib.blake2b:
    import hashlib

    return hashlib.blake2b(start, digest_size=DIGEST_BYTES)


def _add_volume(total: hashlib.blake2b, volume: Volume) -> None:
    stored = volume.stored
    total.update(f"{stored.dtype.newbyteorder('=').str} {volume.slope!r} {volume.intercept!r}".encode())
    for start in range(0, stored.shape[2], SLICES):
        total.update(stored[:, :, start : start + SLICES].tobytes(order="F"))
