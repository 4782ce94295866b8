"""A trainer whose disk is full, whose folder is removed, or that is killed: what the panel says, and what is kept."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.controllers.training.run_stop import RunStop
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import read_preset, with_changes
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.run_words import status_sentence

_IN_A_SMALL_DISK = """
import json, os, subprocess, sys
run, source, size = sys.argv[1:4]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", run], check=True)
import shutil
shutil.copytree(source, run, dirs_exist_ok=True)
done = subprocess.run([sys.executable, "-P", "-m", "training", run], capture_output=True, text=True)
events = [json.loads(line) for line in open(os.path.join(run, "events.jsonl")) if line.strip()]
print(json.dumps({"code": done.returncode, "last": events[-1], "files": sorted(os.listdir(run)),
                  "checkpoints": sorted(os.listdir(os.path.join(run, "checkpoints"))), "errors": done.stderr[-2000:]}))
"""


@pytest.fixture
def config(tmp_path: Path, toy_case: Callable[..., Path]) -> TrainingConfig:
    """A run of seconds without an end of its own."""
    for number in range(2):
        toy_case(tmp_path / "cases", case_id=f"Toy_{number}", seed=number)
    changes = {
        "data.train": f'["{tmp_path / "cases"}"]',
        "data.cache": str(tmp_path / "cache"),
        "network.levels": "2",
        "network.filters": "4",
        "sampling.patch": "[16, 16, 16]",
        "length.epochs": "100000",
        "length.steps_per_epoch": "1000",
        "length.checkpoint_every": "5",
        "compute.precision": "float32",
        "compute.device": "cpu",
    }
    return with_changes(read_preset("default"), changes)


@pytest.mark.slow
@pytest.mark.engine
def test_a_full_disk_is_said_in_the_events_although_it_is_full(tmp_path: Path, config: TrainingConfig) -> None:
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "--"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("user namespaces are not permitted here")
    source, run = tmp_path / "source", tmp_path / "run"
    RunFolder.create(source, config)
    run.mkdir()
    script = [sys.executable, "-c", _IN_A_SMALL_DISK, str(run), str(source), "220k"]
    done = subprocess.run([*unshare, *script], capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["code"] == 1
    assert found["last"]["event"] == "failed", found
    assert "disk is full" in found["last"]["message"]
    assert "resume" in found["last"]["message"]
    assert not [name for name in found["checkpoints"] if name.startswith(".")]  # no half of one
    assert ".room-for-the-end" not in found["files"]


@pytest.mark.slow
@pytest.mark.engine
def test_a_trainer_ends_when_its_folder_is_removed(tmp_path: Path, config: TrainingConfig) -> None:
    folder = RunFolder.create(tmp_path / "runs" / "run", config)
    command = [sys.executable, "-P", "-m", "training", str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as one:
        try:
            while not any(event.kind == "step" for event in folder.events()):
                assert one.poll() is None
                with contextlib.suppress(psutil.TimeoutExpired):
                    psutil.Process(one.pid).wait(timeout=0.05)
            shutil.rmtree(folder.path)
            _, errors = one.communicate(timeout=150)
        finally:
            one.kill()
    assert one.returncode == 1
    assert "the run folder was removed while the run was training. Start a new run" in errors
    assert not folder.path.exists()  # it is not made again


def test_a_network_disk_that_is_away_for_a_moment_ends_nothing(
    tmp_path: Path, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import run_state
    from training.errors import TrainingError
    from training.run_state import Run

    folder = RunFolder.create(tmp_path / "run", config)
    now = [100.0]
    monkeypatch.setattr(run_state.time, "perf_counter", lambda: now[0])
    run = Run(folder, None, _position(1))  # type: ignore[arg-type]
    run.decide_end()
    away = folder.path.rename(tmp_path / "away")
    run.decide_end()
    now[0] += run_state.GONE_AFTER_S - 1
    run.decide_end()
    away.rename(folder.path)
    run.decide_end()
    folder.path.rename(away)
    now[0] += 1000
    run.decide_end()  # counted from anew
    now[0] += run_state.GONE_AFTER_S
    with pytest.raises(TrainingError, match="the run folder was removed"):
        run.decide_end()


def _position(step: int) -> Any:
    from training.checkpoint import Position

    return Position(step=step)


def test_the_panel_says_that_the_folder_is_gone(qtbot: QtBot, tmp_path: Path, config: TrainingConfig) -> None:
    from brainseg_gui.controllers.settings.preferences import Preferences
    from brainseg_gui.controllers.training.training import TrainingController
    from brainseg_gui.state.session import Session
    from brainseg_gui.views.shell.main_window import MainWindow

    session = Session()
    main = MainWindow(session, {}, PANELS, ACTIONS)
    qtbot.addWidget(main)
    controller = TrainingController(session, main, Preferences(), lambda _: None, launch=lambda _: 1)
    folder = RunFolder.create(tmp_path / "runs" / "my-run", config)
    other = RunFolder.create(tmp_path / "runs" / "other", config)
    controller.add_runs(tmp_path / "runs")
    qtbot.waitUntil(lambda: len(controller.watch.records) == 2, timeout=20_000)
    controller.watch.choose(controller.watch.record_of(folder.path))
    shutil.rmtree(folder.path)
    controller.poll.poll()
    qtbot.waitUntil(lambda: controller.watch.notice is not None, timeout=20_000)
    assert controller.watch.notice.what == "The folder of my-run is gone"
    assert "A trainer that still runs ends by itself" in controller.watch.notice.remedy
    assert [record.folder.path for record in controller.watch.records] == [other.path]
    controller.watch.say(None)
    controller.watch.choose(controller.watch.record_of(other.path))
    controller.forget()
    controller.poll.poll()
    qtbot.waitUntil(lambda: not controller.watch.records, timeout=20_000)
    assert controller.watch.notice is None  # what is taken off the list is not missed
    controller.close()


def test_stop_and_resume_of_a_run_that_is_gone_are_sentences(qtbot: QtBot, tmp_path: Path) -> None:
    watch = RunWatch()
    watch.set_runs([RunFolder(tmp_path / "gone")])
    watch.choose(watch.records[0])
    stop = RunStop(watch, lambda: None, None)  # type: ignore[arg-type]
    stop.ask()
    qtbot.waitUntil(lambda: watch.notice is not None)  # the file is written beside the window
    assert watch.notice is not None
    assert watch.notice.what == "The stop file cannot be written (No such file or directory)"
    from brainseg_gui.runs.run_folder import RunError

    with pytest.raises(RunError, match="the trainer cannot be started"):
        RunFolder(tmp_path / "gone").launch()


def test_a_killed_trainer_is_said_to_have_died() -> None:
    record = RunRecord(RunFolder(Path("run")), status=RunStatus.DIED, step=12)
    assert status_sentence(record) == (
        "The trainer ended without a word at step 12. Resume goes on from the last checkpoint."
    )
