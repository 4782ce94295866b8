"""The robot's process: the real window, worked with keys and mouse alone; to be killed at any moment.

python -m tests.robot.window COHORT ORDER.. [--mode plain|no-chmod|slow-rename] [--check]

It says what it does, one line each: ``begun P007``, ``painted P007``, ``saving P007``, ``saved P007``, at the end
``done``. With ``--check`` it opens every case, goes on with its annotation, and says what it found.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import JOURNALS, RESTORING, SAVING
from brainseg_gui.errors import EngineError
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.state.layers.layers import LayerRole
from tests.e2e.painting import Hand
from tests.robot.pattern import SLICE, number_in, voxels_of

CTRL, NOTHING = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
PATIENCE_S = 60.0
SLOW_S = 0.25


class NoEngine(Engine):
    """An engine that is never started."""

    def start(self, *_arguments: object) -> None:
        """Stay cold."""

    def features(self, *_arguments: object) -> NoReturn:
        """Let the images alone answer clicks."""
        raise EngineError("there is no engine", "This is a test without one")


class Robot:
    """Works through the list of cases."""

    def __init__(self, application: Application, cohort: Path) -> None:
        self.application, self.hand = application, Hand(application)
        self.session = application.session
        QFileDialog.getExistingDirectory = lambda *_: str(cohort)  # type: ignore[method-assign,assignment]
        QFileDialog.getSaveFileName = self._never  # type: ignore[method-assign,assignment]

    def open_cohort(self) -> None:
        """Ctrl+Alt+O, and wait for the first case."""
        self.application.window.activateWindow()
        self.wait(self.application.window.isActiveWindow, "the window")
        QTest.keyClick(self.application.window, Qt.Key.Key_O, CTRL | Qt.KeyboardModifier.AltModifier)
        self.wait(lambda: self.session.case is not None and self._at_rest, "the first case")

    def annotate_all(self, done: set[str]) -> None:
        """Paint, save, next; from the first case of the list that no earlier process finished."""
        first = next(source for source in self.session.cohort if source.case_id not in done)
        if first.case_id != self.name:
            self.application.window.panels.named("Cases")().case_requested.emit(first)
            self.wait(lambda: self.name == first.case_id and self._at_rest, "the first case to do")
        while True:
            if self.name not in done:
                self.annotate()
            if not self.next():
                return

    def annotate(self) -> None:
        """One case: bring back what was lost, or go on, or begin; paint what is missing; save."""
        say("begun", self.name)
        self.take_up()
        self.session.viewing.crosshair = (*self.session.viewing.crosshair[:2], SLICE)
        values = self.hand.values
        for voxel in voxels_of(int(self.name[1:])):
            if not values[voxel]:
                self.hand.click(voxel)
                self.breathe()
        say("painted", self.name)
        self.save()

    def take_up(self) -> None:
        """Restore, if the program offers it; else Ctrl+E."""
        self.wait(lambda: self._looked, "the look for unsaved work")
        notice = self.session.notice
        if notice is not None and ("Restore", "journal.restore") in notice.actions:
            self.wait(lambda: self.button("Restore") is not None, "the offer")
            QTest.mouseClick(self.button("Restore"), Qt.MouseButton.LeftButton)
            self.wait(lambda: self.session.annotating.annotation is not None, "what was restored")
            say("restored", self.name)
        else:
            self.hand.key(Qt.Key.Key_E, CTRL)
        self.wait(lambda: self.session.annotating.editable, "the annotation")
        self.session.annotating.options.brush_mm = 0.5

    def save(self) -> None:
        """Ctrl+S."""
        say("saving", self.name)
        self.hand.key(Qt.Key.Key_S, CTRL)
        self.wait(lambda: not self.application.controllers[SAVING].running, "the save")
        layer = self.session.annotating.layer
        if layer is None or layer.saved_as is None:
            raise RuntimeError(f"{self.name} was not saved: {self.session.notice}")
        say("saved", self.name)

    def next(self) -> bool:
        """Ctrl+PgDown; whether there was a next case."""
        before = self.name
        if before == self.session.cohort[-1].case_id:
            return False
        self.hand.key(Qt.Key.Key_PageDown, CTRL)
        self.wait(lambda: self.name != before and self._at_rest, "the next case")
        return True

    def check_all(self) -> None:
        """Say of each case what it opens with, and that Ctrl+E goes on in that very file."""
        while True:
            layers = [layer for layer in self.session.layers if layer.role is LayerRole.ANNOTATION]
            found = {"layers": len(layers), "name": layers[-1].name, "author": layers[-1].author}
            found |= {"file": str(layers[-1].saved_as), "scheme": layers[-1].labels.scheme.name}
            found["number"] = number_in(layers[-1].labels.values)
            self.take_up()
            kept = self.application.controllers[JOURNALS].of(self.session.annotating.layer)
            found["goes on"] = self.session.annotating.layer is layers[-1]
            found["sittings"] = len(kept.earlier) if kept is not None else -1
            say("found", self.name, json.dumps(found))
            if not self.next():
                return

    @property
    def name(self) -> str:
        case = self.session.case
        return case.case_id if case is not None else ""

    @property
    def _at_rest(self) -> bool:
        return not self.session.opening.running and not self.session.previewing

    @property
    def _looked(self) -> bool:
        """Whether the program has looked for unsaved work of the open case."""
        return (
            bool(self.application.controllers[JOURNALS].study.known_digest)
            and not self.application.controllers[RESTORING].searching
        )

    def button(self, words: str) -> QPushButton | None:
        """A button of the notice bar."""
        buttons = self.application.window.notice.findChildren(QPushButton)
        return next((button for button in buttons if button.text() == words and button.isVisible()), None)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Let the window work until something is so."""
        if condition():
            return
        loop, timer, end = QEventLoop(), QTimer(), time.monotonic() + PATIENCE_S
        timer.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > end else None)
        timer.start(2)
        loop.exec()
        timer.stop()
        if not condition():
            raise TimeoutError(f"{what} of {self.name} did not come; said: {self.session.notice}")

    def breathe(self) -> None:
        """Let the window paint."""
        loop = QEventLoop()
        QTimer.singleShot(0, loop.quit)
        loop.exec()

    def _never(self, *_: object) -> tuple[str, str]:
        raise RuntimeError("Save asked where")


def say(*words: str) -> None:
    """One line to the parent."""
    print(*words, flush=True)


def hinder(mode: str) -> None:
    """Make the drive one that knows no modes, or one on which a rename takes its time."""
    if mode == "no-chmod":

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        os.chmod = os.fchmod = refuse  # type: ignore[assignment]
    elif mode == "slow-rename":
        for name in ("replace", "rename", "link"):
            setattr(os, name, _slowly(getattr(os, name)))


def _slowly(rename: Callable[..., None]) -> Callable[..., None]:
    def slow(*arguments: object, **more: object) -> None:
        time.sleep(SLOW_S)
        rename(*arguments, **more)
        time.sleep(SLOW_S)

    return slow


def main() -> None:
    """Open the cohort and work, or check."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--done", nargs="*", default=[])
    parser.add_argument("--mode", default="plain")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    hinder(arguments.mode)
    qt = QApplication([])
    application = Application(qt, engine=NoEngine())
    application.window.resize(1280, 860)
    application.start([])
    robot = Robot(application, arguments.cohort)
    robot.open_cohort()
    if arguments.check:
        robot.check_all()
    else:
        robot.annotate_all(set(arguments.done))
    application.leave()
    say("done")


if __name__ == "__main__":
    main()
