"""Hand-made NIfTI files: every orientation, every lie that a header can tell."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

AnyArray = NDArray[Any]
WriteNifti = Callable[..., Path]


@pytest.fixture
def write_nifti(tmp_path: Path) -> WriteNifti:
    """Write `stored` as it is, with a header that `lie` may change afterwards; returns the path."""
    return lambda *args, **options: _write(tmp_path, *args, **options)


def _write(
    folder: Path,
    stored: AnyArray,
    affine: AnyArray | None = None,
    *,
    name: str = "image.nii.gz",
    codes: tuple[int, int] = (1, 1),
    kind: type[nib.Nifti1Image] = nib.Nifti1Image,
    lie: Callable[[Any], None] | None = None,
) -> Path:
    affine = np.diag([1.0, 1.0, 1.0, 1.0]) if affine is None else affine
    image = kind(stored, affine, dtype=stored.dtype)
    image.set_qform(affine, code=codes[0])
    image.set_sform(affine, code=codes[1])
    header = image.header
    header["vox_offset"] = header.single_vox_offset
    header["magic"] = header.single_magic
    if lie is not None:
        lie(header)
    raw = header.binaryblock + bytes(header.single_vox_offset - len(header.binaryblock)) + stored.tobytes(order="F")
    path = folder / name
    path.write_bytes(gzip.compress(raw, 1) if name.endswith(".gz") else raw)
    return path
