"""The person at the window: real events of mouse and keys, answers to dialogs, and patience."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget

from brainseg_gui.app import Application
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.slice_view import SliceView
from brainseg_gui.views.widgets.question import Question

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NOTHING = Qt.KeyboardModifier.NoModifier
QUIET_S = 1.9  # nothing began for so long: the longest pause before work begins is 1.5 s

PATIENCE_S = 240.0  # whatever takes longer hangs, even on a computer with much else to do


class Patience(Exception):  # noqa: N818  it is what ran out
    """The window did not get there in time."""


class Person:
    """Uses one application.

    Parameters
    ----------
    random
        Decides everything.
    folder
        Where files are saved.
    until
        Moment (``time.monotonic``) at which the day ends.
    """

    def __init__(self, application: Application, random: np.random.Generator, folder: Path, until: float) -> None:
        self.application, self.random, self.folder, self.until = application, random, folder, until
        self.done: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self._files = 0
        self._ending = ".nii.gz"
        QFileDialog.getSaveFileName = self._choose_file  # type: ignore[method-assign, assignment]
        self.session.notice_changed.connect(self._on_notice_changed)

    @property
    def session(self) -> Session:
        return self.application.session

    @property
    def over(self) -> bool:
        """Whether the day is over."""
        return time.monotonic() > self.until

    # waiting

    def wait(self, condition: Callable[[], bool], seconds: float = PATIENCE_S, what: str = "") -> None:
        """Let the window work until something is so."""
        if condition():
            return
        loop, timer, end = QEventLoop(), QTimer(), time.monotonic() + seconds
        timer.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > end else None)
        timer.start(4)
        loop.exec()
        timer.stop()
        if not condition():
            raise Patience(f"{what or 'it'} did not come within {seconds:.0f} s")

    def breathe(self, seconds: float = 0.0) -> None:
        """Let the window work for a moment."""
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

    def settle(self, seconds: float = PATIENCE_S) -> None:
        """Wait until nothing runs and nothing begins."""
        quiet_since = time.monotonic()

        def quiet() -> bool:
            nonlocal quiet_since
            if self.application.window.findChildren(Job) or self.session.segmenting.running:
                quiet_since = time.monotonic()
            return time.monotonic() - quiet_since > QUIET_S

        try:
            self.wait(quiet, seconds, "rest")
        except Patience as error:
            jobs = self.application.window.findChildren(Job)
            error.add_note("; ".join(f"{job._runner._work} {job._runner.isRunning()}" for job in jobs))
            raise
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    # events

    def chance(self, share: float) -> bool:
        """True in so many of all cases."""
        return bool(self.random.random() < share)

    def one_of(self, *things: object) -> object:
        """One of the things."""
        return things[int(self.random.integers(len(things)))]

    def act(self, key: str) -> None:
        """Trigger an action, if it may be triggered."""
        self.application.window.actions_table[key].trigger()
        self.breathe()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NOTHING) -> None:
        """Press a key over a slice."""
        view = self.view()
        view.setFocus()
        QTest.keyClick(view, key, modifiers)

    def view(self) -> SliceView:
        """One of the slices that are seen."""
        seen = [view for view in self.application.window.ortho.views if view.isVisible()]
        return seen[int(self.random.integers(len(seen)))]

    def place(self, view: SliceView) -> QPoint:
        """Somewhere in the middle of a view."""
        size = view.viewport().size()
        right, down = self.random.uniform(0.3, 0.7, 2)
        return QPoint(int(size.width() * right), int(size.height() * down))

    def turn_wheel(self, view: SliceView, notches: int, modifiers: Qt.KeyboardModifier = NOTHING) -> None:
        """Turn the wheel over a view, and let it paint."""
        viewport = view.viewport()
        at = QPointF(viewport.rect().center())
        turned, phase, button = QPoint(0, 120 * notches), Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
        event = QWheelEvent(at, viewport.mapToGlobal(at), QPoint(), turned, button, modifiers, phase, False)
        QApplication.sendEvent(viewport, event)
        viewport.repaint()

    def drag(
        self,
        view: SliceView,
        start: QPoint,
        steps: int,
        button: Qt.MouseButton = LEFT,
        modifiers: Qt.KeyboardModifier = NOTHING,
    ) -> None:
        """Press, wander, release."""
        viewport, at = view.viewport(), start
        QTest.mousePress(viewport, button, modifiers, at)
        for _ in range(steps):
            right, down = self.random.integers(-9, 10, 2)
            at += QPoint(int(right), int(down))
            place = QPointF(at)
            everywhere = QPointF(viewport.mapToGlobal(at))
            move = QMouseEvent(QEvent.Type.MouseMove, place, everywhere, Qt.MouseButton.NoButton, button, modifiers)
            QApplication.sendEvent(viewport, move)
            viewport.repaint()
        QTest.mouseRelease(viewport, button, modifiers, at)

    def measured_scroll(self, slices: int) -> tuple[float, float]:
        """95th percentiles in milliseconds of one notch on the first view: of the clock, and of the thread's time."""
        view = self.application.window.ortho.views[0]
        clock, own = [], []
        for number in range(slices):
            began, used = time.perf_counter(), time.thread_time()
            self.turn_wheel(view, 1 if number < slices // 2 else -1)
            clock.append(time.perf_counter() - began)
            own.append(time.thread_time() - used)
        self.done["slices"] += slices
        return 1000 * quantiles(clock, n=20)[-1], 1000 * quantiles(own, n=20)[-1]

    # dialogs

    def will_save_as(self, ending: str) -> None:
        """What the next file dialogs are answered with."""
        self._ending = ending

    def _choose_file(self, *_: object) -> tuple[str, str]:
        self._files = (self._files + 1) % 40  # the disk is not what is tried out
        return str(self.folder / f"saved_{self._files:02}{self._ending}"), ""

    def dialogs(self) -> list[QWidget]:
        """The dialogs that are open."""
        return [
            widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog) and widget.isVisible()
        ]

    def answer_dialogs(self) -> None:
        """Close what is open; a question whether to save is answered one way or the other."""
        for dialog in self.dialogs():
            if isinstance(dialog, Question):
                known = [key for key in ("save", "later", "discard", "replace") if key in dialog.answers]
                dialog.answer(str(self.one_of(*known)) if known else dialog.answers[-1])
            elif isinstance(dialog, QDialog):
                dialog.reject()
        self.breathe()

    def close_soon(self) -> None:
        """Close the dialog that the next call opens and waits in."""

        def close() -> None:
            modal = QApplication.activeModalWidget()
            if modal is not None:
                modal.close()

        QTimer.singleShot(60, close)

    def _on_notice_changed(self) -> None:
        notice = self.session.notice
        if notice is not None and notice.problem:
            self.said[notice.what] += 1
