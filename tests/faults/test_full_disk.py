"""A disk that is full: one line that names the file, no traceback, and nothing half-written is left."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from brainseg_gui.cli import main
from brainseg_gui.errors import SaveError
from brainseg_gui.evaluation.cohorts.partial import PartialResults
from brainseg_gui.storage.chosen_file import write_made, write_text

FIGURES = ("a.tif", "a.tiff", "a.pdf", "a.png", "a.svg", "a.gif", "a.apng", "a.webp")


@contextmanager
def full_disk(room_bytes: int = 64) -> Iterator[None]:
    """No file takes more than so many bytes: the system answers as if the disk were full.

    Python keeps nothing compiled meanwhile: half of it would be written, and nobody could import that later.
    """
    before, keeps_none = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        sys.dont_write_bytecode = keeps_none


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Path:
    return Path(toy_case(tmp_path))


def _only_a_sentence(name: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    told = capsys.readouterr().err
    assert code == 1
    assert told.count("\n") == 1, told
    assert name in told
    assert "File too large" in told


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure(name: str, case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with full_disk():
        code = main(["render", str(case), "-o", str(out / name)])
    _only_a_sentence(name, code, capsys)
    assert not list(out.iterdir())


@pytest.mark.parametrize("name", ["r.pdf", "r.html"])
def test_a_report(name: str, case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with full_disk():
        code = main(["report", str(case), "-o", str(out / name)])
    _only_a_sentence(name, code, capsys)
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["-o", "OUT"], "evaluation.json"),
        (["--csv", "OUT/x.csv"], "x.csv"),
        (["--json", "OUT/x.json"], "x.json"),
        (["--html", "OUT/x.html"], "x.html"),
    ],
)
def test_scores(options: list[str], name: str, case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    mask = str(next(case.glob("*_seg.nii.gz")))
    words = [option.replace("OUT", str(out)) for option in options]
    with full_disk():
        code = main(["evaluate", "--reference", mask, "--prediction", mask, *words])
    _only_a_sentence(name, code, capsys)
    assert not list(out.iterdir())


def test_results_so_far(tmp_path: Path) -> None:
    path = tmp_path / "x.cases.jsonl"
    with full_disk():
        partial = PartialResults(path)
        with pytest.raises(SaveError, match=r"it cannot be written \(File too large\)"):
            partial.add("key", {"case": "x" * 100})
        partial.close()


def test_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_text(path, "old")
    with full_disk(), pytest.raises(SaveError, match="was not written"):
        write_made(path, lambda stream: stream.write(b"x" * 1000))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("words", [["doctor"], ["evaluate", "--reference", "MASK", "--prediction", "MASK"]])
def test_standard_output(words: list[str], case: Path) -> None:
    script = "import sys; from brainseg_gui.cli import main; sys.exit(main(sys.argv[1:]))"
    mask = str(next(case.glob("*_seg.nii.gz")))
    command = [sys.executable, "-c", script, *(word.replace("MASK", mask) for word in words)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "brainseg: there is no room to write (No space left on device). Free some space.\n"
