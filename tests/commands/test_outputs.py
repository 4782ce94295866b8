"""What a command writes takes the place of no image and of no file of another kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainseg_gui import api
from brainseg_gui.cli import main
from brainseg_gui.errors import SaveError
from tests.conftest import ToyCase


@pytest.fixture
def case(tmp_path: Path, toy_case: ToyCase) -> Path:
    return toy_case(tmp_path / "P1")


def _writing(case: Path, image: Path) -> list[list[str]]:
    mask, name = str(case / f"{case.name}_seg.nii.gz"), str(image)
    evaluate = ["evaluate", "--reference", mask, "--prediction", mask]
    tables = [[*evaluate, option, name] for option in ("--csv", "--json", "--html")]
    follow = [["follow", str(case.parent), option, name] for option in ("--csv", "--json", "--html", "--pdf")]
    return [["statistics", str(case), "-o", name], *tables, *follow]


@pytest.mark.parametrize("number", range(8))
def test_a_table_replaces_no_image(case: Path, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    image = case / f"{case.name}_t1.nii.gz"
    before = image.read_bytes()
    assert main(_writing(case, image)[number]) == 2
    assert f"{image}: it has the name of an image" in capsys.readouterr().err
    assert image.read_bytes() == before


@pytest.mark.parametrize("number", range(8))
def test_a_table_replaces_no_file_of_another_kind(
    case: Path, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dicom = tmp_path / "IM0001"
    dicom.write_bytes(bytes(128) + b"DICM")
    assert main(_writing(case, dicom)[number]) == 2
    assert "there is a file of another kind" in capsys.readouterr().err
    assert dicom.read_bytes() == bytes(128) + b"DICM"


def test_older_results_are_replaced_as_before(case: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("case,label\n", "utf-8")
    assert main(["statistics", str(case), "-o", str(table)]) == 0
    assert "ET" in table.read_text("utf-8")


def test_statistics_go_to_the_standard_output_on_request(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["statistics", str(case), "-o", "-"]) == 0
    assert "ET" in capsys.readouterr().out
    assert not (tmp_path / "-").exists()


def test_two_results_do_not_go_into_one_file(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mask, file = str(case / f"{case.name}_seg.nii.gz"), str(tmp_path / "all")
    assert main(["evaluate", "--reference", mask, "--prediction", mask, "--csv", file, "--json", file]) == 2
    assert "two results would go into it" in capsys.readouterr().err


def test_a_page_does_not_mix_with_the_table(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mask = str(case / f"{case.name}_seg.nii.gz")
    assert main(["evaluate", "--reference", mask, "--prediction", mask, "--html", "-"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_mask_replaces_no_image_of_its_case(
    case: Path, overwrite: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked first")

    monkeypatch.setattr("brainseg_gui.api.refine", work)
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine.start", work)
    image = case / f"{case.name}_t1.nii.gz"
    (link := case.parent / "other.nii.gz").symlink_to(image)
    before, more = image.read_bytes(), ["--overwrite"] if overwrite else []
    for place in (image, link):
        assert main(["segment", str(case), "-o", str(place), *more]) == 2
        assert main(["refine", str(case), "--click=+ET:3,3,3", "-o", str(place), *more]) == 2
        said = capsys.readouterr().err
        assert "Traceback" not in said
        assert said.count("image of the case") == 2
    opened = api.open_case(case)
    with pytest.raises(SaveError, match="image of the case"):
        opened.empty_mask().save(image, opened, overwrite=overwrite)
    assert image.read_bytes() == before


def test_a_click_is_not_worked_on_for_a_file_that_exists(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("brainseg_gui.api.refine", None)
    place = case.parent / "corrected.nii.gz"
    place.write_bytes(b"there")
    assert main(["refine", str(case), "--click=+ET:3,3,3", "-o", str(place)]) == 2
    assert "the file exists" in capsys.readouterr().err
    assert main(["refine", str(case), "--click=+ET:3,3,3", "-o", str(case.parent / "x.txt")]) == 2
    assert "a mask is saved as" in capsys.readouterr().err
