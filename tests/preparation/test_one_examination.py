"""Files of two patients, or of two visits, that lie side by side are never mixed without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainseg_gui.errors import CaseError
from brainseg_gui.preparation.doubts import doubts_of
from brainseg_gui.preparation.raw_examination import choose_series, examine
from brainseg_gui.progress import run_to_end
from tests.preparation.test_raw_examination import write_file


@pytest.mark.parametrize(
    "names",
    [
        ("pat1_t1", "pat1_flair", "pat2_t1", "pat2_flair"),
        ("001_t1", "001_t2", "002_t1", "002_t2"),
        ("T1_001", "FLAIR_001", "T1_002", "FLAIR_002"),
        ("ses-1/sub-1_ses-1_T1w", "ses-1/sub-1_ses-1_FLAIR", "ses-2/sub-1_ses-2_T1w", "ses-2/sub-1_ses-2_ce-gd_T1w"),
    ],
    ids=["patients", "numbered", "numbered behind", "visits"],
)
def test_names_of_two_cases_are_two_examinations(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        write_file(tmp_path / f"{name}.nii.gz")
    with pytest.raises(CaseError, match="it holds 2 examinations by the names of its files") as caught:
        run_to_end(examine(tmp_path))
    assert "folder of its own" in caught.value.remedy


@pytest.mark.parametrize(
    ("names", "doubtful"),
    [
        (("pat1_t1", "pat2_flair"), True),
        (("pat1_t1", "pat10_flair"), True),
        (("Jane_t1", "Jane_head_flair", "Jane_thin_t2", "t1_gd"), False),
        (("5_t1", "6_t1_gd", "7_t2", "8_t1"), False),
        (("Jane_20200101101500_t1_mprage_5", "Jane_20200101103000_t2_tse_6"), False),
        (("Jane_20200101101500_t1_mprage_5", "Jane_20210101103000_t2_tse_6"), True),
        (("T1_AX_Jane_SE_10_t1", "MRHR_T1_AX_POST_GAD_Jane_SE_13_t1c", "MRHR_T2_AX_Jane_SE_2_t2"), False),
        (("ax_t1", "sag_t1", "ax_t2", "sag_t2"), False),
    ],
)
def test_names_that_differ_are_a_doubt_where_one_does_not_go_on_from_the_other(
    tmp_path: Path, names: tuple[str, ...], doubtful: bool
) -> None:
    for name in names:
        write_file(tmp_path / f"{name}.nii.gz")
    found = run_to_end(examine(tmp_path))
    doubts = doubts_of(choose_series(found), found)
    assert any("as if they were of different cases" in doubt for doubt in doubts) is doubtful


@pytest.mark.parametrize(
    ("names", "doubtful"),
    [
        (("001_t1", "002_flair"), True),
        (("T1_001", "FLAIR_002"), True),
        (("T1_P001", "FLAIR_P002", "T2_P002"), True),
        (("001_t1", "001_t1_gd", "flair"), False),
        (("T1_001", "FLAIR_001"), False),
        (("P007_001_t1", "P007_002_flair"), False),
        (("t1_mprage_se001", "t2_tse_se002"), False),
        (("t1_tse_093015", "t2_tse_094500"), False),
        (("sub-1_run-001_T1w", "sub-1_run-002_FLAIR"), False),
        (("t1_tse_3", "t2_tse_4"), False),
    ],
)
def test_numbers_as_of_patients_that_differ_are_a_doubt(tmp_path: Path, names: tuple[str, ...], doubtful: bool) -> None:
    """`001_t1` and `002_flair` may be of one patient or of two: once they were joined without a word."""
    for name in names:
        write_file(tmp_path / f"{name}.nii.gz")
    found = run_to_end(examine(tmp_path))
    doubts = doubts_of(choose_series(found), found)
    assert any("have different numbers" in doubt for doubt in doubts) is doubtful
    assert any("prepare each by itself" in doubt for doubt in doubts) is doubtful
