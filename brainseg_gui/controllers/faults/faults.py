"""Faults of the program: one dialog with a report, and what is told of the last time at the next start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from brainseg_gui.controllers.faults.fault_watch import FaultWatch
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.faults import home, scratch
from brainseg_gui.faults.fault import Fault
from brainseg_gui.faults.log_file import log_path, log_tail
from brainseg_gui.faults.report import report_text
from brainseg_gui.faults.running import Ending
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.storage.writing import write_text
from brainseg_gui.views.shell.report_dialog import ReportDialog

log = logging.getLogger(__name__)

SHOW_REPORT = "help.show_report"
_LOG_LINES = 2000
_REFRESH_MS = 300
_COPY, _SAVE, _QUIT, _GO_ON = (
    ("copy", "Copy report"),
    ("save", "Save report…"),
    ("quit", "Quit"),
    ("go on", "Go on"),
)


class FaultsController(QObject):
    """Tells of faults, keeps what a report needs, and writes to the log what a person did and read.

    Parameters
    ----------
    watch
        Where faults come from; by default one that hears of none.
    """

    def __init__(
        self, session: Session, window: QWidget, preferences: Preferences, watch: FaultWatch | None = None
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._watch = watch or FaultWatch()
        self.redactor = self._watch.redactor
        self.leave: Callable[[], None] = lambda: None
        self.journal_failing: Callable[[], bool] = lambda: False
        self.started = False
        self._seen: dict[tuple[str, str], tuple[Fault, int]] = {}
        self._repeated: set[tuple[str, str]] = set()
        self._dialog: ReportDialog | None = None
        self._faulty = False  # whether the dialog tells of a fault
        self.redactor.hide(Path.home().name, "<user>")
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(_REFRESH_MS)
        self._refresh.timeout.connect(self._show_newest)
        self._watch.happened.connect(self._on_happened, Qt.ConnectionType.QueuedConnection)
        self._watch.ending_asked.connect(self._on_ending_asked, Qt.ConnectionType.QueuedConnection)
        session.case_changed.connect(self._on_case_changed)
        session.notice_changed.connect(self._on_notice_changed)

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            "help.log": self.show_log,
            "help.report": self.copy_report,
            SHOW_REPORT: self.show_report,
        }

    @property
    def dialog(self) -> ReportDialog | None:
        """The dialog that waits for an answer."""
        return self._dialog

    def know(self, paths: object) -> None:
        """Paths that a person asked to open: neither log nor report names them."""
        for path in paths if isinstance(paths, tuple | list) else ():
            self.redactor.hide_path(path)

    def start(self) -> None:
        """Say what is amiss since the last start, and remove what a crash left."""
        self.started = True
        scratch.sweep()
        notices = [*self._preferences.problems, *_ended_badly(self._watch.endings), *_elsewhere()]
        if notices:
            first, *others = notices
            more = [". ".join(filter(None, (other.what, other.remedy))) for other in others]
            self._say_when_open(replace(first, details="\n".join(filter(None, (first.details, *more)))))

    def _say_when_open(self, notice: Notice) -> None:
        """Opening a case clears what was said before it."""
        opening = self._session.opening
        if not opening.running:
            self._session.say_too(notice)
            return

        def say(running: bool) -> None:
            if not running:
                opening.events.running.disconnect(say)
                QTimer.singleShot(0, self, lambda: self._session.say_too(notice))

        opening.events.running.connect(say)

    # what a person asks for

    def show_log(self) -> None:
        """Show the last lines of the log, and where it is."""
        words = f"The log is in {log_path()}" if log_tail(1) else "Nothing is in the log yet"
        more = "Names of patients, dates and paths are replaced in it."
        self._show(words, more, log_tail(_LOG_LINES), (_COPY, ("go on", "Close")), problem=False)

    def copy_report(self) -> None:
        """Put the report into the clipboard."""
        self._copy(self._report())
        remedy = "It names no patient and no folder; read it before you pass it on"
        self._session.say(Notice("The report is copied", remedy, actions=(("Show it", SHOW_REPORT),), problem=False))

    def show_report(self) -> None:
        """Show the report as it would be copied."""
        more = "It names no patient and no folder; read it before you pass it on."
        self._show("A report for those who mend brainseg", more, self._report(), (_COPY, _SAVE, ("go on", "Close")))

    def close(self) -> None:
        """Close what is open, when the program ends."""
        if self._dialog is not None:
            self._dialog.blockSignals(True)
            self._dialog.close()
            self._dialog = None

    def _on_ending_asked(self) -> None:
        self.leave()

    # faults

    def _on_happened(self, fault: Fault) -> None:
        known, count = self._seen.get(fault.key, (fault, 0))
        self._seen[fault.key] = (known, count + 1)
        if self._dialog is not None and self._faulty:
            self._dialog.say(self._words())
            if not self._refresh.isActive():  # a fault may occur at every repaint
                self._refresh.start()
        elif count == 0:
            more = "Every finished edit is in the journal; you can go on. The report names no patient and no folder."
            if self.journal_failing():
                more = "You can go on. The journal could not be written lately, so save your annotation now."
            self._show(self._words(), more, self._report(), (_COPY, _SAVE, _QUIT, _GO_ON))
            self._faulty = True
        elif fault.key not in self._repeated:  # it was answered with Go on: no box again at every stroke
            self._repeated.add(fault.key)
            words = f"The same fault happened again inside the program ({fault.kind})"
            self._session.say(Notice(words, "You can go on", actions=(("Show report", SHOW_REPORT),)))

    def _show_newest(self) -> None:
        if self._dialog is not None and self._faulty:
            self._dialog.say(self._words(), self._report())

    def _words(self) -> str:
        counts = [count for _, count in self._seen.values()]
        kinds = ", ".join(dict.fromkeys(fault.kind for fault, _ in self._seen.values()))
        often = f", {sum(counts):,} times" if sum(counts) > 1 else ""
        return f"Something went wrong inside brainseg ({kinds}{often})."

    def _report(self) -> str:
        return report_text(self.redactor, tuple(self._seen.values()))

    def _show(
        self, words: str, more: str, text: str, answers: tuple[tuple[str, str], ...], *, problem: bool = True
    ) -> None:
        self.close()
        self._faulty = False
        self._dialog = ReportDialog(self._window, words, more, text, answers, problem=problem)
        self._dialog.answered.connect(partial(self._on_answered, self._dialog))
        self._dialog.setModal(True)  # over whatever other dialog is open
        self._dialog.show()

    def _on_answered(self, dialog: ReportDialog, key: str) -> None:
        text = self._report() if self._faulty else dialog.text  # with what happened since
        if key == "copy":
            self._copy(text)
            dialog.mark_done("copy", "Copied")
        elif key == "save":
            self._save(text)
        else:
            self._repeated.clear()
            self.close()
            if key == "quit":
                self._quit()

    def _quit(self) -> None:
        """The journal keeps what no file holds; where it could not be written, the person is asked."""
        if self.journal_failing():
            self._window.close()
        else:
            self.leave()

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    def _save(self, text: str) -> None:
        name, _ = QFileDialog.getSaveFileName(self._window, "Save report", "brainseg-report.txt", "Text (*.txt)")
        if not name:
            return
        try:
            write_text(Path(name), text, chosen=True)
        except OSError as error:
            self._session.say(Notice(f"The report was not saved ({error.strerror})", "Choose another folder"))

    # the log

    def _on_case_changed(self) -> None:
        case = self._session.case
        if case is None or self._session.previewing:
            return
        source = case.source
        paths = [source.folder.parent, source.folder, *source.modalities.values(), *source.unused]
        name = self.redactor.hide_case(case.case_id, [*paths, *filter(None, (source.reference,))])
        kinds = " ".join(modality.value for modality in case.volumes)
        log.info("opened %s: %s, %s voxels", name, kinds, "x".join(map(str, case.grid.shape)))

    def _on_notice_changed(self) -> None:
        notice = self._session.notice
        if notice is not None:
            log.info("said: %s", ". ".join(filter(None, (notice.what, notice.remedy))))


def _ended_badly(endings: tuple[Ending, ...]) -> tuple[Notice, ...]:
    """What is told at the next start: how it ended, and that nothing finished is lost."""
    if not endings:
        return ()
    cause = f" ({endings[-1].cause})" if endings[-1].cause else ""
    remedy = "Finished edits are in the journal, and offered when their case is opened"
    actions = (("Show report", SHOW_REPORT),)
    return (Notice(f"brainseg ended unexpectedly last time{cause}", remedy, endings[-1].trace, actions),)


def _elsewhere() -> tuple[Notice, ...]:
    folder = home.stand_in()
    if folder is None:
        return ()
    what = f"The home folder cannot be written, so settings, journals and the log are kept in {folder}"
    return (Notice(what, "They may go when the computer is restarted: save your masks before that"),)
