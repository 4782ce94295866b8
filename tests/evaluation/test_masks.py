"""How the numbers of two masks are read, and what is said about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.evaluation.masks import ChosenSchemes, MaskPair, read_pair
from brainseg_gui.evaluation.records.pair import Pair
from brainseg_gui.imaging.labelling.known_schemes import scheme_named

# tissue by tissue: BraTS 2020's 1 NCR, 2 ED, 4 ET in other numbers
BRATS_2023 = {1: 1, 2: 2, 4: 3}
OEDEMA_ENHANCING_CORE = {1: 3, 2: 1, 4: 2}


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Path:
    folder: Path = toy_case(tmp_path, shape=(40, 44, 36))
    return folder


def _rewritten(source: Path, target: Path, numbers: dict[int, int]) -> Path:
    image = nib.load(source)
    stored = np.asarray(image.dataobj)
    renamed = np.zeros_like(stored)
    for old, new in numbers.items():
        renamed[stored == old] = new
    nib.save(nib.Nifti1Image(renamed, image.affine, image.header), target)
    return target


def _read(reference: Path, prediction: Path, chosen: ChosenSchemes | None = None) -> MaskPair:
    return read_pair(Pair("x", reference, prediction), chosen or ChosenSchemes())


def test_a_prediction_with_other_numbers_is_read_by_the_images(case: Path, tmp_path: Path) -> None:
    seg = case / "Toy_001_seg.nii.gz"
    masks = _read(seg, _rewritten(seg, tmp_path / "p.nii.gz", BRATS_2023))
    assert masks.reference.scheme.name == "brats2020"
    assert "BraTS 2017–2021 (1 = NCR, 2 = ED, 4 = ET)" in masks.reference_note
    assert masks.prediction.scheme.meaning_of(3) == "ET"
    assert "3 = ET" in masks.prediction_note


def test_a_prediction_with_the_same_numbers_is_read_like_the_reference(case: Path, tmp_path: Path) -> None:
    """A prediction that calls oedema enhancing is wrong, it does not follow another scheme."""
    seg = case / "Toy_001_seg.nii.gz"
    wrong = _rewritten(seg, tmp_path / "p.nii.gz", {1: 1, 2: 4, 4: 2})
    masks = _read(seg, wrong)
    assert masks.prediction.scheme.name == masks.reference.scheme.name == "brats2020"
    assert "read like the reference's" in masks.prediction_note


def test_numbers_that_look_like_another_scheme_are_pointed_out(case: Path, tmp_path: Path) -> None:
    seg = case / "Toy_001_seg.nii.gz"
    reference = _rewritten(seg, case / "Toy_001_seg.nii.gz", BRATS_2023)
    prediction = _rewritten(reference, tmp_path / "p.nii.gz", {1: 3, 2: 1, 3: 2})
    masks = _read(reference, prediction)
    assert masks.prediction.scheme.name == masks.reference.scheme.name
    assert "--prediction-scheme ed-et-ncr" in masks.prediction_note


def test_named_schemes_are_followed_without_a_look_at_the_images(case: Path, tmp_path: Path) -> None:
    seg = case / "Toy_001_seg.nii.gz"
    for image in case.glob("*_t1*.nii.gz"):
        image.write_bytes(b"not an image")
    prediction = _rewritten(seg, tmp_path / "p.nii.gz", OEDEMA_ENHANCING_CORE)
    chosen = ChosenSchemes(scheme_named("brats2020"), scheme_named("ed-et-ncr"))
    masks = _read(seg, prediction, chosen)
    assert (masks.reference.scheme.name, masks.prediction.scheme.name) == ("brats2020", "ed-et-ncr")
    assert masks.prediction_note == "The labels are read as Oedema, enhancing, core, as asked"


def test_broken_images_beside_the_reference_only_cost_the_guess(case: Path, tmp_path: Path) -> None:
    seg = case / "Toy_001_seg.nii.gz"
    (case / "Toy_001_t1ce.nii.gz").write_bytes(b"not an image")
    masks = _read(seg, _rewritten(seg, tmp_path / "p.nii.gz", {1: 1, 2: 2, 4: 4}))
    assert masks.reference.scheme.name == "brats2020"
    assert masks.reference_note.endswith("guessed without images")


def test_masks_alone_are_read_by_their_values(toy_case: Any, tmp_path: Path) -> None:
    seg = toy_case(tmp_path) / "Toy_001_seg.nii.gz"
    alone = _rewritten(seg, tmp_path / "a.nii.gz", {1: 1, 2: 2, 4: 4})
    masks = _read(alone, alone)
    assert masks.reference.scheme.meaning_of(4) == "ET"
    assert masks.reference_note.endswith("guessed without images")


def test_images_in_a_folder_of_their_own_tell_what_the_numbers_mean(case: Path, tmp_path: Path) -> None:
    seg = case / "Toy_001_seg.nii.gz"
    reference = _rewritten(seg, tmp_path / "r.nii.gz", OEDEMA_ENHANCING_CORE)
    seg.unlink()
    masks = read_pair(Pair("x", reference, reference, case), ChosenSchemes())
    assert [masks.reference.scheme.meaning_of(value) for value in (1, 2, 3)] == ["ED", "ET", "NCR"]
    assert "without images" not in masks.reference_note


def test_the_masks_of_2023_alone_have_enhancing_tumour(case: Path, tmp_path: Path) -> None:
    """Read as BRATS 2013, in which 3 is non-enhancing, any two of them would agree on no enhancement at all."""
    seg = _rewritten(case / "Toy_001_seg.nii.gz", tmp_path / "r.nii.gz", BRATS_2023)
    masks = _read(seg, seg)
    assert masks.reference.scheme.meaning_of(3) == masks.prediction.scheme.meaning_of(3) == "ET"


def test_the_hard_real_case_is_read_by_its_images(shared_folder: Path) -> None:
    seg = shared_folder / "cases" / "modelhub_patient_1" / "segmentation.nii.gz"
    masks = _read(seg, seg)
    assert [masks.reference.scheme.meaning_of(value) for value in (1, 2, 3)] == ["ED", "ET", "NCR"]
    assert masks.prediction.scheme is masks.reference.scheme
