"""Ending a trainer at once: only for certain, only here, and what is lost is said and written."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from brainseg_gui.faults.computer_mark import computer_marks
from brainseg_gui.faults.process_mark import since_of
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import EventWriter
from brainseg_gui.runs.force_stop import can_stop_now, lost_words, stop_now
from brainseg_gui.runs.run_folder import RunError, RunFolder
from brainseg_gui.runs.run_status import RunStatus

HERE = socket.gethostname()


@pytest.fixture
def trainer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits until it is killed, started like the trainer of a run."""
    words = ["import sys; sys.stdin.read()", "-P", "-m", "training", str(tmp_path / "run")]
    process = subprocess.Popen([sys.executable, "-c", *words], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def run_of(
    path: Path,
    pid: int,
    *,
    host: str = HERE,
    computer: Sequence[str] = (),
    since: str | None = None,
    steps: int = 7,
) -> RunFolder:
    """A run of some steps, with a checkpoint at step 5, whose trainer has just written half a line."""
    folder = RunFolder.create(path, TrainingConfig())
    writer = EventWriter(folder.events_file)
    known = {} if since is None else {"pid_since": since}
    writer.write("started", host=host, computer=computer, pid=pid, resumed_from=0, **known)
    for step in range(1, steps + 1):
        writer.write("step", step=step, epoch=1, loss=1.0)
        if step == 5:
            writer.write("checkpoint", step=5, file="checkpoints/step-000000005.npz")
    writer.close()
    with folder.events_file.open("ab") as stream:
        stream.write(b'{"event": "step", "ti')
    return folder


def test_the_trainer_ends_and_its_last_words_are_written(tmp_path: Path, trainer: subprocess.Popen[bytes]) -> None:
    folder = run_of(tmp_path / "run", trainer.pid, since=since_of(trainer.pid))
    folder.ask_to_stop()
    assert can_stop_now(folder.events())
    message = stop_now(folder)
    assert trainer.wait(10) == -9
    assert message == ("stopped at once after 7 steps; the 2 steps are lost that came after the checkpoint of step 5")
    last = folder.events()[-1]
    assert (last.kind, last.values) == ("stopped", {"step": 7, "checkpoint": 5, "message": message})
    assert folder.status() is RunStatus.STOPPED
    assert not folder.stop_asked
    with pytest.raises(RunError, match="not running"):
        stop_now(folder)


def test_the_trainer_ends_though_the_computer_was_renamed(tmp_path: Path, trainer: subprocess.Popen[bytes]) -> None:
    since, marks = since_of(trainer.pid), computer_marks()
    folder = run_of(tmp_path / "run", trainer.pid, host="before", computer=marks, since=since)
    assert stop_now(folder).startswith("stopped at once")
    assert trainer.wait(10) == -9


def test_a_process_that_only_has_its_id_lives_on(tmp_path: Path, trainer: subprocess.Popen[bytes]) -> None:
    boot, ticks = since_of(trainer.pid).split()
    reused = run_of(tmp_path / "reused", trainer.pid, since=f"{boot} {int(ticks) + 1}")
    assert reused.status() is RunStatus.DIED
    assert not can_stop_now(reused.events())
    with pytest.raises(RunError, match="not running"):
        stop_now(reused)
    old = run_of(tmp_path / "old", trainer.pid)  # of a version that did not write when its process began
    assert old.status() is RunStatus.RUNNING
    with pytest.raises(RunError, match="nobody can tell for certain"):
        stop_now(old)
    assert trainer.poll() is None


@pytest.mark.parametrize(
    "words", [[], ["-m", "training"], ["-m", "training", "{}/another run"], ["-m training {}/run"]]
)
def test_no_process_is_killed_because_an_events_file_names_it(tmp_path: Path, words: list[str]) -> None:
    """Anybody on a computer can read when a process began, and write it into the events of a run folder."""
    words = [word.format(tmp_path) for word in words]
    victim = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()", *words], stdin=subprocess.PIPE)
    try:
        folder = run_of(tmp_path / "run", victim.pid, since=since_of(victim.pid))
        with pytest.raises(RunError, match="is not its trainer; it lives on"):
            stop_now(folder)
        assert victim.poll() is None
        assert folder.events()[-1].kind == "step"
    finally:
        victim.kill()
        victim.communicate()


def test_a_trainer_is_known_through_links_and_from_the_folder_it_was_started_in(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "link").symlink_to("runs")
    words = [sys.executable, "-c", "import sys; sys.stdin.read()", "-m", "training", "run"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, cwd=tmp_path / "runs")
    try:
        folder = run_of(tmp_path / "link" / "run", process.pid, since=since_of(process.pid))
        assert stop_now(folder).startswith("stopped at once")
    finally:
        process.communicate()


def test_a_run_of_another_machine_is_out_of_reach(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run", os.getpid(), host="far", since=since_of(os.getpid()))
    assert not can_stop_now(folder.events())
    with pytest.raises(RunError, match="this run is on far, out of reach from here"):
        stop_now(folder)


@pytest.mark.parametrize(
    ("step", "checkpoint", "words"),
    [
        (7, 5, "the 2 steps are lost that came after the checkpoint of step 5"),
        (1001, 1000, "the 1 step is lost that came after the checkpoint of step 1,000"),
        (7, 0, "the 7 steps are lost, for there is no checkpoint yet"),
        (5, 5, "no step is lost"),
        (0, 0, "no step is lost"),
    ],
)
def test_what_is_lost_in_words(step: int, checkpoint: int, words: str) -> None:
    assert lost_words(step, checkpoint) == words
