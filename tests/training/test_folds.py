"""Which cases are held back: parts and folds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.patients import patient_of
from brainseg_gui.runs.config import Data
from training.data.cases import check_data
from training.data.data_set import TrainingCase
from training.data.folds import fold_of, hold_back, read_folds, split
from training.errors import TrainingError


def _cases(*names: str) -> list[TrainingCase]:
    return [TrainingCase(CaseSource(name, Path(name), {}), scheme_named("brats2020")) for name in names]


def _sized(*sizes_ml: float) -> list[TrainingCase]:
    scheme = scheme_named("brats2020")
    return [TrainingCase(CaseSource(f"P{n:02}", Path(f"P{n:02}"), {}), scheme, ml) for n, ml in enumerate(sizes_ml)]


def _names(cases: list[TrainingCase]) -> set[str]:
    return {case.case_id for case in cases}


def test_a_split_keeps_patients_together_and_depends_on_the_seed_alone() -> None:
    cases = _cases(*(f"BraTS-GLI-{patient:05}-{study:03}" for patient in range(10) for study in range(2)))
    training, validation = split(cases, 0.3, 5, by_patient=True)
    patients = [{patient_of(case.case_id) for case in part} for part in (training, validation)]
    assert [len(p) for p in patients] == [7, 3]
    assert not patients[0] & patients[1]
    again = split(cases[::-1], 0.3, 5, by_patient=True)[1]
    assert {case.case_id for case in again} == {case.case_id for case in validation}
    others = {frozenset(case.case_id for case in split(cases, 0.3, seed, by_patient=True)[1]) for seed in range(6)}
    assert len(others) > 1


def test_a_split_holds_back_at_least_one_and_leaves_at_least_one() -> None:
    cases = _cases("a", "b")
    assert [len(part) for part in split(cases, 0.01, 0, by_patient=True)] == [1, 1]
    assert [len(part) for part in split(cases, 0.9, 0, by_patient=True)] == [1, 1]
    assert [len(part) for part in split(cases, 0.0, 0, by_patient=True)] == [2, 0]
    assert [len(part) for part in split(cases[:1], 0.5, 0, by_patient=True)] == [1, 0]
    assert [len(part) for part in split(cases[:1], 0.9, 0, by_patient=True)] == [1, 0]  # something is left to learn
    assert split([], 0.5, 0, by_patient=True) == ([], [])


def test_folds_hold_everyone_back_once_and_have_small_and_large_tumours_alike() -> None:
    cases = _sized(*(200 - 8 * n for n in range(23)))
    parts = [fold_of(cases, 5, fold, 7, by_patient=True) for fold in range(5)]
    held_back = [_names(validation) for _, validation in parts]
    assert sorted(name for names in held_back for name in names) == sorted(_names(cases))
    assert all(_names(training) | names == _names(cases) for (training, _), names in zip(parts, held_back, strict=True))
    assert {len(names) for names in held_back} == {4, 5}
    means = [sum(case.tumour_ml for case in validation) / len(validation) for _, validation in parts]
    assert max(means) - min(means) < 40  # by lot alone 100 and more
    assert _names(fold_of(cases[::-1], 5, 2, 7, by_patient=True)[1]) == held_back[2]
    assert any(_names(fold_of(cases, 5, 2, seed, by_patient=True)[1]) != held_back[2] for seed in range(5))


def test_folds_keep_the_studies_of_a_patient_together() -> None:
    cases = _cases(*(f"BraTS-GLI-{patient:05}-{study:03}" for patient in range(6) for study in range(3)))
    for fold in range(3):
        training, validation = fold_of(cases, 3, fold, 0, by_patient=True)
        assert not {patient_of(name) for name in _names(training)} & {patient_of(name) for name in _names(validation)}
        assert len(validation) == 6


@pytest.mark.parametrize(("folds", "fold", "patients"), [(5, 5, 9), (5, 0, 4)])
def test_a_fold_that_cannot_be_is_refused(folds: int, fold: int, patients: int) -> None:
    with pytest.raises(TrainingError, match=rf"fold {fold} of {folds} cannot be made of {patients} patients"):
        fold_of(_sized(*range(patients)), folds, fold, 0, by_patient=True)


def _write(path: Path, *held_back: list[str], train: tuple[str, ...] = ()) -> str:
    path.write_text(json.dumps([{"train": list(train), "val": names} for names in held_back]))
    return str(path)


def test_folds_are_read_from_nnunets_file(tmp_path: Path) -> None:
    cases = _sized(1, 2, 3, 4)
    file = _write(tmp_path / "splits_final.json", ["P00", "P02"], ["P01"])
    training, validation = hold_back(cases, Data(folds_file=file, fold=1, split=0.5), seed=0)
    assert (_names(training), _names(validation)) == ({"P00", "P02", "P03"}, {"P01"})


def test_a_listed_case_takes_its_patients_other_studies_with_it(tmp_path: Path) -> None:
    cases = _cases("BraTS-GLI-00001-000", "BraTS-GLI-00001-001", "BraTS-GLI-00002-000")
    file = _write(tmp_path / "splits_final.json", ["BraTS-GLI-00001-001"])
    training, _ = hold_back(cases, Data(folds_file=file), seed=0)
    assert _names(training) == {"BraTS-GLI-00002-000"}


def test_a_file_of_folds_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    cases = _sized(1, 2)
    file = _write(tmp_path / "splits_final.json", ["P01", "P09"])
    with pytest.raises(TrainingError, match="fold 0 holds back P09, which is not among the cases"):
        hold_back(cases, Data(folds_file=file), seed=0)
    with pytest.raises(TrainingError, match="holds 1 folds, counted from 0, and no fold 1"):
        hold_back(cases, Data(folds_file=file, fold=1), seed=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is not JSON"),
        ('{"train": [], "val": []}', "does not hold a list"),
        ('[{"train": ["a"]}]', "does not hold a list"),
        ('[{"train": ["a"], "val": [1]}]', "does not hold a list"),
        ('[{"train": ["a", "b"], "val": ["b"]}]', "fold 0 both trains on b and holds it back"),
    ],
)
def test_what_is_no_file_of_folds_is_refused_by_name(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "splits_final.json"
    path.write_text(text)
    with pytest.raises(TrainingError, match=words) as error:
        read_folds(path)
    assert "splits_final.json" in str(error.value)


def test_folds_and_folders_to_validate_on_exclude_each_other(cohort: Callable[..., Path]) -> None:
    folder = str(cohort(3))
    with pytest.raises(TrainingError, match="both folders to validate on and folds"):
        check_data(Data(train=(folder,), validation=(folder,), folds=3), tuple(Modality), seed=0)


def test_the_check_of_a_cohort_holds_a_fold_back(cohort: Callable[..., Path]) -> None:
    folder = str(cohort(4))
    found = [check_data(Data(train=(folder,), folds=2, fold=fold), tuple(Modality), seed=3) for fold in range(2)]
    assert {case.case_id for data in found for case in data.validation} == {f"Toy_{n:03}" for n in range(4)}
    assert [len(data.training) for data in found] == [2, 2]
    assert all(case.tumour_ml > 0 for data in found for case in data.training)


def test_the_folds_of_the_26_gliomas_hold_each_back_once() -> None:
    folds = read_folds(Path(__file__).parents[2] / "resources" / "folds" / "gliomas-26.json")
    held_back = [name for fold in folds for name in fold["val"]]
    assert len(folds) == 5
    assert len(held_back) == len(set(held_back)) == 26
    assert all(sorted([*fold["train"], *fold["val"]]) == sorted(held_back) for fold in folds)
    low_grade = {"Brats18_TCIA10_628_1", "Brats18_TCIA10_639_1", "Brats18_TCIA13_623_1"}
    assert max(len(low_grade & set(fold["val"])) for fold in folds) == 1
