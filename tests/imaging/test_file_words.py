"""What the words of names say, of scanners, converters, tools and data sets; and which of several files is taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort, kind_of, prefix_of
from brainseg_gui.imaging.modality import Modality

_KINDS = {
    Modality.T1CE: """
        sub-01_ce-gd_T1w sub-01_ce-gadolinium_run-01_T1w sub-01_acq-mprage_ce-Gadovist_T1w sub-01_ses-2_ce-gad_rec-x_T1w
        P_post_T1 P_Gd_T1 P_T1+C P_T1_C P_CT1 P_ct1 P_cT1w P_CET1 P_T1GD P_t1gad P_T1_km P_T1_post_contrast P_T1w_postGd
        P_T1_FLAIR_Gd P_T1_FLAIR+C ct1_skull_strip CT1_r2s_bet_reg T1CE_to_SRI_brain T1CE_to_SRI YG_2015-05-22_POST
        YG_TEST1234_2021-03-10_17-01-09_POST P_t1c_bet brain_t1ce_ants AX_T1_SE_GD_20210304101500_7
        SAG_3D_T1_MPRAGE_POST_20210304101500_8a contrast_T1 T1POST 3D_AX_T1_postcontrast X-t1c gd_t1
    """,
    Modality.T1: """
        P_T1_FLAIR P_T1_pre P_T1w P_T1_native sub-01_T1w sub-01_ce-none_T1w sub-01_acq-pre_T1w T1_to_SRI_brain
        t1_skull_strip T1_r2s_bet_reg YG_2015-05-22_PRE brain_t1_ants AX_T1_SE_20210304101500_3 P_mprage P_MP2RAGE
        3D_AX_T1_precontrast X-t1n KM_t1 GD_T1 CE_t1 C_t1 T1_001
    """,
    Modality.T2: """
        P_T2 P_T2w sub-01_run-2_T2w T2_to_SRI_brain 100101A_T2Synth AX_T2_TSE_20210304101500_4 X-t2w brain_t2_ants
        P_post_T2
    """,
    Modality.FLAIR: """
        P_FLAIR P_FLAIR_T2 P_T2_FLAIR P_T2-FLAIR FL_to_SRI_brain brain_fl_ants X_fla_bet Flair_r2s_bet_reg X-t2f
        AX_FLAIR_20210304101500_5 AX_T2_FLAIR_FS_20210304101500_6 sub-01_FLAIR Patient_001_brain_t2flair
    """,
    "mask": """
        seg_mask brainTumorMask_SRI P_Timepoint_1_tumorMask B_gtv sub-01_label-tumor_dseg sub-01_label-lesion_mask
        T_GlistrBoost_ManuallyCorrected T_GlistrBoost rtumorseg_manual_correction tumorseg_FeTS X_BraTS_tumor_seg
        UPENN-GBM-00001_11_automated_approx_segm RHUH-0001_0_segmentations ct1_seg_mask P_t1ce_seg P_gt P_truth
        MR_T1c_tumor_mask final_seg X-seg W39_1998.09.19_Segm
    """,
    None: """
        Q_t1ce_mask X_t1_bet_mask X_brain_mask X_mask_brain X_bet_mask T1_r2s_bet_mask brain_mask skull_mask
        sub-01_label-WM_mask sub-01_desc-brain_mask csf_seg P_T1_aseg BRATS_001 t1ce_report segment_list prelabels X_adc
        print1 t10 asset2 flairish YG_2015-05-22 FA_map_T1s
    """,
}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for kind, names in _KINDS.items() for name in names.split()])
def test_a_name_says_what_a_file_is(name: str, kind: Modality | str | None) -> None:
    assert kind_of(Path(f"{name}.nii.gz")) == kind


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("sub-01_ses-2_ce-gd_run-01_T1w", "sub-01_ses-2"),
        ("P_Timepoint_1_tumorMask", "P_Timepoint_1"),
        ("AX_T1_SE_GD_20210304101500_7", ""),
        ("Smith_AX_T1_SE_3", "Smith"),
        ("KM_t1", "KM"),
        ("=SUM(A1)_seg", "=SUM(A1)"),
        ("UPENN-GBM-00001_11_T1GD", "UPENN-GBM-00001_11"),
        ("brain_t1_ants", ""),
    ],
)
def test_the_beginning_of_a_name_is_the_cases(name: str, prefix: str) -> None:
    assert prefix_of(Path(f"{name}.nii.gz")) == prefix


_ALL = ("t1", "t1ce", "t2", "flair")


def _touch(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1_000_000 + number, 1_000_000 + number))  # the last one is the newest
    return folder


@pytest.mark.parametrize(
    ("names", "taken", "said"),
    [
        ([*(f"P_{m}_bet" for m in _ALL), *(f"P_{m}" for m in _ALL)], [f"P_{m}_bet" for m in _ALL], "without the skull"),
        ([*(f"P_{m}_stripped" for m in _ALL), "P_t1"], [f"P_{m}_stripped" for m in _ALL], "P_t1.nii lies there too"),
        ([*(f"P_{m}" for m in _ALL), "P_t1ce_bet"], [f"P_{m}" for m in _ALL], "P_t1ce_bet.nii lies there too"),
        ([*(f"P_{m}" for m in _ALL), "P_t1gd"], ["P_t1", "P_t1gd", "P_t2", "P_flair"], "for it is the newest"),
        (["P_t1gd", *(f"P_{m}" for m in _ALL)], [f"P_{m}" for m in _ALL], "P_t1gd.nii lies there too"),
        (["T1_raw", "T1_brain", "T2_brain", "FLAIR_brain"], ["T1_brain", "T2_brain", "FLAIR_brain"], "T1_raw.nii"),
        (["P_t1_bet", "P_t2_bet", "P_flair"], ["P_t1_bet", "P_t2_bet", "P_flair"], ""),
        ([*(f"P_{m}" for m in _ALL), "P_late_t1ce"], ["P_t1", "P_late_t1ce", "P_t2", "P_flair"], "P_t1ce.nii lies"),
    ],
)
def test_of_several_files_one_is_taken_and_it_is_said(
    tmp_path: Path, names: list[str], taken: list[str], said: str
) -> None:
    source = find_case(_touch(tmp_path / "P", *(f"{name}.nii" for name in names)))
    assert {path.name for path in source.modalities.values()} == {f"{name}.nii" for name in taken}
    assert said in " ".join(source.notes)
    assert {path.name for path in source.unused} == {f"{name}.nii" for name in names} - {f"{t}.nii" for t in taken}


@pytest.mark.parametrize("depth", [1, 3, 8])
def test_cases_are_found_at_any_depth(tmp_path: Path, depth: int) -> None:
    place = tmp_path.joinpath(*(f"level{n}" for n in range(depth)))
    for case in ("A", "B"):
        _touch(place / case, *(f"{case}_{m}.nii" for m in _ALL))
    assert [source.case_id for source in find_cohort(tmp_path)] == ["A", "B"]
    with pytest.raises(CaseError, match="it holds 2 cases"):
        find_case(tmp_path)


def test_links_are_followed_no_further_than_a_cohort_of_links(tmp_path: Path) -> None:
    _touch(tmp_path / "elsewhere" / "A", *(f"A_{m}.nii" for m in _ALL))
    _touch(tmp_path / "elsewhere" / "deep" / "er" / "still" / "B", *(f"B_{m}.nii" for m in _ALL))
    (tmp_path / "cohort").mkdir()
    (tmp_path / "cohort" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path)
    assert [source.case_id for source in find_cohort(tmp_path / "cohort")] == ["A"]


def test_links_to_nothing_are_told(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "P", "P_t1.nii", "P_t2.nii")
    (folder / "P_flair.nii").symlink_to("../.git/annex/objects/x.nii")
    source = find_case(folder)
    assert "P_flair.nii is a link to what is not there (../.git/annex/objects/x.nii)" in source.notes
    for path in folder.glob("P_t?.nii"):
        path.unlink()
    with pytest.raises(CaseError, match="links to what is not there") as caught:
        find_case(folder)
    assert "datalad get" in caught.value.remedy
