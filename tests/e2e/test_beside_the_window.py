"""A day in which the window's own thread may not touch the drive of the cases: a drive that hangs would freeze it."""

from __future__ import annotations

import builtins
import io
import os
import shutil
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.case_list import NAME, write_entries
from brainseg_gui.app import Application
from brainseg_gui.controllers.layers.save_dialog import ask_path, mask_name
from brainseg_gui.controllers.shell.features.all_features import TRAINING
from brainseg_gui.controllers.shell.features.core_features import CASE_STATES, FILES, LEAVING, SAVING, SEGMENTING
from brainseg_gui.imaging.cases.background_thread import in_background
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.run_folder import RunFolder
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain

_CALLS = {
    os: ("stat", "lstat", "access", "open", "scandir", "listdir", "mkdir", "rename", "replace", "unlink", "readlink",
         "utime", "statvfs", "link"),
    io: ("open",),
    builtins: ("open",),
}  # fmt: skip

_READLINK = os.readlink


class Guard:
    """Writes down every call in the window's thread that touches a drive."""

    def __init__(self, drive: Path, patch: pytest.MonkeyPatch) -> None:
        self._drive, self._thread = str(drive), threading.current_thread()
        self.on, self.touched = False, {}  # type: bool, dict[str, str]
        for module, names in _CALLS.items():
            for name in names:
                patch.setattr(module, name, self._watched(f"{module.__name__}.{name}", getattr(module, name)))

    def _watched(self, words: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            if self.on and threading.current_thread() is self._thread and self._is_there(arguments, options):
                self._write_down(words)
            return call(*arguments, **options)

        return watched

    def _is_there(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> bool:
        first = arguments[0] if arguments else options.get("file", "")
        if (folder := options.get("dir_fd", options.get("src_dir_fd"))) is not None:
            return _READLINK(f"/proc/self/fd/{folder}").startswith(self._drive)
        return isinstance(first, (str, os.PathLike)) and os.fspath(first).startswith(self._drive)

    def _write_down(self, words: str) -> None:
        ours = [f for f in traceback.extract_stack() if "/brainseg_gui/" in f.filename]
        where = " < ".join(f"{Path(f.filename).stem}:{f.lineno} {f.name}" for f in ours[::-1][:4])
        self.touched.setdefault(where or words, words)


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    folder = tmp_path / "drive"
    folder.mkdir()
    return folder


@pytest.fixture
def guard(drive: Path, application: Application) -> Iterator[Guard]:
    with pytest.MonkeyPatch.context() as patch:
        yield Guard(drive, patch)


def test_the_window_leaves_the_drive_to_others(
    application: Application, guard: Guard, drive: Path, toy_case: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("A", "B", "C"):
        toy_case(drive / "cohort", case_id=name)
    session, window = application.session, application.window
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("motion", True))

    def opened(case_id: str) -> None:
        qtbot.waitUntil(lambda: session.case is not None and session.case.case_id == case_id, timeout=20_000)
        qtbot.waitUntil(lambda: not session.opening.running, timeout=20_000)

    def run(key: str) -> None:
        window.actions_table[key].trigger()
        settle()

    def settle() -> None:
        states = application.controllers[CASE_STATES]
        qtbot.waitUntil(lambda: not states._changes and not states._reading.running, timeout=30_000)

    guard.on = True
    application.controllers[FILES].open_paths([drive / "cohort"])
    opened("A")
    settle()
    for _ in range(3):
        QApplication.sendEvent(window, QEvent(QEvent.Type.WindowActivate))
        settle()
    for k in range(5, 12):
        session.viewing.crosshair = (10, 11, k)
        qtbot.wait(1)
    hand = Hand(application)
    hand.start()
    settle()
    hand.click((10, 11, 11))
    qtbot.wait(50)
    run("cases.flag")
    run("cases.done_next")
    application.controllers[LEAVING].question.answer("later")
    settle()
    opened("B")
    run("file.next")
    opened("C")
    run("file.previous")
    opened("B")
    application.controllers[TRAINING].show()
    qtbot.wait(100)
    guard.on = False
    assert guard.touched == {}


def test_forms_and_dialogs_leave_the_drive_to_others(
    application: Application, guard: Guard, drive: Path, toy_case: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is described and a model chosen on the drive; a case cannot be opened; a mask is given a name."""
    model = Path(shutil.copytree(default_model().path, drive / "model"))
    runs = RunFolder.create(drive / "runs" / "my-model", TrainingConfig()).path.parent
    toy_case(drive / "cases", case_id="A")
    lacking = toy_case(drive / "lacking", case_id="odd", modalities=())
    shutil.copy(next((drive / "cases" / "A").glob("*_t1.nii.gz")), lacking / "what.nii.gz")
    session, training = application.session, application.controllers[TRAINING]
    names = {"getExistingDirectory": str(runs), "getSaveFileName": (str(drive / "mask"), "")}
    for name, answer in names.items():
        monkeypatch.setattr(QFileDialog, name, lambda *_, answer=answer: answer)

    guard.on = True
    application.controllers[FILES].open_paths([drive / "cases" / "A"])
    qtbot.waitUntil(lambda: session.case is not None and not session.opening.running, timeout=20_000)
    training.show()
    training._form.choose_parent()
    training._form.choose_preset("seed")
    training.draft.set("data.train", (str(drive / "cases"),))
    qtbot.waitUntil(lambda: training.draft.value("name").endswith("-2") or not training._form._naming.running)
    training.draft.set("name", "my-model")
    qtbot.waitUntil(lambda: "holds a run already" in training.draft.problems.get("run folder", ""))
    application.controllers[SEGMENTING].models.use(model)
    qtbot.waitUntil(lambda: session.segmenting.model is not None and session.segmenting.model.folder == model)
    application.controllers[SEGMENTING].find_models()
    qtbot.waitUntil(lambda: not application.controllers[SEGMENTING].models._added.running)
    application.controllers[FILES].open_paths([lacking])
    qtbot.waitUntil(lambda: session.notice is not None and session.notice.problem, timeout=20_000)
    assert (
        application.controllers[SAVING]._places._free_path(session.case.source, "annotation").parent
        == drive / "cases" / "A"
    )
    assert ask_path(application.window, "Save", drive / "mask", "", mask_name) == drive / "mask.nii.gz"
    guard.on = False
    assert guard.touched == {}


def test_the_guard_sees_what_touches_the_drive(guard: Guard, drive: Path, tmp_path: Path) -> None:
    deeds: list[Callable[[], object]] = [
        drive.exists, lambda: list(drive.iterdir()), lambda: (drive / "a").write_text("x"), lambda: os.access(drive, 1),
        lambda: (drive / "a").unlink(), lambda: write_entries(drive / NAME, {}),
    ]  # fmt: skip
    for deed in deeds:
        guard.on = True
        deed()
        guard.on = False
        assert guard.touched, deed
        guard.touched.clear()
    guard.on = True
    tmp_path.exists()
    in_background(drive.exists).result()
    guard.on = False
    assert not guard.touched
