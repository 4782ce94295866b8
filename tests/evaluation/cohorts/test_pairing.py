"""Which prediction belongs to which reference, by names alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainseg_gui.errors import CaseError
from brainseg_gui.evaluation.cohorts.pairing import Pairing, pair_masks, pair_models


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def _paired(pairing: Pairing) -> dict[str, tuple[str, str]]:
    return {pair.case_id: (pair.reference.name, pair.prediction.name) for pair in pairing.pairs}


def _patients(references: Path, predictions: Path) -> dict[str, str]:
    pairs, _ = pair_models(references, {"m": predictions})
    return {pair.case_id: pair.patient for _, pair in pairs}


@pytest.mark.parametrize(
    ("ids", "patients"),
    [
        (
            "BraTS-GLI-00001-000 BraTS-GLI-00001-001 BraTS-GLI-00002-000",
            "BraTS-GLI-00001 BraTS-GLI-00001 BraTS-GLI-00002",
        ),
        ("Ann_baseline Ann_followup2 Bob_baseline", "Ann Ann Bob"),
        ("Ann_2021-03-04 Ann_2021-09-01 Bob_2020-01-01", "Ann Ann Bob"),
        ("TCGA-02-0006 TCGA-02-0009 TCGA-02-0011", "TCGA-02-0006 TCGA-02-0009 TCGA-02-0011"),
        ("A B C", "A B C"),
    ],
)
def test_ids_tell_whose_the_cases_are(tmp_path: Path, ids: str, patients: str) -> None:
    names = ids.split()
    references = _touch(tmp_path / "visit1", *(f"{name}_seg.nii.gz" for name in names))  # a folder of all is nobody's
    predictions = _touch(tmp_path / "p", *(f"{name}_pred.nii.gz" for name in names))
    assert _patients(references, predictions) == dict(zip(names, patients.split(), strict=True))


def test_folders_tell_whose_the_cases_are(tmp_path: Path) -> None:
    visits = [f"{name}/visit{n}" for name in ("Ann", "Bob") for n in (1, 2)]
    kinds = ("t1", "t1ce", "t2", "flair", "seg")
    references = _touch(tmp_path / "r", *(f"{visit}/scan_{kind}.nii.gz" for visit in visits for kind in kinds))
    predictions = _touch(tmp_path / "p", *(f"{visit}/scan_pred.nii.gz" for visit in visits))
    assert sorted(_patients(references, predictions).values()) == ["Ann", "Ann", "Bob", "Bob"]


def test_two_files_are_a_pair_whatever_their_names(tmp_path: Path) -> None:
    _touch(tmp_path, "fusion_majority.nii.gz", "scan-20.nii.gz")
    pairing = pair_masks(tmp_path / "fusion_majority.nii.gz", tmp_path / "scan-20.nii.gz")
    assert _paired(pairing) == {"fusion_majority": ("fusion_majority.nii.gz", "scan-20.nii.gz")}


def test_every_way_to_name_a_mask_gives_the_same_id(tmp_path: Path) -> None:
    references = _touch(tmp_path / "r", "A_seg.nii.gz", "B-seg.nii.gz", "C.nii.gz", "D.seg.nii", "E_mask.nii")
    predictions = _touch(tmp_path / "p", *(f"{name}_pred.nii.gz" for name in "ABCDE"))
    pairing = pair_masks(references, predictions)
    assert list(_paired(pairing)) == ["A", "B", "C", "D", "E"]
    assert pairing.unpaired == ()


def test_case_folders_are_named_by_their_folders(tmp_path: Path) -> None:
    cohort = _touch(
        tmp_path / "cohort",
        *(f"P{n}/P{n}_{kind}.nii.gz" for n in (1, 2) for kind in ("t1", "t1ce", "t2", "flair", "seg")),
        "P3/W39_Segm.nii",  # a mask that is not named like its folder
        "P3/P3_flair.nii",
        "P4/segmentation.nii.gz",
    )
    predictions = _touch(tmp_path / "p", *(f"P{n}_pred.nii.gz" for n in (1, 2, 3, 4)))
    assert _paired(pair_masks(cohort, predictions)) == {
        "P1": ("P1_seg.nii.gz", "P1_pred.nii.gz"),
        "P2": ("P2_seg.nii.gz", "P2_pred.nii.gz"),
        "P3": ("W39_Segm.nii", "P3_pred.nii.gz"),
        "P4": ("segmentation.nii.gz", "P4_pred.nii.gz"),
    }


def test_a_single_case_folder_goes_by_its_own_name(tmp_path: Path) -> None:
    case = _touch(tmp_path / "Study", "x_t1.nii.gz", "x_flair.nii.gz", "x_seg.nii.gz")
    predictions = _touch(tmp_path / "p", "Study_pred.nii.gz")
    assert _paired(pair_masks(case, predictions)) == {"Study": ("x_seg.nii.gz", "Study_pred.nii.gz")}
    assert _paired(pair_masks(case, predictions / "Study_pred.nii.gz")) == {
        "Study": ("x_seg.nii.gz", "Study_pred.nii.gz")
    }


def test_references_and_predictions_in_one_folder(tmp_path: Path) -> None:
    folder = _touch(tmp_path, "A_seg.nii.gz", "A_pred.nii.gz", "B_seg.nii.gz")
    pairing = pair_masks(folder, folder)
    assert _paired(pairing) == {"A": ("A_seg.nii.gz", "A_pred.nii.gz")}
    assert [(entry.case_id, entry.reason) for entry in pairing.unpaired] == [
        ("B", "it has only this mask, nothing to compare it with")
    ]


def test_the_outputs_of_two_models_can_be_compared(tmp_path: Path) -> None:
    first, second = (_touch(tmp_path / name, "A_pred.nii.gz") for name in ("one", "two"))
    assert _paired(pair_masks(first, second)) == {"A": ("A_pred.nii.gz", "A_pred.nii.gz")}


def test_cases_without_a_partner_are_listed(tmp_path: Path) -> None:
    references = _touch(tmp_path / "r", "A_seg.nii", "B_seg.nii")
    predictions = _touch(tmp_path / "p", "A_pred.nii", "C_pred.nii")
    pairing = pair_masks(references, predictions)
    assert list(_paired(pairing)) == ["A"]
    assert {entry.case_id: entry.reason for entry in pairing.unpaired} == {
        "B": "it has no prediction",
        "C": "it has no reference",
    }


def test_two_masks_of_one_case_are_not_guessed_between(tmp_path: Path) -> None:
    references = _touch(tmp_path / "r", "A_seg.nii", "B_seg.nii", "B-seg.nii.gz")
    predictions = _touch(tmp_path / "p", "A_pred.nii", "B_pred.nii")
    (entry,) = pair_masks(references, predictions).unpaired
    assert entry.case_id == "B"
    assert "2 masks for a reference" in entry.reason


def test_what_cannot_be_paired_gives_a_sentence(tmp_path: Path) -> None:
    references = _touch(tmp_path / "r", "A_seg.nii", "B_seg.nii")
    predictions = _touch(tmp_path / "p", "X_pred.nii", "Y_pred.nii")
    images = _touch(tmp_path / "i", "A_t1.nii.gz")
    for reference, prediction, words in (
        (references, predictions, "none of the masks can be paired"),
        (references, predictions / "X_pred.nii", "holds 2 masks"),
        (references, tmp_path / "missing", "no such file or folder"),
        (images, predictions, "holds no mask"),
    ):
        with pytest.raises(CaseError, match=words):
            pair_masks(reference, prediction)
