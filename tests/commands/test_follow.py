"""``brainseg follow`` as it is typed."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.cli import main


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    """Three visits of a cube that is 12, 14 and 16 mm wide."""
    for number, width in enumerate((12, 14, 16), start=1):
        folder = tmp_path / "P7" / f"visit{number}"
        folder.mkdir(parents=True)
        values = np.zeros((30, 30, 12), dtype=np.uint8)
        values[4 : 4 + width, 4 : 4 + width, 3:9] = 4
        for name in ("seg", "t1ce"):
            nib.save(nib.Nifti1Image(values, np.eye(4)), folder / f"{name}.nii.gz")
    return tmp_path / "P7"


def test_the_table_names_visits_and_categories(patient: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follow", str(patient)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("P7: 3 visits, RANO 2.0, enhancing tumour\n")
    assert "PD: +81.5 % from the smallest sum" in text
    assert "no time between them" in text
    assert "no diagnosis" in text


def test_json_to_the_output_and_to_a_file(patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follow", str(patient), "--json", "-", "--baseline", "visit2", "--targets", "1"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert [edit["edit"] for edit in content["edits"]] == ["baseline", "targets"]
    assert [result["diameters"]["category"] for result in content["results"]] == [
        "not evaluable",
        "baseline",
        "progression",
    ]
    file = tmp_path / "follow.json"
    assert main(["follow", str(patient), "--json", str(file), "--date", "visit1=2021-03-04"]) == 0
    assert json.loads(file.read_text())["visits"][0]["earliest"] == "2021-03-04"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--criteria", "recist"], "Choose one of rano2"),
        (["--planes", "oblique"], "Choose one of axial, coronal, sagittal, all"),
        (["--baseline", "visit9"], "Choose one of visit1, visit2, visit3"),
        (["--targets", "2"], "Choose among 1"),
        (["--targets", "a"], "Choose among 1"),
        (["--date", "visit1=yesterday"], "Write --date"),
        (["--treatment", "surgery=soon"], "Write --treatment WORDS=2021-03-04"),
        (["--date", "2021-03-04"], "no visit is named"),
        (["--patient", "P8"], "no patient is named P8"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    patient: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["follow", str(patient), *options]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(("place", "why"), [("gone/f.html", "its folder is not there"), ("P7", "it is a folder")])
def test_what_could_not_be_written_is_said_before_anything_is_measured(
    patient: Path, place: str, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("brainseg_gui.followup.measure.measure_patient", None)
    file = patient.parent / place
    assert main(["follow", str(patient), "--pdf", str(file)]) != 0
    assert f"{file}: {why}" in capsys.readouterr().err


def test_a_folder_for_carried_masks_that_cannot_be_made_is_said_before_anything_is_measured(
    patient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A drive that may only be read: registering six visits takes a minute, and the masks were refused after it."""
    monkeypatch.setattr("brainseg_gui.followup.measure.measure_patient", None)
    monkeypatch.setattr("os.access", lambda place, _mode: Path(place) != tmp_path)
    folder = tmp_path / "drive" / "masks"
    assert main(["follow", str(patient), "--carry-over", "visit1_2021-01-10", str(folder)]) != 0
    assert f"{folder}: masks cannot be written there" in capsys.readouterr().err


def test_a_full_disk_costs_no_other_file_and_leaves_nothing_half_written(
    patient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, raw: memoryview) -> None:
        if path.parent.name == "full":
            path.write_bytes(raw[:100])  # as much as there was room for
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(raw)

    monkeypatch.setattr("brainseg_gui.storage.chosen_file._save", full)
    drive, other = tmp_path / "full", tmp_path / "other"
    for folder in (drive, other):
        folder.mkdir()
    (drive / "f.csv").write_text("what was there")
    options = [f"--csv={drive / 'f.csv'}", f"--json={other / 'f.json'}", f"--html={drive / 'f.html'}"]
    assert main(["follow", str(patient), "--no-registration", *options, f"--pdf={other / 'f.pdf'}"]) != 0
    told = capsys.readouterr()
    for name in ("f.csv", "f.html"):
        assert f"{drive / name}: it was not written (No space left on device)" in told.err
    assert told.out.startswith("P7: 3 visits")
    assert [path.name for path in drive.iterdir()] == ["f.csv"]
    assert (drive / "f.csv").read_text() == "what was there"
    assert json.loads((other / "f.json").read_text())["patient"] == "P7"
    assert (other / "f.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("names", "image", "days", "said"),
    [
        (("2021-01-10", "2021-03-15"), "t1ce", [64, 64], ""),
        (("P7-000", "P7-001"), "t1ce", None, "no time between them"),
        (("week-000-1", "week-044"), "CT1", [302, 314], ""),
        (("ses-01/anat", "ses-02/anat"), "ce-gad_T1w", [71, 71], ""),
        (("2021-01-10", "2021-02-30"), "t1ce", None, "2021-02-30 is no day of the calendar"),
    ],
)
def test_visits_of_each_kind_from_their_folders_to_the_table(
    tmp_path: Path,
    names: tuple[str, str],
    image: str,
    days: list[int] | None,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Dates, suffixes, weeks as of LUMIERE, and sessions of BIDS with their table."""
    is_bids, is_numbered = names[0].startswith("ses"), names[0].startswith("P7")
    patient = tmp_path if is_numbered else tmp_path / ("sub-01" if is_bids else "Patient-001")
    for place, width in zip(names, (12, 14), strict=True):
        folder = patient / place
        folder.mkdir(parents=True)
        values = np.zeros((30, 30, 12), dtype=np.uint8)
        values[4 : 4 + width, 4 : 4 + width, 3:9] = 3
        start = f"sub-01_{place.split('/')[0]}_" if is_bids else f"{place}-" if is_numbered else ""
        for name in ("dseg" if is_bids else "seg", image):
            nib.save(nib.Nifti1Image(values, np.eye(4)), folder / f"{start}{name}.nii.gz")
    if is_bids:
        rows = "session_id\tacq_time\nses-01\t2021-03-04T10:20:00\nses-02\t2021-05-14\n"
        (patient / "sub-01_sessions.tsv").write_text(rows)
    assert main(["follow", str(patient), "--no-registration", "--scheme", "brats2023", "--json", "-"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert [result["diameters"]["category"] for result in content["results"]] == ["baseline", "progression"]
    assert content["results"][1]["days"] == days
    assert any(said in note for note in [*content["notes"], ""])


def test_masks_of_another_folder(patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    for number in (1, 2, 3):
        values = np.zeros((30, 30, 12), dtype=np.uint8)
        values[4:24, 4:24, 3:9] = 4
        nib.save(nib.Nifti1Image(values, np.eye(4)), masks / f"visit{number}_pred.nii.gz")
    assert main(["follow", str(patient), "--masks", str(masks)]) == 0
    assert "SD: +0.0 % from the baseline" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [["--treatment", "surgery=soon"], ["--baseline", "visit9"], ["--carry-over", "visit9", "out"]]
)
def test_what_is_wrong_is_said_before_the_visits_are_registered(
    patient: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    def work(*_: object) -> None:
        raise AssertionError("minutes of work came first")

    monkeypatch.setattr("brainseg_gui.followup.measure.measure_patient", work)
    assert main(["follow", str(patient), *options]) == 2
    assert "Choose one of visit1" in (told := capsys.readouterr().err) or "Write --treatment" in told


def test_a_saved_follow_up_is_reported_without_measuring(
    patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved, page, again = tmp_path / "P7.json", tmp_path / "P7.html", tmp_path / "again.json"
    assert main(["follow", str(patient), "--json", str(saved), "--baseline", "visit2"]) == 0
    table = capsys.readouterr().out
    monkeypatch.setattr("brainseg_gui.followup.measure.measure_patient", None)
    assert main(["follow", str(saved), "--html", str(page), "--json", str(again)]) == 0
    assert capsys.readouterr().out == table
    assert page.read_text("utf-8").count("data:image/png") == 1  # the images still lie beside the masks
    assert json.loads(again.read_text()) == json.loads(saved.read_text())
    for mask in patient.glob("*/seg.nii.gz"):
        mask.unlink()
    assert main(["follow", str(saved), "--html", str(page), "--treatment", "surgery=2021-03-04"]) == 0
    assert "data:image/png" not in page.read_text("utf-8")
    assert "2021-03-04: surgery" in page.read_text("utf-8")


def test_what_only_measuring_can_give_is_refused_of_a_saved_one(
    patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "P7.json"
    assert main(["follow", str(patient), "--json", str(saved)]) == 0
    for options in (["--criteria", "rano-hgg"], ["--no-registration"], ["--carry-over", "visit1", str(tmp_path)]):
        capsys.readouterr()
        assert main(["follow", str(saved), *options]) != 0
        assert f"{options[0]} is for measuring" in capsys.readouterr().err
    saved.write_text("[]")
    assert main(["follow", str(saved)]) != 0
    assert "it is no follow-up, or it is damaged" in capsys.readouterr().err


def test_masks_named_after_no_visit_are_refused_and_a_visit_without_one_is_said(
    patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    values = np.zeros((30, 30, 12), dtype=np.uint8)
    values[4:24, 4:24, 3:9] = 4
    nib.save(nib.Nifti1Image(values, np.eye(4)), masks / "somebody_pred.nii.gz")
    assert main(["follow", str(patient), "--masks", str(masks), "--no-registration"]) == 2
    assert "none of its masks is named after a visit. Name them after visit1" in capsys.readouterr().err
    (masks / "somebody_pred.nii.gz").rename(masks / "visit1_pred.nii.gz")
    assert main(["follow", str(patient), "--masks", str(masks), "--no-registration"]) == 0
    assert "holds no mask of visit2 and visit3" in capsys.readouterr().err
    nib.save(nib.Nifti1Image(values, np.eye(4)), masks / "visit1_prediction.nii.gz")
    assert main(["follow", str(patient), "--masks", str(masks), "--no-registration"]) == 2
    assert "it holds several masks of visit1" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--csv", "--html", "--pdf"])
def test_only_json_goes_to_the_standard_output(
    patient: Path, option: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["follow", str(patient), option, "-"]) == 2
    assert f"{option} - would write a file named" in capsys.readouterr().err
    assert not (tmp_path / "-").exists()
