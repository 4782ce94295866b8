"""Reading a case in threads: what comes when, what is refused, and that closing it stops everything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError, Cancelled, CaseError, GridMismatchError, ImageError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases import read_case as module
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_volume
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress, run_to_end

T1, T1CE, T2, FLAIR = Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR


def _readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("read")]


def _steps(source: CaseSource, **options: Any) -> tuple[list[Progress], Case]:
    work = read_case(source, **options)
    steps = []
    while True:
        try:
            steps.append(next(work))
        except StopIteration as end:
            return steps, end.value


def _change(path: Path, change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> None:
    image = nib.load(path)
    stored, affine = change(np.asarray(image.dataobj).copy(), image.affine.copy())
    nib.save(nib.Nifti1Image(stored, affine), path)


# --- what comes when --------------------------------------------------------------------------------------------


def test_a_whole_case(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path, orientation="SAR", oblique=12, spacing=(1, 0.9, 3))
    steps, case = _steps(find_case(folder))
    assert case.case_id == "Toy_001"
    assert set(case.volumes) == set(Modality)
    assert case.missing == ()
    assert case.stored_grid.codes == "SAR"
    assert case.grid.spacing_mm == pytest.approx((1, 0.9, 3), rel=1e-5)
    assert all(volume.grid is case.grid and volume.stored.dtype == np.int16 for volume in case.volumes.values())
    assert case.reference is not None
    assert case.reference.grid is case.grid
    assert case.reference.present() == (1, 2, 4)
    assert case.scheme.name == case.reference.scheme.name == "brats2020"
    assert "4 = ET" in case.notes[-1]
    assert not _readers()
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert 0 <= done[0] <= done[-1] <= 1


def test_the_same_patient_in_every_orientation(toy_case: Any, tmp_path: Path) -> None:
    cases = [
        run_to_end(read_case(find_case(toy_case(tmp_path / code, orientation=code)))) for code in ("RAS", "LPS", "IPR")
    ]
    for case in cases[1:]:
        assert case.grid.same_as(cases[0].grid)
        np.testing.assert_array_equal(case.reference.values, cases[0].reference.values)
        for modality in Modality:
            np.testing.assert_array_equal(case.volumes[modality].stored, cases[0].volumes[modality].stored)


@pytest.mark.parametrize("first", Modality)
def test_the_first_picture_is_there_before_the_last_modality(
    toy_case: Any, tmp_path: Path, first: Modality, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = find_case(toy_case(tmp_path))
    shown = threading.Event()

    def wait_for_the_first(path: Path, should_stop: Any) -> Any:
        if path != source.modalities[first]:
            assert shown.wait(10)
        return read_volume(path, should_stop)

    monkeypatch.setattr(module, "read_volume", wait_for_the_first)
    work = read_case(source, first=first)
    partial = next(step.partial for step in work if step.partial is not None)
    assert set(partial.volumes) == {first}
    assert partial.reference is None
    shown.set()
    work.close()


def test_partial_cases_grow(toy_case: Any, tmp_path: Path) -> None:
    steps, _ = _steps(find_case(toy_case(tmp_path)))
    sizes = [len(step.partial.volumes) for step in steps if step.partial is not None]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == 4


# --- what is missing, and other grids ---------------------------------------------------------------------------


def test_a_missing_modality_opens_with_a_note(toy_case: Any, tmp_path: Path) -> None:
    case = run_to_end(read_case(find_case(toy_case(tmp_path, modalities=("t1", "flair")))))
    assert case.missing == (T1CE, T2)
    assert "Not found: T1ce, T2" in case.notes


def test_a_case_without_a_mask(toy_case: Any, tmp_path: Path) -> None:
    case = run_to_end(read_case(find_case(toy_case(tmp_path, mask=False))))
    assert case.reference is None
    assert case.scheme.name == "brats2020"


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no modality"):
        run_to_end(read_case(CaseSource("x", tmp_path, {})))


def test_a_modality_on_its_own_grid_is_shown_in_its_place(toy_case: Any, tmp_path: Path) -> None:
    """FLAIR with every second slice only: 2 mm apart, the same patient."""
    folder = toy_case(tmp_path, orientation="RAS")
    path = folder / "Toy_001_flair.nii.gz"
    whole = run_to_end(read_case(find_case(folder)))
    _change(path, lambda stored, affine: (stored[:, :, ::2], affine @ np.diag([1.0, 1.0, 2.0, 1.0])))
    case = run_to_end(read_case(find_case(folder)))
    assert case.grid.same_as(whole.grid)
    flair = case.volumes[FLAIR]
    assert flair.stored.dtype == np.float32
    np.testing.assert_allclose(flair.stored[:, :, ::2], whole.volumes[FLAIR].stored[:, :, ::2], atol=1e-2)
    assert "FLAIR has its own grid (24×28×10, 1×1×2 mm) and is shown on the grid of the others" in case.notes


def test_the_grid_of_most_modalities_is_the_grid_of_the_case(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path, orientation="RAS")
    _change(folder / "Toy_001_t1ce.nii.gz", lambda stored, affine: (stored[:-4], affine))
    case = run_to_end(read_case(find_case(folder)))
    assert case.grid.shape == (24, 28, 20)
    assert len([note for note in case.notes if "own grid" in note]) == 1


def test_the_same_grid_stored_in_two_orientations_is_one_grid(toy_case: Any, tmp_path: Path) -> None:
    one, other = toy_case(tmp_path / "a"), toy_case(tmp_path / "b", orientation="SPL")
    source = find_case(one)
    mixed = replace(source, modalities={**source.modalities, T2: other / "Toy_001_t2.nii.gz"})
    case = run_to_end(read_case(mixed))
    assert not any("own grid" in note for note in case.notes)
    assert case.volumes[T2].stored.dtype == np.int16


def test_files_of_two_patients_in_one_folder_are_noted(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path, modalities=("t1", "t1ce", "t2"))
    (folder / "Toy_001_t2.nii.gz").rename(folder / "Toy_002_t2.nii.gz")
    case = run_to_end(read_case(find_case(folder)))
    assert any("(Toy_001, Toy_002); check that they are of one patient" in note for note in case.notes)


def test_images_on_several_grids_and_long_names_are_told_in_two_sentences(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path, orientation="RAS")
    for name in ("flair", "t2"):
        path = folder / f"Toy_001_{name}.nii.gz"
        _change(path, lambda stored, affine: (stored[:, :, ::2], affine @ np.diag([1.0, 1.0, 2.0, 1.0])))
        path.rename(path.with_name(f"{'Hospital' * 6}_{name}.nii.gz"))
    notes = run_to_end(read_case(find_case(folder))).notes
    assert "T2 (24×28×10, 1×1×2 mm) and FLAIR (24×28×10, 1×1×2 mm) have grids of their own and are shown" in notes[0]
    names = next(note for note in notes if "begin differently" in note)
    assert "(HospitalHospital…ospitalHospital, Toy_001)" in names
    assert len(names) < 200


def _shift_mask(folder: Path) -> None:
    def shift(stored: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        affine[:3, 3] += affine[:3, :3] @ [1, 0, 0]
        return np.roll(stored, -1, axis=0), affine  # the same tissue under another affine

    _change(folder / "Toy_001_seg.nii.gz", shift)


def test_a_mask_on_another_grid_is_refused_in_words(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path)
    _shift_mask(folder)
    with pytest.raises(GridMismatchError, match=r"lies up to 1\.00 mm away") as caught:
        run_to_end(read_case(find_case(folder)))
    assert caught.value.path == folder / "Toy_001_seg.nii.gz"
    assert not _readers()


def test_a_mask_on_another_grid_is_resampled_when_allowed(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path)
    whole = run_to_end(read_case(find_case(folder)))
    _shift_mask(folder)
    case = run_to_end(read_case(find_case(folder), regrid=RegridPolicy.NEAREST))
    np.testing.assert_array_equal(case.reference.values, whole.reference.values)


def test_a_mask_of_another_shape_is_refused(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path)
    _change(folder / "Toy_001_seg.nii.gz", lambda stored, affine: (stored[:-1], affine))
    with pytest.raises(GridMismatchError, match="23×28×20 voxels instead of 24×28×20"):
        run_to_end(read_case(find_case(folder)))


# --- what goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t1", "t1ce", "t2", "flair", "seg"])
def test_any_bad_file_ends_the_reading_with_its_name(toy_case: Any, tmp_path: Path, name: str) -> None:
    folder = toy_case(tmp_path)
    path = folder / f"Toy_001_{name}.nii.gz"
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ImageError) as caught:
        run_to_end(read_case(find_case(folder)))
    assert caught.value.path == path
    assert not _readers()


def test_a_bug_in_a_thread_is_not_swallowed(toy_case: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "read_volume", fail)
    with pytest.raises(ZeroDivisionError):
        run_to_end(read_case(find_case(toy_case(tmp_path))))
    assert not _readers()


def test_an_image_as_mask_is_refused(toy_case: Any, tmp_path: Path) -> None:
    source = find_case(toy_case(tmp_path))
    with pytest.raises(BrainsegError, match="not a mask"):
        run_to_end(read_case(replace(source, reference=source.modalities[T1])))


# --- cancelling -------------------------------------------------------------------------------------------------


def test_closing_at_every_step_stops_the_threads(toy_case: Any, tmp_path: Path) -> None:
    source = find_case(toy_case(tmp_path))
    count = len(_steps(source)[0])
    for stop_after in range(count + 1):
        work = read_case(source)
        for _ in range(stop_after):
            next(work, None)
        work.close()
        assert not _readers(), f"threads go on after step {stop_after}"


def test_closing_stops_endless_files(toy_case: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every modality goes on until it is asked to stop."""
    source = find_case(toy_case(tmp_path))
    started = threading.Barrier(5)

    def endless(_path: Path, should_stop: Callable[[], bool]) -> None:
        started.wait(10)
        while not should_stop():
            threading.Event().wait(0.001)
        raise Cancelled

    monkeypatch.setattr(module, "read_volume", endless)
    work = read_case(source)
    assert next(work).done == 0
    started.wait(10)
    work.close()
    assert not _readers()


def test_a_forgotten_reading_stops_too(toy_case: Any, tmp_path: Path) -> None:
    work = read_case(find_case(toy_case(tmp_path)))
    next(work)
    del work
    assert not _readers()


# --- Decathlon --------------------------------------------------------------------------------------------------


def _decathlon(tmp_path: Path, volumes: int = 4) -> Path:
    images, labels = tmp_path / "imagesTr", tmp_path / "labelsTr"
    images.mkdir()
    labels.mkdir()
    stored = np.random.default_rng(0).normal(500, 50, (8, 9, 7, volumes)).astype(np.float32)
    stored[0] = 0
    stored[..., 0] += 1000
    nib.save(nib.Nifti1Image(stored, np.eye(4)), images / "BRATS_001.nii.gz")
    mask = np.zeros((8, 9, 7), np.uint8)
    mask[2:6, 2:6, 2:6], mask[3:5, 3:5, 3:5] = 1, 3
    nib.save(nib.Nifti1Image(mask, np.eye(4)), labels / "BRATS_001.nii.gz")
    return images / "BRATS_001.nii.gz"


def test_a_decathlon_file_is_four_modalities_in_their_order(tmp_path: Path) -> None:
    path = _decathlon(tmp_path)
    case = run_to_end(read_case(find_case(path)))
    stored = np.asarray(nib.load(path).dataobj)
    for channel, modality in enumerate((FLAIR, T1, T1CE, T2)):
        np.testing.assert_array_equal(case.volumes[modality].stored, stored[..., channel])
    assert case.reference is not None
    assert case.reference.present() == (1, 3)
    assert len(case.stored_grid.shape) == 3


def test_a_decathlon_file_that_became_another_is_refused(tmp_path: Path) -> None:
    path = _decathlon(tmp_path, volumes=3)
    source = CaseSource("x", path.parent, dict.fromkeys((FLAIR, T1, T1CE, T2), path))
    with pytest.raises(CaseError, match="not a Decathlon file"):
        run_to_end(read_case(source))


def test_a_mask_of_a_decathlon_case_is_saved_in_three_dimensions(tmp_path: Path) -> None:
    from brainseg_gui.imaging.formats.save import write_labels

    case = run_to_end(read_case(find_case(_decathlon(tmp_path))))
    write_labels(tmp_path / "mask.nii.gz", case.reference, case.header)
    saved = nib.load(tmp_path / "mask.nii.gz")
    assert saved.shape == (8, 9, 7)
    assert int(saved.header["dim"][0]) == 3
    np.testing.assert_array_equal(np.asarray(saved.dataobj), case.reference.values)


# --- what cannot be read ----------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_left_out_on_request_and_named(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path, modalities=("t1", "t1ce", "t2"))
    for name in ("t1ce", "t2"):
        (folder / f"Toy_001_{name}.nii.gz").write_text("a letter to a friend")
    source = find_case(folder)
    with pytest.raises(ImageError):
        run_to_end(read_case(source))
    case = run_to_end(read_case(source, leave_unreadable=True))
    assert set(case.volumes) == {T1}
    assert case.reference is not None
    (told,) = [note for note in case.notes if note.startswith("Left out: ")]
    assert "Toy_001_t1ce.nii.gz: " in told
    assert "Toy_001_t2.nii.gz: " in told
    assert "Not found: FLAIR" in case.notes
    assert {path.name for path in case.source.unused} == {"Toy_001_t1ce.nii.gz", "Toy_001_t2.nii.gz"}


def test_a_case_of_which_nothing_can_be_read_names_every_file(toy_case: Any, tmp_path: Path) -> None:
    folder = toy_case(tmp_path, modalities=("t1", "t2"), mask=False)
    for path in folder.iterdir():
        path.write_text("a letter to a friend")
    with pytest.raises(CaseError, match=r"none of its images can be read \(Toy_001_t\d.*; Toy_001_t\d"):
        run_to_end(read_case(find_case(folder), leave_unreadable=True))
