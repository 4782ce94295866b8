"""Whose a case is, by the ids of public follow-up sets and of local archives."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.naming import patients
from brainseg_gui.imaging.naming.case_groups import groups_of
from brainseg_gui.imaging.naming.case_ids import ids_of
from brainseg_gui.imaging.naming.case_tree import FolderListing
from brainseg_gui.imaging.naming.patients import patient_by_names, patient_of, patients_of, visit_of


@pytest.mark.parametrize(
    ("case_id", "patient"),
    [
        ("RHUH-0001_2", "RHUH-0001"),
        ("UPENN-GBM-00001_11", "UPENN-GBM-00001"),
        ("UPENN-GBM-00001_21", "UPENN-GBM-00001"),
        ("UCSD-PTGBM-0002_01", "UCSD-PTGBM-0002"),
        ("BraTSReg_001_00_0000", "BraTSReg_001"),
        ("BraTSReg_001_01_0106", "BraTSReg_001"),
        ("UCSF-PDGM-0431_FU001d", "UCSF-PDGM-0431"),
        ("UCSF-PDGM-0431", "UCSF-PDGM-0431"),
        ("100101A", "100101"),
        ("100010_time2", "100010"),
        ("PatientID_0003_Timepoint_5", "PatientID_0003"),
        ("Patient-001_week-000-1", "Patient-001"),
        ("Patient-001_week-044", "Patient-001"),
        ("YG_TEST1234_2021-03-10", "YG_TEST1234"),
        ("BraTS-MEN-RT-0000-1", "BraTS-MEN-RT-0000"),
        ("brats_tcia_pat105_0001", "brats_tcia_pat105"),
        ("sub-01_ses-02", "sub-01"),
        ("AAAC0_2007.04.06", "AAAC0"),
        ("P1_baseline", "P1"),
        ("P1_followup2", "P1"),
        ("P1-postop", "P1"),
        ("P1_20210304", "P1"),
        ("P1_t0", "P1"),
        ("P1_tp2", "P1"),
        ("P1_BL", "P1"),
        ("P1_V2", "P1"),
        ("P1_M06", "P1"),
        ("P1_3m_postop", "P1"),
        ("P1_24h-postop", "P1"),
        ("P1_postop_6mo", "P1"),
        ("P1_preRT", "P1"),
        ("P1_post-RT2", "P1"),
        ("P1_post_treatment", "P1"),
        ("P1_followup-2", "P1"),
        ("P1_relapse", "P1"),
        ("P1_C3D1", "P1"),
        ("sub-01_ses-preRT", "sub-01"),
        ("3m_postop", "3m_postop"),  # no patient "3m", no patient "RT"
        ("pre_RT", "pre_RT"),
        ("GBM_45M_preop", "GBM_45M"),  # a man of 45
        ("M06_baseline", "M06"),
        ("P1_04.03.2021", "P1"),
        ("P1_20210304101500", "P1"),
        ("20210304_MUELLER", "MUELLER"),
        ("2021-03-04_MUELLER", "MUELLER"),
        ("preop_P01", "P01"),
        ("post_007", "007"),
        ("visit1_2021-05-01", "visit1_2021-05-01"),
        ("GBM_preop_001", "GBM_preop_001"),
        ("glioma_study_1_001", "glioma_study_1_001"),
        ("sub-GBM_001_ses-01", "sub-GBM_001"),
        ("sub-01_run-2", "sub-01"),
        ("somebody", "somebody"),
        ("somebody_visits", "somebody_visits"),
        ("Brats17_TCIA_105_1", "Brats17_TCIA_105_1"),
        ("BraTS20_Training_001", "BraTS20_Training_001"),
        ("BraTS-GoAT-00001", "BraTS-GoAT-00001"),
    ],
)
def test_the_patient_is_in_the_id(case_id: str, patient: str) -> None:
    assert patient_of(case_id) == patient


def _sources(*places: str) -> list[CaseSource]:
    return [CaseSource(Path(place).name, Path(place).parent, {}) for place in places]


def test_ids_that_differ_in_their_last_number_are_kept_together_and_named() -> None:
    sources = _sources(*(f"/d/{p}_{v}" for p in ("P01", "P02", "P03") for v in (1, 2)))
    owners, doubtful = patients_of(sources)
    assert doubtful == ("P01", "P02", "P03")
    assert set(owners.values()) == {"P01", "P02", "P03"}


@pytest.mark.parametrize(
    "places",
    [
        [f"/d/case_{n}" for n in range(20)],  # one beginning: numbers of cases
        [f"/d/{site}_{n}" for site in ("north", "south") for n in range(30)],  # nobody has thirty visits
        [f"/d/BraTS20_Training_{n:03}" for n in range(5)],  # a data set that has no visits
    ],
)
def test_numbers_of_cases_are_no_visits(places: list[str]) -> None:
    sources = _sources(*places)
    owners, doubtful = patients_of(sources)
    assert not doubtful
    assert len(set(owners.values())) == len(sources)


def test_a_folder_of_visits_is_one_patient() -> None:
    sources = [CaseSource(visit, Path("/d", p, visit), {}) for p, visit in (("P1", "baseline"), ("P1", "recurrence"))]
    sources += [CaseSource("P2_2020-01-01", Path("/d/P2/P2_2020-01-01"), {})]
    owners, _ = patients_of(sources)
    assert owners[sources[0].identity] == owners[sources[1].identity] != owners[sources[2].identity]


def test_a_folder_that_is_named_after_a_visit_twice_over_is_of_the_patient_above() -> None:
    places = [Path("/d/P1", name) for name in ("visit1_2021-05-01", "visit2_2020-01-01", "postop_20210304")]
    sources = [CaseSource(place.name, place, {}) for place in places]
    assert set(patients_of(sources)[0].values()) == {"/d/P1"}


@pytest.mark.parametrize("word", ["ses", "visit", "scan", "study", "timepoint", "baseline", "postop"])
def test_a_folder_that_is_named_by_a_word_and_a_date_is_of_the_patient_above(word: str) -> None:
    """“ses” is no patient: two people's visits would be taken for one's, and scored on what was trained on."""
    names = [f"{word}{mark}2021{mark}05{mark}01" for mark in ("-", "_")] + [f"{word}-20220501"]
    sources = [CaseSource(name, Path("/d", patient, name), {}) for patient in ("P1", "P2") for name in names]
    owners, _ = patients_of(sources)
    assert [owners[source.identity] for source in sources] == ["/d/P1"] * 3 + ["/d/P2"] * 3


def _owners(folder: Path, *places: str) -> dict[str, str]:
    """Case folder -> patient, of four images in each."""
    for place in places:
        (folder / place).mkdir(parents=True)
        for name in ("t1", "t1ce", "t2", "flair"):
            (folder / place / f"{name}.nii.gz").touch()
    cases = find_cohort(folder)
    owners, _ = patients_of(cases)
    return {case.folder.relative_to(folder).as_posix(): Path(owners[case.identity]).name for case in cases}


@pytest.mark.parametrize(
    "visits",
    [
        ("2020-01-01/nifti", "2020-06-01/nifti"),
        ("04.03.2021", "11.09.2021"),
        ("20200101101500", "20200601101500"),
        ("01-23-2010-NA-MR BRAIN-12345", "05-02-2011-NA-MR BRAIN-23456"),
        ("V1", "V2"),
        ("baseline", "M06"),
        ("preop", "3m_postop"),
        ("pre-op", "24h_postop/nifti"),
        ("preop", "postop 6mo"),
        ("M0", "M3"),
        ("W00", "W12"),
        ("d30", "d60"),
        ("D0", "D1"),
        ("baseline", "D1"),
        ("preRT", "postRT"),
        ("pre_RT", "post-RT2"),
        ("pretreatment", "post-treatment"),
        ("baseline", "FU1"),
        ("baseline", "followup-2"),
        ("screening", "C1D1"),
        ("BL", "EOT"),
        ("preop", "48h"),
        ("baseline", "1y"),
        ("1st_scan", "2nd scan"),
        ("ses-preRT", "ses-postRT"),
        ("t0", "t1"),
        ("T1", "T2"),
        ("MRI1", "MRI2"),
        ("praeop", "Verlauf 1"),
        ("avant", "après"),
        ("70412233", "70498812"),
        ("1.2.840.1.11", "1.2.840.1.12"),
    ],
)
def test_visits_below_a_patients_folder_are_the_patients(tmp_path: Path, visits: tuple[str, str]) -> None:
    """Otherwise one visit could be trained on and the other scored."""
    owners = _owners(tmp_path, *(f"{patient}/{visit}" for patient in ("P1", "P2") for visit in visits))
    assert len(owners) == 4
    assert all(patient == place.partition("/")[0] for place, patient in owners.items())


def test_folders_of_people_that_only_contain_a_date_or_lie_in_such_a_folder_are_people(tmp_path: Path) -> None:
    named = _owners(tmp_path / "named", "2020-01-01_MUELLER", "2021-01-01_MUELLER", "2020-05-05_SCHMIDT")
    assert sorted(named.values()) == ["MUELLER", "MUELLER", "SCHMIDT"]
    export = tmp_path / "export_2024-01-15"
    export.mkdir()
    for patient in ("P0", "P1", "P2"):
        for name in ("t1", "t1ce", "t2", "flair"):
            (export / f"{patient}_{name}.nii.gz").touch()
    assert sorted(patients_of(find_cohort(export))[0].values()) == ["P0", "P1", "P2"]


def test_who_is_alone_in_a_folder_of_a_visit_is_told_by_the_files(tmp_path: Path) -> None:
    for visit, patient in (("baseline", "P1"), ("baseline", "P2"), ("late", "P1")):
        (tmp_path / visit).mkdir(exist_ok=True)
        for name in ("t1", "t1ce", "t2", "flair"):
            (tmp_path / visit / f"{patient}_{name}.nii.gz").touch()
    assert sorted(patients_of(find_cohort(tmp_path))[0].values()) == ["P1", "P1", "P2"]


def test_a_row_that_takes_any_name_for_a_patients_does_not_hide_visits(tmp_path: Path) -> None:
    for case in ("P1_baseline", "P1_followup", "BraTS-GLI-00005-100", "BraTS-GLI-00005-101"):
        (tmp_path / "imagesTr").mkdir(exist_ok=True)
        for channel in range(4):
            (tmp_path / "imagesTr" / f"{case}_{channel:04}.nii.gz").touch()
    owners = patients_of(find_cohort(tmp_path))[0]
    assert sorted(owners.values()) == ["BraTS-GLI-00005", "BraTS-GLI-00005", "P1", "P1"]


def test_one_case_without_a_number_does_not_end_the_doubt(tmp_path: Path) -> None:
    owners = _owners(tmp_path, "P1/1", "P1/2", "P2/1", "P2/2", "P3")
    assert owners == {"P1/1": "P1", "P1/2": "P1", "P2/1": "P2", "P2/2": "P2", "P3": "P3"}


@pytest.mark.parametrize(
    ("visits", "ids"),
    [
        (("M00", "M06"), ("P7_M00", "P7_M06")),
        (("3mo", "6 months"), ("P7_3mo", "P7_6 months")),
        (("ses-01", "ses-02"), ("P7_ses-01", "P7_ses-02")),
        (("2021-05-01", "2022-05-01"), ("P7_2021-05-01", "P7_2022-05-01")),
        (("M00/anat", "M06/anat"), ("P7_M00", "P7_M06")),
        (("P7_M00", "P7_M06"), ("P7_M00", "P7_M06")),
    ],
)
def test_a_visit_is_the_same_case_whatever_folder_is_opened(
    tmp_path: Path, visits: tuple[str, ...], ids: tuple[str, ...]
) -> None:
    """A folder M06 was opened as a case "M06" of a patient "M06", which no cohort knew again."""
    _owners(tmp_path, *(f"P7/{visit}" for visit in visits), "P8/M03")
    alone = [find_case(tmp_path / "P7" / visit) for visit in visits]
    assert tuple(case.case_id for case in alone) == ids
    for opened in (tmp_path / "P7", tmp_path):
        assert {case.identity for case in alone} <= {case.identity for case in find_cohort(opened)}
    for case, visit in zip(alone, visits, strict=True):
        owner = patient_by_names(case)
        assert Path(owner).name == "P7"
        assert visit_of(case.case_id, owner)[0] == visit.removesuffix("/anat").removeprefix("P7_")
    assert all(case.folder.name in case.names for case in alone)  # masks that were named after it are found


def test_visits_of_one_name_at_two_sites_are_of_two_people(tmp_path: Path) -> None:
    _owners(tmp_path, "north/001/M00", "north/001/M06", "south/001/M00")
    cases = find_cohort(tmp_path)
    assert [case.case_id for case in cases] == ["north_001_M00", "north_001_M06", "south_001_M00"]
    assert len(set(patients_of(cases)[0].values())) == 2


@pytest.mark.parametrize(
    "folders",
    [
        [f"M{n:02}" for n in range(1, 6)],  # five men, or five meningiomas
        [f"scan{n}" for n in range(20)],  # nobody has twenty visits
        ["M01", "F01", "F02"],
        ["D1", "D2", "D3"],
        ["W01", "W02", "W04", "W05"],
        ["D0", "D1", "D2"],
        ["M3", "M7", "M11"],
        ["D3", "D30"],
    ],
)
def test_numbers_of_people_are_no_visits_of_the_folder_around_them(tmp_path: Path, folders: list[str]) -> None:
    owners = _owners(tmp_path, *folders)
    assert [case.case_id for case in find_cohort(tmp_path)] == sorted(folders)
    assert find_case(tmp_path / folders[0]).case_id == folders[0]
    assert len(set(owners.values())) == len(folders)


def test_each_folder_of_many_that_are_named_like_visits_is_looked_at_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two thousand dates took six seconds when each was compared with all."""
    names = [f"2001-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 26)]
    listed = [FolderListing(tmp_path / name, (tmp_path / name / "t1.nii.gz",)) for name in names]
    groups = groups_of([FolderListing(tmp_path, ()), *listed])
    looked, may_be = [0], patients.may_be_visit

    def counted(name: str) -> bool:
        looked[0] += 1
        return may_be(name)

    monkeypatch.setattr(patients, "may_be_visit", counted)
    ids = ids_of(groups, [FolderListing(tmp_path, ()), *listed])
    assert [case_id for _, case_id in ids] == names  # so many are no one's visits
    assert looked[0] <= 20 * len(names)


@pytest.mark.parametrize("visits", [("T1", "T2"), ("t0", "t1"), ("T1", "T3")])
@pytest.mark.parametrize("sequences", [("T1", "T2", "FLAIR"), ("t1", "t1ce", "t2", "flair")])
@pytest.mark.parametrize("start", ["P1_", ""])
def test_sequences_of_visits_that_are_called_as_sequences_are(
    tmp_path: Path, visits: tuple[str, str], sequences: tuple[str, ...], start: str
) -> None:
    """P1_T1_T2 and P1_T2_T2 were two files of one case, and half of all images were left out."""
    (tmp_path / "P1").mkdir()
    for visit in visits:
        for sequence in sequences:
            (tmp_path / "P1" / f"{start}{visit}_{sequence}.nii.gz").touch()
    cases = find_cohort(tmp_path)
    assert [(case.case_id, len(case.modalities)) for case in cases] == [
        (f"{start}{visit}", len(sequences)) for visit in visits
    ]
    assert all(words in path.name for case in cases for words in [case.case_id] for path in case.modalities.values())
    assert {Path(owner).name for owner in patients_of(cases)[0].values()} == {"P1"}


def test_folders_of_sequences_are_no_visits(tmp_path: Path) -> None:
    for sequence in ("T1", "T1ce", "T2", "FLAIR"):
        (tmp_path / "P1" / sequence).mkdir(parents=True)
        (tmp_path / "P1" / sequence / "image.nii.gz").touch()
    (case,) = find_cohort(tmp_path)
    assert len(case.modalities) == 4


def test_a_weighted_flair_beside_its_kind_is_no_visit(tmp_path: Path) -> None:
    for name in ("P1_T1_FLAIR", "P1_T2_FLAIR", "P1_T2", "P1_T1_ce"):
        (tmp_path / f"{name}.nii.gz").touch()
    (case,) = find_cohort(tmp_path)
    assert len(case.modalities) == 4


def test_days_and_months_at_the_end_of_ids_are_kept_together_and_named(tmp_path: Path) -> None:
    sources = _sources("/d/P1_M0", "/d/P1_M3", "/d/P2_M0", "/d/P2_M3", "/d/P3_d30", "/d/P3_d60")
    owners, doubtful = patients_of(sources)
    assert sorted(owners.values()) == ["P1", "P1", "P2", "P2", "P3", "P3"]
    assert doubtful == ("P1", "P2", "P3")
