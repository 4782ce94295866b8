"""Guessing what a mask's numbers mean: a patient of known tissues, numbered by every scheme."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_labels
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import label_schemes, scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.schemes.scheme_guess import LabelEvidence, guess_scheme, measure
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import run_to_end

SHAPE = (40, 40, 40)
OLD, NEW = ["X_t1.nii.gz", "X_seg.nii.gz"], ["X-t1n.nii.gz", "X-seg.nii.gz"]

# Radius of the sphere that each tissue fills, outside in: oedema around enhancement around what lies inside.
RADII = {"ED": 14.0, "ET": 9.0, "NET": 6.5, "CC": 5.5, "NCR": 4.5}
TISSUES = {  # T1, T1ce, FLAIR
    "brain": (600, 620, 500),
    "ED": (500, 520, 1000),
    "ET": (550, 1100, 800),
    "NET": (450, 470, 650),
    "CC": (350, 360, 380),
    "NCR": (400, 430, 450),
    "RC": (250, 260, 120),
}


def _distance(centre: tuple[int, int, int]) -> np.ndarray:
    return np.sqrt(sum((axis - c) ** 2 for axis, c in zip(np.indices(SHAPE), centre, strict=True)))


def _patient(tissues: set[str], seed: int = 0) -> tuple[np.ndarray, dict[Modality, Volume]]:
    """A map of tissue names and the images of such a patient, with noise and grey and white matter."""
    names = np.full(SHAPE, "", dtype="U5")
    names[_distance((20, 20, 20)) < 19] = "brain"
    for tissue, radius in RADII.items():
        if tissue in tissues:
            names[_distance((18, 21, 20)) < radius] = tissue
    if "RC" in tissues:
        names[_distance((18, 9, 20)) < 5] = "RC"
    random = np.random.default_rng(seed)
    matter = np.where(random.random(SHAPE) < 0.5, -80, 80)
    volumes = {}
    for column, modality in enumerate((Modality.T1, Modality.T1CE, Modality.FLAIR)):
        image = random.normal(0, 40, SHAPE)
        for tissue, values in TISSUES.items():
            image[names == tissue] += values[column]
        image[names == "brain"] += matter[names == "brain"]
        stored = np.where(names == "", 0, np.clip(image, 1, None)).astype(np.int16)
        volumes[modality] = Volume(stored, Grid(SHAPE, np.eye(4)), 1.0, 0.0, Path("x.nii"))
    return names, volumes


def _mask(names: np.ndarray, scheme_name: str) -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    for value, meaning in scheme_named(scheme_name).labels.items():
        mask[names == meaning] = value
    return mask


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("scheme", "files"),
    [
        ("brats2020", OLD),
        ("brats2023", NEW),
        ("brats2023", OLD),
        ("brats-ped", OLD),
        ("brats-ped", NEW),
        ("brats2013", OLD),
        ("msd", ["/data/Task01_BrainTumour/imagesTr/BRATS_001.nii.gz"]),
        ("msd", OLD),
        ("ed-et-ncr", OLD),
        ("et-ncr-ed", OLD),
    ],
)
def test_every_scheme_is_found_by_where_its_labels_lie(scheme: str, files: list[str], seed: int) -> None:
    names, volumes = _patient(set(scheme_named(scheme).labels.values()), seed)
    mask = _mask(names, scheme)
    guess = guess_scheme(measure(mask, volumes), files)
    assert guess.scheme.name == scheme, guess.sentence
    for value, meaning in scheme_named(scheme).labels.items():
        assert f"{value} = {meaning}" in guess.sentence


@pytest.mark.parametrize(("files", "scheme"), [(OLD, "brats2020"), (NEW, "brats2023")])
@pytest.mark.parametrize("present", [{"NCR", "ED"}, {"ED"}, {"NCR", "ED", "ET"}, {"ED", "ET"}])
def test_a_tumour_without_some_of_the_tissues_keeps_the_scheme_of_its_names(
    files: list[str], scheme: str, present: set[str]
) -> None:
    names, volumes = _patient(present)
    guess = guess_scheme(measure(_mask(names, scheme), volumes), files)
    for meaning in present:
        value = scheme_named(scheme).value_for(meaning)
        assert guess.scheme.meaning_of(value) == meaning, guess.sentence


@pytest.mark.parametrize(
    ("files", "scheme"),
    [
        (OLD, "brats2020"),
        (NEW, "brats2023"),
        (["A-t2f.nii"], "brats2023"),
        (["/data/labelsTr/BRATS_001.nii.gz"], "msd"),
        (["/home/x/my-t1c-study/A_t1.nii.gz"], "brats2020"),
        ([], "brats2020"),
    ],
)
def test_without_a_mask_the_names_decide(files: list[str], scheme: str) -> None:
    guess = guess_scheme((), files)
    assert guess.scheme.name == scheme
    assert guess.sentence == f"Labels are numbered as in {scheme_named(scheme).title}"


DECATHLON = ["/data/Task01_BrainTumour/labelsTr/BRATS_001.nii.gz"]


@pytest.mark.parametrize(
    ("scheme", "files"), [("brats2020", OLD), ("brats2023", NEW), ("brats2023", OLD), ("msd", DECATHLON)]
)
@pytest.mark.parametrize(
    "present", [{"ED", "ET", "NCR", "NET"}, {"ED", "NCR", "NET"}, {"ED", "ET"}, {"ET"}, {"NCR", "NET"}]
)
def test_without_images_to_look_at_shapes_and_names_decide(scheme: str, files: list[str], present: set[str]) -> None:
    """What enhances is called so: not a tissue of a scheme that nobody uses any more."""
    here = present & set(scheme_named(scheme).labels.values())
    names, _ = _patient(here)
    mask = _mask(names, scheme)
    evidence = measure(mask, {})
    assert all(np.isnan(e.enhancement) and np.isnan(e.flair) for e in evidence)
    if files == OLD and "ED" not in here and (scheme == "brats2023" or here == {"NCR"}):
        return  # nothing tells a lone 1 or 3 under an old name from anything else
    guess = guess_scheme(evidence, files)
    for meaning in here:
        value = scheme_named(scheme).value_for(meaning)
        assert guess.scheme.meaning_of(value) == meaning, guess.sentence


def test_a_mask_after_treatment_is_read_by_its_names_where_no_image_tells() -> None:
    names, _ = _patient({"NCR", "ED", "ET", "RC"})
    guess = guess_scheme(measure(_mask(names, "brats2023"), {}), NEW)
    assert guess.scheme.name == "brats2023"


@pytest.mark.parametrize("files", [OLD, NEW])
def test_flair_alone_finds_a_resection_cavity(files: list[str]) -> None:
    names, volumes = _patient({"NCR", "ED", "ET", "RC"})
    evidence = measure(_mask(names, "brats2023"), {Modality.FLAIR: volumes[Modality.FLAIR]})
    assert guess_scheme(evidence, files).scheme.name == "brats2023"


@pytest.mark.parametrize("scheme", ["brats2020", "msd", "ed-et-ncr"])
def test_without_t1ce_the_outermost_label_is_oedema(scheme: str) -> None:
    names, volumes = _patient({"ED", "ET", "NCR", "NET"} & set(scheme_named(scheme).labels.values()))
    guess = guess_scheme(measure(_mask(names, scheme), {Modality.FLAIR: volumes[Modality.FLAIR]}), OLD)
    assert guess.scheme.meaning_of(scheme_named(scheme).value_for("ED")) == "ED", guess.sentence


def test_a_number_that_no_scheme_knows_is_said() -> None:
    names, volumes = _patient({"ED", "ET", "NCR"})
    mask = _mask(names, "brats2020")
    mask[mask == 4] = 9
    assert "9 = ?" in guess_scheme(measure(mask, volumes), OLD).sentence


def test_an_empty_mask_has_no_evidence() -> None:
    assert measure(np.zeros(SHAPE, np.uint8), _patient({"ED"})[1]) == ()


def test_evidence_on_numbers_worked_out_by_hand() -> None:
    """A 4×4×4 block of label 2 in a larger one of background, with a single voxel of label 1 in its middle layer."""
    mask = np.zeros((8, 8, 8), np.uint8)
    mask[2:6, 2:6, 2:6] = 2
    mask[3, 3, 3] = 1
    inner, outer = measure(mask, {})
    assert inner == LabelEvidence(1, 1, inner.enhancement, inner.flair, 0.0)
    assert (outer.value, outer.voxels) == (2, 63)
    assert outer.exposure == pytest.approx((64 - 8) / 63)  # all but the inner 2×2×2, of which one is label 1


def test_a_label_at_the_edge_of_the_image_is_measured() -> None:
    mask = np.zeros((4, 4, 4), np.uint8)
    mask[0], mask[-1] = 1, 2
    one, two = measure(mask, {})
    assert (one.voxels, two.voxels) == (16, 16)
    assert one.exposure == two.exposure == 1.0


@pytest.mark.parametrize(
    ("case", "scheme"), [("BraTS-GLI-00000-000", "brats2023"), ("modelhub_patient_1", "ed-et-ncr")]
)
def test_the_real_cases(shared_folder: Path, case: str, scheme: str) -> None:
    opened = run_to_end(read_case(find_case(shared_folder / "cases" / case)))
    assert opened.scheme.name == scheme, opened.notes


@pytest.mark.parametrize("algorithm", ["fusion_majority", "isen-20", "scan-20", "sanet0-20"])
def test_the_algorithms_masks_of_the_low_grade_case_are_brats2020(shared_folder: Path, algorithm: str) -> None:
    folder = shared_folder / "cases" / "TCGA-DU-7294"
    opened = run_to_end(read_case(find_case(folder)))
    path = folder / "segmentation" / f"{algorithm}.nii.gz"
    guess = guess_scheme(measure(read_labels(path)[0], opened.volumes), [str(path)])
    assert guess.scheme.name == "brats2020", guess.sentence


def test_every_scheme_has_a_test_here() -> None:
    glioma = {"brats2020", "brats2023", "brats-ped", "brats2013", "msd", "ed-et-ncr", "et-ncr-ed", "edema-active"}
    assert set(label_schemes()) == glioma | {"whole-tumour"}
