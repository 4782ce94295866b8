"""One scheme for a cohort, several where years lie together; binary masks, masks of the brain, what data sets state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import GridMismatchError
from brainseg_gui.evaluation.metrics.comparison import compare
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.cohorts.cohort_scheme import Vote, agreed_schemes
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.dataset_json import dataset_json_of
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.imaging.schemes.scheme_guess import LabelEvidence, guess_scheme
from brainseg_gui.progress import run_to_end


def _vote(scheme: str, *present: int, stated: bool = False, convention: str = "") -> Vote:
    return Vote(scheme, frozenset(present), stated, convention)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # one odd case does not change what the numbers mean
        ([_vote("brats2020", 1, 2, 4)] * 3 + [_vote("brats-ped", 1, 2, 4)], ["brats2020"] * 4),
        # of two the more common reading
        ([_vote("brats-ped", 1, 2, 4), _vote("brats2020", 1, 2, 4)], ["brats2020"] * 2),
        # years that lie together, each by its own
        (
            [*[_vote("brats2020", 1, 2, 4)] * 4, *[_vote("brats2023", 1, 2, 3)] * 2],
            ["brats2020"] * 4 + ["brats2023"] * 2,
        ),
        # a case that holds both numbers: one scheme for all
        ([_vote("brats2013", 1, 2, 3, 4), _vote("brats2020", 1, 2, 4), _vote("brats2013", 1, 2, 3)], ["brats2013"] * 3),
        # a case with neither is read as most
        ([*[_vote("msd", 1, 2, 3)] * 3, _vote("brats2020", 1, 2)], ["msd"] * 4),
        # a single number among cases that tell tissues apart
        ([*[_vote("brats2020", 1, 2, 4)] * 2, _vote("whole-tumour", 1)], ["brats2020"] * 3),
        ([_vote("whole-tumour", 1)] * 3, ["whole-tumour"] * 3),
        # what is stated stays
        (
            [*[_vote("brats2020", 1, 2, 4)] * 3, _vote("brats2023", 1, 2, 3, 4, stated=True)],
            ["brats2020"] * 3 + ["brats2023"],
        ),
        # data sets are not mixed
        (
            [*[_vote("brats-ped", 1, 2, 4, convention="brats-ped")] * 2, *[_vote("brats2020", 1, 2, 4)] * 3],
            ["brats-ped"] * 2 + ["brats2020"] * 3,
        ),
        # where nobody looked the others tell
        ([_vote("", 1, 2, 4), _vote("brats2020", 1, 2, 4)], ["brats2020"] * 2),
        ([_vote("", 1, 2)], ["brats2020"]),
    ],
)
def test_a_cohort_agrees_on_schemes(votes: list[Vote], expected: list[str]) -> None:
    assert [scheme.name for scheme in agreed_schemes(votes)] == expected


def _evidence(**enhancement: float) -> list[LabelEvidence]:
    """Labels by number with their enhancement; 2 is outermost."""
    return [LabelEvidence(int(k[1:]), 900, e, 0.5, 0.6 if k == "l2" else 0.0) for k, e in enhancement.items()]


@pytest.mark.parametrize("rim", [0.0, 0.2, 0.4, 0.6, 3.0])
@pytest.mark.parametrize(
    ("names", "scheme", "values"),
    [
        (["BraTS-GLI-00001-000-t1c.nii.gz"], "brats2023", ("l1", "l2", "l3")),
        (["BraTS-MET-00001-000-t1c.nii.gz"], "brats2023", ("l1", "l2", "l3")),
        (["X-t1c.nii.gz", "X-t2f.nii.gz"], "brats2023", ("l1", "l2", "l3")),
        (["BraTS20_Training_001_t1ce.nii"], "brats2020", ("l1", "l2", "l4")),
        (["UPENN-GBM-00001_11_T1GD.nii.gz"], "brats2020", ("l1", "l2", "l4")),
    ],
)
def test_names_settle_what_enhances_however_faint_it_is(
    names: list[str], scheme: str, values: tuple[str, str, str], rim: float
) -> None:
    guess = guess_scheme(_evidence(**dict(zip(values, (-0.1, 0.0, rim), strict=True))), names)
    assert (guess.scheme.name, guess.doubt) == (scheme, "")


def test_what_speaks_against_the_names_is_said() -> None:
    swapped = guess_scheme(_evidence(l1=3.0, l2=0.0, l4=0.1), ["BraTS20_Training_001_t1ce.nii"])
    assert swapped.scheme.name == "brats2020"
    assert "it is 1 that enhances" in swapped.doubt
    renumbered = guess_scheme(_evidence(l1=0.0, l2=0.0, l3=3.0), ["BraTS20_Training_001_t1ce.nii"])
    assert renumbered.scheme.name == "brats2023"
    assert "which has no 3" in renumbered.doubt


@pytest.mark.parametrize("value", [1, 5, 100, 128, 254, 255])
def test_a_single_number_is_the_whole_tumour(value: int) -> None:
    guess = guess_scheme([LabelEvidence(value, 900, 1.0, 1.0, 1.0)], ["P_t1.nii.gz", "P_seg.nii.gz"])
    assert (guess.scheme.name, guess.scheme.meaning_of(value)) == ("whole-tumour", "WT")


@pytest.mark.parametrize(("value", "meaning"), [(2, "ED"), (4, "ET")])
def test_a_lone_label_that_names_a_tissue_stays_one(value: int, meaning: str) -> None:
    guess = guess_scheme([LabelEvidence(value, 900, 1.0 if value == 4 else 0.0, 1.0, 1.0)], ["P_t1.nii.gz"])
    assert guess.scheme.meaning_of(value) == meaning


def test_a_binary_mask_scores_the_whole_tumour_alone() -> None:
    grid = Grid((4, 4, 4), np.eye(4))
    values = np.zeros((4, 4, 4), np.uint8)
    values[1:3, 1:3, 1:3] = 4
    values[1, 1, 1] = 2
    whole = LabelMap((values > 0).astype(np.uint8) * 255, grid, scheme_named("whole-tumour"))
    for pair in ((whole, LabelMap(values, grid, scheme_named("brats2020"))), (whole, whole)):
        comparison = compare(*pair)
        assert [(row.region.key, row.dice) for row in comparison.rows] == [("WT", 1.0)]


# --- whole cases ----------------------------------------------------------------------------------------------------


def _rewritten(case: Path, change: Any, name: str = "") -> None:
    (path,) = case.glob("*_seg.nii.gz")
    image = nib.load(path)
    values = np.asarray(image.dataobj)
    path.unlink()
    target = case / (name or path.name)
    nib.save(nib.Nifti1Image(change(values).astype(np.uint8), image.affine), target)


@pytest.mark.parametrize(
    "name", ["Toy_001_t1ce_mask.nii.gz", "Toy_001_brain_mask.nii.gz", "Toy_001_t1_bet_mask.nii.gz"]
)
def test_a_brain_mask_by_its_name_is_no_tumour(toy_case: Any, tmp_path: Path, name: str) -> None:
    case = toy_case(tmp_path)
    _rewritten(case, lambda a: np.ones_like(a), name)
    assert find_case(case).reference is None


@pytest.mark.parametrize("name", ["Toy_001_mask.nii.gz", "Toy_001_seg.nii.gz", "mask.nii.gz"])
def test_a_brain_mask_by_its_size_is_no_tumour(toy_case: Any, tmp_path: Path, name: str) -> None:
    case = toy_case(tmp_path)
    t1 = np.asarray(nib.load(case / "Toy_001_t1.nii.gz").dataobj)
    _rewritten(case, lambda a: t1 != 0, name)
    opened = run_to_end(read_case(find_case(case)))
    assert opened.reference is None
    assert "it is a mask of the brain, not of a tumour" in " ".join(opened.notes)


@pytest.mark.parametrize(
    ("names", "order"),
    [
        ({"0": "T1", "1": "T1gd", "2": "T2", "3": "FLAIR"}, ("T1", "T1ce", "T2", "FLAIR")),
        ({"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}, ("FLAIR", "T1", "T1ce", "T2")),
        ({"0": "T2w", "1": "T1-CE", "2": "T2-FLAIR", "3": "T1"}, ("T2", "T1ce", "FLAIR", "T1")),
        ({"0": "t1c", "1": "t1n", "2": "t2f", "3": "t2w"}, ("T1ce", "T1", "FLAIR", "T2")),
        ({"0": "ADC", "1": "FLAIR"}, (None, "FLAIR")),
    ],
)
@pytest.mark.parametrize("key", ["modality", "channel_names"])
def test_the_order_of_channels_is_that_of_dataset_json(
    tmp_path: Path, key: str, names: dict[str, str], order: tuple[str | None, ...]
) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({key: names}))
    assert tuple(m.title if m else None for m in dataset_json_of(tmp_path).order) == order


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"modality": []}', '{"modality": {"0": "T1", "2": "T2"}}', '{"modality": {"0": "T1", "1": "T1"}}',
     '{"labels": 3}', '{"modality": {"0": 7}}', "[" * 100_000],
)  # fmt: skip
def test_a_wrong_dataset_json_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "dataset.json").write_text(content)
    said = dataset_json_of(tmp_path)
    assert (said.order, said.scheme()) == ((), None)


@pytest.mark.parametrize(
    ("labels", "scheme"),
    [
        ({"1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"}, "msd"),
        ({"1": "necrosis", "2": "edema", "3": "enhancing"}, "brats2023"),
        ({"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]}, "msd"),
        ({"background": 0, "NCR": 1, "ED": 2, "ET": 4}, "brats2020"),
        ({"0": "background", "1": "tumor"}, "whole-tumour"),
        ({"background": 0, "edema": 1, "enhancing": 2, "necrosis": 3}, "ed-et-ncr"),
    ],
)
def test_labels_are_those_of_dataset_json(tmp_path: Path, labels: dict[str, Any], scheme: str) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    assert dataset_json_of(tmp_path).scheme() == scheme_named(scheme)


def test_without_dataset_json_the_assumed_order_is_said_and_doubtful(toy_case: Any, tmp_path: Path) -> None:
    case = toy_case(tmp_path / "x")
    images = [nib.load(case / f"Toy_001_{m}.nii.gz") for m in ("flair", "t1", "t1ce", "t2")]
    (tmp_path / "Task" / "imagesTr").mkdir(parents=True)
    stacked = np.stack([np.asarray(image.dataobj) for image in images], -1)
    nib.save(nib.Nifti1Image(stacked, images[0].affine), tmp_path / "Task" / "imagesTr" / "P.nii.gz")
    (source,) = find_cohort(tmp_path / "Task")
    opened = run_to_end(read_case(source))
    assert opened.doubts == ("The volumes are taken for FLAIR, T1, T1ce, T2: no dataset.json beside them says so",)
    (tmp_path / "Task" / "dataset.json").write_text(
        json.dumps({"modality": {"0": "T2", "1": "T1", "2": "FLAIR", "3": "T1gd"}})
    )
    (source,) = find_cohort(tmp_path / "Task")
    again = run_to_end(read_case(source))
    assert not again.doubts
    np.testing.assert_array_equal(again.volumes[Modality.T2].stored, opened.volumes[Modality.FLAIR].stored)


# --- places ---------------------------------------------------------------------------------------------------------


def _moved(case: Path, change: Any) -> np.ndarray:
    path = case / "Toy_001_seg.nii.gz"
    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj).astype(np.uint8), change(image.affine.copy())), path)
    return np.asarray(image.dataobj)


def _shifted(affine: np.ndarray, mm: float) -> np.ndarray:
    affine[:3, 3] += mm
    return affine


@pytest.mark.parametrize("mm", [0.011, 0.03, 0.09, -0.05])
def test_a_nearly_equal_grid_is_taken_and_said(toy_case: Any, tmp_path: Path, mm: float) -> None:
    case = toy_case(tmp_path)
    expected = run_to_end(read_case(find_case(case))).reference.values
    _moved(case, lambda affine: _shifted(affine, mm))
    opened = run_to_end(read_case(find_case(case)))
    np.testing.assert_array_equal(opened.reference.values, expected)
    assert "it is taken voxel by voxel" in " ".join(opened.notes)


@pytest.mark.parametrize(
    ("change", "all_lost"),
    [
        (lambda affine: _shifted(affine, 5000.0), True),
        (lambda affine: _shifted(affine, 7.0), False),
        (lambda affine: affine @ np.diag([-1.0, 1, 1, 1]), True),
        (lambda affine: np.diag([9.0, 9, 9, 1]) + 0 * affine, False),
    ],
)
def test_a_mask_that_lies_elsewhere_is_offered_with_what_is_lost(
    toy_case: Any, tmp_path: Path, change: Any, all_lost: bool
) -> None:
    case = toy_case(tmp_path)
    expected = run_to_end(read_case(find_case(case))).reference.values
    _moved(case, change)
    with pytest.raises(GridMismatchError) as caught:
        run_to_end(read_case(find_case(case)))
    assert caught.value.same_shape
    assert "voxel by voxel" in caught.value.remedy
    assert caught.value.all_lost is all_lost or "would be lost" in caught.value.what
    voxels = run_to_end(read_case(find_case(case), regrid=RegridPolicy.VOXELS))
    np.testing.assert_array_equal(voxels.reference.values, expected)
    if caught.value.all_lost:
        with pytest.raises(GridMismatchError, match="all of it would be lost"):
            run_to_end(read_case(find_case(case), regrid=RegridPolicy.NEAREST))
    else:
        nearest = run_to_end(read_case(find_case(case), regrid=RegridPolicy.NEAREST))
        assert nearest.reference.values.any()
        assert "was resampled onto the images" in " ".join(nearest.notes)
