"""Run folders: events that can be read while they are written, and how a run is doing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brainseg_gui.faults.computer_mark import computer_marks
from brainseg_gui.runs.config import Data, Network, TrainingConfig
from brainseg_gui.runs.events import Event, EventTail, EventWriter
from brainseg_gui.runs.run_folder import RunError, RunFolder, find_runs
from brainseg_gui.runs.run_status import LOST_AFTER_S, SILENT_AFTER_S, RunStatus, status_of

HERE = os.uname().nodename


def written(path: Path, *kinds: str) -> Path:
    writer = EventWriter(path)
    for number, kind in enumerate(kinds):
        writer.write(kind, step=number)
    writer.close()
    return path


def test_a_tail_reads_what_is_new_and_waits_for_half_lines(tmp_path: Path) -> None:
    path = written(tmp_path / "events.jsonl", "started", "step")
    tail = EventTail(path)
    assert [event.kind for event in tail.read()] == ["started", "step"]
    assert tail.read() == []
    with path.open("ab") as stream:
        stream.write(b'{"event": "epoch", "ti')
    assert tail.read() == []
    with path.open("ab") as stream:
        stream.write(b'me": 5.0, "epoch": 3}\nnonsense\n[1, 2]\n')
    assert tail.read() == [Event("epoch", 5.0, {"epoch": 3})]
    assert tail.unreadable == 2


def test_a_half_line_of_a_crash_does_not_spoil_the_next_event(tmp_path: Path) -> None:
    path = written(tmp_path / "events.jsonl", "started")
    with path.open("ab") as stream:
        stream.write(b'{"event": "step", "time": 1.0, "lo')
    written(path, "started")
    assert [event.kind for event in EventTail(path).read()] == ["started", "started"]


def test_a_file_that_became_shorter_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path / "events.jsonl", "started", "step", "step")
    tail = EventTail(path)
    tail.read()
    path.unlink()
    assert tail.read() == []
    written(path, "started")
    assert [event.kind for event in tail.read()] == ["started"]


def test_numbers_that_are_none_survive(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "events.jsonl")
    writer.write("step", loss=float("nan"))
    writer.close()
    (event,) = EventTail(tmp_path / "events.jsonl").read()
    assert event.values["loss"] != event.values["loss"]


def started(pid: int, host: str = HERE, time: float = 0.0) -> Event:
    return Event("started", time, {"pid": pid, "host": host})


def test_the_status_follows_the_last_start() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    step = Event("step", 1.0, {})
    assert status_of([]) is RunStatus.PREPARED
    assert status_of([started(os.getpid()), step]) is RunStatus.RUNNING
    assert status_of([started(gone.pid), step]) is RunStatus.DIED
    assert status_of([started(gone.pid), Event("stopped", 2.0, {})]) is RunStatus.STOPPED
    assert status_of([started(gone.pid), Event("failed", 2.0, {}), started(os.getpid())]) is RunStatus.RUNNING
    assert status_of([started(gone.pid), Event("finished", 2.0, {})]) is RunStatus.FINISHED


def test_a_run_of_this_machine_is_known_when_its_host_name_changed() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid, status in ((gone.pid, RunStatus.DIED), (os.getpid(), RunStatus.RUNNING)):
        start = Event("started", 1.0, {"pid": pid, "host": "before", "computer": list(computer_marks())})
        assert status_of([start, Event("step", 1.0, {})]) is status


def test_a_run_of_another_machine_is_judged_by_its_age() -> None:
    import time

    now = time.time()
    assert status_of([started(1, "elsewhere", now), Event("step", now, {})]) is RunStatus.RUNNING
    old = now - SILENT_AFTER_S - 1
    assert status_of([started(1, "elsewhere", old), Event("step", old, {})]) is RunStatus.SILENT
    old = now - LOST_AFTER_S - 1  # a node that crashed, a container under another name: it could never be resumed
    assert status_of([started(1, "elsewhere", old), Event("step", old, {})]) is RunStatus.DIED


def test_a_folder_takes_one_run_and_lists_by_age(tmp_path: Path) -> None:
    first = RunFolder.create(tmp_path / "a", TrainingConfig(name="a"))
    second = RunFolder.create(tmp_path / "b", TrainingConfig(name="b"))
    os.utime(first.config_file, (1, 1))
    with pytest.raises(RunError, match="there is a run in this folder already"):
        RunFolder.create(tmp_path / "a", TrainingConfig())
    assert [folder.path for folder in find_runs(tmp_path)] == [second.path, first.path]
    assert find_runs(tmp_path / "a")[0].config().name == "a"
    assert find_runs(tmp_path / "missing") == []
    first.ask_to_stop()
    assert first.stop_asked
    assert not second.stop_asked


def test_a_run_finds_its_folders_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cases", "model"):
        (tmp_path / name).mkdir()
    config = TrainingConfig(
        data=Data(train=("cases",), validation=("../elsewhere",), cache="cache"), network=Network(start_from="model")
    )
    kept = RunFolder.create(tmp_path / "a", config).config()
    assert kept.data.train == (str(tmp_path / "cases"),)
    assert kept.data.validation[0].startswith("/")
    assert kept.data.cache == str(tmp_path / "cache")
    assert kept.network.start_from == str(tmp_path / "model")
    shipped = RunFolder.create(tmp_path / "b", TrainingConfig(network=Network(start_from="shipped"))).config()
    assert (shipped.network.start_from, shipped.data.cache) == ("shipped", "")


def test_a_line_longer_than_any_event_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    event = b'{"event": "step", "time": 5.0, "step": 1}\n'
    path.write_bytes(b"x" * (5 * 2**20) + b"\n" + event + b"y" * (3 * 2**20))
    tail = EventTail(path)
    assert [found.kind for found in tail.read()] == ["step"]
    assert tail.unreadable == 2
    with path.open("ab") as stream:
        stream.write(b"still the same line\n" + event)
    assert [found.kind for found in tail.read()] == ["step"]
    assert tail.unreadable == 2


@pytest.mark.parametrize("moment", ["NaN", "Infinity", "-1", "1e300", "1" + "0" * 400, "null", "[]"])
def test_events_of_no_time_are_none(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(f'{{"event": "step", "time": {moment}}}\n' + "[" * 100_000 + "\n")
    tail = EventTail(path)
    assert (tail.read(), tail.unreadable) == ([], 2)


def test_a_pipe_is_no_event_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "events.jsonl")
    assert EventTail(tmp_path / "events.jsonl").read() == []


def test_a_folder_of_cases_whose_name_is_no_text_is_named(tmp_path: Path) -> None:
    cases = os.fsdecode(b"caf\xe9")
    config = TrainingConfig(data=Data(train=("fine", cases)))
    with pytest.raises(RunError, match="no UTF-8") as caught:
        RunFolder.create(tmp_path / "run", config)
    assert caught.value.path == Path(cases).absolute()
    assert not (tmp_path / "run").exists()
    RunFolder.create(tmp_path / "run", TrainingConfig(data=Data(train=("médecine",))))
    assert RunFolder(tmp_path / "run").config().data.train == (str(Path("médecine").absolute()),)
