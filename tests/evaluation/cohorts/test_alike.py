"""Cases of a cohort that are read otherwise than the others are read as they are, and it is said."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.evaluation.cohorts.alike import read_alike
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.records.report import CaseReport
from brainseg_gui.imaging.labelling.known_schemes import scheme_named


def _case(name: str, reference: str, *labels: int, suggested: str = "", stated: bool = False) -> CaseReport:
    return CaseReport(
        "m", name, Path("r"), Path("p"), None, reference, reference, "", "", "", 1.0, (), {},
        suggested=suggested, stated=stated, labels=labels,
    )  # fmt: skip


def test_an_odd_reference_is_read_as_the_others_and_said() -> None:
    cases = [*(_case(f"A{n}", "brats2020", 1, 2, 4) for n in range(3)), _case("B", "brats-ped", 1, 2, 4)]
    odd = read_alike(cases, ChosenSchemes())
    assert list(odd) == [3]
    chosen, doubt = odd[3]
    assert chosen.reference == scheme_named("brats2020")
    assert "by itself it would be BraTS paediatric" in doubt


@pytest.mark.parametrize(
    "cases",
    [
        [_case("A", "brats2020", 1, 2, 4), _case("B", "brats2023", 1, 2, 3)],  # two years
        [_case("A", "brats2020", 1, 2, 4), _case("B", "brats-ped", 1, 2, 4, stated=True)],  # its names say so
        [_case("A", "brats2020", 1, 2, 4), _case("B", "brats2023", 1, 2)],  # the same meanings
        [_case("A", "brats2020", 1, 2, 4, suggested="msd"), _case("B", "brats2020", 1, 2, 4)],  # one odd prediction
    ],
)
def test_what_may_be_right_stays(cases: list[CaseReport]) -> None:
    assert not read_alike(cases, ChosenSchemes())


def test_a_model_that_numbers_otherwise_is_read_by_its_own_scheme() -> None:
    cases = [_case(f"A{n}", "brats2023", 1, 2, 3, suggested="msd" if n < 4 else "") for n in range(5)]
    odd = read_alike(cases, ChosenSchemes())
    assert {chosen.prediction.name for chosen, _ in odd.values() if chosen.prediction} == {"msd"}
    assert len(odd) == 5
    assert not read_alike(cases, ChosenSchemes(prediction=scheme_named("brats2023")))


def test_a_person_is_not_overruled() -> None:
    cases = [*(_case(f"A{n}", "brats2020", 1, 2, 4) for n in range(3)), _case("B", "brats-ped", 1, 2, 4)]
    assert not read_alike(cases, ChosenSchemes(reference=scheme_named("brats2020")))


@pytest.mark.parametrize(("how", "taken"), [("voxels", True), ("nearest", False)])
def test_a_prediction_without_the_affine_is_taken_when_asked(tmp_path: Path, how: str, taken: bool) -> None:
    from brainseg_gui.cli import main

    values = np.zeros((10, 11, 12), np.uint8)
    values[5:8, 5:8, 5:8] = 4
    nib.save(nib.Nifti1Image(values, np.diag([-5.0, -5.0, 5.0, 1.0])), tmp_path / "P_seg.nii.gz")
    nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "P_pred.nii.gz")
    words = ["evaluate", "--reference", str(tmp_path / "P_seg.nii.gz"), "--prediction", str(tmp_path / "P_pred.nii.gz")]
    assert main(words) == 2
    assert main([*words, "--resample", how]) == (0 if taken else 2)
