"""From the form to a process of its own and back: start, reattach, stop, resume, death, and the finished model."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.training import run_pictures, run_poll
from brainseg_gui.controllers.training.dataset_check import look_through
from brainseg_gui.controllers.training.training import TrainingController
from brainseg_gui.errors import BrainsegError
from brainseg_gui.progress import run_to_end
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.segmenting.segmenting import ModelChoice
from brainseg_gui.state.training.run_record import RunRecord

# Writes events as the trainer does: three steps, then it waits for the stop file (or dies in the middle of a line).
FAKE_TRAINER = """
import json, os, pathlib, socket, sys, time
from brainseg_gui.faults.process_mark import since_of
folder, mood = pathlib.Path(sys.argv[1]), sys.argv[2]
print("the fake trainer is here", flush=True)
if mood == "mute":
    sys.exit("no module named training")
events = (folder / "events.jsonl").open("a", buffering=1)
def write(kind, **values):
    events.write(json.dumps({"event": kind, "time": time.time(), **values}) + "\\n")
before = folder / "last"
first = int(before.read_text()) if before.exists() else 0
since = {} if mood == "old" else {"pid_since": since_of(os.getpid())}
write("started", host=socket.gethostname(), pid=os.getpid(), resumed_from=first, **since)
for step in range(first + 1, first + 4):
    write("step", step=step, epoch=1, loss=1 / step, learning_rate=0.001, seconds=0.1, waiting=0.0)
    if step == first + 2:
        write("checkpoint", step=step, file="")
before.write_text(str(step))
if mood == "die":
    events.write('{"event": "step", "ti')
    events.flush()
    os._exit(9)
end = time.time() + 30
while (mood in ("deaf", "old") or not (folder / "stop").exists()) and time.time() < end:
    time.sleep(0.01)
write("stopped", step=step, message=f"stopped after {step} steps")
"""


@dataclass
class FakeLauncher:
    """Starts the fake trainer, as `RunFolder.launch` starts the real one."""

    mood: str = "patient"
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    error: Exception | None = None

    def __call__(self, folder: RunFolder) -> int:
        if self.error is not None:
            raise self.error
        folder.stop_file.unlink(missing_ok=True)
        with folder.log_file.open("ab") as log:
            command = [
                sys.executable,
                "-c",
                FAKE_TRAINER,
                str(folder.path),
                self.mood,
                "-m",
                "training",
                str(folder.path),
            ]
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process.pid


@pytest.fixture
def launcher() -> Iterator[FakeLauncher]:
    launcher = FakeLauncher()
    yield launcher
    for process in launcher.processes:
        process.kill()
        process.wait()


@pytest.fixture
def chosen_models() -> list[Path]:
    return []


@pytest.fixture
def make(
    parts: Any, launcher: FakeLauncher, chosen_models: list[Path], tmp_path: Path
) -> Iterator[Callable[[], TrainingController]]:
    """Makes controllers, as several starts of the program would."""
    made: list[TrainingController] = []
    started: list[Preferences] = []

    def use_model(folder: Path, then: Callable[[BrainsegError | None], None]) -> None:
        chosen_models.append(folder)
        parts.session.segmenting.model = ModelChoice(folder, "My model 1.0")
        then(None)

    def make() -> TrainingController:
        for preferences in started:
            preferences.flush()  # as the end of the program does
        started.append(Preferences())
        controller = TrainingController(parts.session, parts.window, started[-1], use_model, launcher)
        controller.draft.set_parent(tmp_path / "runs")
        made.append(controller)
        return controller

    yield make
    for controller in made:
        controller.close()


@pytest.fixture
def training(make: Callable[[], TrainingController]) -> TrainingController:
    return make()


@pytest.fixture
def ready(qtbot: QtBot, training: TrainingController, folder: Path) -> TrainingController:
    """The window open and the form complete."""
    training.show()
    training.draft.set("data.train", (str(folder.parent),))
    qtbot.waitUntil(lambda: not training.draft.check.running)
    assert training.draft.unavailable == ""
    return training


@pytest.fixture
def running(qtbot: QtBot, ready: TrainingController) -> RunRecord:
    """A run that was started from the form and has done its steps."""
    ready.window.form._start.click()
    qtbot.waitUntil(lambda: ready.watch.chosen is not None and ready.watch.chosen.step == 3, timeout=30_000)
    return ready.watch.chosen


def prepared(path: Path, *events: dict[str, Any]) -> RunFolder:
    folder = RunFolder.create(path, TrainingConfig())
    folder.events_file.write_text("".join(json.dumps({"time": 1.0, **event}) + "\n" for event in events))
    return folder


def test_start_makes_a_run_folder_and_follows_its_process(
    qtbot: QtBot, running: RunRecord, ready: TrainingController, launcher: FakeLauncher, tmp_path: Path
) -> None:
    assert running.folder.path == tmp_path / "runs" / "my-model"
    assert running.status is RunStatus.RUNNING
    assert running.folder.config().data.train == ready.draft.value("data.train")
    assert list(running.curves["loss"].values) == pytest.approx([1, 1 / 2, 1 / 3])
    assert os.getsid(launcher.processes[0].pid) != os.getsid(0), "it would die with the program's terminal"
    qtbot.waitUntil(lambda: ready.draft.unavailable == "Run folder holds a run already; choose another name")
    ready.draft.set("name", "another")
    qtbot.waitUntil(lambda: not ready.draft.unavailable)
    (tmp_path / "runs" / "taken").mkdir()
    (tmp_path / "runs" / "taken" / "config.toml").symlink_to("nowhere")
    ready.draft.set("name", "taken")
    qtbot.waitUntil(lambda: "holds a run already" in ready.draft.unavailable)


def test_a_new_run_gets_a_name_that_is_free_unless_it_has_one(
    qtbot: QtBot, training: TrainingController, tmp_path: Path
) -> None:
    for name in ("my-model", "my-model-2"):
        prepared(tmp_path / "runs" / name)
    training.show()
    qtbot.waitUntil(lambda: training.draft.value("name") == "my-model-3")
    training._form.choose_preset("seed")
    training.draft.set("name", "mine")  # before the drive answers
    qtbot.waitUntil(lambda: not training._form._naming.running)
    assert training.draft.value("name") == "mine"


def test_start_says_why_it_is_not_available(training: TrainingController) -> None:
    training.show()
    training.start()
    assert "Choose a folder of cases" in training.window.notice.text


def test_a_folder_that_cannot_be_written_is_said(qtbot: QtBot, ready: TrainingController, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file is in the way")
    ready.start()
    qtbot.waitUntil(lambda: ready.watch.notice is not None)
    assert "it cannot be written" in ready.window.notice.text
    assert ready.watch.records == ()
    assert not ready.draft.starting


def test_a_run_outlives_the_window_and_is_found_again(
    qtbot: QtBot, running: RunRecord, ready: TrainingController, make: Callable[[], TrainingController]
) -> None:
    path = running.folder.path
    ready.close()
    again = make()
    again.draft.set_parent(path.parent.parent / "elsewhere")  # only what was remembered leads there
    again.show()
    qtbot.waitUntil(lambda: again.watch.chosen is not None and again.watch.chosen.loaded)
    record = again.watch.chosen
    assert (record.folder.path, record.status, record.step) == (path, RunStatus.RUNNING, 3)


def test_stop_asks_politely_and_resume_goes_on(
    qtbot: QtBot, running: RunRecord, ready: TrainingController, launcher: FakeLauncher
) -> None:
    page = ready.window.run_page
    page.stop.click()
    assert running.stop_asked  # the run may have taken the stop file away already
    assert not page.stop.isEnabled()
    assert "Stopping" in page.status.text()
    qtbot.waitUntil(lambda: running.status is RunStatus.STOPPED, timeout=30_000)
    assert page.resume.isVisible()
    assert not page.stop.isVisible()
    page.resume.click()
    assert "starting" in page.status.text()
    qtbot.waitUntil(lambda: running.step == 6, timeout=30_000)
    assert running.status is RunStatus.RUNNING
    assert list(running.curves["loss"].steps) == [1, 2, 3, 4, 5, 6]
    assert len(launcher.processes) == 2


def stop_long_ago(qtbot: QtBot, training: TrainingController) -> None:
    """Ask for a polite stop that nobody hears, a minute ago."""
    training.window.run_page.stop.click()
    assert not training.window.run_page.stop_now.isVisible(), "a polite stop has some seconds first"
    stop_file = training.watch.chosen.folder.stop_file
    qtbot.waitUntil(stop_file.exists)
    os.utime(stop_file, (time.time() - 60, time.time() - 60))
    with qtbot.waitSignal(training.poll.polled):
        training.poll.poll()
    qtbot.waitUntil(lambda: "asked for 1 min" in training.window.run_page.status.text())


def test_a_stop_that_is_not_heard_can_be_forced(
    qtbot: QtBot, ready: TrainingController, launcher: FakeLauncher
) -> None:
    launcher.mood = "deaf"
    ready.start()
    qtbot.waitUntil(lambda: ready.watch.chosen is not None and ready.watch.chosen.step == 3, timeout=30_000)
    record, page = ready.watch.chosen, ready.window.run_page
    stop_long_ago(qtbot, ready)
    assert page.stop_now.isVisible()
    page.stop_now.click()
    assert "the 1 step is lost that came after the checkpoint of step 2" in ready.window.notice.text
    assert launcher.processes[0].poll() is None, "it was only offered"
    ready.window.notice._actions.itemAt(0).widget().click()
    assert "Ending the trainer" in page.status.text()
    qtbot.waitUntil(lambda: record.status is RunStatus.STOPPED and not record.ending, timeout=30_000)
    assert launcher.processes[0].wait(10) == -9
    assert page.status.text() == "Stopped at once at step 3. Resume goes on from the checkpoint of step 2."
    assert not page.stop_now.isVisible()
    assert not record.folder.stop_asked
    assert ready.watch.notice is None
    page.resume.click()
    qtbot.waitUntil(lambda: record.step == 6, timeout=30_000)


def test_a_trainer_that_is_not_known_for_certain_is_not_ended(
    qtbot: QtBot, ready: TrainingController, launcher: FakeLauncher
) -> None:
    launcher.mood = "old"
    ready.start()
    qtbot.waitUntil(lambda: ready.watch.chosen is not None and ready.watch.chosen.step == 3, timeout=30_000)
    stop_long_ago(qtbot, ready)
    assert not ready.window.run_page.stop_now.isVisible()
    ready._stops.offer_now()
    ready._stops.answer("stop now")
    qtbot.waitUntil(lambda: ready.watch.notice is not None)
    assert "nobody can tell for certain" in ready.window.notice.text
    assert launcher.processes[0].poll() is None


def test_a_trainer_that_dies_is_said(qtbot: QtBot, ready: TrainingController, launcher: FakeLauncher) -> None:
    launcher.mood = "die"
    ready.start()
    qtbot.waitUntil(
        lambda: ready.watch.chosen is not None and ready.watch.chosen.status is RunStatus.DIED, timeout=30_000
    )
    assert ready.watch.chosen.step == 3  # the half line is no step
    assert "ended without a word at step 3" in ready.window.run_page.status.text()
    assert ready.window.run_page.status.objectName() == "problem"


def test_a_trainer_that_never_begins_is_said(qtbot: QtBot, ready: TrainingController, launcher: FakeLauncher) -> None:
    launcher.mood = "mute"
    ready.start()
    qtbot.waitUntil(lambda: ready.watch.notice is not None, timeout=30_000)
    assert "ended before it began" in ready.window.notice.text
    record = ready.watch.chosen
    assert not record.alive
    assert "no module named training" in record.messages[-1].text
    assert ready.window.run_page.resume.text() == "Start"


def test_a_trainer_that_cannot_be_started_is_said(
    qtbot: QtBot, ready: TrainingController, launcher: FakeLauncher, tmp_path: Path
) -> None:
    prepared(tmp_path / "runs" / "old", {"event": "started", "pid": 2**22 + 1, "host": os.uname().nodename})
    ready.add_runs(tmp_path / "runs")
    qtbot.waitUntil(lambda: ready.watch.chosen is not None and ready.watch.chosen.status is RunStatus.DIED)
    launcher.error = OSError("no memory")
    ready.resume()
    assert ready.watch.chosen.starting
    qtbot.waitUntil(lambda: ready.watch.notice is not None)
    assert not ready.watch.chosen.starting


def test_runs_of_elsewhere_are_added_and_remembered(
    qtbot: QtBot,
    training: TrainingController,
    make: Callable[[], TrainingController],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("a", "b"):
        prepared(tmp_path / "cluster" / name, {"event": "started", "host": "far"}, {"event": "finished", "step": 7})
    training.show()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "cluster"))
    training.window.run_list.add.click()
    qtbot.waitUntil(lambda: len(training.watch.records) == 2)
    assert {record.status for record in training.watch.records} == {RunStatus.FINISHED}
    training.close()
    again = make()
    again.show()
    qtbot.waitUntil(lambda: len(again.watch.records) == 2)


def test_a_new_run_in_a_watched_folder_appears(qtbot: QtBot, training: TrainingController, tmp_path: Path) -> None:
    prepared(tmp_path / "runs" / "a")
    training.show()
    qtbot.waitUntil(lambda: len(training.watch.records) == 1)
    prepared(tmp_path / "runs" / "b")  # from a shell
    training.poll.poll()
    qtbot.waitUntil(lambda: len(training.watch.records) == 2)
    assert training.watch.chosen.name == "a"


def test_a_folder_without_runs_is_said(qtbot: QtBot, training: TrainingController, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    training.show()
    training.add_runs(tmp_path / "empty")
    qtbot.waitUntil(lambda: training.watch.notice is not None)
    assert "there is no run in this folder" in training.window.notice.text
    assert Preferences().run_search_paths == []


def test_a_run_is_taken_off_the_list_and_comes_back_whole(
    qtbot: QtBot, training: TrainingController, tmp_path: Path
) -> None:
    step = {"event": "step", "step": 1, "loss": 0.5}
    folder = prepared(tmp_path / "runs" / "a", {"event": "started", "host": "far"}, step)
    training.show()
    qtbot.waitUntil(lambda: training.watch.chosen is not None and training.watch.chosen.step == 1)
    training.forget()
    assert training.watch.records == ()
    assert training.window.form.isVisible()
    assert folder.config_file.exists()
    with qtbot.waitSignal(training.poll.polled):
        training.poll.poll()
    assert training.watch.records == ()
    training.add_runs(folder.path)
    qtbot.waitUntil(lambda: training.watch.chosen is not None and training.watch.chosen.step == 1)


def test_looking_stops_while_the_window_is_hidden(training: TrainingController) -> None:
    assert not training.poll.active
    training.show()
    assert training.poll.active
    training.window.hide()
    assert not training.poll.active
    training.show()
    assert training.poll.active


def test_the_model_goes_to_the_segment_panel(
    qtbot: QtBot, training: TrainingController, chosen_models: list[Path], tmp_path: Path
) -> None:
    folder = prepared(tmp_path / "runs" / "a", {"event": "started", "host": "far"}, {"event": "finished", "step": 7})
    training.show()
    qtbot.waitUntil(lambda: training.watch.chosen is not None and training.watch.chosen.loaded)
    use = training.window.run_page.use
    assert not use.isEnabled()
    folder.model.mkdir()
    (folder.model / "model.json").write_text("{}")
    training.poll.poll()
    qtbot.waitUntil(use.isEnabled)
    assert use.objectName() == "primary"
    use.click()
    assert chosen_models == [folder.model]
    assert "My model 1.0 is chosen in the Segment panel" in training.window.notice.text


def test_a_model_that_cannot_be_used_is_said(qtbot: QtBot, parts: Any, launcher: FakeLauncher, tmp_path: Path) -> None:
    training = TrainingController(
        *parts, lambda _, then: then(BrainsegError("The model cannot be used", "Train it again")), launcher
    )
    training.draft.set_parent(tmp_path / "runs")
    prepared(tmp_path / "runs" / "a")
    training.show()
    qtbot.waitUntil(lambda: training.watch.chosen is not None)
    training.use_model()
    assert "The model cannot be used" in training.window.notice.text
    training.close()


def test_the_folder_is_shown(
    qtbot: QtBot, training: TrainingController, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = prepared(tmp_path / "runs" / "a")
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url)))
    training.show()
    qtbot.waitUntil(lambda: training.watch.chosen is not None)
    training.open_folder()
    assert opened == [QUrl.fromLocalFile(str(folder.path))]
    assert str(folder.path) in training.window.notice.text  # nobody opened it: say where it is


def test_a_run_like_this_one(qtbot: QtBot, training: TrainingController, tmp_path: Path) -> None:
    prepared(tmp_path / "runs" / "my-model")
    training.show()
    qtbot.waitUntil(lambda: training.watch.chosen is not None and training.watch.chosen.loaded)
    training.describe_again()
    assert training.watch.chosen is None
    qtbot.waitUntil(lambda: training.draft.value("name") == "my-model-2")


def test_presets_keep_the_data_and_files_can_be_chosen(
    qtbot: QtBot, ready: TrainingController, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = ready.window.form
    form.preset_requested.emit("seed")
    assert ready.draft.value("network.kind") == "seed"
    assert ready.draft.value("data.train")
    own = tmp_path / "own.toml"
    own.write_text('preset = "own"\n[sampling]\nbatch = 7\n')
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(own), ""))
    form.preset_file_requested.emit()
    assert (ready.draft.preset, ready.draft.value("sampling.batch")) == ("own", 7)
    own.write_text("[sampling]\nbatch = 700\n")
    form.preset_file_requested.emit()
    assert "sampling.batch is 700" in ready.window.notice.text
    assert ready.draft.value("sampling.batch") == 7


def test_folders_are_added_to_lists_and_put_into_fields(
    training: TrainingController, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.show()
    for folder in ("/a", "/b", "/a", ""):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, folder=folder: folder)
        training.window.form.folder_requested.emit("data.train")
    assert training.draft.value("data.train") == ("/a", "/b")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/cache")
    training.window.form.folder_requested.emit("data.cache")
    assert training.draft.value("data.cache") == "/cache"


def test_the_data_set_is_looked_through_by_names(toy_case: Any, tmp_path: Path) -> None:
    toy_case(tmp_path / "t", case_id="P1")
    toy_case(tmp_path / "t", case_id="P2", mask=False)
    toy_case(tmp_path / "t", case_id="P3", modalities=("t1", "flair"))
    toy_case(tmp_path / "v", case_id="P1")
    check = run_to_end(look_through([str(tmp_path / "t"), str(tmp_path / "none")], [str(tmp_path / "v")]))
    assert (check.cases, check.complete, check.validation_cases) == (3, 1, 1)
    assert set(check.problems) == {
        "P2 has no mask",
        "P3 has no T1ce and T2",
        "P1 is in both sets",
        "none: there is no such folder",
    }


def test_no_process_is_left(running: RunRecord, ready: TrainingController, launcher: FakeLauncher) -> None:
    ready.close()
    process = launcher.processes[0]
    assert process.poll() is None, "closing the window ended the run"
    running.folder.ask_to_stop()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    assert process.returncode == 0


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "no picture", "large", "good"])
def test_a_picture_of_a_run_is_read_beside_the_window(
    qtbot: QtBot, training: TrainingController, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe of that name once froze the window for ever."""
    monkeypatch.setattr(run_pictures, "_LARGEST_BYTES", 2**16)
    validated = {"event": "validated", "epoch": 1, "case": "A", "dice": {}, "picture": "pictures/1.png"}
    folder = prepared(tmp_path / "runs" / "one", validated)
    file, outside = folder.path / "pictures" / "1.png", tmp_path / "private.png"
    file.parent.mkdir()
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(5)
    image.save(str(outside))
    make: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(file),
        "link": lambda: file.symlink_to(outside),
        "folder": file.mkdir,
        "no picture": lambda: file.write_bytes(b"<svg/>"),
        "large": lambda: file.write_bytes(outside.read_bytes() + bytes(2**17)),
        "good": lambda: file.write_bytes(outside.read_bytes()),
    }
    make[kind]()
    training.show()
    training.add_runs(folder.path)
    view = training.window.run_page.validation
    qtbot.waitUntil(lambda: view.picture._file == file, timeout=30_000)
    qtbot.waitUntil(lambda: not training._pictures._newest.running, timeout=30_000)
    assert view.picture._pixmap.isNull() == (kind != "good")


def test_a_drive_that_hangs_holds_no_picture_up_but_its_own(
    qtbot: QtBot, training: TrainingController, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, asked, ended = threading.Event(), [], []

    def hang(path: Path, run: Path) -> QImage:
        asked.append(path.name)
        held.wait(120)
        ended.append(path.name)
        return QImage()

    monkeypatch.setattr(run_pictures, "_image_of", hang)
    events = [{"event": "validated", "epoch": n, "case": "A", "dice": {}, "picture": f"{n}.png"} for n in (1, 2)]
    training.show()
    training.add_runs(prepared(tmp_path / "runs" / "one", *events).path)
    view = training.window.run_page.validation
    qtbot.waitUntil(lambda: asked == ["2.png"], timeout=30_000)
    for _ in range(5):
        training.watch.news_came.emit()
    view.epoch.setValue(0)
    qtbot.waitUntil(lambda: asked == ["2.png", "1.png"], timeout=30_000)
    training.close()
    assert ended == []  # nobody waited for the drive
    held.set()


@pytest.mark.parametrize("deed", ["look", "stop", "resume"])
def test_a_drive_that_hangs_holds_neither_the_window_nor_its_end_up(
    qtbot: QtBot, training: TrainingController, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    held, asked, ended = threading.Event(), threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        asked.set()
        held.wait(120)
        ended.set()
        raise OSError(5, "Input/output error")

    training.show()
    training.add_runs(prepared(tmp_path / "runs" / "one").path)
    qtbot.waitUntil(lambda: training.watch.chosen is not None, timeout=30_000)
    if deed == "look":
        monkeypatch.setattr(run_poll, "find_runs", hang)
    elif deed == "stop":
        monkeypatch.setattr(RunFolder, "ask_to_stop", hang)
    else:
        monkeypatch.setattr(training._starts, "_launch", hang)
    {"look": training.poll.poll, "stop": training._stops.ask, "resume": training.resume}[deed]()
    qtbot.waitUntil(asked.is_set, timeout=30_000)
    monkeypatch.setattr(Job.end, "__defaults__", (100,))
    training.close()
    assert not ended.is_set()  # neither the window nor its end waited for the drive
    held.set()
