"""What watches over the program while its window is open: log, mark of a crash, uncaught exceptions, signals, Qt."""

from __future__ import annotations

import contextlib
import logging
import platform
import signal
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from PySide6.QtCore import QMessageLogContext, QObject, QSocketNotifier, QtMsgType, Signal, qInstallMessageHandler

from brainseg_gui import __version__
from brainseg_gui.faults.hooks import watching
from brainseg_gui.faults.log_file import start_log
from brainseg_gui.faults.process_guard import guard_process
from brainseg_gui.faults.redactor import Redactor
from brainseg_gui.faults.running import Ending, RunningMark, take_endings

log = logging.getLogger(__name__)

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_ENDS = ("SIGTERM", "SIGINT", "SIGHUP")


class FaultWatch(QObject):
    """Watches from before the window is made until it is gone; see `watching`.

    Signals
    -------
    happened
        A `Fault`, in the thread that it happened in: connect it queued.
    ending_asked
        Ctrl+C, or the system, asks the program to end.
    """

    happened = Signal(object)
    ending_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.redactor = Redactor()
        self.endings: tuple[Ending, ...] = ()
        self._mark: RunningMark | None = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch; whatever was there before comes back afterwards."""
        with contextlib.ExitStack() as stack:
            handler = start_log(self.redactor)
            if handler is not None:
                stack.callback(handler.close)
                stack.callback(logging.getLogger().removeHandler, handler)
            log.info("brainseg %s starts on Python %s", __version__, platform.python_version())
            with contextlib.suppress(OSError):
                self.endings = take_endings()
                stack.callback(guard_process)
                self._mark = RunningMark()
                stack.callback(self._mark.end)
            qInstallMessageHandler(_on_qt_message)
            stack.callback(qInstallMessageHandler, None)
            stack.enter_context(self._signals())
            stack.enter_context(watching(self.happened.emit, self.ending_asked.emit, self.redactor))
            yield
            log.info("brainseg ends")

    def note_end(self, code: int) -> int:
        """Keep the mark when Qt itself gave up: it does so when the connection to the display breaks."""
        if code and self._mark is not None:
            self._mark.leave("the connection to the display broke")
        return code

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Let signals end the program as closing its window does; Python alone hears them only when something moves."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read, self)
        notifier.activated.connect(lambda: _drain(ours))
        names = [number for name in _ENDS if (number := getattr(signal, name, None)) is not None]
        names = [number for number in names if signal.getsignal(number) is not signal.SIG_IGN]  # nohup means it
        before = {name: signal.signal(name, self._on_signal) for name in names}
        waker = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waker)
            for name, handler in before.items():
                signal.signal(name, handler)
            notifier.setEnabled(False)
            ours.close()
            theirs.close()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        log.info("asked to end by %s", signal.Signals(number).name)
        self.ending_asked.emit()


def _drain(ours: socket.socket) -> None:
    with contextlib.suppress(OSError):
        ours.recv(64)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    category: Any = context.category
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s: %s", category or "default", text)
    if kind is QtMsgType.QtFatalMsg and sys.stderr is not None:
        sys.stderr.write(f"brainseg: {text}\n")
