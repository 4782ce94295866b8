"""Compressed files are read alike by the fast library and by Python's own, which stands in where it is not."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.formats import image_stream
from brainseg_gui.imaging.formats.reading import read_picture


@pytest.fixture(params=["fast", "plain"], autouse=True)
def unpacking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "fast":
        pytest.importorskip("isal")
        assert image_stream._GzipFile is not gzip.GzipFile
    else:
        monkeypatch.setattr(image_stream, "_GzipFile", gzip.GzipFile)
        monkeypatch.setattr(image_stream, "_DAMAGED", (EOFError, zlib.error, gzip.BadGzipFile))


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 4000, (60, 50, 40)).astype(np.int16)


@pytest.fixture
def raw(values: np.ndarray) -> bytes:
    return bytes(nib.Nifti1Image(values, np.eye(4)).to_bytes())


def test_one_member_and_several_hold_the_same_voxels(tmp_path: Path, raw: bytes, values: np.ndarray) -> None:
    whole, parts = tmp_path / "whole.nii.gz", tmp_path / "parts.nii.gz"
    whole.write_bytes(gzip.compress(raw))
    parts.write_bytes(b"".join(gzip.compress(raw[k : k + 50_000], k % 9 + 1) for k in range(0, len(raw), 50_000)))
    for path in (whole, parts):
        assert np.array_equal(read_picture(path).stored, values)


@pytest.mark.parametrize("fault", ["cut off", "no checksum", "wrong checksum", "damaged", "no gzip after it"])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, raw: bytes, fault: str) -> None:
    packed, path = bytearray(gzip.compress(raw)), tmp_path / "t1.nii.gz"
    if fault == "cut off":
        del packed[len(packed) // 2 :]
    elif fault == "no checksum":
        del packed[-4:]
    elif fault == "wrong checksum":
        packed[-5] ^= 1
    elif fault == "damaged":
        packed[len(packed) // 2 : len(packed) // 2 + 200] = bytes(200)
    else:
        packed += b"\x01 what is this"
    path.write_bytes(packed)
    with pytest.raises(ImageError, match="cut off or damaged"):
        read_picture(path)
