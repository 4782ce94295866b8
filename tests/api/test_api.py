"""The public functions, and that they stay what they are."""

from __future__ import annotations

import inspect
from pathlib import Path

import nibabel
import numpy as np
import pytest

from brainseg_gui import api
from brainseg_gui.errors import BrainsegError, GridMismatchError, SaveError
from brainseg_gui.evaluation.records.measures import MEASURES
from tests.preparation.heads import T1CE, grid_of, head
from tests.preparation.test_prepared_case import save

SIGNATURES = {
    "close": "()",
    "evaluate": "(reference, prediction, *, rules='brats2023')",
    "open_case": "(path, *, reference=True)",
    "open_mask": "(path, case, *, scheme=None)",
    "prepare": "(raw, output, *, roles=None, space='1mm', strip=True, even_out=False, deface=False, overwrite=False)",
    "refine": "(case, mask, clicks, *, locked=())",
    "segment": "(case, model=None, *, device='auto', probabilities=False)",
}
MEMBERS = {
    "OpenCase": ["affine", "case", "empty_mask", "image", "modalities", "name", "notes", "reference"],
    "Click": ["region", "voxel"],
    "Mask": ["affine", "label_map", "labels", "of", "region", "save", "values", "volume_ml"],
    "RefinedMask": ["mask", "words"],
    "Segmentation": ["mask", "model", "notes", "probabilities", "seconds"],
}
# Turned and flipped: i grows to the left, j to the head, k to the front
STORED = np.array([[-1, 0, 0, 9], [0, 0, 2, -3], [0, 1.5, 0, 4], [0, 0, 0, 1]], float)


def test_what_is_public_is_listed_with_its_signature() -> None:
    """Whoever changes this changes the programs of others: new parameters at the end, with defaults."""
    assert sorted({*SIGNATURES, *MEMBERS}) == sorted(api.__all__)
    for name, wanted in SIGNATURES.items():
        plain = inspect.signature(getattr(api, name))
        parameters = [p.replace(annotation=inspect.Parameter.empty) for p in plain.parameters.values()]
        found = plain.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
        assert str(found) == wanted, name


def test_the_members_of_public_values_are_listed() -> None:
    for name, wanted in MEMBERS.items():
        kind = getattr(api, name)
        found = {*inspect.get_annotations(kind), *(key for key in vars(kind) if not key.startswith("_"))}
        assert sorted(found) == wanted, name
        assert kind.__doc__


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case whose files are stored in an odd order, with a mask."""
    random = np.random.default_rng(0)
    case = tmp_path / "BraTS-GLI-00001-000"
    case.mkdir()
    for name in ("t1n", "t1c", "t2w", "t2f"):
        image = nibabel.Nifti1Image(random.integers(1, 900, (7, 6, 5)).astype(np.int16), STORED)
        image.header.set_slope_inter(2, -3)
        nibabel.save(image, case / f"{case.name}-{name}.nii.gz")
    mask = np.zeros((7, 6, 5), np.uint8)
    mask[1:4, 2:4, 1:3], mask[2, 2, 1] = 2, 3
    nibabel.save(nibabel.Nifti1Image(mask, STORED), case / f"{case.name}-seg.nii.gz")
    return case


def test_images_are_arrays_that_lie_where_the_affine_says(folder: Path) -> None:
    case = api.open_case(folder)
    assert set(case.modalities) == {"t1", "t1ce", "t2", "flair"}
    image = nibabel.load(folder / f"{folder.name}-t1c.nii.gz")
    found = case.image("t1ce")
    assert found.dtype == np.float32
    assert nibabel.aff2axcodes(case.affine) == ("R", "A", "S")
    for voxel in ((0, 0, 0), (3, 1, 4), (6, 4, 5)):
        world = case.affine @ [*voxel, 1]
        stored = np.rint(np.linalg.inv(image.affine) @ world).astype(int)[:3]
        assert found[voxel] == pytest.approx(image.dataobj[tuple(stored)])


def test_a_mask_goes_to_numpy_and_back_into_the_stored_order(folder: Path, tmp_path: Path) -> None:
    case = api.open_case(folder)
    assert case.reference is not None
    own = api.Mask.of(case.reference.values, case.affine, "brats2023")
    own.save(tmp_path / "own.nii.gz", case)
    stored = nibabel.load(tmp_path / "own.nii.gz")
    wanted = nibabel.load(folder / f"{folder.name}-seg.nii.gz")
    np.testing.assert_array_equal(stored.dataobj, wanted.dataobj)
    np.testing.assert_allclose(stored.affine, STORED)
    assert api.open_mask(tmp_path / "own.nii.gz", case).volume_ml("WT") == pytest.approx(12 * 3 / 1000)
    with pytest.raises(SaveError):
        own.save(tmp_path / "own.nii.gz", case)


def test_every_measure_is_given_for_every_region(folder: Path) -> None:
    reference = api.open_case(folder).reference
    assert reference is not None
    scores = api.evaluate(reference, reference)
    assert list(scores) == ["WT", "TC", "ET", "ED"]
    assert {frozenset(row) for row in scores.values()} == {frozenset(MEASURES)}
    assert scores["ET"]["dice"] == 1.0


def test_masks_on_other_grids_are_not_scored(folder: Path) -> None:
    reference = api.open_case(folder).reference
    assert reference is not None
    with pytest.raises(GridMismatchError):
        api.evaluate(reference, api.Mask.of(np.zeros((3, 3, 3), int), np.eye(4), "brats2020"))


@pytest.mark.parametrize(
    ("values", "affine"), [([[[0.5]]], np.eye(4)), ([[[300]]], np.eye(4)), ([[1]], np.eye(4)), ([[[1]]], np.eye(3))]
)
def test_what_is_no_mask_is_refused(values: list, affine: np.ndarray) -> None:
    with pytest.raises(BrainsegError):
        api.Mask.of(values, affine, "brats2020")


_OUTSIDE = [("+ET", (1, 1, 99)), ("+ET", (-1, 0, 0))]
_NONE = [
    ("ET", (1, 1, 1)),
    ("+XX", (1, 1, 1)),
    ("+ET", (1, 1)),
    ("+ET", (1, 1, 1, 1)),
    ("+ET", (1.5, 1, 1)),
    ("+ET", 7),
]


@pytest.mark.parametrize("click", [*_OUTSIDE, *_NONE])
def test_what_is_no_click_is_refused(folder: Path, click: tuple) -> None:
    case = api.open_case(folder)
    with pytest.raises(BrainsegError, match=r"is no click|is no voxel|lies outside"):
        api.refine(case, case.empty_mask(), [api.Click(*click)])


@pytest.mark.parametrize("moved", [False, True], ids=["of another shape", "elsewhere in the patient"])
def test_a_mask_on_another_grid_is_not_corrected(folder: Path, *, moved: bool) -> None:
    case = api.open_case(folder)
    affine, values = case.affine.copy(), np.zeros(case.empty_mask().values.shape, int)
    affine[0, 3] += 5 * moved
    mask = api.Mask.of(values if moved else values[1:], affine, "brats2020")
    with pytest.raises(GridMismatchError, match="does not lie on the grid"):
        api.refine(case, mask, [api.Click("+WT", (1, 1, 1))])


@pytest.mark.engine
@pytest.mark.usefixtures("engine_of_api")
def test_a_case_is_segmented_and_corrected(folder: Path) -> None:
    case = api.open_case(folder)
    done = api.segment(case, device="cpu", probabilities=True)
    assert done.mask.values.shape == case.image("t1").shape
    assert sum(done.probabilities.values()) == pytest.approx(1.0)
    assert list(done.probabilities) == ["background", "NCR", "ED", "ET"]
    corrected = api.refine(case, case.empty_mask(), [api.Click("+WT", (3, 2, 2))], locked=[3])
    assert corrected.mask.region("WT")[3, 2, 2]
    assert len(corrected.words) == 1
    api.close()


def test_an_empty_word_is_no_scheme_that_was_left_out(folder: Path) -> None:
    with pytest.raises(BrainsegError, match="no label scheme named"):
        api.open_mask(folder / f"{folder.name}-seg.nii.gz", api.open_case(folder), scheme="")


@pytest.mark.usefixtures("engine_of_api")
def test_raw_series_become_a_case(tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "Ann"
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T1CE), raw / "scan_1.nii.gz")
    case = api.prepare(raw, tmp_path / "out", roles={"t1ce": "scan"}, space="reference", strip=False)
    assert (case.name, case.modalities) == ("Ann", ("t1ce",))
    assert case.image("t1ce").any()
    with pytest.raises(BrainsegError, match="no modality t9"):
        api.prepare(raw, tmp_path / "out", roles={"t9": "scan"}, strip=False)
    with pytest.raises(BrainsegError, match=r"no space named 2mm. Choose one of 1mm, reference\."):
        api.prepare(raw, tmp_path / "out", space="2mm")  # type: ignore[arg-type]


def test_what_is_given_out_changes_nothing_within(folder: Path) -> None:
    case = api.open_case(folder)
    reference = case.reference
    assert reference is not None
    for array in (case.affine, reference.affine, reference.values, case.empty_mask().values):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    case.image("t1")[...] = 0  # a copy
    reference.region("WT")[...] = False
    assert case.image("t1").any()
    assert reference.volume_ml("WT") > 0


def test_a_mask_keeps_its_place_whatever_comes_of_the_affine_it_was_made_with() -> None:
    values, affine = np.ones((2, 2, 2), np.uint8), np.eye(4)
    mask = api.Mask.of(values, affine, "brats2020")
    affine[0, 0], values[...] = 5.0, 0
    assert mask.affine[0, 0] == 1.0
    assert mask.volume_ml("WT") == pytest.approx(0.008)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("values", "affine"),
    [
        (np.full((2, 2, 2), "1"), np.eye(4)),
        (np.full((2, 2, 2), np.nan), np.eye(4)),
        (np.full((2, 2, 2), 1j), np.eye(4)),
        (np.zeros((0, 2, 2)), np.eye(4)),
        (np.zeros((2, 2, 2)), np.zeros((4, 4))),
        (np.zeros((2, 2, 2)), np.full((4, 4), np.nan)),
        (np.zeros((2, 2, 2)), np.eye(3)),
        (np.zeros((2, 2, 2)), "where it lies"),
    ],
)
def test_what_would_make_a_mask_that_lies_nowhere_is_refused(values: np.ndarray, affine: np.ndarray) -> None:
    with pytest.raises(BrainsegError):
        api.Mask.of(values, affine, "brats2020")


def test_what_numpy_counts_with_is_a_mask_and_a_place(folder: Path) -> None:
    assert api.Mask.of(np.ones((2, 2, 2), bool), np.eye(4), "brats2020").values.sum() == 8
    case = api.open_case(folder)
    with pytest.raises(BrainsegError, match="outside"):
        api.refine(case, case.empty_mask(), [api.Click("+ET", tuple(np.array([0, 0, 999])))])


def test_a_device_that_there_is_not_is_refused(folder: Path) -> None:
    with pytest.raises(BrainsegError, match="Choose one of auto, cpu, gpu"):
        api.segment(api.open_case(folder), device="cuda")  # type: ignore[arg-type]
