"""Saving a mask: verified, whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.formats import save
from brainseg_gui.imaging.formats.reading import read_header, read_labels
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.storage.folder import Folder

OLD = b"the file that was there before"


@pytest.fixture
def study(write_nifti: Any) -> tuple[LabelMap, Any]:
    """A mask with its header."""
    path = write_nifti(np.arange(24, dtype=np.uint8).reshape(2, 3, 4) % 5, np.diag([-1.0, -1.0, 2.0, 1.0]))
    values, stored_grid = read_labels(path)
    return LabelMap(values, stored_grid.grid, scheme_named("brats2020")), read_header(path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file in a folder of its own."""
    path = tmp_path / "out" / "mask.nii.gz"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def _refusal(study: tuple[LabelMap, Any], target: Path) -> SaveError:
    with pytest.raises(SaveError) as caught:
        write_labels(target, *study)
    assert caught.value.path == target
    assert caught.value.remedy
    assert os.listdir(target.parent) == [target.name], "a temporary file was left"
    assert target.read_bytes() == OLD
    return caught.value


@pytest.mark.parametrize("name", ["new.nii", "new.nii.gz", "NEW.NII.GZ"])
def test_a_saved_mask_reads_back_the_same(study: tuple[LabelMap, Any], tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_labels(path, *study)
    values, stored_grid = read_labels(path)
    np.testing.assert_array_equal(values, study[0].values)
    assert stored_grid.grid.same_as(study[0].grid)
    assert nib.load(path).get_data_dtype() == np.uint8
    assert path.read_bytes().startswith(b"\x1f\x8b") == name.lower().endswith(".gz")


@pytest.mark.parametrize(
    ("made_by", "description"),
    [
        ("", b"brainseg mask, brats2020"),
        ("synthetic-2mm 0.5", b"brainseg mask, brats2020, by synthetic-2mm 0.5"),
        ("Größe 1", b"brainseg mask, brats2020, by Gr??e 1"),
        ("n" * 200, b"brainseg mask, brats2020, by " + b"n" * 50),
    ],
)
def test_a_mask_says_which_network_made_it(
    study: tuple[LabelMap, Any], tmp_path: Path, made_by: str, description: bytes
) -> None:
    write_labels(tmp_path / "mask.nii.gz", *study, made_by=made_by)
    assert nib.load(tmp_path / "mask.nii.gz").header["descrip"].item() == description


def test_an_old_file_is_replaced_and_keeps_its_permissions(study: tuple[LabelMap, Any], target: Path) -> None:
    target.chmod(0o640)
    write_labels(target, *study)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert os.listdir(target.parent) == [target.name]
    np.testing.assert_array_equal(read_labels(target)[0], study[0].values)


@pytest.mark.parametrize(("name", "packed"), [("mask.nii", False), ("mask.nii.gz", True), ("5d41402a", True)])
def test_the_file_behind_a_link_is_replaced_and_the_link_stays(
    study: tuple[LabelMap, Any], tmp_path: Path, name: str, packed: bool
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / name).write_bytes(OLD)
    (tmp_path / "inner.nii.gz").symlink_to(Path("store") / name)
    link = tmp_path / "seg.nii.gz"
    link.symlink_to("inner.nii.gz")
    write_labels(link, *study)
    assert link.is_symlink()
    assert sorted(os.listdir(tmp_path / "store")) == [name]
    written = (tmp_path / "store" / name).read_bytes()
    assert written.startswith(b"\x1f\x8b") == packed  # as the name of the file itself says, else that of the link
    np.testing.assert_array_equal(read_labels(link)[0], study[0].values)


def test_a_link_that_leads_nowhere_is_filled(study: tuple[LabelMap, Any], tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    link = tmp_path / "seg.nii.gz"
    link.symlink_to(tmp_path / "store" / "new.nii.gz")
    write_labels(link, *study)
    assert (tmp_path / "store" / "new.nii.gz").is_file()
    link.unlink()
    link.symlink_to(tmp_path / "gone" / "new.nii.gz")
    with pytest.raises(SaveError, match="folder is gone"):
        write_labels(link, *study)
    assert link.is_symlink()


def test_a_new_file_has_the_usual_permissions(study: tuple[LabelMap, Any], tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_labels(tmp_path / "new.nii.gz", *study)
    assert (tmp_path / "new.nii.gz").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_overwriting_can_be_forbidden(study: tuple[LabelMap, Any], target: Path) -> None:
    with pytest.raises(SaveError, match="the file exists"):
        write_labels(target, *study, overwrite=False)
    assert target.read_bytes() == OLD
    write_labels(target.with_name("other.nii.gz"), *study, overwrite=False)


@pytest.mark.parametrize("name", ["mask.hdr", "mask.mnc", "mask.dcm", "mask.txt", "mask"])
def test_only_names_of_formats_that_masks_are_saved_in_are_taken(
    study: tuple[LabelMap, Any], tmp_path: Path, name: str
) -> None:
    with pytest.raises(SaveError, match=r"\.nii\.gz"):
        write_labels(tmp_path / name, *study)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(
    study: tuple[LabelMap, Any], target: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    error = _refusal(study, target)
    assert "No space left on device" in error.what
    assert "disk is full" in error.remedy


def test_a_disk_that_fills_while_writing_leaves_the_old_file(
    study: tuple[LabelMap, Any], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(image: Any, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nib.Nifti1Image, "to_filename", half)
    assert "disk is full" in _refusal(study, target).remedy


def test_a_read_only_folder_leaves_the_old_file(
    study: tuple[LabelMap, Any], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:  # root writes everywhere, so the system's answer is played

        def refuse(*_args: object, **_options: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Folder, "open", refuse)
    else:
        target.parent.chmod(0o500)
    error = _refusal(study, target)
    target.parent.chmod(0o700)
    assert "not writable" in error.remedy


def test_a_folder_that_is_gone(study: tuple[LabelMap, Any], tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="folder is gone"):
        write_labels(tmp_path / "gone" / "mask.nii.gz", *study)


def test_a_folder_of_that_name_stays(study: tuple[LabelMap, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out" / "mask.nii.gz"
    folder.mkdir(parents=True)
    with pytest.raises(SaveError):
        write_labels(folder, *study)
    assert os.listdir(folder.parent) == ["mask.nii.gz"]


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def _other_values(path: Path) -> None:
    image = nib.load(path)
    values = np.asarray(image.dataobj).copy()
    values[0, 0, 0] ^= 1
    nib.save(nib.Nifti1Image(values, image.affine, image.header), path)


def _other_place(path: Path) -> None:
    image = nib.load(path)
    affine = image.affine.copy()
    affine[0, 3] += 1
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), affine), path)


@pytest.mark.parametrize("damage", [_truncate, _other_values, _other_place])
def test_a_disk_that_writes_something_else_is_noticed(
    study: tuple[LabelMap, Any], target: Path, damage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = nib.Nifti1Image.to_filename

    def write_badly(image: Any, path: Path) -> None:
        write(image, path)
        monkeypatch.undo()
        damage(path)

    monkeypatch.setattr(nib.Nifti1Image, "to_filename", write_badly)
    error = _refusal(study, target)
    assert "read back" in error.what
    assert "old file is untouched" in error.remedy


def test_any_other_failure_leaves_no_temporary_file(
    study: tuple[LabelMap, Any], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(save, "_verify", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_labels(target, *study)
    assert os.listdir(target.parent) == [target.name]
    assert target.read_bytes() == OLD


def test_the_study_itself_is_not_changed_by_saving(study: tuple[LabelMap, Any], tmp_path: Path) -> None:
    labels, header = study
    header.own["scl_slope"] = 3
    before, values = header.own.binaryblock, labels.values.copy()
    write_labels(tmp_path / "mask.nii.gz", *study)
    assert header.own.binaryblock == before
    np.testing.assert_array_equal(labels.values, values)


def test_a_mask_that_lies_elsewhere_than_the_study_is_not_written(study: tuple[LabelMap, Any], target: Path) -> None:
    labels, header = study
    moved = labels.grid.affine.copy()
    moved[2, 3] += 5
    elsewhere = LabelMap(labels.values, Grid(labels.grid.shape, moved), labels.scheme)
    assert "differs" in _refusal((elsewhere, header), target).what
