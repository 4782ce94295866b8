"""Stored order to RAS and back, for all 48 orientations; nibabel's as_closest_canonical is the oracle."""

from __future__ import annotations

import gzip
from itertools import permutations, product
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.imaging.formats.reading import read_header, read_labels, read_volume
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap

ORIENTATIONS = ["".join(letters) for order in permutations(("LR", "PA", "IS")) for letters in product(*order)]
SHAPE = (5, 6, 7)  # right, anterior, superior
GRIDS = {
    "plain": ((1.0, 1.0, 1.0), 0.0),
    "oblique": ((1.0, 1.0, 1.0), 17.0),
    "anisotropic": ((0.5, 1.25, 4.0), 0.0),
    "oblique anisotropic": ((0.8, 0.9, 3.0), 11.0),
}
CODES = ((1, 1), (1, 0), (0, 2), (4, 3))
GEOMETRY = (
    *("qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
    *("srow_x", "srow_y", "srow_z", "dim", "pixdim", "xyzt_units"),
)


def _voxel_bytes(path: Path) -> bytes:
    raw = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    (offset,) = np.frombuffer(raw[108:112], "<f4")  # as written; nibabel sets it to 0 on loading
    return raw[int(offset) :]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_mask_comes_in_as_nibabel_says_and_goes_out_bit_for_bit(
    orientation: str, grid: str, write_nifti: Any, stored_affine: Any, tmp_path: Path
) -> None:
    spacing, oblique = GRIDS[grid]
    shape, affine = stored_affine(orientation, SHAPE, spacing, oblique)
    random = np.random.default_rng(ORIENTATIONS.index(orientation))
    stored = random.choice(np.array([0, 1, 2, 4], np.uint8), size=shape)
    codes = CODES[ORIENTATIONS.index(orientation) % len(CODES)]
    path = write_nifti(stored, affine, codes=codes)

    values, stored_grid = read_labels(path)

    oracle = nib.as_closest_canonical(nib.load(path))
    assert stored_grid.codes == orientation
    assert values.shape == SHAPE
    np.testing.assert_array_equal(values, np.asarray(oracle.dataobj))
    np.testing.assert_allclose(stored_grid.grid.affine, oracle.affine, atol=1e-6)
    np.testing.assert_allclose(stored_grid.grid.spacing_mm, spacing, rtol=1e-5)

    saved = tmp_path / "saved.nii.gz"
    header = read_header(path)
    write_labels(saved, LabelMap(values, stored_grid.grid, scheme_named("brats2020")), header)

    assert _voxel_bytes(saved) == stored.tobytes(order="F")
    before, after = nib.load(path), nib.load(saved)
    np.testing.assert_array_equal(after.affine, before.affine)
    for field in GEOMETRY:
        np.testing.assert_array_equal(after.header[field], before.header[field], err_msg=field)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_volume_comes_in_as_nibabel_says(orientation: str, write_nifti: Any, stored_affine: Any) -> None:
    shape, affine = stored_affine(orientation, SHAPE, (0.8, 0.9, 3.0), 11.0)
    stored = np.arange(1, 211, dtype=np.int16).reshape(shape)
    path = write_nifti(stored, affine)

    volume, header = read_volume(path)

    oracle = nib.as_closest_canonical(nib.load(path))
    assert volume.stored.dtype == np.int16
    np.testing.assert_array_equal(volume.stored, np.asarray(oracle.dataobj))
    np.testing.assert_array_equal(header.stored_grid.from_ras(volume.stored), stored)
    for voxel in ((0, 0, 0), (3, 2, 1)):
        (original,) = np.argwhere(stored == volume.stored[voxel])
        np.testing.assert_allclose(volume.grid.to_world(voxel), (affine @ [*original, 1])[:3], atol=1e-4)
    with pytest.raises(ValueError, match="read-only"):
        volume.stored[0, 0, 0] = 1


@pytest.mark.parametrize("orientation", ["LPS", "SAR", "PIL"])
def test_ras_means_right_anterior_superior(orientation: str, write_nifti: Any, stored_affine: Any) -> None:
    """Growing i, j and k moves to the patient's right, anterior and superior in world space."""
    shape, affine = stored_affine(orientation, SHAPE, (1.0, 1.0, 1.0))
    _, grid = read_labels(write_nifti(np.ones(shape, np.uint8), affine))
    origin = np.array(grid.grid.to_world((0, 0, 0)))
    for axis, step in enumerate(np.eye(3)):
        assert (np.array(grid.grid.to_world(tuple(step))) - origin)[axis] == pytest.approx(1.0)


@pytest.mark.parametrize("orientation", ["LPS", "IRP"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_nifti2_study_is_saved_on_the_same_grid(
    orientation: str, suffix: str, write_nifti: Any, stored_affine: Any, tmp_path: Path
) -> None:
    shape, affine = stored_affine(orientation, SHAPE, (0.5, 1.25, 4.0), 17.0)
    stored = np.random.default_rng(1).integers(0, 4, shape).astype(np.uint8)
    path = write_nifti(stored, affine, kind=nib.Nifti2Image, name=f"study{suffix}")
    values, stored_grid = read_labels(path)
    saved = tmp_path / f"saved{suffix}"
    write_labels(saved, LabelMap(values, stored_grid.grid, scheme_named("msd")), read_header(path))
    after = nib.load(saved)
    assert _voxel_bytes(saved) == stored.tobytes(order="F")
    np.testing.assert_allclose(after.affine, affine, atol=1e-5)
    assert (int(after.header["qform_code"]), int(after.header["sform_code"])) == (1, 1)


def test_a_big_endian_study_stays_big_endian(write_nifti: Any, tmp_path: Path) -> None:
    affine = np.diag([-2.0, -1.0, 3.0, 1.0])

    def lie(header: Any) -> None:
        assert header.endianness == ">"

    image = nib.Nifti1Image(np.arange(60, dtype=">i2").reshape(3, 4, 5), affine)
    path = tmp_path / "big.nii.gz"
    header = image.header.as_byteswapped(">")
    nib.Nifti1Image(image.dataobj, affine, header).to_filename(path)
    lie(nib.load(path).header)

    volume, study = read_volume(path)
    assert volume.stored.dtype == np.dtype("=i2")
    assert volume.stored.max() == 59
    labels = LabelMap((np.asarray(volume.stored) % 5).astype(np.uint8), volume.grid, scheme_named("brats2020"))
    saved = tmp_path / "saved.nii.gz"
    write_labels(saved, labels, study)
    np.testing.assert_array_equal(np.asarray(nib.load(saved).dataobj), np.arange(60).reshape(3, 4, 5) % 5)
    np.testing.assert_array_equal(nib.load(saved).affine, affine)


def test_a_study_without_qform_and_sform_goes_out_without_them(write_nifti: Any, tmp_path: Path) -> None:
    stored = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = write_nifti(stored, np.diag([2.0, 1.0, 1.0, 1.0]), codes=(0, 0))
    values, stored_grid = read_labels(path)
    np.testing.assert_array_equal(values, np.asarray(nib.as_closest_canonical(nib.load(path)).dataobj))
    saved = tmp_path / "saved.nii"
    write_labels(saved, LabelMap(values, stored_grid.grid, scheme_named("brats2020")), read_header(path))
    assert _voxel_bytes(saved) == stored.tobytes(order="F")
    assert (int(nib.load(saved).header["qform_code"]), int(nib.load(saved).header["sform_code"])) == (0, 0)


def test_a_header_with_extensions_and_a_late_offset_round_trips(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"anything at all " * 10))
    path = tmp_path / "extended.nii.gz"
    nib.save(image, path)
    volume, header = read_volume(path)
    np.testing.assert_array_equal(volume.stored, np.arange(24).reshape(2, 3, 4))
    labels = LabelMap(np.asarray(volume.stored).astype(np.uint8), volume.grid, scheme_named("brats2020"))
    write_labels(tmp_path / "saved.nii.gz", labels, header)
    np.testing.assert_array_equal(np.asarray(nib.load(tmp_path / "saved.nii.gz").dataobj), np.asarray(volume.stored))


def test_the_scaling_of_a_study_does_not_reach_its_mask(write_nifti: Any, tmp_path: Path) -> None:
    """A mask saved with the header of a scaled image reads as what it is, in nibabel and in tools that multiply."""

    def scale(header: Any) -> None:
        header["scl_slope"], header["scl_inter"] = 0.25, -3.0
        header["cal_max"] = 900

    path = write_nifti(np.ones((3, 4, 5), np.int16), lie=scale)
    volume, header = read_volume(path)
    values = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    saved = tmp_path / "mask.nii.gz"
    write_labels(saved, LabelMap(values, volume.grid, scheme_named("brats2020")), header)
    np.testing.assert_array_equal(nib.load(saved).get_fdata(), values)
    raw = gzip.decompress(saved.read_bytes())
    slope, intercept = np.frombuffer(raw[112:120], "<f4")
    assert (slope, intercept) in ((1.0, 0.0), (0.0, 0.0))
    assert nib.load(saved).header["cal_max"] == 0
