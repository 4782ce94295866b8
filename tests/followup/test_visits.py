"""Folders of patients as time lines: order, days between visits, and what is said where names do not tell them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from brainseg_gui.errors import CaseError
from brainseg_gui.followup.moments import Span
from brainseg_gui.followup.visits import TimeLine, time_line_of
from tests.conventions.trees import plant
from tests.exchange.dicom_series import AXES, series_on_disk


def _folder(tmp_path: Path, *visits: str, patient: str = "P1") -> Path:
    """A patient of empty files: only names are looked at."""
    for visit in visits:
        place = tmp_path / patient / visit
        place.mkdir(parents=True)
        for modality in ("t1", "t1ce", "flair"):
            (place / f"{modality}.nii.gz").touch()
    return tmp_path / patient


def _names(line: TimeLine) -> list[str]:
    return [visit.name for visit in line.visits]


@pytest.mark.parametrize(
    ("row", "patient", "names", "days"),
    [
        ("brats-gli", "BraTS-GLI-00000", ["000", "001"], None),
        ("bratsreg", "BraTSReg_001", ["00_0000", "01_0106"], Span(106, 106)),
        ("upenn-gbm", "UPENN-GBM-00001", ["11", "21"], None),
        ("ucsf-pdgm", "UCSF-PDGM-0431", ["first", "FU001d"], Span(1, 1)),
        ("ucsf-bmsr", "100101", ["A", "B"], None),
        ("ucsf-alptdg", "100010", ["time1", "time2"], None),
        ("mu-glioma-post", "PatientID_0003", ["Timepoint_1", "Timepoint_2"], None),
        ("rhuh-gbm", "RHUH-0001", ["0", "1"], None),
        ("lumiere", "Patient-001", ["week-000-1", "week-044"], Span(302, 314)),
        ("yale-mets", "YG_TEST1234", ["2021-03-10", "2021-06-10"], Span(92, 92)),
        ("cfb-gbm", "1", ["t0", "t1"], None),
        ("medperf", "AAAC0", ["2007.04.06", "2008.03.30"], Span(359, 359)),
        ("bids", "sub-01", ["ses-01", "ses-02"], None),
        ("raidionics", "PAT12", ["T0", "T1"], None),
        ("bare-visits", "P1", ["baseline", "followup"], None),
    ],
)
def test_public_sets_become_time_lines(
    tmp_path: Path, row: str, patient: str, names: list[str], days: Span | None
) -> None:
    line = time_line_of(plant(tmp_path, row).root, patient)
    assert (_names(line), line.days(1)) == (names, days)
    assert any("no time between" in note for note in line.notes) == (days is None)


def test_dates_decide_over_names(tmp_path: Path) -> None:
    line = time_line_of(_folder(tmp_path, "visit1_2021-05-01", "visit2_2020-01-01"))
    assert line.patient == "P1"
    assert _names(line) == ["visit2_2020-01-01", "visit1_2021-05-01"]
    assert line.days(1) == Span(486, 486)


def test_visits_count_as_numbers_and_not_as_text(tmp_path: Path) -> None:
    assert _names(time_line_of(_folder(tmp_path, "visit10", "visit9", "visit2"))) == ["visit2", "visit9", "visit10"]


@pytest.mark.parametrize(
    "names",
    [
        ["preop", "postop", "24h_postop", "3m_postop", "6m_postop", "12m_postop"],
        ["preop", "48h", "3mo", "1y"],
        ["BL", "6M", "12M"],
        ["preRT", "postRT", "relapse"],
        ["screening", "C1D1", "C3D1", "EOT"],
        ["baseline", "FU1", "FU2", "FU10"],
        ["1st_scan", "2nd_scan", "10th_scan"],
        ["M0", "M3", "M12"],
    ],
)
def test_names_of_treatments_and_times_are_one_patients_in_their_order(tmp_path: Path, names: list[str]) -> None:
    line = time_line_of(_folder(tmp_path, *sorted(names)))
    assert (line.patient, _names(line)) == ("P1", names)
    assert not any("Names do not tell whose" in note for note in line.notes)


@pytest.mark.parametrize("names", [("preop", "3m_postop"), ("preRT", "postRT"), ("d0", "d30"), ("M0", "M3")])
def test_two_patients_in_one_folder_are_asked_about(tmp_path: Path, names: tuple[str, str]) -> None:
    for patient in ("P1", "P2"):
        _folder(tmp_path / "by folder", *names, patient=patient)
        _folder(tmp_path / "flat", *(f"{patient}_{name}" for name in names), patient="all")
    for place in ("by folder", "flat"):
        with pytest.raises(CaseError, match="2 patients"):
            time_line_of(tmp_path / place)
        assert _names(time_line_of(tmp_path / place, "P2")) == [*names]


def test_a_doubtful_order_is_said(tmp_path: Path) -> None:
    line = time_line_of(_folder(tmp_path, "2021-03", "2021-03-20", "2022-01-01"))
    assert [note for note in line.notes if "came first" in note] == [
        "Which came first is told by names alone, not by time: 2021-03 and 2021-03-20"
    ]
    assert line.days(1) == Span(0, 19)


def test_some_dates_only_leave_the_order_to_the_names(tmp_path: Path) -> None:
    line = time_line_of(_folder(tmp_path, "preop", "postop_2021-03-04", "followup"))
    assert _names(line) == ["preop", "postop_2021-03-04", "followup"]
    assert line.notes == ("Times are known of 1 of 3 visits only: the order is that of their names",)
    assert line.days(2) is None


def test_a_sidecar_tells_the_day(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "visit1", "visit2")
    (folder / "visit1" / "t1.json").write_text(json.dumps({"AcquisitionDateTime": "2021-03-04T10:00:00"}))
    (folder / "visit2" / "flair.json").write_text(json.dumps({"StudyDate": "20210401"}))
    assert time_line_of(folder).days(1) == Span(28, 28)


@pytest.mark.parametrize("content", ["[", "[1]", '{"StudyDate": 20210401}', '{"StudyDate": "2021"}', "{" * 100_000])
def test_a_damaged_sidecar_is_as_if_it_were_not_there(tmp_path: Path, content: str) -> None:
    folder = _folder(tmp_path, "visit1", "visit2")
    (folder / "visit1" / "t1.json").write_text(content)
    assert time_line_of(folder).days(1) is None


def test_the_table_of_a_bids_subject_tells_the_days(tmp_path: Path) -> None:
    root = plant(tmp_path, "bids").root
    table = root / "sub-01" / "sub-01_sessions.tsv"
    table.write_text("session_id\tacq_time\nses-01\t1867-06-15T00:00:00\nses-02\t1867-07-15T00:00:00\n")
    assert time_line_of(root, "sub-01").days(1) == Span(30, 30)


def test_a_person_knows_the_day(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "visit1", "visit2")
    line = time_line_of(folder, dates={"visit1": date(2021, 5, 1), "visit2": date(2021, 4, 1)})
    assert _names(line) == ["visit2", "visit1"]


def test_a_day_that_is_none_is_said_and_keeps_its_place_in_the_order(tmp_path: Path) -> None:
    line = time_line_of(_folder(tmp_path, "2021-01-10", "2021-02-30", "2021-06-01", "2021-13-01"))
    assert _names(line) == ["2021-01-10", "2021-02-30", "2021-06-01", "2021-13-01"]
    assert [note.split(" is no day of the calendar")[0] for note in line.strange] == ["2021-02-30", "2021-13-01"]
    assert all("--date" in note for note in line.strange)


def test_a_day_that_has_not_come_is_said(tmp_path: Path) -> None:
    line = time_line_of(_folder(tmp_path, "2021-01-10", "2098-03-15"))
    (note,) = line.strange
    assert "dated 2098-03-15, which has not come yet" in note
    assert note in line.notes


@pytest.mark.parametrize(("said", "told"), [("10/01/2021", True), ("yesterday", True), ("n/a", False), ("", False)])
def test_a_table_of_sessions_whose_day_cannot_be_read_is_named(tmp_path: Path, said: str, told: bool) -> None:
    root = plant(tmp_path, "bids").root
    rows = f"session_id\tacq_time\nses-01\t{said}\nses-02\t2021-04-01T10:00:00\n"
    (root / "sub-01" / "sub-01_sessions.tsv").write_text(rows)
    line = time_line_of(root, "sub-01")
    assert (line.visits[0].moment.words, line.visits[1].moment.words) == ("", "2021-04-01")
    named = [note for note in line.notes if "sub-01_sessions.tsv has no day that can be read for ses-01" in note]
    assert bool(named) == told
    assert all(said in note for note in named)


def test_visits_as_a_scanner_gives_them_are_sent_to_be_prepared(tmp_path: Path) -> None:
    for day in ("20200102", "20200301"):
        series_on_disk(tmp_path / "P1" / day / "t1", AXES[0], StudyDate=day)
    with pytest.raises(CaseError, match=r"DICOM.*brainseg prepare"):
        time_line_of(tmp_path / "P1")


def test_a_folder_of_several_patients_names_them(tmp_path: Path) -> None:
    _folder(tmp_path, "baseline", "followup", patient="P1")
    _folder(tmp_path, "baseline", "followup", patient="P2")
    with pytest.raises(CaseError, match=r"2 patients \(P1, P2\)"):
        time_line_of(tmp_path)
    assert len(time_line_of(tmp_path, "P2").visits) == 2
    with pytest.raises(CaseError, match="no patient is named P3"):
        time_line_of(tmp_path, "P3")


def test_names_that_tell_nothing_are_taken_for_one_patient_and_it_is_said(tmp_path: Path) -> None:
    line = time_line_of(_folder(tmp_path, "before", "after", "odd"))
    assert line.patient == "P1"
    assert "taken for visits of P1" in line.notes[0]


def test_one_visit_is_a_time_line_too(tmp_path: Path) -> None:
    line = time_line_of(_folder(tmp_path, "baseline"))
    assert (_names(line), line.notes) == (["baseline"], ())


@pytest.mark.parametrize(
    "visits",
    [
        ("baseline", "visit2", "visit3"),
        ("preop", "week-12", "week-24"),
        ("baseline", "2020-06-01", "2020-09-01"),
        ("baseline", "month-06", "postop"),
    ],
)
def test_a_baseline_comes_before_what_no_word_places(tmp_path: Path, visits: tuple[str, ...]) -> None:
    """It came last, and everything was measured against the wrong visit."""
    assert _names(time_line_of(_folder(tmp_path, *visits), "P1")) == list(visits)


def test_patients_of_one_name_in_two_folders_are_two(tmp_path: Path) -> None:
    for site, dates in (("siteA", ("2020-01-01", "2020-05-01")), ("siteB", ("2021-01-03", "2021-07-03"))):
        _folder(tmp_path / site, *dates, patient="001")
    with pytest.raises(CaseError, match="no patient is named 001") as caught:
        time_line_of(tmp_path, "001")
    assert caught.value.remedy == "Choose one of siteA/001, siteB/001"
    assert _names(time_line_of(tmp_path, "siteB/001")) == ["2021-01-03", "2021-07-03"]


def test_that_numbers_alone_tell_visits_is_said(tmp_path: Path) -> None:
    for patient, numbers in (("P1", ("70412233", "70498812")), ("P2", ("70555123", "70600001"))):
        _folder(tmp_path, *numbers, patient=patient)
    line = time_line_of(tmp_path, "P1")
    assert "Only the numbers at the end of the names tell that these are visits of P1" in line.notes
