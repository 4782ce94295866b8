"""Names from elsewhere steer no terminal, whichever command says them; what a program reads has them unchanged."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from brainseg_gui import cli
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import EventWriter
from brainseg_gui.runs.run_folder import RunFolder
from tests.shipped import needs_all_modalities

HOSTILE = "A\x1b[2J\x1b]0;owned\x07\u202e\r\n\x9b31mZ"
SHOWN = "A(U+001B)[2J(U+001B)]0;owned(U+0007)(U+202E)(U+000D)(U+000A)(U+009B)31mZ"

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Run the program as a person does: exit code, standard output, standard error; neither steers the terminal."""

    def run(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        said = capfd.readouterr()
        for line in (*said.out.split("\n"), *said.err.split("\n")):
            assert line.replace("\r", "").isprintable(), ascii(line)
        return code, said.out, said.err

    return run


@pytest.fixture
def hostile(tmp_path: Path, toy_case: Callable[..., Path]) -> Path:
    return toy_case(tmp_path / "cases", case_id=HOSTILE)


@pytest.fixture
def hostile_run(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path / "runs" / HOSTILE, TrainingConfig())
    writer = EventWriter(folder.events_file)
    writer.write("epoch", epoch=1, step=10, metrics={"val_dice_mean": 0.5})
    writer.write("finished", step=10, message=f"finished\n{HOSTILE}")
    writer.close()
    return folder


def test_segment(call: Call, hostile: Path, tmp_path: Path) -> None:
    (hostile / f"{HOSTILE}_flair.nii.gz").unlink()
    model = needs_all_modalities().path
    code, _, errors = call("segment", hostile, "-o", tmp_path / "out.nii.gz", "--model", model)
    assert code == 2
    assert SHOWN in errors
    code, printed, _ = call("segment", hostile.parent, "-o", tmp_path / "out", "--json", "--model", model)
    assert code == 2
    assert json.loads(printed)["case"] == SHOWN  # the same in every report of the program


def test_evaluate(call: Call, hostile: Path, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    shutil.copy(hostile / f"{HOSTILE}_seg.nii.gz", masks / f"{HOSTILE}_pred.nii.gz")
    code, printed, _ = call("evaluate", "--reference", hostile, "--prediction", masks / f"{HOSTILE}_pred.nii.gz")
    assert code == 0
    assert SHOWN in printed
    for place in ("-", tmp_path / "scores.json"):
        code, printed, _ = call("evaluate", "--reference", hostile, "--prediction", masks, "--json", place)
        assert code == 0
    assert HOSTILE in json.loads((tmp_path / "scores.json").read_text("ascii"))["cases"][0]["reference"]
    unpaired = tmp_path / "unpaired"
    unpaired.mkdir()
    (unpaired / "other_pred.nii.gz").write_bytes(b"no mask")
    _, _, errors = call("evaluate", "--reference", hostile.parent, "--prediction", unpaired)
    assert SHOWN in errors


def test_report_and_render(call: Call, hostile: Path, tmp_path: Path) -> None:
    for command, ending in (("report", "txt"), ("render", "txt")):
        code, _, errors = call(command, hostile, "-o", tmp_path / f"{HOSTILE}.{ending}")
        assert code == 2
        assert SHOWN in errors
    code, printed, _ = call("render", hostile, "--prediction", tmp_path / HOSTILE, "-o", tmp_path / "picture.png")
    assert code == 2
    assert not printed


def test_follow(call: Call, hostile: Path, tmp_path: Path) -> None:
    code, printed, _ = call("follow", hostile.parent, "--html", tmp_path / "page.html")
    assert code == 0
    assert SHOWN in printed
    assert (tmp_path / "page.html").read_text("utf-8").replace("\n", "").isprintable()
    code, printed, _ = call("follow", hostile.parent, "--json", "-")
    assert SHOWN in json.loads(printed)["visits"][0]["name"]
    for words in (
        ("--patient", HOSTILE),
        ("--baseline", HOSTILE),
        ("--date", f"{HOSTILE}=2021-03-04"),
        ("--masks", HOSTILE),
    ):
        code, _, errors = call("follow", hostile.parent, *words)
        assert code == 2
        assert "(U+001B)" in errors


@pytest.mark.skipif(os.name == "nt", reason="names there are text")
def test_follow_where_a_name_is_no_text(call: Call, toy_case: Callable[..., Path], tmp_path: Path) -> None:
    toy_case(tmp_path / "p", case_id="caf\udce9")
    for words in ((), ("--json", "-"), ("--json", tmp_path / "a.json"), ("--html", tmp_path / "a.html")):
        code, _, _ = call("follow", tmp_path / "p", *words)
        assert code == 0
    json.loads((tmp_path / "a.json").read_text("utf-8"))


@pytest.mark.parametrize(("layout", "name"), [("nnunet", "Dataset501_Toys"), ("bids", "derived")])
def test_export(call: Call, hostile: Path, tmp_path: Path, layout: str, name: str) -> None:
    out = tmp_path / "out" / HOSTILE / name
    code, printed, _ = call("export", hostile.parent, "-o", out, "--to", layout)
    assert code == 0
    assert SHOWN in printed
    assert all(path.name.isprintable() for path in out.rglob("*"))
    code, _, errors = call("export", hostile.parent, "-o", out, "--to", layout)
    assert code == 2
    assert SHOWN in errors
    (hostile / f"{HOSTILE}_flair.nii.gz").write_bytes(b"no image")
    code, _, errors = call("export", hostile.parent, "-o", tmp_path / "again" / name, "--to", layout)
    assert code == 2
    assert SHOWN in errors


def test_train(call: Call, hostile: Path, tmp_path: Path) -> None:
    code, _, errors = call("train", "--run", tmp_path / HOSTILE, "--train", hostile / "not there")
    assert code == 2
    assert SHOWN in errors


def test_runs(call: Call, hostile_run: RunFolder) -> None:
    code, printed, _ = call("runs", hostile_run.path.parent)
    assert code == 0
    assert SHOWN in printed
    code, printed, _ = call("runs", hostile_run.path.parent, "--json")
    assert json.loads(printed)["run"] == HOSTILE
    code, _, errors = call("runs", hostile_run.path.parent, "--stop", HOSTILE)
    assert code == 2
    assert SHOWN in errors


def test_doctor(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", HOSTILE)
    _, printed, _ = call("doctor")
    assert SHOWN in printed
    _, printed, _ = call("doctor", "--json")
    assert HOSTILE in [finding["text"] for finding in json.loads(printed)]


def test_warnings_of_the_log(call: Call, hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(*_args: object) -> int:
        logging.getLogger("brainseg_gui.imaging").warning("%s was left out", hostile.name)
        return 0

    monkeypatch.setattr("brainseg_gui.commands.doctor.run", warn)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    _, _, errors = call("doctor")
    assert "brainseg: A(U+001B)[2J" in errors


def test_a_folder_of_cases_whose_name_is_no_text(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    code, _, errors = call("train", "--run", tmp_path / "run", "--train", folder)
    assert code == 2
    assert "caf(0xE9): its name is no UTF-8" in errors
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["segment", "LONG", "-o", "out"],
        ["segment", ".", "-o", "LONG/out"],
        ["evaluate", "--reference", "LONG", "--prediction", "LONG"],
        ["report", "LONG", "-o", "a.html"],
        ["statistics", "LONG", "-o", "a.csv"],
        ["render", "LONG", "-o", "a.png"],
        ["runs", "LONG"],
        ["runs", ".", "--stop", "LONG"],
        ["train", "--train", "LONG", "--run", "run"],
        ["train", "--train", ".", "--run", "LONG"],
        ["train", "--resume", "--run", "LONG"],
    ],
    ids=" ".join,
)
def test_a_name_that_no_drive_takes_is_a_sentence(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, errors = call(*(word.replace("LONG", "a" * 300) for word in words))
    assert code in (1, 2)
    (line,) = errors.splitlines()
    assert line.startswith("brainseg: ")
    assert line.endswith(".")


def test_a_mistyped_command_is_no_case(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, errors = call("segmnt", "-o", tmp_path)
    assert code == 2
    assert errors == "brainseg: segmnt is neither a command nor a file. Did you mean brainseg segment?\n"
    asked: list[list[Path]] = []
    monkeypatch.setattr("brainseg_gui.commands.window.run", lambda arguments: asked.append(arguments.cases) or 0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "segmnt").mkdir()
    assert call("segmnt")[0] == 0
    assert call("patient-1")[0] == 0  # nearly nothing: the window says that there is no such folder
    assert asked == [[Path("segmnt")], [Path("patient-1")]]


def test_what_a_library_says_of_headers_is_for_the_log_alone() -> None:
    terminal = cli._terminal()
    told = [
        name
        for name in ("brainseg_gui.preparation", "pydicom", "pydicom.filereader", "pydicomish")
        if terminal.filter(logging.LogRecord(name, logging.WARNING, "", 0, "words", None, None))
    ]
    assert told == ["brainseg_gui.preparation", "pydicomish"]
