"""What nothing caught: one dialog, a report that names nobody, and a program that goes on; crashes of native code."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import FAULTS
from brainseg_gui.faults.fault import Fault, fault_of
from brainseg_gui.faults.redactor import Redactor
from tests.e2e.conftest import NoEngine
from tests.faults.conftest import Program

Start = Callable[..., Program]


def running_folder(home: Path) -> Path:
    return home / ".local/state/brainseg/running"


def test_a_fault_at_every_turn_shows_one_dialog_and_the_program_goes_on(
    program: Start, folder: Path, log_of: Callable[[], str], home: Path
) -> None:
    one = program("slot", folder)
    told = one.said()
    assert told["visible"].count("ReportDialog") == 1
    assert told["words"] == "Something went wrong inside brainseg (ZeroDivisionError, 500 times)."
    assert "--- ZeroDivisionError in _fail" in told["copied"]
    assert "500 times" in told["copied"]
    assert "numpy" in told["text"]
    for text in (told["text"], told["copied"]):
        assert "Doe" not in text
        assert "1951" not in text
        assert str(home) not in text
    after = one.said()
    assert after == {"dialog": False, "said": "The same fault happened again inside the program (ZeroDivisionError)"}
    assert one.end() == 0
    log = log_of()
    assert log.count("Traceback") == 1  # and not five hundred
    assert "Doe" not in log
    assert "1951" not in log
    assert "opened <case 1>: t1 t1ce t2 flair" in log
    assert not list(running_folder(home).iterdir())


def test_events_threads_workers_and_destructors_are_heard(program: Start, log_of: Callable[[], str]) -> None:
    one = program("elsewhere")
    told = [one.said(), one.said()]
    assert {"job": "ArithmeticError"} in told
    (report,) = (what for what in told if "text" in what)
    for words in ("KeyError: 'event'", "in thread my-thread", "ValueError: in a QThread"):
        assert words in report["text"]
    assert one.end() == 0
    log = log_of()
    for words in ("in a worker", "in a destructor", "a warning of Qt about <path>", "said: ", "brainseg ends"):
        assert (words in log) == (words != "said: ")


@pytest.mark.parametrize(
    ("word", "name", "cause"),
    [
        ("segv", signal.SIGSEGV, "Segmentation fault"),
        pytest.param("abort", signal.SIGABRT, "Aborted", marks=pytest.mark.slow),
    ],
)
def test_a_crash_is_told_at_the_next_start(
    program: Start, word: str, name: signal.Signals, cause: str, tmp_path: Path, home: Path
) -> None:
    one = program(word, cwd=tmp_path)
    assert one.said()["running"] == one.pid
    assert one.end() == -name
    assert not [path for path in tmp_path.rglob("core*") if path.is_file()]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in running_folder(home).iterdir())
    two = program("idle")
    told = two.said()
    assert told["said"][0] == f"brainseg ended unexpectedly last time ({cause})"
    assert "Finished edits are in the journal" in told["said"][1]
    assert f"in {word}" in told["said"][2]
    assert told["actions"] == ["help.show_report"]
    two.process.stdin.write("\n")
    assert two.end() == 0
    three = program("idle")
    assert three.said()["said"] is None  # once


def test_a_crash_with_unsaved_work_offers_both(program: Start, folder: Path) -> None:
    one = program("paint", folder)
    assert one.said()["running"] == one.pid
    os.kill(one.pid, signal.SIGKILL)
    one.end()
    two = program("offered", folder)
    told = two.said()
    assert told["said"].startswith("brainseg ended unexpectedly last time. ")
    assert "There is unsaved work on this case: 1 edit" in told["said"]  # a word on the labels may come between
    assert told["actions"][0] == "journal.restore"
    assert told["actions"][-1] == "help.show_report"


@pytest.mark.parametrize(
    "name", [signal.SIGTERM, *(pytest.param(one, marks=pytest.mark.slow) for one in (signal.SIGINT, signal.SIGHUP))]
)
def test_a_signal_ends_it_as_closing_does(
    program: Start, folder: Path, name: signal.Signals, home: Path, log_of: Callable[[], str]
) -> None:
    one = program("paint", folder)
    one.said()
    os.kill(one.pid, name)
    assert one.end() == 0
    assert len(list((home / ".local/share/brainseg/journals").glob("*.journal"))) == 1
    assert not list(running_folder(home).iterdir())
    assert f"asked to end by {name.name}" in log_of()


def test_nohup_is_respected(program: Start) -> None:
    one = program("idle", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    one.said()
    os.kill(one.pid, signal.SIGHUP)
    os.kill(one.pid, signal.SIGCONT)
    assert psutil.Process(one.pid).status() != psutil.STATUS_ZOMBIE
    os.kill(one.pid, signal.SIGTERM)
    assert one.end() == 0
    assert "SIGHUP" not in one.errors


# --- in this process --------------------------------------------------------------------------------------------


@pytest.fixture
def application(qtbot: QtBot, qapp: Any) -> Any:
    found = Application(qapp, engine=NoEngine())
    qtbot.addWidget(found.window, before_close_func=lambda _window: found.leave())
    found.start([])
    yield found
    found.leave()


def fail(application: Application, kind: type[Exception] = RuntimeError, words: str = "x") -> Fault:
    try:
        raise kind(words)
    except kind as error:
        fault = fault_of(error, application.controllers[FAULTS].redactor)
    application.controllers[FAULTS]._watch.happened.emit(fault)
    return fault


def test_the_report_can_be_saved_and_the_dialog_stays(
    application: Application, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(application)
    qtbot.waitUntil(lambda: application.controllers[FAULTS].dialog is not None)
    dialog = application.controllers[FAULTS].dialog
    path = tmp_path / "report.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    dialog.answer("save")
    assert "RuntimeError: x" in path.read_text("utf-8")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "gone" / "r.txt"), ""))
    dialog.answer("save")
    assert application.session.notice.what.startswith("The report was not saved (No such file")
    assert application.controllers[FAULTS].dialog is dialog
    dialog.reject()
    assert application.controllers[FAULTS].dialog is None


def test_two_kinds_of_fault_are_counted_in_one_dialog(application: Application, qtbot: QtBot) -> None:
    fail(application)
    qtbot.waitUntil(lambda: application.controllers[FAULTS].dialog is not None)
    for _ in range(3):
        fail(application, ValueError)
    dialog = application.controllers[FAULTS].dialog
    qtbot.waitUntil(lambda: dialog.words == "Something went wrong inside brainseg (RuntimeError, ValueError, 4 times).")
    qtbot.waitUntil(lambda: "--- ValueError in fail, line" in dialog.text and "3 times" in dialog.text)
    dialog.answer("go on")
    assert application.window.isVisible()


def test_quit_leaves_at_once_unless_the_journal_fails(
    application: Application, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(application.window, "close", lambda: closed.append("asked"))
    application.controllers[FAULTS].leave = lambda: closed.append("left")
    application.controllers[FAULTS].journal_failing = lambda: True
    fail(application)
    qtbot.waitUntil(lambda: application.controllers[FAULTS].dialog is not None)
    application.controllers[FAULTS].dialog.answer("quit")
    application.controllers[FAULTS].journal_failing = lambda: False
    fail(application, ValueError)
    qtbot.waitUntil(lambda: application.controllers[FAULTS].dialog is not None)
    application.controllers[FAULTS].dialog.answer("quit")
    assert closed == ["asked", "left"]
    monkeypatch.undo()
    application.controllers[FAULTS].leave = application.leave


def test_the_menu_shows_log_and_report(application: Application, qtbot: QtBot, qapp: Any) -> None:
    application.run_action("help.report")
    assert qapp.clipboard().text().startswith("brainseg ")
    assert application.session.notice.what == "The report is copied"
    application.run_action("help.show_report")
    assert application.controllers[FAULTS].dialog.text.startswith("brainseg ")
    application.run_action("help.log")
    assert application.controllers[FAULTS].dialog.words == "Nothing is in the log yet"
    application.controllers[FAULTS].dialog.answer("go on")
    assert application.controllers[FAULTS].dialog is None


def test_the_place_of_a_fault_tells_two_faults_apart() -> None:
    found = []
    for words in ("a", "b"):
        try:
            int("Doe^Jane") if words == "a" else int("x")
        except ValueError as error:
            found.append(fault_of(error, Redactor()))
    assert found[0].key == found[1].key  # the same line
    assert "Doe" not in found[0].details.rpartition("ValueError")[2]
