"""What NIfTI headers leave out, or write in another way than most: units, codes, unfilled matrices, empty axes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_header, read_labels, read_mask, read_volume
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import run_to_end

CUBE = np.arange(1, 4 * 5 * 6 + 1, dtype=np.int16).reshape(4, 5, 6)
OBLIQUE = np.array([[0.8, -1.2, 0, -30], [0.6, 1.6, 0, 40], [0, 0, 3, 5], [0, 0, 0, 1]])
KINDS = [nib.Nifti1Image, nib.Nifti2Image]
METRES, MM, MICROMETRES = 1, 2, 3


def _set(**fields: Any) -> Callable[[Any], None]:
    def lie(header: Any) -> None:
        for name, value in fields.items():
            header[name] = value

    return lie


def _scaled(affine: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    return np.diag([factor, factor, factor, 1.0]) @ affine


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize(("units", "in_mm"), [(METRES, 1000.0), (METRES | 8, 1000.0), (MICROMETRES, 0.001)])
def test_lengths_in_metres_and_micrometres_become_mm(
    write_nifti: Any, tmp_path: Path, kind: Any, codes: tuple[int, int], units: int, in_mm: float
) -> None:
    """The mask says the same unit as the images, so that it lies where they do whoever reads both."""
    path = write_nifti(CUBE, _scaled(OBLIQUE, 1 / in_mm), codes=codes, kind=kind, lie=_set(xyzt_units=units))
    volume, header = read_volume(path)
    np.testing.assert_allclose(header.stored_grid.affine, OBLIQUE, rtol=1e-5)
    assert volume.grid.voxel_ml == pytest.approx(0.006, rel=1e-5)
    assert header.farthest_apart_mm < 0.01
    labels = LabelMap(np.ones(volume.grid.shape, np.uint8), volume.grid, scheme_named("brats2020"))
    for name in ("mask.nii.gz", "mask.nrrd"):
        write_labels(tmp_path / name, labels, header)
        np.testing.assert_allclose(read_labels(tmp_path / name)[1].affine, OBLIQUE, rtol=1e-5)
    own = nib.load(tmp_path / "mask.nii.gz")  # type: ignore[attr-defined]
    assert own.header["xyzt_units"] == units
    np.testing.assert_allclose(own.affine, _scaled(OBLIQUE, 1 / in_mm), rtol=1e-5)


@pytest.mark.parametrize("units", [0, METRES, MM, MICROMETRES, 7, 255])
def test_a_unit_in_which_no_head_has_such_voxels_is_a_slip(write_nifti: Any, units: int) -> None:
    path = write_nifti(CUBE, OBLIQUE, lie=_set(xyzt_units=units))
    np.testing.assert_allclose(read_header(path).stored_grid.affine, OBLIQUE, rtol=1e-5)


def test_two_places_in_metres_lie_apart_in_mm(write_nifti: Any) -> None:
    def lie(header: Any) -> None:
        header["xyzt_units"] = METRES
        header["srow_z"][3] = 0.012

    path = write_nifti(CUBE, np.diag([0.001, 0.001, 0.001, 1]), lie=lie)
    assert read_header(path).farthest_apart_mm == pytest.approx(12, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("codes", [(0, 0), (-1, 0), (0, -3)])
def test_a_header_without_a_place_is_a_note(
    write_nifti: Any, tmp_path: Path, kind: Any, codes: tuple[int, int]
) -> None:
    """FSL and nibabel take its axes for left, anterior, superior, ITK for left, posterior, superior: a mirror image."""
    lie = _set(qform_code=codes[0], sform_code=codes[1])
    write_nifti(CUBE, np.diag([2.0, 2, 2, 1]), name="Toy_t1.nii.gz", kind=kind, lie=lie)
    case = run_to_end(read_case(find_case(tmp_path)))
    assert case.stored_grid.codes == "LAS"
    assert case.notes[0].startswith("T1: it does not say which way is left; left, anterior, superior is taken")


def test_a_mask_without_a_place_is_named_in_its_note(write_nifti: Any) -> None:
    path = write_nifti(CUBE.astype(np.uint8), codes=(0, 0), name="Toy_seg.nii.gz")
    (note,) = read_mask(path).notes
    assert note.startswith("Toy_seg.nii.gz: it does not say which way is left")


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (2, 4)])
def test_a_header_with_a_place_has_no_such_note(write_nifti: Any, codes: tuple[int, int]) -> None:
    assert not read_volume(write_nifti(CUBE, OBLIQUE, codes=codes))[0].note


def _unfilled(header: Any) -> None:
    header["srow_x"] = header["srow_y"] = header["srow_z"] = 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_matrix_that_was_never_filled_in_does_not_count_beside_a_quaternion(
    write_nifti: Any, tmp_path: Path, kind: Any
) -> None:
    volume, header = read_volume(write_nifti(CUBE, OBLIQUE, kind=kind, lie=_unfilled))
    np.testing.assert_allclose(header.stored_grid.affine, OBLIQUE, atol=1e-5)
    assert header.farthest_apart_mm == 0
    labels = LabelMap(np.ones(volume.grid.shape, np.uint8), volume.grid, scheme_named("brats2020"))
    write_labels(tmp_path / "mask.nii.gz", labels, header)
    own = nib.load(tmp_path / "mask.nii.gz")  # type: ignore[attr-defined]
    np.testing.assert_allclose(own.affine, OBLIQUE, atol=1e-5)


def test_a_matrix_that_was_never_filled_in_is_all_there_is(write_nifti: Any) -> None:
    with pytest.raises(ImageError, match="position in space"):
        read_volume(write_nifti(CUBE, codes=(0, 1), lie=_unfilled))


@pytest.mark.parametrize("dim", [(4, 4, 5, 6, 0), (5, 4, 5, 6, 1, 0), (7, 4, 5, 6, 0, 1, 0, 0)])
def test_further_axes_of_no_voxel_count_as_one(write_nifti: Any, tmp_path: Path, dim: tuple[int, ...]) -> None:
    """As in the format's own library, nifti1_io.c."""
    volume, header = read_volume(write_nifti(CUBE, lie=_set(dim=[*dim, *[0] * (8 - len(dim))])))
    np.testing.assert_array_equal(volume.stored, CUBE)
    labels = LabelMap(np.ones(volume.grid.shape, np.uint8), volume.grid, scheme_named("brats2020"))
    write_labels(tmp_path / "mask.nii.gz", labels, header)
    assert read_header(tmp_path / "mask.nii.gz").shape == (4, 5, 6)
