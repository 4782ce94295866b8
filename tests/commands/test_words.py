"""Command lines as scripts have them: variables that are empty, streams that are closed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from brainseg_gui import cli
from tests.conftest import ToyCase

PROGRAM = f"{sys.executable} -P -c 'import sys; from brainseg_gui.cli import main; sys.exit(main(sys.argv[1:]))'"


@pytest.mark.parametrize(
    "words",
    [
        [""],
        ["segment", "", "-o", "out"],
        ["segment", "case", "-o", ""],
        ["prepare", "", "-o", "out"],
        ["export", "", "-o", "out", "--to", "nrrd"],
        ["export", "cases", "-o", "", "--to", "nrrd"],
        ["evaluate", "--reference", "", "--prediction", "p"],
        ["statistics", ""],
        ["report", "case", "--prediction", ""],
        ["train", "--run", "", "--train", "cases"],
        ["train", "--run", "run", "--train", "cases", ""],
        ["runs", ""],
        ["follow", "patient", "--masks", ""],
    ],
)
def test_an_empty_word_is_not_the_working_folder(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert "an empty word names no file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["statistics", "case", "--scheme", ""],
        ["evaluate", "--reference", "r", "--prediction", ""],
        ["evaluate", "--reference", "r", "--prediction", "p", "--prediction-scheme="],
        ["train", "--run", "run", "--preset", "", "--train", "cases"],
        ["train", "--run", "run", "--train", "cases", "--folds", "", "--fold", "0"],
        ["follow", "patient", "--patient", ""],
        ["follow", "patient", "--date", ""],
        ["deface", "case", "-o", "out", "--name", ""],
        ["prepare", "case", "-o", "out", "--role", ""],
        ["segment", "case", "-o", "out", "--cluster", ""],
        ["render", "case", "-o", "out.png", "--at", ""],
        ["runs", "--stop", ""],
    ],
)
def test_an_option_with_an_empty_word_is_not_one_that_was_left_out(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert "an empty word says nothing" in capsys.readouterr().err


def test_a_prediction_with_nothing_but_a_name_is_not_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["evaluate", "--reference", str(tmp_path), "--prediction", "model="]) == 2
    assert "names no file" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes streams")
@pytest.mark.parametrize(
    "closed", [*(pytest.param(one, marks=pytest.mark.slow) for one in (">&-", "2>&-")), "<&- >&- 2>&-"]
)
def test_closed_streams_are_no_fault(tmp_path: Path, toy_case: ToyCase, closed: str) -> None:
    case = toy_case(tmp_path)
    table = tmp_path / "table.csv"

    def code_of(words: str) -> int:
        said = subprocess.run(f"{PROGRAM} {words} {closed}", shell=True, capture_output=True, text=True, check=False)
        assert "Traceback" not in said.stderr
        return said.returncode

    assert code_of(f"statistics '{case}'") == 0
    assert code_of(f"statistics '{case}' -o '{table}'") == 0
    assert table.read_text("utf-8").startswith("case_id,mask,")
    assert code_of("statistics nothing") == 2
