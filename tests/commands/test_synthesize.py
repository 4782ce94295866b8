"""`brainseg synthesize` starts the generator as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
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


def test_names_that_begin_with_a_dash_are_no_options() -> None:
    words = ["synthesize", "--anatomy", "./-maps", "y", "--cases", "1", "--", "-out"]
    command = command_of(build_parser().parse_args(words))
    assert command[command.index("--out") + 1] == os.path.join(".", "-out")
    assert command[command.index("--anatomy") + 1 :][:2] == [os.path.join(".", "-maps"), "y"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("interrupts", ["", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "])
def test_a_request_to_end_ends_the_generator_too(interrupts: str, tmp_path: Path) -> None:
    """As of `kill` or `timeout`: it went on alone, and nobody knew. What a script starts with & hears no Ctrl+C."""
    said = tmp_path / "pid"
    stand_in = f"import os, time; open({str(said)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    script = (
        f"{interrupts}import sys, brainseg_gui.commands.synthesize as s; from brainseg_gui.cli import main; "
        f"s._ASKED_S = .5; s.command_of = lambda _: [sys.executable, '-c', {stand_in!r}]; "
        "sys.exit(main(['synthesize', 'out', '--anatomy', 'x']))"
    )
    process = subprocess.Popen([sys.executable, "-P", "-c", script])
    try:
        while not (said.is_file() and said.read_text("ascii")):
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
        assert not psutil.pid_exists(int(said.read_text("ascii")))
    finally:
        process.kill()


@pytest.mark.parametrize("text", ["-1", "100", "many"])
def test_a_wrong_number_of_retries_is_said_in_one_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["synthesize", "out", "--anatomy", "x", f"--retries={text}"])
    assert f"{text} is not a number of tries, 0 to 99" in capsys.readouterr().err
