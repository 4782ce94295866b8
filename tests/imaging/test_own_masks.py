"""Masks that the program saved beside the images are neither images nor references, for no command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.commands.segmenting.jobs import plan_jobs
from brainseg_gui.errors import CaseError
from brainseg_gui.evaluation.cohorts.pairing import pair_masks
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort

KINDS = ("annotation", "annotation_2", "pred", "pred_3")


@pytest.fixture
def folder(toy_case: Any, tmp_path: Path) -> Path:
    folder = Path(toy_case(tmp_path / "cohort", case_id="P1"))
    add_masks(folder, "P1")
    return folder


def add_masks(folder: Path, name: str) -> None:
    image = nib.load(folder / f"{name}_t1.nii.gz")
    for kind in KINDS:
        nib.save(nib.Nifti1Image(np.ones(image.shape, np.uint8), image.affine), folder / f"{name}_{kind}.nii.gz")
        (folder / f"{name}_{kind}.provenance.json").write_text(json.dumps({"voxels_digest": ""}))


@pytest.mark.parametrize("kind", ["", *KINDS])
def test_a_case_is_found_by_its_masks_and_takes_none_of_them(folder: Path, kind: str) -> None:
    source = find_case(folder / f"P1_{kind}.nii.gz" if kind else folder)
    assert source.case_id == "P1"
    assert source.reference == folder / "P1_seg.nii.gz"
    assert len(source.modalities) == 4
    assert {path.name for path in source.modalities.values()}.isdisjoint(f"P1_{kind}.nii.gz" for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_without_a_reference_has_none_because_of_them(folder: Path, kind: str) -> None:
    (folder / "P1_seg.nii.gz").unlink()
    assert find_case(folder).reference is None
    assert find_case(folder / f"P1_{kind}.nii.gz").reference is None


@pytest.mark.parametrize("kind", KINDS)
def test_cases_of_one_folder_keep_apart(folder: Path, toy_case: Any, tmp_path: Path, kind: str) -> None:
    other = Path(toy_case(tmp_path / "more", case_id="P1_late"))
    add_masks(other, "P1_late")
    for path in other.iterdir():
        path.rename(folder / path.name)
    assert [source.case_id for source in find_cohort(folder)] == ["P1", "P1_late"]
    assert find_case(folder / f"P1_{kind}.nii.gz").case_id == "P1"
    assert find_case(folder / f"P1_late_{kind}.nii.gz").case_id == "P1_late"


def test_a_mask_far_from_its_images_is_no_image(folder: Path, tmp_path: Path) -> None:
    lone = tmp_path / "P1_annotation.nii.gz"
    (folder / lone.name).rename(lone)
    with pytest.raises(CaseError, match=r"it is a mask, and the images .* Add mask"):
        find_case(lone)


def test_segment_takes_every_file_of_a_folder_for_one_case(folder: Path, tmp_path: Path) -> None:
    jobs = plan_jobs(sorted(folder.iterdir()), tmp_path / "out")
    assert [(job.name, job.fault) for job in jobs] == [("P1", None)]


def test_evaluate_scores_the_prediction_against_the_reference(folder: Path, tmp_path: Path) -> None:
    predictions = tmp_path / "p"
    predictions.mkdir()
    (folder / "P1_pred.nii.gz").rename(predictions / "P1_pred.nii.gz")
    (folder / "P1_pred_3.nii.gz").unlink()
    (pair,) = pair_masks(folder.parent, predictions).pairs
    assert (pair.reference.name, pair.prediction.name) == ("P1_seg.nii.gz", "P1_pred.nii.gz")


def test_a_mask_of_any_name_is_known_by_its_header(folder: Path) -> None:
    from brainseg_gui.imaging.cases.read_case import read_case
    from brainseg_gui.imaging.formats.save import write_labels
    from brainseg_gui.imaging.labelling.known_schemes import scheme_named
    from brainseg_gui.imaging.labels import LabelMap
    from brainseg_gui.progress import run_to_end

    case = run_to_end(read_case(find_case(folder)))
    labels = LabelMap(np.ones(case.grid.shape, np.uint8), case.grid, scheme_named("brats2020"))
    write_labels(folder / "mine.nii.gz", labels, case.header)
    assert find_case(folder / "mine.nii.gz").reference == folder / "P1_seg.nii.gz"
