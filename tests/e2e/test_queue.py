"""The work queue of a cohort in the real window."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QListWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation import case_list
from brainseg_gui.annotation.case_list import NAME, CaseState, read_entries
from brainseg_gui.annotation.case_order import CaseSigns
from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import CASE_SIGNS, CASE_STATES, FILES, LEAVING
from brainseg_gui.controllers.shell.features.core_panels import CASES
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window, auto_window
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.widgets.question import Question
from brainseg_gui.views.widgets.words_behind import WORDS
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain
Open = Callable[..., None]


@pytest.fixture
def cohort(application: Application, toy_case: Any, tmp_path: Path, open_paths: Open) -> Path:
    for name in ("A", "B", "C"):
        toy_case(tmp_path / "cohort", case_id=name)
    open_paths(application, tmp_path / "cohort")
    settle(application)
    return tmp_path / "cohort"


def opened(application: Application, case_id: str, qtbot: QtBot) -> None:
    session = application.session
    qtbot.waitUntil(lambda: session.case.case_id == case_id and not session.opening.running, timeout=30_000)


def run(application: Application, key: str) -> None:
    """Do it, and wait for what is written beside the window."""
    application.window.actions_table[key].trigger()
    settle(application)


def settle(application: Application) -> None:
    states, deadline = application.controllers[CASE_STATES], time.monotonic() + 10
    while states._changes or states._reading.running or states._writing.running:
        assert time.monotonic() < deadline
        QTest.qWait(5)


def test_starting_an_annotation_says_in_work(application: Application, cohort: Path) -> None:
    assert not (cohort / NAME).exists()  # looking writes nothing
    Hand(application).start()
    settle(application)
    assert read_entries(cohort / NAME)["A"].state is CaseState.IN_WORK


def test_done_and_next_goes_on_with_layout_and_windows(application: Application, cohort: Path, qtbot: QtBot) -> None:
    viewing = application.session.viewing
    viewing.layout, viewing.modality = ViewLayout.MODALITIES, Modality.T2
    before = viewing.windows[Modality.T2]
    viewing.windows = viewing.windows | {Modality.T2: Window(before.level + 50, before.width / 2)}
    run(application, "cases.done_next")
    opened(application, "B", qtbot)
    assert read_entries(cohort / NAME)["A"].state is CaseState.DONE
    assert (viewing.layout, viewing.modality) == (ViewLayout.MODALITIES, Modality.T2)
    # both toy cases have the same images, so that the carried window is the same
    assert viewing.windows[Modality.T2].level == pytest.approx(before.level + 50, abs=1)
    assert viewing.windows[Modality.T2].width == pytest.approx(before.width / 2, rel=0.01)
    assert "1 of 3 done" in application.window.panels.named("Cases")()._count.text()
    run(application, "cases.done_next")
    opened(application, "C", qtbot)
    run(application, "cases.done_next")
    assert "No case of the list is left to do" in application.window.notice.text
    assert [button.text() for button in application.window.notice._buttons] == ["Learn from them…"]
    assert "3 of 3 done" in application.window.panels.named("Cases")()._count.text()


def test_done_and_next_with_unsaved_work_asks_once(application: Application, cohort: Path, qtbot: QtBot) -> None:
    hand = Hand(application)
    application.session.viewing.crosshair = (10, 11, 12)
    hand.start()
    settle(application)
    hand.click((10, 11, 12))
    run(application, "cases.done_next")
    application.controllers[LEAVING].question.answer("cancel")
    assert application.session.case.case_id == "A"
    assert read_entries(cohort / NAME)["A"].state is CaseState.IN_WORK
    run(application, "cases.done_next")
    application.controllers[LEAVING].question.answer("later")
    settle(application)
    opened(application, "B", qtbot)
    assert application.controllers[LEAVING].question is None
    assert read_entries(cohort / NAME)["A"].state is CaseState.DONE


def test_done_asks_where_unsaved_work_was_not_restored(application: Application, cohort: Path, qtbot: QtBot) -> None:
    hand, session = Hand(application), application.session
    session.viewing.crosshair = (10, 11, 12)
    hand.start()
    settle(application)
    hand.click((10, 11, 12))
    run(application, "file.next")
    application.controllers[LEAVING].question.answer("later")
    opened(application, "B", qtbot)
    run(application, "file.previous")
    opened(application, "A", qtbot)
    qtbot.waitUntil(lambda: session.notice is not None and "unsaved work" in session.notice.what, timeout=30_000)
    run(application, "cases.done_next")
    (question,) = application.window.findChildren(Question)
    assert "A has unsaved work that was not restored" in question.text()
    question.answer("restore")
    qtbot.waitUntil(lambda: session.annotating.annotation is not None, timeout=30_000)
    assert hand.values[10, 11, 12]
    assert read_entries(cohort / NAME)["A"].state is CaseState.IN_WORK


def test_flagging_takes_a_note_that_the_filter_finds(
    application: Application, cohort: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("motion in FLAIR", True))
    run(application, "cases.flag")
    entry = read_entries(cohort / NAME)["A"]
    assert (entry.state, entry.note) == (CaseState.FLAGGED, "motion in FLAIR")
    panel = application.window.panels.named("Cases")()
    panel._filter.setText("MOTION")
    items = panel.findChild(QListWidget)
    assert [items.item(n).data(256).case_id for n in range(3) if not items.item(n).isHidden()] == ["A"]
    panel._filter.clear()
    panel._states.setCurrentIndex(panel._states.findText("To do"))
    assert [source.case_id for source in panel.after("A")] == ["B", "C"]
    panel._states.setCurrentIndex(0)
    panel._order.setCurrentText("By state")
    panel.menu_of("C").actions()[1].trigger()  # in work
    settle(application)
    assert [items.item(n).data(256).case_id for n in range(3)] == ["A", "C", "B"]


def test_a_colleagues_changes_come_in(application: Application, cohort: Path) -> None:
    (cohort / NAME).write_text("C,done,,2026-03-01T09:05:00+00:00,ben\n")
    run(application, "cases.done")
    found = read_entries(cohort / NAME)
    assert {case: entry.state for case, entry in found.items()} == {"A": CaseState.DONE, "C": CaseState.DONE}
    assert application.session.case_states.of("C").by == "ben"


def test_a_folder_that_takes_no_files_keeps_the_states_apart(
    application: Application, cohort: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = case_list.write_bytes

    def refuse(path: Path, raw: bytes, **options: Any) -> None:
        if path.parent == cohort:
            raise PermissionError(13, "Permission denied")
        write(path, raw, **options)

    monkeypatch.setattr(case_list, "write_bytes", refuse)
    run(application, "cases.done")
    assert "kept on this computer only" in application.window.notice.text
    assert application.session.case_states.of("A").state is CaseState.DONE
    assert not (cohort / NAME).exists()


def test_a_damaged_list_is_said_and_not_touched(
    application: Application, cohort: Path, open_paths: Open, toy_case: Any, tmp_path: Path
) -> None:
    open_paths(application, toy_case(tmp_path, case_id="Other"))
    (cohort / NAME).write_text("<<<<<<< HEAD\n")
    open_paths(application, cohort)
    settle(application)
    assert application.session.case_states.path is None
    assert NAME in application.session.notice.what  # beside what is said about the case
    Hand(application).start()
    settle(application)
    assert (cohort / NAME).read_text() == "<<<<<<< HEAD\n"


def test_a_case_that_is_not_on_the_list_changes_nothing_there(
    application: Application, cohort: Path, toy_case: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    other = find_case(toy_case(tmp_path / "elsewhere", case_id=application.session.case.case_id))
    application.controllers[FILES].open_source(other)
    qtbot.waitUntil(lambda: application.session.case.source == other, timeout=20_000)
    assert application.session.cohort  # the list stays, as when a case is opened from the results of a cohort
    Hand(application).start()
    settle(application)
    run(application, "cases.done")
    assert not (cohort / NAME).exists()
    assert not application.window.actions_table["cases.done"].isEnabled()


def test_a_case_that_cannot_be_opened_does_not_take_the_list_away(
    application: Application, cohort: Path, toy_case: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    broken = toy_case(tmp_path / "elsewhere", case_id="Broken")
    for image in broken.glob("*_t*.nii.gz"):
        image.write_bytes(b"no image")
    before = application.session.cohort
    application.controllers[FILES].open_paths([broken])
    qtbot.waitUntil(lambda: application.session.opening.outcome == "Not opened", timeout=20_000)
    assert application.session.cohort == before


def test_done_that_could_not_be_noted_stays_at_the_case(
    application: Application, cohort: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = application.session.case
    (cohort / NAME).write_text("<<<<<<< HEAD\n")  # damaged since it was read
    run(application, "cases.done_next")
    assert application.session.case is case
    assert not application.session.opening.running
    assert NAME in application.session.notice.what


def test_cases_of_one_folder_keep_windows_of_their_own(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Open, qtbot: QtBot
) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for number in (1, 2):
        for file in toy_case(tmp_path / "made", case_id=f"Toy_00{number}", seed=number).iterdir():
            file.rename(flat / file.name)
    session = application.session
    open_paths(application, flat)
    assert session.case.case_id == "Toy_001"
    first = {**session.viewing.windows, Modality.T1: Window(11.0, 22.0)}
    session.viewing.windows = first
    application.controllers[FILES].step(1)
    opened(application, "Toy_002", qtbot)
    own = auto_window(session.case.volumes[Modality.T2])
    assert session.viewing.windows[Modality.T2] == own
    application.controllers[FILES].step(-1)
    opened(application, "Toy_001", qtbot)
    assert session.viewing.windows == first


def test_the_list_ranks_what_helps_most_says_why_and_knows_it_after_a_restart(
    application: Application, cohort: Path, qtbot: QtBot
) -> None:
    session, panel = application.session, application.window.panels[CASES]()
    promised = {"A": 0.9, "B": 0.4, "C": 0.6}
    for source in session.cohort:
        dice = dict.fromkeys(("WT", "TC", "ET"), promised[source.case_id])
        session.case_needs.tell(source.identity, CaseSigns(dice, {"WT": 40.0, "TC": 20.0, "ET": 10.0}))
    panel._order.setCurrentText("What helps most")
    rows = application.window.findChild(QListWidget)
    assert [rows.item(n).text() for n in range(3)] == ["B", "C", "A"]
    assert rows.item(0).data(WORDS) == "WT .40"
    assert "Why here: expected Dice of WT .40" in rows.item(0).toolTip()
    keeper = application.controllers[CASE_SIGNS]
    qtbot.waitUntil(lambda: keeper._path.exists())
    known = dict(session.case_needs.signs)
    session.set_cohort(())
    assert session.case_needs.signs == {}
    application.controllers[FILES].open_paths([cohort])
    qtbot.waitUntil(lambda: session.case_needs.signs == known)
    opened(application, "A", qtbot)
