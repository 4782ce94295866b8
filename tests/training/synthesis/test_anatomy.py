"""Reading label maps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import ImageError
from training.synthesis import anatomy as anatomy_module
from training.synthesis.__main__ import main
from training.synthesis.anatomy import Anatomy, Tissue, find_anatomies, read_anatomy, read_anatomy_cached

Labels = np.ndarray[Any, np.dtype[np.int16]]


def test_the_hull_holds_the_brain_but_not_the_skull(anatomy: Anatomy, toy_labels: Labels) -> None:
    solid = np.isin(anatomy.tissue, (Tissue.WHITE, Tissue.CORTEX, Tissue.VENTRICLE))
    assert anatomy.hull[solid].mean() > 0.99
    assert anatomy.hull.sum() < np.isin(toy_labels, (2, 3, 4, 24, 41, 42, 43)).sum() * 1.02


def test_the_midline_parts_left_from_right(anatomy: Anatomy) -> None:
    half = anatomy.tissue.shape[0] // 2
    white = anatomy.tissue == Tissue.WHITE
    assert (anatomy.midline_mm[: half - 3][white[: half - 3]] < 0).all()
    assert (anatomy.midline_mm[half + 3 :][white[half + 3 :]] > 0).all()


def test_the_stored_orientation_of_an_anatomy_does_not_matter(
    tmp_path: Path, anatomy: Anatomy, toy_labels: Labels
) -> None:
    flipped = toy_labels[::-1, ::-1]
    path = tmp_path / "toy.nii.gz"
    nib.save(nib.Nifti1Image(np.ascontiguousarray(flipped), np.diag((-1.0, -1.0, 1.0, 1.0))), path)
    np.testing.assert_array_equal(read_anatomy(path).tissue, anatomy.tissue)


@pytest.mark.parametrize("fault", ["missing", "text", "two millimetres", "no brain"])
def test_a_bad_anatomy_is_named_with_the_remedy(
    tmp_path: Path,
    fault: str,
    capsys: pytest.CaptureFixture[str],
    toy_labels: Labels,
    write_labels: Callable[..., Path],
) -> None:
    path = tmp_path / "bad.nii.gz"
    if fault == "text":
        path.write_text("not an image")
    elif fault == "two millimetres":
        write_labels(path, toy_labels, 2.0)
    elif fault == "no brain":
        write_labels(path, np.full((20, 20, 20), 515, np.int16))
    assert main(["--anatomy", str(path), "--out", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert str(path) in message
    assert not list(tmp_path.glob("out/SYN*"))


def test_labels_that_a_program_scaled_are_whole_again(tmp_path: Path, anatomy: Anatomy, toy_labels: Labels) -> None:
    """What nibabel writes of floats into int16 reads 40.9998 for 41, and once was 40."""
    path = tmp_path / "toy.nii.gz"
    image = nib.Nifti1Image(toy_labels.astype(np.float64), np.eye(4))
    image.header.set_data_dtype(np.int16)
    nib.save(image, path)
    values = nib.load(path).get_fdata()
    assert (values.astype(np.int16) != toy_labels).any()
    np.testing.assert_array_equal(read_anatomy(path).tissue, anatomy.tissue)


def test_labels_that_are_no_numbers_are_background(tmp_path: Path, anatomy: Anatomy, toy_labels: Labels) -> None:
    values = toy_labels.astype(np.float32)
    values[toy_labels == 0] = np.nan
    nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "toy.nii.gz")
    np.testing.assert_array_equal(read_anatomy(tmp_path / "toy.nii.gz").tissue, anatomy.tissue)


def test_interpolated_labels_are_refused(tmp_path: Path, toy_labels: Labels) -> None:
    nib.save(nib.Nifti1Image((toy_labels + np.float32(0.3)), np.eye(4)), tmp_path / "toy.nii.gz")
    with pytest.raises(ImageError, match="holds fractions"):
        read_anatomy(tmp_path / "toy.nii.gz")


def test_what_macos_and_folders_leave_is_no_anatomy(tmp_path: Path, toy_file: Path) -> None:
    (tmp_path / "A.nii.gz").write_bytes(toy_file.read_bytes())
    (tmp_path / "._A.nii.gz").write_bytes(b"\0\5\x16\7")
    (tmp_path / "B.nii.gz").mkdir()
    assert find_anatomies(tmp_path) == (tmp_path / "A.nii.gz",)


def test_an_empty_folder_holds_no_anatomies(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no anatomical label map"):
        find_anatomies(tmp_path)


def test_label_maps_are_found_by_the_table_of_formats(tmp_path: Path, toy_file: Path) -> None:
    for name in ("B.NII.GZ", "a.nii", "notes.txt", "c.mnc"):
        (tmp_path / name).write_bytes(toy_file.read_bytes())
    assert [path.name for path in find_anatomies(tmp_path)] == ["B.NII.GZ", "a.nii"]


def test_a_read_anatomy_is_kept_and_gives_the_same(
    toy_file: Path, anatomy: Anatomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_anatomy_cached(toy_file)
    monkeypatch.setattr(anatomy_module, "read_anatomy", None)
    kept = read_anatomy_cached(toy_file)
    assert kept.name == anatomy.name
    for part in ("tissue", "hull_mm", "midline_mm"):
        np.testing.assert_array_equal(getattr(kept, part), getattr(anatomy, part))


def test_a_damaged_cache_is_read_anew(toy_file: Path, anatomy: Anatomy, own_folders: Path) -> None:
    read_anatomy_cached(toy_file)
    (kept,) = own_folders.glob("cache/brainseg/anatomies/*.npz")
    kept.write_bytes(kept.read_bytes()[:1000])
    np.testing.assert_array_equal(read_anatomy_cached(toy_file).tissue, anatomy.tissue)
