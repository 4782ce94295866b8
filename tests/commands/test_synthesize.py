"""`brainseg synthesize` starts the generator as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from brainseg_gui.cli import build_parser, main
from brainseg_gui.commands.synthesize import command_of


def test_every_option_reaches_the_generator() -> None:
    words = ["synthesize", "sets/a", "--anatomy", "x.nii.gz", "y", "--cases", "5", "--seed", "9", "--spacing-mm", "2"]
    more = ["--priors", "unseen", "--processes", "3", "--cluster", "c.yaml"]
    command = command_of(build_parser().parse_args([*words, *more]))
    assert command[:4] == [sys.executable, "-P", "-m", "training.synthesis"]
    assert command[4:] == [
        "--out", str(Path("sets/a")), "--anatomy", "x.nii.gz", "y", "--cases", "5", "--seed", "9",
        "--priors", "unseen", "--spacing-mm", "2", "--processes", "3",
        "--cluster", "c.yaml", "--retries", "2",
    ]  # fmt: skip


def test_the_generator_understands_the_command_line_and_its_exit_code_is_passed_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["synthesize", str(tmp_path / "out"), "--anatomy", str(tmp_path / "nothing")]) == 2
    message = capfd.readouterr().err
    assert "no anatomical label map" in message
    assert message.count("\n") == 1


def test_the_generator_sees_the_wide_priors_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    class Finished:
        def __init__(self, command: list[str]) -> None:
            started.append(command)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Finished)
    assert main(["synthesize", "out", "--anatomy", "x"]) == 0
    assert started[0][started[0].index("--priors") + 1] == "training"
