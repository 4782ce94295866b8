"""Cohorts for nnU-Net and BIDS: read again, they are what they were."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest

from brainseg_gui.commands import export
from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.exchange.case_export import new_folder
from brainseg_gui.exchange.cohort_layouts import COHORT_LAYOUTS
from brainseg_gui.exchange.mask_files import MASK_KINDS
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.mask_note import note_path, scheme_fields
from brainseg_gui.imaging.formats.reading import read_label_map
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labelling.label_files import read_labels_file
from brainseg_gui.imaging.labels import LabelScheme, Meaning
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import run_to_end
from tests.exchange.dicom_series import TAGS
from tests.preparation.conftest import Series, write_classic

ToyCase = Callable[..., Path]


def call(*words: object) -> int:
    parser = argparse.ArgumentParser()
    export.add_parser(parser.add_subparsers())
    args = parser.parse_args(["export", *map(str, words)])
    return int(args.run(args))


def read(source: CaseSource) -> Case:
    return run_to_end(read_case(source))


def tissues(case: Case) -> dict[str, Any]:
    """Where each tissue is, whatever its number."""
    labels = case.reference
    assert labels is not None
    return {labels.scheme.meaning_of(value): labels.values == value for value in labels.present()}


@pytest.fixture
def cohort(tmp_path: Path, toy_case: ToyCase) -> Path:
    folder = tmp_path / "cohort"
    toy_case(folder, case_id="A", orientation="LPS", seed=1)
    toy_case(folder, case_id="B 2", orientation="PIR", oblique=7.0, seed=2)
    toy_case(folder, case_id="C", mask=False, seed=3)
    return folder


def test_a_raw_data_set_of_nnunet_is_the_cohort(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "raw" / "Dataset501_Toys"
    assert call(cohort, "-o", out, "--to", "nnunet") == 0
    assert capsys.readouterr().out == f"3 of 3 cases, 2 with a mask: {out}\n"
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        "dataset.json",
        *(f"imagesTr/{name}_{channel:04d}.nii.gz" for name in ("A", "B_2") for channel in range(4)),
        *(f"imagesTs/C_{channel:04d}.nii.gz" for channel in range(4)),
        "labelsTr/A.nii.gz",
        "labelsTr/B_2.nii.gz",
    ]
    assert json.loads((out / "dataset.json").read_text()) == {
        "channel_names": {"0": "T1", "1": "T1ce", "2": "T2", "3": "FLAIR"},
        "labels": {"background": 0, "necrotic / non-enhancing core": 1, "oedema": 2, "enhancing tumour": 3},
        "numTraining": 2,
        "file_ending": ".nii.gz",
    }
    assert (out / "imagesTr" / "A_0001.nii.gz").read_bytes() == (cohort / "A" / "A_t1ce.nii.gz").read_bytes()
    assert set(np.unique(np.asarray(nib.load(out / "labelsTr" / "A.nii.gz").dataobj))) == {0, 1, 2, 3}
    again = {source.case_id: read(source) for source in find_cohort(out)}
    for name, new in (("A", "A"), ("B 2", "B_2")):
        before, after = read(find_case(cohort / name)), again[new]
        assert before.grid.same_as(after.grid)
        for modality in Modality:
            np.testing.assert_array_equal(before.volumes[modality].stored, after.volumes[modality].stored)
        assert tissues(before).keys() == tissues(after).keys() == {"NCR", "ED", "ET"}
        assert all(np.array_equal(where, tissues(after)[key]) for key, where in tissues(before).items())
    assert again["C"].reference is None


@pytest.mark.parametrize("title", ["enhancing tumour", "background", "ignore", "Ignore"])
def test_every_label_has_a_name_of_its_own_in_nnunet(tmp_path: Path, toy_case: ToyCase, title: str) -> None:
    mask = toy_case(tmp_path / "cohort", case_id="A") / "A_seg.nii.gz"
    looks = {2: Meaning("halo", title, "#5b8def")}
    mine = LabelScheme("mine", "Mine", {1: "NCR", 2: "halo", 4: "ET"}, looks=looks)
    note_path(mask).write_text(json.dumps({"voxels_digest": "0" * 40, **scheme_fields(mine)}), "utf-8")
    out = tmp_path / "Dataset501_Toys"
    assert call(tmp_path / "cohort", "-o", out, "--to", "nnunet") == 0
    named = json.loads((out / "dataset.json").read_text())["labels"]
    assert sorted(named.values()) == [0, 1, 2, 3]
    assert named["background"] == 0
    assert named.get("ignore") is None  # nnU-Net would not learn it
    assert title.lower() in next(name for name, number in named.items() if number == 2).lower()


def test_images_on_grids_of_their_own_go_out_on_that_of_their_case(tmp_path: Path, toy_case: ToyCase) -> None:
    folder = toy_case(tmp_path / "cohort", case_id="A")
    other = toy_case(tmp_path / "other", case_id="A", shape=(12, 14, 10), spacing=(2.0, 2.0, 2.0))
    (folder / "A_t2.nii.gz").write_bytes((other / "A_t2.nii.gz").read_bytes())
    out = tmp_path / "Dataset502_Toys"
    assert call(tmp_path / "cohort", "-o", out, "--to", "nnunet") == 0
    images = [nib.load(out / "imagesTr" / f"A_{channel:04d}.nii.gz") for channel in range(4)]
    assert len({image.shape for image in images}) == 1
    for image in images:
        np.testing.assert_allclose(image.affine, images[0].affine, atol=1e-4)
    expected = read(find_case(folder)).volumes[Modality.T2].intensities()
    found = read(next(iter(find_cohort(out)))).volumes[Modality.T2].intensities()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_what_cannot_go_out_is_named_and_the_rest_does(
    cohort: Path, tmp_path: Path, toy_case: ToyCase, capsys: pytest.CaptureFixture[str]
) -> None:
    toy_case(cohort, case_id="D", modalities=("t1", "t2"))
    broken = cohort / "A" / "A_t1.nii.gz"
    broken.write_bytes(broken.read_bytes()[:300])
    out = tmp_path / "Dataset503_Toys"
    assert call(cohort, "-o", out, "--to", "nnunet") == 2
    captured = capsys.readouterr()
    assert "brainseg: D: " in captured.err
    assert "it has no T1ce, FLAIR" in captured.err
    assert "brainseg: A: " in captured.err
    assert captured.out.startswith("2 of 4 cases, 1 with a mask")
    assert json.loads((out / "dataset.json").read_text())["numTraining"] == 1
    assert [source.case_id for source in find_cohort(out)] == ["B_2", "C"]


@pytest.mark.parametrize(
    ("name", "there", "sentence"),
    [
        ("Dataset501_Toys", "mine.txt", "there is something in the folder"),
        ("toys", "", "Name the folder like Dataset501_Gliomas"),
    ],
)
def test_a_folder_that_will_not_do_is_refused(
    cohort: Path, tmp_path: Path, name: str, there: str, sentence: str
) -> None:
    out = tmp_path / name
    if there:
        out.mkdir()
        (out / there).write_text("x")
    with pytest.raises(BrainsegError, match=sentence):
        call(cohort, "-o", out, "--to", "nnunet")
    assert [path.name for path in out.iterdir()] == [there] if there else not out.exists()


def test_what_somebody_else_lays_into_the_place_meanwhile_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def exported() -> None:
        with new_folder(out) as making:
            (making / "ours.txt").write_text("x")
            out.mkdir()
            (out / "theirs.txt").write_text("y")

    with pytest.raises(SaveError, match="the folder was not written"):
        exported()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "theirs.txt"]


@pytest.mark.parametrize("empty", [False, True])
def test_an_export_that_fails_leaves_nothing_and_names_the_place_that_was_meant(tmp_path: Path, empty: bool) -> None:
    out = tmp_path / "new" / "out"
    if empty:
        out.mkdir(parents=True)

    def exported() -> None:
        with new_folder(out) as making:
            (making / "a.txt").write_text("x")
            raise SaveError("the drive is full", "Make room", making / "b.txt")

    with pytest.raises(SaveError) as caught:
        exported()
    assert caught.value.path == out / "b.txt"
    assert not list(tmp_path.rglob("*.txt"))
    assert (list(out.parent.iterdir()) == [out]) == empty


@pytest.mark.parametrize("names", [("P 1", "P_1"), ("p_1", "P_1")])  # capitals are none on drives of Windows and macOS
def test_two_cases_of_one_name_are_refused_before_anything_is_written(
    tmp_path: Path, toy_case: ToyCase, names: tuple[str, str]
) -> None:
    for name in names:
        toy_case(tmp_path / "cohort", case_id=name)
    out = tmp_path / "Dataset504_Toys"
    with pytest.raises(BrainsegError, match="several cases would be called 'P_1'"):
        call(tmp_path / "cohort", "-o", out, "--to", "nnunet")
    assert not out.exists()


def test_masks_become_derivatives_of_bids(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "derivatives"
    assert call(cohort, "-o", out, "--to", "bids") == 0
    stems = [f"sub-{name}/anat/sub-{name}_desc-tumor_dseg" for name in ("A", "B2")]
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        "dataset_description.json",
        *(f"{stem}{ending}" for stem in stems for ending in (".nii.gz", ".tsv")),
    ]
    description = json.loads((out / "dataset_description.json").read_text())
    assert (description["DatasetType"], description["GeneratedBy"][0]["Name"]) == ("derivative", "brainseg")
    assert (out / f"{stems[0]}.tsv").read_text().splitlines()[:2] == [
        "index\tname\tabbreviation\tcolor",
        "1\tnecrotic / non-enhancing core\tNCR\t#e5484d",
    ]
    stored, written = (nib.load(p) for p in (cohort / "A" / "A_seg.nii.gz", out / f"{stems[0]}.nii.gz"))
    np.testing.assert_array_equal(np.asarray(stored.dataobj), np.asarray(written.dataobj))


def test_subjects_of_bids_keep_their_names_and_are_told_apart(tmp_path: Path, toy_case: ToyCase) -> None:
    for name in ("subject_01", "sub-2"):
        toy_case(tmp_path / "cohort", case_id=name)
    assert call(tmp_path / "cohort", "-o", tmp_path / "derivatives", "--to", "bids") == 0
    assert sorted(path.name for path in (tmp_path / "derivatives").glob("sub-*")) == ["sub-2", "sub-subject01"]
    toy_case(tmp_path / "cohort", case_id="2")
    with pytest.raises(BrainsegError, match=r"several cases would be called 'sub-2'. Rename their folders"):
        call(tmp_path / "cohort", "-o", tmp_path / "again", "--to", "bids")
    assert not (tmp_path / "again").exists()


def test_a_visit_is_a_session(tmp_path: Path, toy_case: ToyCase) -> None:
    toy_case(tmp_path / "cohort", case_id="sub-07_ses-02")
    toy_case(tmp_path / "cohort", case_id="sub-07_ses-03")
    out = tmp_path / "derivatives"
    assert call(tmp_path / "cohort", "-o", out, "--to", "bids") == 0
    assert (out / "sub-07" / "ses-02" / "anat" / "sub-07_ses-02_desc-tumor_dseg.nii.gz").is_file()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_newest_annotation_goes_out_where_it_is_asked_for(cohort: Path, tmp_path: Path, elsewhere: bool) -> None:
    home = (tmp_path / "masks" if elsewhere else cohort) / "A"
    reference = nib.load(cohort / "A" / "A_seg.nii.gz")
    values = np.zeros(reference.shape, np.uint8)
    values[5, 6, 7] = 2
    home.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(values, reference.affine), home / "A_annotation.nii.gz")
    out = tmp_path / "Dataset505_Toys"
    asked = ["--annotations", tmp_path / "masks"] if elsewhere else ["--masks", "annotation"]
    assert call(cohort, "-o", out, "--to", "nnunet", *asked) == 0
    assert [path.name for path in (out / "labelsTr").iterdir()] == ["A.nii.gz"]
    assert np.flatnonzero(np.asarray(nib.load(out / "labelsTr" / "A.nii.gz").dataobj)).size == 1
    assert len(list((out / "imagesTs").iterdir())) == 8


def test_a_folder_of_annotations_that_says_nothing_is_refused(cohort: Path, tmp_path: Path) -> None:
    asked = (cohort, "-o", tmp_path / "out", "--to", "mha", "--annotations")
    with pytest.raises(BrainsegError, match="no such folder"):
        call(*asked, tmp_path / "lost")
    with pytest.raises(BrainsegError, match="for the annotations"):
        call(*asked, cohort, "--masks", "reference")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["seg.nrrd", "nrrd", "mha", "mgz", "nii.gz"])
def test_masks_alone_go_out_in_another_format(kind: str, cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call(cohort, "-o", out, "--to", kind) == 0
    ending = ".seg.nrrd" if kind == "seg.nrrd" else f"_seg.{kind}"
    labels = [] if kind == "seg.nrrd" else ["labels_brats2020.txt"]
    assert sorted(path.name for path in out.iterdir()) == [f"A{ending}", f"B_2{ending}", *labels]
    for name, new in (("A", "A"), ("B 2", "B_2")):
        before = read(find_case(cohort / name))
        assert before.reference is not None
        after = read_label_map(out / f"{new}{ending}", before.grid, scheme_named("msd"))
        np.testing.assert_array_equal(after.values, before.reference.values)
    if labels:
        assert dict(read_labels_file(out / labels[0]).labels) == {1: "NCR", 2: "ED", 4: "ET"}


def test_each_of_two_schemes_of_one_name_is_described(
    tmp_path: Path, toy_case: ToyCase, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scheme that a file states is called by the file, and files of several cases by one name."""
    for name, labels in (
        ("A", {1: "NCR", 2: "halo", 4: "ET"}),
        ("B", {1: "halo", 2: "NCR", 4: "ET"}),
        ("C", {4: "ET"}),
    ):
        mask = toy_case(tmp_path / "cohort", case_id=name) / f"{name}_seg.nii.gz"
        values = {value: labels.get(value, labels[4]) for value in (1, 2, 4)}
        looks = {value: Meaning(key, key, "#5b8def") for value, key in values.items() if key == "halo"}
        mine = LabelScheme("../My scheme", "Mine", values, looks=looks)
        note_path(mask).write_text(json.dumps({"voxels_digest": "0" * 40, **scheme_fields(mine)}), "utf-8")
    out = tmp_path / "out"
    assert call(tmp_path / "cohort", "-o", out, "--to", "nii.gz") == 0
    said = {path.name: dict(read_labels_file(path).labels) for path in out.glob("*.txt")}
    assert said == {
        "labels_My-scheme.txt": {1: "NCR", 2: "halo", 4: "ET"},
        "labels_My-scheme-2.txt": {1: "halo", 2: "NCR", 4: "ET"},
        "labels_My-scheme-3.txt": {1: "ET", 2: "ET (2)", 4: "ET (4)"},
    }
    assert "B: labels_My-scheme-2.txt says what its numbers mean" in capsys.readouterr().err


@pytest.fixture
def examinations(cohort: Path, tmp_path: Path) -> Path:
    """DICOM series on the grids of two of the cases, in folders of their names; that of A is there in two contrasts."""
    folder = tmp_path / "dicom"
    for number, (name, words) in enumerate((("A", "t1_tse"), ("A", "t1_tse_gd"), ("B 2", "t1_tse"))):
        grid = read(find_case(cohort / name)).grid
        affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid.affine  # columns run right and rows to the front, in LPS
        i, j, k = grid.shape
        way = [*affine[:3, 0], *affine[:3, 1]]
        tags = {**TAGS, "SeriesDescription": words, "StudyInstanceUID": f"1.2.{name == 'A':d}"}
        series = Series(np.zeros((k, j, i), np.uint16), way, affine[:3, 3], 1.0, (1.0, 1.0), f"1.2.3.{number}", tags)
        write_classic(folder / name / words, series)
    return folder


@pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
def test_masks_go_out_as_objects_of_the_series_that_they_lie_on(
    kind: str, cohort: Path, examinations: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call(cohort, "-o", out, "--to", kind, "--series", examinations, "--deidentify") == 0
    ending = "_seg.dcm" if kind == "dicom-seg" else "_rtstruct.dcm"
    assert sorted(path.name for path in out.iterdir()) == [f"A{ending}", f"B_2{ending}"]
    for name, new in (("A", "A"), ("B 2", "B_2")):
        before = read(find_case(cohort / name))
        assert before.reference is not None
        after = read_label_map(out / f"{new}{ending}", before.stored_grid, scheme_named("msd"))
        np.testing.assert_array_equal(after.values, before.reference.values)
    assert b"Doe" not in (out / f"A{ending}").read_bytes()
    again = tmp_path / "again"
    assert call(cohort, "-o", again, "--to", kind, "--series", examinations) == 0
    content = pydicom.dcmread(again / f"A{ending}")
    drawn_on = {str(e.value) for e in content.iterall() if e.keyword == "SeriesInstanceUID"}
    assert "1.2.3.1" in drawn_on, "T1ce comes before T1"
    (examinations / "A").rename(tmp_path / "gone")
    capsys.readouterr()
    assert call(cohort, "-o", tmp_path / "third", "--to", kind, "--series", examinations) == 2
    assert "A: " in (said := capsys.readouterr().err)
    assert "no series lies where the mask does (24×28×20 voxels of 1×1×1 mm)" in said


def test_no_mask_goes_out_under_the_name_of_another_patient(
    tmp_path: Path, toy_case: ToyCase, capsys: pytest.CaptureFixture[str]
) -> None:
    """Images that are registered to one atlas all lie in one place: P2 has no DICOM files, and those of P1 fit."""
    grid = read(find_case(toy_case(tmp_path / "cohort", case_id="P1"))).grid
    toy_case(tmp_path / "cohort", case_id="P2")
    affine, (i, j, k) = np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid.affine, grid.shape
    way = [*affine[:3, 0], *affine[:3, 1]]
    series = Series(np.zeros((k, j, i), np.uint16), way, affine[:3, 3], 1.0, (1.0, 1.0), "1.2.3", TAGS)
    write_classic(tmp_path / "dicom" / "p1" / "t1", series)
    asked = (tmp_path / "cohort", "--to", "dicom-seg", "--series", tmp_path / "dicom")
    assert call(*asked, "-o", tmp_path / "first") == 2
    assert [path.name for path in (tmp_path / "first").iterdir()] == ["P1_seg.dcm"]
    said = capsys.readouterr().err
    assert "P2: " in said
    assert "dicom holds no volume besides what is in the folders of other cases" in said
    (tmp_path / "dicom" / "p1").rename(tmp_path / "dicom" / "accession")
    assert call(*asked, "-o", tmp_path / "second") == 2
    assert [path.name for path in (tmp_path / "second").iterdir()] == ["P1_seg.dcm"]
    said = capsys.readouterr().err
    assert "P1: no folder of DICOM files has its name" in said
    assert "given to P1 already" in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--to", "dicom-seg"), "a DICOM mask belongs to a DICOM series"),
        (("--to", "mha", "--deidentify"), "--deidentify is for dicom-seg and rtstruct"),
        (("--to", "bids", "--series", "x"), "--series is for dicom-seg and rtstruct"),
    ],
)
def test_options_that_would_say_nothing_are_refused(
    options: tuple[str, ...], sentence: str, cohort: Path, tmp_path: Path
) -> None:
    with pytest.raises(BrainsegError, match=sentence):
        call(cohort, "-o", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_every_layout_and_kind_of_mask_file_can_be_asked_for() -> None:
    assert set(export._KINDS) == {*COHORT_LAYOUTS, *export._DICOM}
    assert {key for key, kind in MASK_KINDS.items() if kind.write is not None} == set(export._DICOM)
