"""Files that lie, end early or are something else: each gives a sentence that names the file and a remedy."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import Cancelled, ImageError
from brainseg_gui.imaging.formats.reading import read_header, read_labels, read_mask, read_picture, read_volume

CUBE = np.arange(1, 4 * 5 * 6 + 1, dtype=np.int16).reshape(4, 5, 6)


def _refusal(path: Path, read: Callable[[Path], Any] = read_volume) -> ImageError:
    with pytest.raises(ImageError) as caught:
        read(path)
    error = caught.value
    assert error.path == path
    assert str(path) in str(error)
    assert error.what
    assert error.remedy
    assert not error.what.endswith(".")
    assert not error.remedy.endswith(".")
    return error


# --- something else ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["note.nii", "note.nii.gz"])
@pytest.mark.parametrize("length", [0, 1, 3, 347, 348, 352, 5000])
def test_text_renamed(tmp_path: Path, name: str, length: int) -> None:
    path = tmp_path / name
    path.write_bytes((b"This is a letter to a friend. " * 200)[:length])
    assert "NIfTI" in _refusal(path).what


def test_gzipped_text(tmp_path: Path) -> None:
    path = tmp_path / "note.nii.gz"
    path.write_bytes(gzip.compress(b"This is a letter to a friend. " * 200))
    assert "not a NIfTI file" in _refusal(path).what


def test_a_missing_file(tmp_path: Path) -> None:
    assert "does not exist" in _refusal(tmp_path / "gone.nii.gz").what


def test_a_folder_with_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder.nii").mkdir()
    assert "not a regular file" in _refusal(tmp_path / "folder.nii").what


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nii")
    assert "not a regular file" in _refusal(tmp_path / "pipe.nii").what


def test_a_file_without_read_permission(write_nifti: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_nifti(CUBE)
    if os.geteuid() == 0:  # root reads everything, so the system's answer is played

        def refuse(*_args: object) -> int:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("brainseg_gui.imaging.formats.image_stream._without_waiting", refuse)
    else:
        path.chmod(0)
    error = _refusal(path)
    assert error.what == "the file may not be read"
    assert "permissions" in error.remedy


def test_a_drive_that_vanishes_while_reading(write_nifti: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_nifti(CUBE)

    def vanish(*_args: object, **_options: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(gzip.GzipFile, "readinto", vanish)
    assert "Input/output error" in _refusal(path).what


def test_half_a_pair(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(CUBE, np.eye(4)), tmp_path / "image.img")
    (tmp_path / "image.hdr").rename(tmp_path / "image.nii")
    assert "separate .img file" in _refusal(tmp_path / "image.nii").what


# --- cut off and damaged ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_file_cut_anywhere(write_nifti: Any, suffix: str) -> None:
    whole = write_nifti(CUBE, name=f"whole{suffix}").read_bytes()
    cuts = [*range(0, 40), *range(40, len(whole), max(1, len(whole) // 60)), *range(len(whole) - 12, len(whole))]
    path = write_nifti(CUBE, name=f"cut{suffix}")
    for cut in cuts:
        path.write_bytes(whole[:cut])
        _refusal(path)
        _refusal(path, read_labels)


def test_damage_that_still_unpacks_is_found_by_the_checksum(tmp_path: Path) -> None:
    """Stored deflate blocks unpack to anything; only the checksum at the end knows."""
    raw = gzip.decompress(_bytes_of(CUBE))
    packed = bytearray(gzip.compress(raw, 0))
    packed[-20] ^= 0xFF  # a voxel
    path = tmp_path / "damaged.nii.gz"
    path.write_bytes(packed)
    error = _refusal(path)
    assert error.what == "the file is cut off or damaged"
    assert "Copy it again" in error.remedy


def _bytes_of(stored: np.ndarray[Any, Any]) -> bytes:
    image = nib.Nifti1Image(stored, np.eye(4))
    return gzip.compress(image.to_bytes())


@pytest.mark.parametrize("byte", range(10, 200, 7))
def test_a_flipped_byte_never_gives_other_voxels(tmp_path: Path, byte: int) -> None:
    packed = bytearray(_bytes_of(CUBE))
    packed[byte] ^= 0x55
    path = tmp_path / "flipped.nii.gz"
    path.write_bytes(packed)
    _refusal(path)


def test_several_gzip_members_read_as_one(tmp_path: Path) -> None:
    """As bgzip and pigz write them."""
    raw = gzip.decompress(_bytes_of(CUBE))
    path = tmp_path / "members.nii.gz"
    path.write_bytes(b"".join(gzip.compress(raw[n : n + 100]) for n in range(0, len(raw), 100)))
    np.testing.assert_array_equal(read_volume(path)[0].stored, CUBE)


# --- headers that lie -------------------------------------------------------------------------------------------


def _wide(header: Any) -> None:
    header["dim"][1] = 30_000


def _huge(header: Any) -> None:
    header["dim"][1:4] = 30_000


@pytest.mark.parametrize("lie", [_wide, _huge], ids=["30,000 wide", "30,000 in every direction"])
@pytest.mark.parametrize("name", ["lie.nii", "lie.nii.gz"])
def test_a_header_that_promises_too_much_allocates_nothing(write_nifti: Any, lie: Any, name: str) -> None:
    # Noise hardly compresses: 30,000×240×155 voxels would be possible for a file of this size, at gzip's best.
    stored = np.random.default_rng(0).integers(1, 2000, (60, 240, 155)).astype(np.int16)
    path = write_nifti(stored, lie=lie, name=name)
    assert path.stat().st_size * 1032 > 30_000 * 240 * 155 * 2
    tracemalloc.start()
    try:
        error = _refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "30000×" in error.what or "ends after 0 % of its voxels" in error.what
    assert peak < 20 * 2**20


def test_a_large_file_of_several_gzip_members_is_believed(
    write_nifti: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its memory grows with what it delivers; no size that is written in it is believed."""
    monkeypatch.setattr("brainseg_gui.imaging.formats.image_stream._TRUSTED_BYTES", 100)
    raw = gzip.decompress(write_nifti(CUBE).read_bytes())
    path = tmp_path / "members.nii.gz"
    path.write_bytes(gzip.compress(raw[:500]) + gzip.compress(raw[500:]))
    np.testing.assert_array_equal(read_volume(path)[0].stored, CUBE)


def test_more_memory_than_any_volume_needs(write_nifti: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainseg_gui.imaging.formats.promises.LARGEST_BYTES", 100)
    assert "of memory" in _refusal(write_nifti(CUBE)).what


def _dims(*dim: int) -> Callable[[Any], None]:
    def lie(header: Any) -> None:
        header["dim"] = [*dim, *[1] * (8 - len(dim))]

    return lie


@pytest.mark.parametrize(
    ("dim", "words"),
    [
        ((2, 4, 5), "2-D image (4×5)"),
        ((3, 4, 5, 1), "2-D image (4×5×1)"),
        ((3, 1, 5, 6), "2-D image (1×5×6)"),
        ((4, 4, 5, 1, 4), "2-D image (4×5×1×4)"),
        ((1, 4), "dimensions"),
        ((0,), "dimensions"),
        ((9, 4, 5, 6), "dimensions"),
        ((-3, 4, 5, 6), "dimensions"),
        ((3, 4, -5, 6), "dimensions 4×-5×6"),
        ((3, 0, 5, 6), "dimensions 0×5×6"),
        ((4, 2, 5, 6, 2), "4-D image (2×5×6×2)"),
        ((5, 4, 5, 2, 1, 3), "dimensions 4×5×2×1×3"),
    ],
)
def test_dimensions_that_are_no_volume(write_nifti: Any, dim: tuple[int, ...], words: str) -> None:
    assert words in _refusal(write_nifti(CUBE, lie=_dims(*dim))).what


@pytest.mark.parametrize("dim", [(4, 4, 5, 6, 1), (5, 4, 5, 6, 1, 1), (7, 4, 5, 6, 1, 1, 1, 1)])
def test_single_further_dimensions_are_a_volume(write_nifti: Any, dim: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(read_volume(write_nifti(CUBE, lie=_dims(*dim)))[0].stored, CUBE)


def test_a_4d_image_is_no_mask(write_nifti: Any) -> None:
    path = write_nifti(CUBE.astype(np.uint8), lie=_dims(4, 2, 5, 6, 2))
    assert "4-D image, not a mask" in _refusal(path, read_labels).what


@pytest.mark.parametrize("offset", [-400.0, np.nan, np.inf, 1e30])
@pytest.mark.parametrize("name", ["offset.nii", "offset.nii.gz"])
def test_voxels_that_begin_nowhere(write_nifti: Any, offset: float, name: str) -> None:
    def lie(header: Any) -> None:
        header["vox_offset"] = offset

    assert "header is damaged" in _refusal(write_nifti(CUBE, lie=lie, name=name)).what


@pytest.mark.parametrize("name", ["offset.nii", "offset.nii.gz"])
def test_an_offset_of_zero_means_behind_the_header(write_nifti: Any, name: str) -> None:
    def lie(header: Any) -> None:
        header["vox_offset"] = 0

    np.testing.assert_array_equal(read_volume(write_nifti(CUBE, lie=lie, name=name))[0].stored, CUBE)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        *[(128, "colours (RGB)"), (2304, "colours (RGB)"), (32, "complex numbers"), (1792, "complex numbers")],
        *[(0, "unknown type"), (1, "unknown type"), (999, "data type is unknown"), (1536, "type")],
    ],
)
def test_voxels_that_are_no_intensities(write_nifti: Any, code: int, words: str) -> None:
    def lie(header: Any) -> None:
        header["datatype"] = code

    path = write_nifti(np.zeros((8, 10, 12), np.float64), lie=lie)
    assert words in _refusal(path).what


def _singular(header: Any) -> None:
    header["srow_y"] = header["srow_x"]


def _nan_row(header: Any) -> None:
    header["srow_z"] = np.nan


def _zero_spacing(header: Any) -> None:
    header["sform_code"] = 0
    header["pixdim"][1:4] = 0


def _impossible_quaternion(header: Any) -> None:
    header["sform_code"] = 0
    header["quatern_b"], header["quatern_c"] = 3.0, 4.0


@pytest.mark.parametrize("lie", [_singular, _nan_row, _zero_spacing, _impossible_quaternion])
def test_a_place_in_space_that_cannot_be(write_nifti: Any, lie: Any) -> None:
    error = _refusal(write_nifti(CUBE, lie=lie))
    assert "position in space" in error.what
    assert "Repair its header" in error.remedy


# --- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_numbers_are_counted(write_nifti: Any, bad: float) -> None:
    stored = CUBE.astype(np.float32)
    stored[1, 2, 3:5] = bad
    assert _refusal(write_nifti(stored)).what.startswith("2 of its values are not numbers")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("lowest", "filled"), [(5.0, 0.0), (-3.0, -3.0)])
def test_what_is_no_number_outside_the_head_is_background(
    write_nifti: Any, bad: float, lowest: float, filled: float
) -> None:
    stored = np.full((8, 9, 10), bad, np.float32)
    stored[2:6, 2:7, 2:8] = np.linspace(lowest, 90, 4 * 5 * 6).reshape(4, 5, 6)
    volume, _ = read_volume(write_nifti(stored))
    assert volume.background == filled
    assert (volume.stored != filled).sum() in (120, 119)  # the lowest of a z-score is one with the background
    assert "values outside the head are not numbers" in volume.note


@pytest.mark.parametrize(
    ("dtype", "written", "read", "said"),
    [
        *[("<f8", 1.0000153, 1, "not quite whole"), ("<f4", 0.99, 1, "not quite whole"), ("<f4", 2.0199, 2, "whole")],
        *[("<f4", 3.9801, 4, "whole"), ("<f8", -0.015, 0, "whole"), ("<f4", 254.99, 255, "whole")],
        *[("<f4", np.nan, 0, "NaN is read as background"), ("<f8", -1.0, 0, "-1 is read as background")],
        *[
            ("<i2", -1, 0, "-1 is read as background"),
            ("i1", -1, 0, "-1"),
            ("<i8", -1, 0, "-1"),
            ("<f4", -0.99, 0, "-1"),
        ],
    ],
)
def test_numbers_that_are_nearly_whole_make_a_mask(
    write_nifti: Any, dtype: str, written: float, read: int, said: str
) -> None:
    stored = np.ones((4, 5, 6), dtype)
    stored[3, 4, 5] = written
    mask = read_mask(write_nifti(stored))
    assert int(mask.values[3, 4, 5]) == read
    assert (mask.values.sum(), mask.values.size) == (119 + read, 120)
    assert said in " ".join(mask.notes)
    assert not read_mask(write_nifti(np.ones((4, 5, 6), dtype))).notes


@pytest.mark.parametrize(("drawn", "read"), [(10, 10), (100, 0)])
def test_a_mask_of_255_that_became_minus_one_is_no_empty_one(write_nifti: Any, drawn: int, read: int) -> None:
    """Where -1 is most of it, it is what nobody drew."""
    stored = np.zeros(120, np.uint8)
    stored[:drawn] = 255
    mask = read_mask(write_nifti(stored.astype(np.int8).reshape(4, 5, 6)))
    assert np.unique(mask.values).tolist() == ([0, 255] if read else [0])
    assert np.count_nonzero(mask.values) == read
    assert ("-1 is read as 255" if read else "-1 is read as background") in " ".join(mask.notes)


def test_an_all_zero_volume(write_nifti: Any) -> None:
    assert "all of its voxels are zero" in _refusal(write_nifti(np.zeros((4, 5, 6), np.int16))).what


def test_an_all_zero_mask_is_a_mask(write_nifti: Any) -> None:
    assert not read_labels(write_nifti(np.zeros((4, 5, 6), np.float32)))[0].any()


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"])
def test_every_number_type_is_kept(write_nifti: Any, dtype: str) -> None:
    stored = CUBE.astype(dtype)
    volume, _ = read_volume(write_nifti(stored))
    assert volume.stored.dtype == stored.dtype
    np.testing.assert_array_equal(volume.stored, stored)
    values, _ = read_labels(write_nifti(stored))
    assert values.dtype == np.uint8
    np.testing.assert_array_equal(values, CUBE)


@pytest.mark.parametrize(
    ("dtype", "bad"),
    [
        *[("<f4", 0.5), ("<f8", -2.0), ("<f4", 256.0), ("<f8", 1e300), ("<i2", -3), ("<i2", 256), ("<u2", 300)],
        *[("i1", -2), ("<i8", 2**40), ("<u8", 2**63), ("<i4", -(2**31)), ("<f4", np.inf), ("<f4", 1.03)],
    ],
)
def test_an_image_is_not_taken_for_a_mask(write_nifti: Any, dtype: str, bad: float) -> None:
    stored = np.ones((4, 5, 6), dtype)
    stored[3, 4, 5] = bad
    assert "so it is not a mask" in _refusal(write_nifti(stored), read_labels).what


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf, 1.0])
@pytest.mark.parametrize("intercept", [0.0, np.nan])
def test_a_slope_that_says_nothing_is_one(write_nifti: Any, slope: float, intercept: float) -> None:
    def lie(header: Any) -> None:
        header["scl_slope"], header["scl_inter"] = slope, intercept

    volume, _ = read_volume(write_nifti(CUBE, lie=lie))
    assert (volume.slope, volume.intercept) == (1.0, 0.0)
    np.testing.assert_array_equal(read_labels(write_nifti(CUBE, lie=lie))[0], CUBE)


def test_slope_and_intercept_make_the_intensity(write_nifti: Any) -> None:
    def lie(header: Any) -> None:
        header["scl_slope"], header["scl_inter"] = 0.5, -10.0

    volume, _ = read_volume(write_nifti(CUBE, lie=lie))
    assert volume.value_at((0, 0, 0)) == 0.5 * 1 - 10
    assert volume.value_at((3, 4, 5)) == 0.5 * 120 - 10
    np.testing.assert_allclose(volume.intensities(), CUBE * 0.5 - 10)


def test_a_scaled_mask_is_read_by_its_scaled_values(write_nifti: Any) -> None:
    def lie(header: Any) -> None:
        header["scl_slope"] = 0.5

    stored = np.zeros((4, 5, 6), np.int16)
    stored[1, 1, 1] = 8
    assert read_labels(write_nifti(stored, lie=lie))[0].max() == 4
    stored[1, 1, 1] = 7
    assert "not a mask" in _refusal(write_nifti(stored, lie=lie), read_labels).what


# --- stopping ---------------------------------------------------------------------------------------------------


def test_reading_stops_when_asked(write_nifti: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainseg_gui.imaging.formats.image_stream._CHUNK_BYTES", 100)
    asked: list[None] = []

    def should_stop() -> bool:
        asked.append(None)
        return len(asked) == 2

    with pytest.raises(Cancelled):
        read_picture(write_nifti(CUBE), should_stop)
    assert len(asked) == 2


def test_a_header_is_read_without_its_voxels(write_nifti: Any) -> None:
    path = write_nifti(CUBE, name="short.nii")
    assert read_header(path).shape == (4, 5, 6)
