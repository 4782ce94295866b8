"""A digest of a label map's voxels, by which a mask is known again wherever it lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIGEST_BYTES = 20
SLICES = 16
"""Copied at a time, so that hashing needs little memory."""


def values_digest(values: NDArray[np.uint8]) -> str:
    """Digest of a label map's voxels, (I, J, K), 40 hexadecimal digits; the order in memory does not count."""
    import hashlib  # not at the start of the program

    total = hashlib.blake2b(repr(values.shape).encode(), digest_size=DIGEST_BYTES)
    for start in range(0, values.shape[2], SLICES):
        total.update(values[:, :, start : start + SLICES].tobytes(order="F"))
    return total.hexdigest()
