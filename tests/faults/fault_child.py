"""The real program, `app.run`, in a process of its own, with a fault that a word names.

python fault_child.py WORD [CASE]

It says on standard output what happened, one JSON object per line. Tests read it, and kill what does not end.
"""

from __future__ import annotations

import csv
import ctypes
import json
import locale
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QThread, QTimer, qWarning
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from brainseg_gui.annotation.slab import Area
from brainseg_gui.app import Application
from brainseg_gui.cli import main
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.controllers.shell.features.core_features import ANNOTATING, FAULTS, SEGMENTING
from brainseg_gui.progress import Progress
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import with_changes
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.views.widgets.number_box import NumberBox

OFTEN = 500


def say(**what: Any) -> None:
    """One line for the test."""
    print(json.dumps(what), flush=True)


class Driver(QObject):
    """Waits for the window (and the case, where there is one), then does what the word says."""

    def __init__(self, application: Application, word: str, with_case: bool) -> None:
        super().__init__()
        self.application, self._with_case = application, with_case
        self._act: Callable[[], None] = getattr(self, word)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._wait)
        self._timer.start(10)
        self._asked = 0

    def _wait(self) -> None:
        session = self.application.session
        if not self.application.controllers[FAULTS].started:
            return
        if self._with_case and (session.case is None or session.previewing):
            return
        self._timer.stop()
        self._act()

    def later(self, ready: Callable[[], bool], act: Callable[[], None]) -> None:
        """Do something as soon as something is so."""
        timer = QTimer(self)

        def look() -> None:
            if ready():
                timer.stop()
                act()

        timer.timeout.connect(look)
        timer.start(10)

    # words

    def idle(self) -> None:
        """Nothing; say that it runs, and end when a line is read."""
        notice = self.application.session.notice
        say(
            running=os.getpid(),
            case=self.application.session.case.case_id if self.application.session.case else None,
            said=[notice.what, notice.remedy, notice.details] if notice else None,
            actions=[key for _, key in notice.actions] if notice else [],
        )
        threading.Thread(target=self._read_line, daemon=True).start()

    def _read_line(self) -> None:
        sys.stdin.readline()
        self.application.controllers[FAULTS]._watch.ending_asked.emit()

    def segv(self) -> None:
        """A crash in native code."""
        say(running=os.getpid())
        ctypes.string_at(0)

    def abort(self) -> None:
        """A native library gives up."""
        say(running=os.getpid())
        os.abort()

    def slot(self) -> None:
        """An exception in a slot, again and again; then Go on, and again."""
        self._fails = QTimer(self)
        self._fails.timeout.connect(self._fail)
        self._fails.start(0)
        self._count = 0
        self.later(
            lambda: self._count >= OFTEN and self._dialog is not None and f"{OFTEN}" in self._dialog.words, self._answer
        )

    def _fail(self) -> None:
        self._count += 1
        if self._count == OFTEN:
            self._fails.stop()
        raise ZeroDivisionError(f"of {self.application.session.case.source.folder if self._with_case else 'nothing'}")

    @property
    def _dialog(self) -> Any:
        return self.application.controllers[FAULTS].dialog

    def _answer(self) -> None:
        visible = [type(w).__name__ for w in QApplication.topLevelWidgets() if w.isVisible()]
        dialog = self._dialog
        dialog.answer("copy")
        say(words=dialog.words, text=dialog.text, copied=QApplication.clipboard().text(), visible=visible)
        dialog.answer("go on")
        QTimer.singleShot(0, self._fail)
        self.later(lambda: self.application.session.notice is not None, self._end)

    def _end(self) -> None:
        say(dialog=self._dialog is not None, said=self.application.session.notice.what)
        self.application.window.close()

    def elsewhere(self) -> None:
        """Exceptions in an event, in a thread, in a QThread, in a generator of a worker, and in a destructor."""
        self._bad = _FailingEvent()
        QApplication.postEvent(self._bad, QEvent(QEvent.Type.User))
        threading.Thread(target=lambda: {}["thread"], name="my-thread").start()
        self._thread = _Failing(self)
        self._thread.start()
        self._job = Job(_failing_work(), self)
        self._job.failed.connect(lambda error: say(job=type(error).__name__))
        self._job.start()
        _Unraisable()
        qWarning("a warning of Qt about /data/Doe_Jane/t1.nii.gz")
        self.later(lambda: self._dialog is not None and self._dialog.text.count("--- ") == 4, self._tell)

    def _tell(self) -> None:
        say(words=self._dialog.words, text=self._dialog.text)
        self._dialog.answer("quit")

    def paint(self) -> None:
        """One stroke, then wait to be killed."""
        session = self.application.session
        self.application.controllers[ANNOTATING].start(session.layers.reference)
        area = Area((slice(2, 4),) * 3, np.ones((2, 2, 2), bool))
        session.annotating.edit(area.becomes(2), "Brush", "brush")
        say(running=os.getpid(), engine=self.application.controllers[SEGMENTING]._engine.pid)

    def offered(self) -> None:
        """Wait until unsaved work is offered."""
        session = self.application.session
        self.later(lambda: session.notice is not None and self._both(session.notice.what), self._tell_offer)

    def _both(self, words: str) -> bool:
        return "unsaved" in words and "unexpectedly" in words

    def _tell_offer(self) -> None:
        notice = self.application.session.notice
        say(said=notice.what, actions=[key for _, key in notice.actions])

    def german(self) -> None:
        """Type numbers, and write them to files."""
        box = self.application.window.panels.named("Annotate")().findChildren(NumberBox)[0]
        typed = {}
        for text in ("1,5", "1.5", "12,5"):
            box.lineEdit().selectAll()
            QTest.keyClicks(box.lineEdit(), text)
            box.interpretText()
            typed[text] = box.value()
        box.setValue(2.5)
        case = self.application.session.case.source
        table, config = case.folder.parent / "table.csv", case.folder.parent / "run"
        main(["evaluate", "--reference", str(case.reference), "--prediction", str(case.reference), "--csv", str(table)])
        rows = list(csv.DictReader(table.open(encoding="utf-8")))
        written = with_changes(TrainingConfig(), {"optimiser.learning_rate": "0.0015"})
        kept = RunFolder.create(config, written).config()
        say(
            decimal=locale.localeconv()["decimal_point"],
            shown=box.text(),
            typed=typed,
            dice=[row["dice"] for row in rows],
            ml=[row["reference_ml"] for row in rows],
            toml=kept.optimiser.learning_rate,
        )
        self.application.preferences.set_expected_seconds("x", 1.5)
        self.application.window.close()

    def segment(self) -> None:
        """Wait for the engine, then say its process."""
        self.later(lambda: self.application.controllers[SEGMENTING]._engine.pid is not None, self._say_engine)

    def _say_engine(self) -> None:
        say(running=os.getpid(), engine=self.application.controllers[SEGMENTING]._engine.pid)


class _FailingEvent(QObject):
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.User:
            raise KeyError("event")
        return super().event(event)


class _Failing(QThread):
    def run(self) -> None:
        raise ValueError("in a QThread")


class _Unraisable:
    def __del__(self) -> None:
        raise ValueError("in a destructor")


def _failing_work() -> Any:
    yield Progress("failing", 0.0)
    raise ArithmeticError("in a worker")


def drive(word: str, paths: list[str]) -> int:
    """The program as the command starts it, with a driver beside it."""
    start = Application.start

    def start_driven(self: Application, given: Any) -> None:
        start(self, given)
        self._driver = Driver(self, word, bool(paths))

    Application.start = start_driven
    if word not in ("segment",):
        SegmentController._warm_up = lambda self: None
    return main([*paths])


if __name__ == "__main__":
    sys.exit(drive(sys.argv[1], sys.argv[2:]))
