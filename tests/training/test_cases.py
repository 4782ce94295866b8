"""The data-set check: what is left out, what is said, and how the rest is split."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.patients import patient_of
from brainseg_gui.runs.config import Data
from training.data.case_files import content_of
from training.data.cases import check_data
from training.errors import TrainingError

ALL = tuple(Modality)


def data(train: Path, validation: Path | None = None, part: float = 0.0) -> Data:
    return Data(train=(str(train),), validation=(str(validation),) if validation else (), split=part)


def sentences(problems: tuple) -> dict[str, str]:
    return {problem.case_id: problem.sentence for problem in problems}


def relabelled(case: Path, old: int, new: int) -> None:
    path = case / f"{case.name}_seg.nii.gz"
    image = nib.load(path)
    values = np.asanyarray(image.dataobj).astype(np.uint8)
    values[values == old] = new
    nib.save(nib.Nifti1Image(values, image.affine), path)


@pytest.mark.parametrize(
    ("case_id", "patient"),
    [
        ("BraTS20_Training_001", "BraTS20_Training_001"),
        ("BraTS2021_00495", "BraTS2021_00495"),
        ("BraTS-GLI-00000-000", "BraTS-GLI-00000"),
        ("BraTS-GLI-00000-001", "BraTS-GLI-00000"),
        ("BraTS-PED-00012-000", "BraTS-PED-00012"),
        ("Brats18_CBICA_AAB_1", "Brats18_CBICA_AAB_1"),
        ("TCGA-DU-7294", "TCGA-DU-7294"),
        ("TCGA-DU-7294_1998.09.19", "TCGA-DU-7294"),
        ("PatientID_0003_Timepoint_1", "PatientID_0003"),
        ("P1_visit2", "P1"),
        ("sub-01_ses-02", "sub-01"),
        ("somebody", "somebody"),
        ("somebody_visits", "somebody_visits"),
    ],
)
def test_the_patient_is_read_from_the_case_id(case_id: str, patient: str) -> None:
    assert patient_of(case_id) == patient


def test_a_sound_cohort_has_no_problem(cohort: Callable[..., Path]) -> None:
    found = check_data(data(cohort(3)), ALL, seed=0)
    assert [case.case_id for case in found.training] == ["Toy_000", "Toy_001", "Toy_002"]
    assert {case.scheme.name for case in found.training} == {"brats2020"}
    assert not found.problems
    assert not found.validation


def test_every_bad_case_is_left_out_with_its_reason(cohort: Callable[..., Path], toy_case: Callable[..., Path]) -> None:
    folder = cohort(7)
    (folder / "Toy_001" / "Toy_001_t2.nii.gz").unlink()
    truncated = folder / "Toy_002" / "Toy_002_flair.nii.gz"
    truncated.write_bytes(truncated.read_bytes()[:-2000])
    shutil.copy(
        toy_case(folder.parent / "x", shape=(20, 20, 20)) / "Toy_001_seg.nii.gz", folder / "Toy_003/x_seg.nii.gz"
    )
    (folder / "Toy_003" / "Toy_003_seg.nii.gz").unlink()
    relabelled(folder / "Toy_004", 4, 7)
    (folder / "Toy_005" / "Toy_005_seg.nii.gz").unlink()
    found = check_data(data(folder), ALL, seed=0)
    said = sentences(found.problems)
    assert [case.case_id for case in found.training] == ["Toy_000", "Toy_006"]
    assert "T2 is missing" in said["Toy_001"]
    assert "cut off or damaged" in said["Toy_002"]
    assert "20×20×20 voxels instead of 24×28×20" in said["Toy_003"]
    assert "labels {0, 1, 2, 7}; 7 is in no label scheme" in said["Toy_004"]
    assert "has no mask" in said["Toy_005"]
    assert all(text.startswith(f"{name} is left out") for name, text in said.items())


def test_a_prepared_case_whose_series_lie_elsewhere_is_left_out(cohort: Callable[..., Path]) -> None:
    folder = cohort(3)
    for name, found in (("Toy_001", None), ("Toy_002", [[1, 0, 0, 0]])):  # the second was placed by hand afterwards
        motion = {"problem": "it covers 3% of the reference's head", "found_before": found}
        content = {"series": [{"modality": "t2", "registration": motion}]}
        (folder / name / "preparation.json").write_text(json.dumps(content))
    checked = check_data(data(folder), ALL, seed=0)
    assert [case.case_id for case in checked.training] == ["Toy_000", "Toy_002"]
    (problem,) = checked.problems
    assert problem.sentence == (
        "Toy_001 is left out: T2 could not be registered and may not lie on the mask. "
        "Place it by hand in the Prepare panel, or leave the case out."
    )
    without = [modality for modality in ALL if modality is not Modality.T2]
    assert len(check_data(data(folder), without, seed=0).training) == 3, "whoever does not look at T2 may learn of it"


def test_an_empty_mask_is_told_but_kept(cohort: Callable[..., Path]) -> None:
    folder = cohort(2)
    for value in (1, 2, 4):
        relabelled(folder / "Toy_001", value, 0)
    found = check_data(data(folder), ALL, seed=0)
    assert len(found.training) == 2
    assert "mask is empty" in sentences(found.problems)["Toy_001"]


def test_cases_of_another_year_are_read_by_their_own_numbers(cohort: Callable[..., Path]) -> None:
    folder = cohort(6)
    for name in ("Toy_002", "Toy_004"):
        relabelled(folder / name, 4, 3)
    found = check_data(data(folder), ALL, seed=0)
    schemes = {case.case_id: case.scheme.name for case in found.training}
    assert schemes == {
        f"Toy_{n:03}": "brats2023" if n in (2, 4) else "brats2020" for n in range(6)
    }  # the smaller group was left out before
    assert sentences(found.problems) == {
        "Toy_002": "Toy_002 and 1 more: read as BraTS since 2023: glioma, metastases, unlike most of the cases"
    }


def test_a_label_that_the_named_scheme_does_not_know_is_refused(cohort: Callable[..., Path]) -> None:
    folder = cohort(4)
    relabelled(folder / "Toy_002", 4, 3)
    found = check_data(Data(train=(str(folder),), split=0.0, scheme="brats2020"), ALL, seed=0)
    assert "Toy_002" not in [case.case_id for case in found.training]
    assert "label 3, which BraTS 2017–2021" in sentences(found.problems)["Toy_002"]


@pytest.mark.parametrize("bad", ["one", "two"])
def test_of_two_cases_of_one_id_the_bad_one_alone_is_left_out(cohort: Callable[..., Path], bad: str) -> None:
    """The second one's mask decided over both."""
    folders = [cohort(1, "one", "Toy"), cohort(1, "two", "Toy")]
    for folder in folders:  # other images: the same ones would be doubles
        shutil.rmtree(folder / "Toy_000")
    for folder, first in zip(folders, (3, 4), strict=True):
        made = cohort(1, f"source{first}", "S", first=first) / f"S_{first:03}"
        (folder / "Toy_000").mkdir()
        for file in made.iterdir():
            shutil.copy(file, folder / "Toy_000" / file.name.replace(made.name, "Toy_000"))
    sound, other = sorted(folders, key=lambda folder: folder.name == bad)
    relabelled(other / "Toy_000", 4, 3)
    asked = Data(train=tuple(map(str, folders)), split=0.0, scheme="brats2020")
    found = check_data(asked, ALL, seed=0)
    assert [case.source.folder for case in found.training] == [sound / "Toy_000"]
    assert "label 3, which BraTS 2017–2021" in sentences(found.problems)["Toy_000"]


def test_a_patient_below_train_and_val_is_one(cohort: Callable[..., Path]) -> None:
    for place, seed in (("train/P1/baseline", 3), ("train/P2/baseline", 4), ("val/p1/followup", 5)):
        made = cohort(1, f"source{seed}", f"S{seed}", first=seed) / f"S{seed}_{seed:03}"
        shutil.copytree(made, made.parents[1] / place)
    root = made.parents[1]
    found = check_data(data(root / "train", root / "val"), ALL, seed=0)
    assert [case.source.folder for case in found.training] == [root / "train" / "P2" / "baseline"]
    assert any("the patient P1 is in the validation set too" in text for text in sentences(found.problems).values())


def test_one_patient_in_both_sets_is_taken_out_of_training(cohort: Callable[..., Path]) -> None:
    train = cohort(1, "train", "BraTS-GLI-00001-000")
    cohort(1, "train", "BraTS-GLI-00002-000", first=1)
    shutil.move(train / "BraTS-GLI-00001-000_000", train / "a")
    shutil.rmtree(train / "a")
    toys = {"train/BraTS-GLI-00001-000": 3, "validation/BraTS-GLI-00001-001": 4}
    for place, seed in toys.items():
        source = cohort(1, f"source{seed}", f"S{seed}", first=seed) / f"S{seed}_{seed:03}"
        target = train.parent / place
        target.mkdir(parents=True)
        for file in source.iterdir():
            shutil.copy(file, target / file.name.replace(source.name, target.name))
    found = check_data(data(train, train.parent / "validation"), ALL, seed=0)
    said = sentences(found.problems)["BraTS-GLI-00001-000"]
    assert [case.case_id for case in found.training] == ["BraTS-GLI-00002-000_001"]
    assert "the patient BraTS-GLI-00001 is in the validation set too (BraTS-GLI-00001-001)" in said


def test_the_same_images_under_another_name_are_found_even_unpacked(cohort: Callable[..., Path]) -> None:
    train = cohort(2, "train")
    target = train.parent / "validation" / "Other_009"
    target.mkdir(parents=True)
    for file in (train / "Toy_001").iterdir():
        name = file.name.replace("Toy_001", "Other_009").removesuffix(".gz")
        (target / name).write_bytes(gzip.decompress(file.read_bytes()))
    found = check_data(data(train, target.parent), ALL, seed=0)
    assert [case.case_id for case in found.training] == ["Toy_000"]
    assert "its images are those of Other_009 in the validation set" in sentences(found.problems)["Toy_001"]


def test_cases_of_one_name_in_several_folders_are_all_trained_on(toy_case: Callable[..., Path], tmp_path: Path) -> None:
    for seed, place in enumerate(("one/P1", "one/P2", "two")):
        toy_case(tmp_path / place, case_id="visit1", seed=seed)
    relabelled(tmp_path / "one" / "P2" / "visit1", 1, 0)
    config = Data(train=(str(tmp_path / "one"), str(tmp_path / "two")), validation=(), split=0.0)
    found = check_data(config, ALL, seed=0)
    assert [case.case_id for case in found.training] == ["P1_visit1", "P2_visit1", "two_visit1"]
    assert len({file for case in found.training for file in case.source.modalities.values()}) == 3 * len(ALL)
    assert not found.problems


def test_the_same_images_in_two_folders_count_once_under_one_name_too(cohort: Callable[..., Path]) -> None:
    folder = cohort(2, "train")
    copy = folder.parent / "copy" / "Toy_001"
    copy.parent.mkdir()
    shutil.copytree(folder / "Toy_001", copy)
    config = Data(train=(str(folder), str(copy.parent)), validation=(), split=0.0)
    found = check_data(config, ALL, seed=0)
    assert [case.source.folder.parent.name for case in found.training] == ["train", "train"]
    assert "its images are those of Toy_001 in" in sentences(found.problems)["Toy_001"]


def test_the_content_of_a_packed_file_is_that_of_the_unpacked_one(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.nii", tmp_path / "a.nii.gz"
    plain.write_bytes(bytes(range(256)) * 9000)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert content_of(plain).unpacked == content_of(packed).unpacked
    assert content_of(plain).digest != content_of(packed).digest


def test_nothing_left_ends_with_the_first_reason(cohort: Callable[..., Path]) -> None:
    folder = cohort(1)
    (folder / "Toy_000" / "Toy_000_t2.nii.gz").unlink()
    with pytest.raises(TrainingError, match=r"no case is left to train on.*T2 is missing"):
        check_data(data(folder), ALL, seed=0)


def test_further_cases_keep_their_own_numbers(cohort: Callable[..., Path]) -> None:
    """Their enhancing tumour, 4, was called background where the patients' scheme has 3 for it."""
    patients, further = cohort(3, "patients", "P"), cohort(3, "further", "S", first=5)
    for case in patients.iterdir():
        relabelled(case, 4, 3)
    asked = replace(data(patients), scheme="brats2023", further=(str(further),))
    found = check_data(asked, ALL, seed=0)
    assert {case.scheme.name for case in found.training} == {"brats2023"}
    assert {case.scheme.name for case in found.further} == {"brats2020"}
