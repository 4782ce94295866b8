"""Another patient's images under an open window: the mask of the first is not saved among them without a word."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.saving.save_mask import Doubt, MaskDoubt, SaveRequest, images_were_exchanged, save_mask
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.progress import run_to_end

ToyCase = Callable[..., Path]


@pytest.fixture
def case(toy_case: ToyCase, tmp_path: Path) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path / "open", case_id="P1", seed=1))))


def _request(case: Case, **more: object) -> SaveRequest:
    assert case.reference is not None
    return SaveRequest(case, case.reference, "annotation", **more)  # type: ignore[arg-type]


def _another_patient(case: Case, toy_case: ToyCase, elsewhere: Path) -> None:
    """The same names, other images: a folder that was exported anew, a drive that was exchanged."""
    other = toy_case(elsewhere, case_id="P1", seed=2)
    for image in other.iterdir():
        shutil.copyfile(image, case.source.folder / image.name)


def test_a_mask_among_another_patients_images_is_asked_about(case: Case, toy_case: ToyCase, tmp_path: Path) -> None:
    _another_patient(case, toy_case, tmp_path / "other")
    before = sorted(os.listdir(case.source.folder))
    with pytest.raises(MaskDoubt) as caught:
        run_to_end(save_mask(_request(case)))
    assert (caught.value.doubt, caught.value.name) == (Doubt.IMAGES, "P1")
    assert sorted(os.listdir(case.source.folder)) == before
    saved = run_to_end(save_mask(_request(case).settling(Doubt.IMAGES)))
    assert saved.file.path.parent == case.source.folder


def test_somewhere_else_it_may_go(case: Case, toy_case: ToyCase, tmp_path: Path) -> None:
    _another_patient(case, toy_case, tmp_path / "other")
    saved = run_to_end(save_mask(_request(case, chosen=tmp_path / "mine.nii.gz")))
    assert saved.file.path == tmp_path / "mine.nii.gz"


def _touched(path: Path) -> None:
    os.utime(path)


def _copied(path: Path) -> None:
    shutil.copyfile(path, path.with_name("copy"))
    path.with_name("copy").replace(path)
    os.utime(path, (1, 1))


def _packed_anew(path: Path) -> None:
    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), image.affine, image.header), path)


def _gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [_touched, _copied, _packed_anew, _gone])
def test_what_is_the_same_or_gone_is_saved_without_a_question(case: Case, change: Callable[[Path], None]) -> None:
    for image in case.source.modalities.values():
        change(image)
    assert run_to_end(save_mask(_request(case))).file.path.is_file()


def _one_other(path: Path) -> None:
    image = nib.load(path)
    values = np.asarray(image.dataobj).copy()
    values[tuple(n // 2 for n in values.shape)] += 1
    nib.save(nib.Nifti1Image(values, image.affine, image.header), path)


def _moved(path: Path) -> None:
    image = nib.load(path)
    affine = image.affine.copy()
    affine[0, 3] += 5
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), affine), path)


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def _text(path: Path) -> None:
    path.write_text("no image")


@pytest.mark.parametrize("change", [_one_other, _moved, _half, _text])
def test_every_other_image_is_seen(case: Case, change: Callable[[Path], None]) -> None:
    change(next(iter(case.source.modalities.values())))
    assert images_were_exchanged(case, study_digest(case))


def test_images_that_nobody_wrote_are_not_read_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_again(*_: object) -> None:
        raise AssertionError("a save must not cost a second reading")

    monkeypatch.setattr("brainseg_gui.imaging.cases.read_case.read_case", read_again)
    assert len(case.stamps) == 4
    run_to_end(save_mask(_request(case)))
    assert not images_were_exchanged(replace(case, stamps={}), "")
