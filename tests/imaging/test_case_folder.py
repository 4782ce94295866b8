"""Which file is what, by name: every era of file names, cohorts, loose files, Decathlon files."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import CaseError, ImageError
from brainseg_gui.evaluation.cohorts.mask_search import REFERENCES, find_masks
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort, kind_of, prefix_of, source_of_files
from brainseg_gui.imaging.formats.known_formats import titles
from brainseg_gui.imaging.modality import Modality

T1, T1CE, T2, FLAIR = Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR


def _touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def _names(source: CaseSource) -> dict[str, str]:
    """Modality or mask -> file name."""
    names = {m.value: path.name for m, path in source.modalities.items()}
    return names | ({"mask": source.reference.name} if source.reference else {})


ERAS: dict[str, dict[Modality | str, str]] = {
    "BraTS 2017-2021": {T1: "X_t1", T1CE: "X_t1ce", T2: "X_t2", FLAIR: "X_flair", "mask": "X_seg"},
    "BraTS 2023": {T1: "X-t1n", T1CE: "X-t1c", T2: "X-t2w", FLAIR: "X-t2f", "mask": "X-seg"},
    "bare": {T1: "t1", T1CE: "t1ce", T2: "t2", FLAIR: "flair", "mask": "segmentation"},
    "bare, contrast as t1c": {T1: "t1", T1CE: "t1c", T2: "t2", FLAIR: "flair", "mask": "seg"},
    "skull-stripped": {T1: "X_t1_bet", T1CE: "X_t1c_bet", T2: "X_t2_bet", FLAIR: "X_fla_bet"},
    "capitals": {T1: "X_T1", T1CE: "X_T1c", T2: "X_T2", FLAIR: "X_FLAIR", "mask": "X_seg"},
    "gadolinium": {T1: "X_t1", T1CE: "X_t1Gd", T2: "X_t2", FLAIR: "X_flair"},
    "POST": {T1: "T1", T1CE: "T1POST", T2: "T2", FLAIR: "FLAIR"},
    "BIDS": {T1: "X_T1w", T1CE: "X_ce-gadolinium_T1w", T2: "X_T2w", FLAIR: "X_FLAIR", "mask": "X_mask"},
}


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".NII.GZ"])
@pytest.mark.parametrize("prefix", ["X", "BraTS20_Training_001", "BraTS-GLI-00000-000", "TCGA-DU-7294", "t1study_2"])
@pytest.mark.parametrize("era", ERAS)
def test_every_era_of_names(tmp_path: Path, era: str, prefix: str, suffix: str) -> None:
    names = {kind: name.replace("X", prefix) + suffix for kind, name in ERAS[era].items()}
    folder = _touch(tmp_path / "some folder", *names.values(), "README.txt", "LICENSE")
    source = find_case(folder)
    assert _names(source) == {kind if isinstance(kind, str) else kind.value: name for kind, name in names.items()}
    assert source.case_id == "some folder"
    assert source.missing == ()
    assert source.unused == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("BraTS20_Training_355_t1ce", T1CE),
        ("W39_1998.09.19_Segm", "mask"),
        ("sub-01_t1", T1),
        ("x_t2_flair", FLAIR),
        ("x-T2FLAIR", FLAIR),
        ("case_t1_brain", T1),
        ("t10", None),
        ("flairish", None),
        ("print1", None),
        ("asset2", None),
        ("BRATS_001", None),
        ("t1ce_report", None),
        ("segment_list", None),
        ("prelabels", None),
        ("X_brain_mask", None),
        ("brain-mask", None),
        ("X_t1_bet_mask", None),
        ("X_mask_brain", None),
        ("UCSF-PDGM-0004_brain_segmentation", None),
        ("UCSF-PDGM-0004_brain_parenchyma_segmentation", None),
        ("UCSF-PDGM-0004_tumor_segmentation", "mask"),
        ("brain_tumour_seg", "mask"),
        ("forehead_mask", "mask"),
    ],
)
def test_kinds(name: str, kind: object) -> None:
    assert kind_of(Path(name + ".nii.gz")) == kind


def test_prefixes() -> None:
    assert prefix_of(Path("BraTS-GLI-00000-000-t2f.nii.gz")) == "BraTS-GLI-00000-000"
    assert prefix_of(Path("TCGA-DU-7294_fla_bet.nii.gz")) == "TCGA-DU-7294"
    assert prefix_of(Path("flair.nii")) == ""


def test_case_355_has_a_mask_of_another_name(tmp_path: Path) -> None:
    prefix = "BraTS20_Training_355"
    images = [f"{prefix}_{m}.nii" for m in ("t1", "t1ce", "t2", "flair")]
    folder = _touch(tmp_path / prefix, *images, "W39_1998.09.19_Segm.nii")
    assert _names(find_case(folder))["mask"] == "W39_1998.09.19_Segm.nii"


def test_the_mask_with_the_prefix_of_the_images_comes_first(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "c", "A_mask.nii", "X_seg.nii", "X_t1.nii", "X_t2.nii")
    source = find_case(folder)
    assert _names(source)["mask"] == "X_seg.nii"
    assert [path.name for path in source.unused] == ["A_mask.nii"]


def test_a_mask_of_the_brain_alone_is_no_reference(tmp_path: Path) -> None:
    source = find_case(_touch(tmp_path / "c", "X_t1.nii", "X_flair.nii", "X_brain_mask.nii.gz"))
    assert source.reference is None
    assert [path.name for path in source.unused] == ["X_brain_mask.nii.gz"]


@pytest.mark.parametrize(
    ("names", "case_id"),
    [
        (("AX_T1_POST_13_t1c.nii", "FLAIR_AX_5_fla.nii", "T2_AX_2_t2.nii", "T1_AX_10_t1.nii"), "P-0007"),
        (("P7_t1ce.nii", "P7_flair.nii"), "P7"),
    ],
)
def test_series_that_share_no_beginning_give_a_case_no_name(tmp_path: Path, names: Sequence[str], case_id: str) -> None:
    """One of four series once named the case: a mask was called after the FLAIR."""
    assert find_case(_touch(tmp_path / "P-0007" / "native", *names)).case_id == case_id


def test_a_missing_modality_is_named_missing(tmp_path: Path) -> None:
    assert find_case(_touch(tmp_path / "c", "X_t1.nii", "X_flair.nii")).missing == (T1CE, T2)


def test_files_of_no_meaning_stay_available(tmp_path: Path) -> None:
    source = find_case(_touch(tmp_path / "c", "X_t1.nii", "X_adc.nii.gz", "X_t1_bet.nii", "notes.txt"))
    assert {path.name for path in source.unused} == {"X_adc.nii.gz", "X_t1.nii"}


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=f"no {titles()} file") as caught:
        find_case(tmp_path)
    assert caught.value.path == tmp_path
    assert "_t1.nii.gz" in caught.value.remedy


@pytest.mark.parametrize(
    ("names", "name", "remedy"),
    [
        (["series/IM2.dcm"], "DICOM", "brainseg prepare"),
        (["T1/T1.img", "T1/T1.hdr"], "Analyze", "3D Slicer"),
        (["readme.txt", "T1.MNC"], "MINC", "mnc2nii"),
    ],
)
def test_a_folder_of_images_in_another_format(tmp_path: Path, names: list[str], name: str, remedy: str) -> None:
    for path in (tmp_path / name for name in names):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for find in (find_case, find_cohort):
        with pytest.raises(CaseError, match=f"no {titles()} file is in this folder, but {name} images") as caught:
            find(tmp_path)
        assert caught.value.path == tmp_path
        assert remedy in caught.value.remedy


def test_the_formats_of_the_table_are_found_as_nifti_is(tmp_path: Path) -> None:
    _touch(tmp_path / "c", "P_t1.mha", "P_t1ce.NRRD", "P_t2.mgz", "P_flair.mhd", "P_flair.raw", "P_seg.seg.nrrd")
    names = {"t1": "P_t1.mha", "t1ce": "P_t1ce.NRRD", "t2": "P_t2.mgz", "flair": "P_flair.mhd"}
    assert _names(find_case(tmp_path / "c")) == {**names, "mask": "P_seg.seg.nrrd"}


@pytest.mark.parametrize("name", ["IM0001", "1.2.840.113619", "00000001"])
def test_dicom_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bytes(128) + b"DICM" + bytes(200))
    with pytest.raises(CaseError, match="but DICOM images"):
        find_case(tmp_path)
    (tmp_path / name).write_bytes(bytes(200))
    with pytest.raises(CaseError, match=rf"no {titles()} file is in this folder\."):
        find_case(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CaseError, match=rf"no {titles()} file is in this folder\."):
        find_case(tmp_path)


def test_a_folder_of_unrelated_names(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "c", *(f"scan{n}.nii" for n in range(6)))
    with pytest.raises(CaseError, match=f"none of the 6 {titles()} files names a modality") as caught:
        find_case(folder)
    assert "scan0.nii, scan1.nii, scan2.nii, scan3.nii, …" in str(caught.value)


@pytest.mark.parametrize("open_it", [find_case, find_cohort])
def test_a_folder_that_is_not_there(tmp_path: Path, open_it: Any) -> None:
    with pytest.raises(CaseError, match="no such"):
        open_it(tmp_path / "gone")


@pytest.mark.parametrize("open_it", [find_case, find_cohort])
def test_a_folder_that_may_not_be_read(tmp_path: Path, open_it: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(CaseError, match="Permission denied"):
        open_it(tmp_path)


def test_files_that_macos_leaves_in_archives_are_no_images(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "c", "X_t1.nii", "._X_t1.nii", "._X_t2.nii", ".X_flair.nii")
    assert _names(find_case(folder)) == {"t1": "X_t1.nii"}
    assert find_case(folder).unused == ()


# --- cohorts ----------------------------------------------------------------------------------------------------


def test_a_cohort_of_folders(tmp_path: Path) -> None:
    for case in ("B", "A", "C"):
        _touch(tmp_path / case, f"{case}_t1.nii", f"{case}_flair.nii")
    _touch(tmp_path / "empty")
    _touch(tmp_path / "papers", "paper.pdf")
    _touch(tmp_path / ".hidden", "H_t1.nii")
    (tmp_path / "survival.csv").touch()
    assert [source.case_id for source in find_cohort(tmp_path)] == ["A", "B", "C"]


def test_a_flat_cohort(tmp_path: Path) -> None:
    for case in ("S-001", "S-002", "S-003"):
        _touch(tmp_path, *(f"{case}-{m}.nii.gz" for m in ("t1n", "t1c", "t2w", "t2f", "seg")))
    sources = find_cohort(tmp_path)
    assert [source.case_id for source in sources] == ["S-001", "S-002", "S-003"]
    for source in sources:
        assert source.missing == ()
        assert all(path.name.startswith(source.case_id) for path in (*source.modalities.values(), source.reference))
    with pytest.raises(CaseError, match="it holds 3 cases") as caught:
        find_case(tmp_path)
    assert "cohort" in caught.value.remedy


def test_a_case_folder_is_a_cohort_of_one(tmp_path: Path) -> None:
    _touch(tmp_path / "c", "X_t1.nii")
    _touch(tmp_path / "c" / "segmentation", "majority.nii.gz", "scan-20.nii.gz")
    assert [source.case_id for source in find_cohort(tmp_path / "c")] == ["c"]


def test_one_folder_that_cannot_be_read_hides_no_other_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _touch(tmp_path / "A", "A_t1.nii")
    _touch(tmp_path / "lost+found")
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [source.case_id for source in find_cohort(tmp_path)] == ["A"]


@pytest.mark.parametrize("name", ["image{}.nii", "T{}_t1.nii", "T{}_seg.nii"])
@pytest.mark.parametrize("open_it", [find_case, find_cohort, partial(find_masks, preferred=REFERENCES)])
def test_each_folder_is_listed_once_whatever_comes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_it: Any, name: str
) -> None:
    """Ten thousand files on a slow drive: opening or refusing the folder took as many seconds as it was listed."""
    for folder in (tmp_path, tmp_path / "below"):
        folder.mkdir(exist_ok=True)
        for number in range(3):
            (folder / name.format(number)).touch()
    listed, usual = Counter[str](), os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: (listed.update([os.fspath(folder)]), usual(folder))[1])
    with contextlib.suppress(CaseError):
        open_it(tmp_path)
    assert set(listed.values()) == {1}


def test_a_folder_without_cases_is_no_cohort(tmp_path: Path) -> None:
    _touch(tmp_path / "empty")
    with pytest.raises(CaseError, match=f"no {titles()} file"):
        find_cohort(tmp_path)


# --- loose files ------------------------------------------------------------------------------------------------


def _loose(folder: Path, names: Sequence[str]) -> CaseSource:
    return source_of_files([folder / name for name in names])


def test_one_file_brings_those_of_its_case(tmp_path: Path) -> None:
    _touch(tmp_path, "A_t1.nii", "A_t2.nii", "A_seg.nii", "B_t1.nii", "B_t2.nii")
    assert _names(_loose(tmp_path, ["A_t2.nii"])) == {"t1": "A_t1.nii", "t2": "A_t2.nii", "mask": "A_seg.nii"}
    assert find_case(tmp_path / "A_t2.nii").case_id == "A"


def test_several_files_are_taken_as_they_are(tmp_path: Path) -> None:
    _touch(tmp_path, "A_t1.nii", "A_t2.nii", "A_flair.nii", "odd.nii")
    source = _loose(tmp_path, ["A_flair.nii", "A_t1.nii", "odd.nii"])
    assert _names(source) == {"t1": "A_t1.nii", "flair": "A_flair.nii"}
    assert [path.name for path in source.unused] == ["odd.nii"]


def test_files_of_odd_names_all_stay_to_be_assigned(write_nifti: Any) -> None:
    paths = [write_nifti(np.ones((3, 4, 5), np.int16), name=f"scan{n}.nii") for n in range(3)]
    source = source_of_files(paths)
    assert _names(source) == {"t1": "scan0.nii"}
    assert source.unused == tuple(paths[1:])


@pytest.mark.parametrize(
    ("names", "starts"),
    [
        (["P1_t1.nii", "P1_flair.nii", "P10_t2.nii"], "2 patients (P1, P10)"),
        (["P1_t1.nii", "P2_t1.nii", "P3_t1.nii"], "3 patients (P1, P2, P3)"),
        (["A-1_t1.nii", "A-2_flair.nii"], "2 patients (A-1, A-2)"),
    ],
)
def test_loose_files_of_several_patients_are_no_case(tmp_path: Path, names: list[str], starts: str) -> None:
    folder = _touch(tmp_path / "mixed", *names)
    with pytest.raises(CaseError, match=re.escape(starts)) as caught:
        source_of_files([folder / name for name in names])
    assert "assign them" in caught.value.remedy


@pytest.mark.parametrize(
    "names",
    [
        ["P1_t1.nii", "P1_late_flair.nii"],  # the same name, and more
        ["P1_t1.nii", "flair.nii"],
        ["P1_t1.nii", "P1_flair.nii", "W39_1998.09.19_Segm.nii"],  # masks have names of their own
    ],
)
def test_loose_files_that_may_be_of_one_patient_are_a_case(tmp_path: Path, names: list[str]) -> None:
    folder = _touch(tmp_path / "one", *names)
    assert set(source_of_files([folder / name for name in names]).modalities) == {T1, FLAIR}


def test_other_files_are_refused(tmp_path: Path) -> None:
    _touch(tmp_path, "A_t1.nii", "picture.png")
    with pytest.raises(CaseError, match=f"not a {titles()} file") as caught:
        _loose(tmp_path, ["A_t1.nii", "picture.png"])
    assert caught.value.path == tmp_path / "picture.png"


def test_an_image_in_another_format_is_refused_by_its_name(tmp_path: Path) -> None:
    _touch(tmp_path, "A_t1.nii", "A_flair.mnc")
    with pytest.raises(CaseError, match=f"it is MINC, not {titles()}") as caught:
        _loose(tmp_path, ["A_t1.nii", "A_flair.mnc"])
    assert caught.value.path == tmp_path / "A_flair.mnc"
    assert "mnc2nii" in caught.value.remedy


# --- Decathlon --------------------------------------------------------------------------------------------------


def _four_d(write_nifti: Any, name: str, volumes: int = 4) -> Path:
    stored = np.ones((3, 4, 5, volumes), np.int16)

    def with_fourth(header: Any) -> None:
        header["dim"][:5] = [4, 3, 4, 5, volumes]

    path: Path = write_nifti(stored[..., 0].repeat(volumes, axis=2), name=name, lie=with_fourth)
    return path


def _decathlon(write_nifti: Any, tmp_path: Path, *cases: str) -> Path:
    images, labels = tmp_path / "Task01" / "imagesTr", tmp_path / "Task01" / "labelsTr"
    images.mkdir(parents=True)
    for case in cases:
        _four_d(write_nifti, f"{case}.nii.gz").rename(images / f"{case}.nii.gz")
        _touch(labels, f"{case}.nii.gz")
    return images


def test_a_decathlon_file_is_four_modalities_with_the_mask_beside(write_nifti: Any, tmp_path: Path) -> None:
    images = _decathlon(write_nifti, tmp_path, "BRATS_001")
    source = find_case(images / "BRATS_001.nii.gz")
    assert set(source.modalities.values()) == {images / "BRATS_001.nii.gz"}
    assert source.missing == ()
    assert source.reference == tmp_path / "Task01" / "labelsTr" / "BRATS_001.nii.gz"
    assert source.case_id == "BRATS_001"


def test_a_decathlon_folder_is_a_cohort_whatever_lies_in_it(write_nifti: Any, tmp_path: Path) -> None:
    images = _decathlon(write_nifti, tmp_path, "BRATS_001", "BRATS_002")
    (images / "._BRATS_001.nii.gz").write_bytes(b"Mac OS X")
    (images / "BRATS_003.nii.gz").write_bytes(b"\x1f\x8b cut off")
    assert [source.case_id for source in find_cohort(images)] == ["BRATS_001", "BRATS_002", "BRATS_003"]
    with pytest.raises(ImageError):
        find_case(images / "BRATS_003.nii.gz")


def test_a_test_image_has_no_mask(write_nifti: Any, tmp_path: Path) -> None:
    path = _four_d(write_nifti, "BRATS_485.nii.gz")
    assert find_case(path).reference is None


@pytest.mark.parametrize("volumes", [2, 3, 5])
def test_any_other_4d_image_gets_a_sentence(write_nifti: Any, volumes: int) -> None:
    path = _four_d(write_nifti, "dynamic.nii.gz", volumes)
    with pytest.raises(CaseError, match=f"4-D image with {volumes} volumes") as caught:
        find_case(path)
    assert "one 3-D file per modality" in caught.value.remedy


def test_a_3d_header_with_a_stale_fourth_dimension_is_one_image(write_nifti: Any) -> None:
    def stale(header: Any) -> None:
        header["dim"][4] = 7

    path = write_nifti(np.ones((3, 4, 5), np.int16), name="scan.nii", lie=stale)
    assert _names(find_case(path)) == {"t1": "scan.nii"}


def test_the_real_cases(shared_folder: Path) -> None:
    sources = {source.case_id: source for source in find_cohort(shared_folder / "cases")}
    assert set(sources) == {"BraTS-GLI-00000-000", "TCGA-DU-7294", "modelhub_patient_1"}
    assert all(source.missing == () for source in sources.values())
    assert _names(sources["TCGA-DU-7294"])["flair"] == "TCGA-DU-7294_fla_bet.nii.gz"
    assert sources["TCGA-DU-7294"].reference is None
    assert _names(sources["modelhub_patient_1"])["mask"] == "segmentation.nii.gz"


def test_a_cohort_may_be_sorted_into_folders_of_cases(tmp_path: Path) -> None:
    for grade, case in (("HGG", "Brats18_A_1"), ("HGG", "Brats18_B_1"), ("LGG", "Brats18_C_1")):
        (tmp_path / grade / case).mkdir(parents=True)
        for kind in ("t1", "t1ce", "t2", "flair", "seg"):
            (tmp_path / grade / case / f"{case}_{kind}.nii.gz").touch()
    cohort = find_cohort(tmp_path)
    assert [source.case_id for source in cohort] == ["Brats18_A_1", "Brats18_B_1", "Brats18_C_1"]
    assert not any(source.missing for source in cohort)


def test_visits_of_several_patients_are_told_apart(tmp_path: Path) -> None:
    for patient, visit in (("P1", "visit1"), ("P1", "visit2"), ("P2", "visit1")):
        _touch(tmp_path / patient / visit, "t1.nii.gz", "flair.nii.gz")
    cohort = find_cohort(tmp_path)
    assert [source.case_id for source in cohort] == ["P1_visit1", "P1_visit2", "P2_visit1"]
    assert [source.folder.name for source in cohort] == ["visit1", "visit2", "visit1"]


@pytest.mark.parametrize("visit", ["", "_ses-1"])
def test_a_row_that_knows_one_image_does_not_take_it_from_its_case(tmp_path: Path, visit: str) -> None:
    """Half of the names are those of BIDS; beside other cases the FLAIR became a case of its own."""
    ids = [f"sub-{number:02}{visit}" for number in range(3)]
    names = [f"{case_id}_{name}.nii.gz" for case_id in ids for name in ("t1", "t1ce", "t2", "flair", "seg")]
    cases = find_cohort(_touch(tmp_path / "flat", *names))
    assert [case.case_id for case in cases] == ids
    for case in cases:
        assert not case.missing
        assert {path.name.rpartition("_")[0] for path in case.modalities.values()} == {case.case_id}
        assert case.reference is not None


@pytest.mark.parametrize(
    ("images", "mask"),
    [
        ("{site}/images/{n}_{m}", "{site}/labels/{n}"),
        ("{site}/images/{n}/{m}", "{site}/labels/{n}_seg"),
        ("images/{site}/{n}/{m}", "masks/{site}/{n}/seg"),
        ("{site}/{n}/{m}", "masks/{site}/{n}"),
    ],
)
def test_a_mask_in_a_folder_of_its_own_goes_to_the_case_of_its_place(tmp_path: Path, images: str, mask: str) -> None:
    """Two sites that count from 001: the second one's cases had the first one's masks."""
    for site in ("siteA", "siteB"):
        for n in ("001", "002"):
            places = [images.format(site=site, n=n, m=m) for m in ("t1", "t1ce", "t2", "flair")]
            for place in (*places, mask.format(site=site, n=n)):
                path = tmp_path / f"{place}.nii.gz"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
    cases = find_cohort(tmp_path)
    assert len(cases) == 4
    for case in cases:
        parts = set(next(iter(case.modalities.values())).relative_to(tmp_path).parts)
        assert case.reference is not None
        site = next(part for part in parts if part.startswith("site"))
        assert site in case.reference.relative_to(tmp_path).parts
        assert ("002" in case.case_id) == ("002" in str(case.reference.relative_to(tmp_path)))


def test_a_mask_that_may_be_of_another_case_is_not_taken_and_it_is_said(tmp_path: Path) -> None:
    for site in ("siteA", "siteB"):
        _touch(tmp_path / site, *(f"001_{m}.nii.gz" for m in ("t1", "t1ce", "t2", "flair")))
    _touch(tmp_path / "labels", "001.nii.gz")
    for case in find_cohort(tmp_path):
        assert case.reference is None
        assert case.notes == ("Mask: none was taken; 001.nii.gz may be of another case of this name",)


def test_a_mask_of_another_place_is_taken_where_one_case_alone_has_its_name(tmp_path: Path) -> None:
    _touch(tmp_path / "siteA", *(f"001_{m}.nii.gz" for m in ("t1", "t1ce", "t2", "flair")))
    mask = _touch(tmp_path / "labels", "001.nii.gz") / "001.nii.gz"
    (case,) = find_cohort(tmp_path)
    assert case.reference == mask


@pytest.mark.parametrize("folder", ["", "P1"])
def test_before_and_after_an_operation_are_two_cases(tmp_path: Path, folder: str) -> None:
    """ "post" was contrast agent: a case had its T1 from before the operation, and the rest from after it."""
    names = [f"P1_{when}_{m}.nii.gz" for when in ("pre", "post") for m in ("t1", "t1ce", "t2", "flair")]
    cases = find_cohort(_touch(tmp_path / folder, *names))
    assert [case.case_id for case in cases] == ["P1_post", "P1_pre"]
    for case in cases:
        assert {m: path.name for m, path in case.modalities.items()} == {
            m: f"{case.case_id}_{m.value}.nii.gz" for m in Modality
        }


def test_pre_and_post_are_contrast_agent_where_only_t1_are_named_so(tmp_path: Path) -> None:
    names = [f"{p}_{m}.nii.gz" for p in ("P1", "P2") for m in ("pre_T1", "post_T1", "T2", "post_FLAIR")]
    cases = find_cohort(_touch(tmp_path, *names))
    assert [case.case_id for case in cases] == ["P1", "P2"]
    assert not any(case.missing for case in cases)
    assert cases[0].modalities[T1CE].name == "P1_post_T1.nii.gz"
