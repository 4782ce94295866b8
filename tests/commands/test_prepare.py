"""`brainseg prepare`: one examination or many, a bad one is named, and doubts count."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.cli import main
from brainseg_gui.errors import BrainsegError, CaseError, EngineError, SaveError
from brainseg_gui.imaging.modality import Modality
from tests.preparation.heads import T1CE, grid_of, head
from tests.preparation.test_looking import telling
from tests.preparation.test_prepared_case import save
from tests.preparation.test_steps import seeing


@pytest.fixture(autouse=True)
def _no_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What networks see is tested elsewhere; starting their process takes seconds."""
    monkeypatch.setattr("brainseg_gui.inference.models.head_model.shipped_head_model", lambda task: None)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for name in ("Ann", "Bob"):
        save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T1CE), tmp_path / "raw" / name / "scan_1.nii.gz")
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T1CE), tmp_path / "raw" / "Zoe" / "t1_gd.nii.gz")
    return tmp_path / "raw"


def prepare(*words: object) -> int:
    return main(["prepare", *map(str, words), "--space", "reference"])


def test_a_bad_examination_is_named_and_the_rest_goes_on(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(raw / "Ann", raw / "Zoe", "--keep-skull", "-o", tmp_path / "out") == 2
    out, err = capsys.readouterr()
    assert f"Zoe: {tmp_path / 'out' / 'Zoe'} (" in out
    assert "T1ce: t1_gd, 17×21×19 voxels of 10×10×10 mm (its name says so)" in out
    assert "Ann: nothing tells what its series are (scan_1). Say it with --role t1=SERIES" in err
    assert "1 of 2 examinations could not be prepared" in err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["Zoe"]


def test_a_person_says_what_a_series_is(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = (raw / "Ann", "--keep-skull", "--role", "flair=scan", "-o", tmp_path / "out", "--json")
    assert prepare(*wanted) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["series"], first["again"]) == ({"flair": "scan_1"}, False)
    assert set(first["seconds"]) >= {"registering", "resampling"}
    assert prepare(*wanted) == 0
    assert json.loads(capsys.readouterr().out)["again"]


def test_the_skull_that_stays_is_told_and_counts(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(raw / "Zoe", "-o", tmp_path / "out") == 2
    assert "Zoe: The skull stays: this version comes without a network" in capsys.readouterr().err
    assert (tmp_path / "out" / "Zoe" / "preparation.json").is_file()
    assert prepare(raw / "Zoe", "-o", tmp_path / "out", "--json") == 2, "a doubt is one too when nothing is done again"
    told = json.loads(capsys.readouterr().out)
    assert told["again"]
    assert "The skull stays" in told["doubts"][0]
    assert (told["certainty"], told["reasons"]) == ({"t1ce": "sure"}, {"t1ce": "its name says so"})


def test_two_t1_whose_names_say_no_more_are_told_apart_as_unsure(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the later one of the two was left out without a word."""
    given = seeing("brain")
    finder = replace(given, contrast=telling(*[Modality.T1] * 4).contrast)
    monkeypatch.setattr("brainseg_gui.api.brain_finder.finder_of", lambda _engine: finder)
    shining = head(grid_of((34, 42, 40), (5.0, 5.0, 5.0)), T1CE)
    values = np.array(shining.stored)
    values[14:17, 14:17, 18:21] *= 4  # a vessel
    save(head(grid_of((34, 42, 40), (5.0, 5.0, 5.0)), T1CE), raw / "Two" / "AX T1 SE 4.nii.gz")
    save(replace(shining, stored=values), raw / "Two" / "AX T1 SE 9.nii.gz")
    prepare(raw / "Two", "-o", tmp_path / "out", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["series"] == {"t1": "AX T1 SE 4", "t1ce": "AX T1 SE 9"}
    assert told["certainty"]["t1ce"] != "sure"
    assert "of 2 T1 it looks most like contrast agent" in told["reasons"]["t1ce"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--role", "adc=1"], "--role adc=1 names no modality and series"),
        (["--role", "t1"], "--role t1 names no modality and series"),
        (["--role", "t1=9"], "no series is called “9”. Give its number (1: scan_1)"),
    ],
)
def test_a_role_that_says_nothing_is_refused(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert prepare(raw / "Ann", "--keep-skull", *words, "-o", tmp_path / "out") == 2
    assert said in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*"))


def test_roles_are_for_one_and_names_are_told_apart(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(raw / "Ann", raw / "Bob", "--role", "t1=1", "-o", tmp_path / "out") == 2
    assert "--role is for one examination" in capsys.readouterr().err
    other = shutil.copytree(raw / "Zoe", raw / "other" / "Zoe")
    assert prepare(raw / "Zoe", other, "--keep-skull", "-o", tmp_path / "out") == 1, "as on a cluster"
    assert "two examinations are called Zoe" in capsys.readouterr().err


def test_a_folder_that_is_named_twice_is_one_examination(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = raw / "Ann" / ".." / "Zoe"
    assert prepare(raw / "Zoe", again, "--keep-skull", "-o", tmp_path / "out") == 0
    assert capsys.readouterr().out.count("out/Zoe") == 1


def test_what_is_not_used_is_named(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    echoes = nib.Nifti1Image(np.zeros((17, 21, 19, 2), np.int16), np.diag([10, 10, 10, 1]))
    nib.save(echoes, raw / "Zoe" / "pd_t2_dual_echo.nii.gz")
    assert prepare(raw / "Zoe", "--keep-skull", "-o", tmp_path / "out") == 0
    (raw / "Zoe" / "more").mkdir()
    (raw / "Zoe" / "more" / "Series 4.ZIP").write_bytes(b"packed")
    assert prepare(raw / "Zoe", "--keep-skull", "-o", tmp_path / "again") == 0
    said = capsys.readouterr().out
    assert "Not used: pd_t2_dual_echo (it holds 2 volumes, not one." in said
    assert "Not used: Series 4.ZIP (it is packed: unpack it, if it belongs to this examination)" in said


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Köpfe 3.zip", "Unpack Köpfe 3.zip first"),
        ("DICOMDIR", "Its DICOMDIR only lists images"),
        ("notes.txt", "Choose"),
    ],
)
def test_what_holds_no_images_says_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, remedy: str
) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / name).write_bytes(b"nothing that can be read")
    assert prepare(tmp_path / "raw", "-o", tmp_path / "out") == 2
    assert remedy in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fault", "code"), [(SaveError("the disk is full"), 1), (EngineError("it died"), 1), (CaseError("no images"), 2)]
)
@pytest.mark.parametrize("command", ["prepare", "deface"])
def test_what_is_no_fault_of_the_input_ends_with_one(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, fault: BrainsegError, code: int
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("brainseg_gui.preparation.prepare_place.prepare_place", fails)
    monkeypatch.setattr("brainseg_gui.preparation.defaced.deface_place", fails)
    assert main([command, str(raw / "Ann"), str(raw / "Bob"), "-o", str(tmp_path / "out")]) == code
