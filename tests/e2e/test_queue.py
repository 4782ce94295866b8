"""The work queue of a cohort in the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QInputDialog, QListWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation import case_list
from brainseg_gui.annotation.case_list import NAME, CaseState, read_entries
from brainseg_gui.app import Application
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window
from brainseg_gui.state.viewing import Layout
from tests.e2e.painting import Hand

Open = Callable[..., None]


@pytest.fixture
def cohort(application: Application, toy_case: Any, tmp_path: Path, open_paths: Open) -> Path:
    for name in ("A", "B", "C"):
        toy_case(tmp_path / "cohort", case_id=name)
    open_paths(application, tmp_path / "cohort")
    return tmp_path / "cohort"


def opened(application: Application, case_id: str, qtbot: QtBot) -> None:
    session = application.session
    qtbot.waitUntil(lambda: session.case.case_id == case_id and not session.opening.running, timeout=10_000)


def run(application: Application, key: str) -> None:
    application.window.actions_table[key].trigger()


def test_starting_an_annotation_says_in_work(application: Application, cohort: Path) -> None:
    assert not (cohort / NAME).exists()  # looking writes nothing
    Hand(application).start()
    assert read_entries(cohort / NAME)["A"].state is CaseState.IN_WORK


def test_done_and_next_goes_on_with_layout_and_windows(application: Application, cohort: Path, qtbot: QtBot) -> None:
    viewing = application.session.viewing
    viewing.layout, viewing.modality = Layout.MODALITIES, Modality.T2
    before = viewing.windows[Modality.T2]
    viewing.windows = viewing.windows | {Modality.T2: Window(before.level + 50, before.width / 2)}
    run(application, "cases.done_next")
    opened(application, "B", qtbot)
    assert read_entries(cohort / NAME)["A"].state is CaseState.DONE
    assert (viewing.layout, viewing.modality) == (Layout.MODALITIES, Modality.T2)
    # both toy cases have the same images, so that the carried window is the same
    assert viewing.windows[Modality.T2].level == pytest.approx(before.level + 50, abs=1)
    assert viewing.windows[Modality.T2].width == pytest.approx(before.width / 2, rel=0.01)
    assert "1 of 3 done" in application.window.cases_panel._count.text()
    run(application, "cases.done_next")
    opened(application, "C", qtbot)
    run(application, "cases.done_next")
    assert "No case of the list is left to do" in application.window.notice.text
    assert "3 of 3 done" in application.window.cases_panel._count.text()


def test_done_and_next_with_unsaved_work_asks_once(application: Application, cohort: Path, qtbot: QtBot) -> None:
    hand = Hand(application)
    application.session.viewing.crosshair = (10, 11, 12)
    hand.start()
    hand.click((10, 11, 12))
    run(application, "cases.done_next")
    application.leaving.question.answer("cancel")
    assert application.session.case.case_id == "A"
    assert read_entries(cohort / NAME)["A"].state is CaseState.IN_WORK
    run(application, "cases.done_next")
    application.leaving.question.answer("later")
    opened(application, "B", qtbot)
    assert application.leaving.question is None
    assert read_entries(cohort / NAME)["A"].state is CaseState.DONE


def test_flagging_takes_a_note_that_the_filter_finds(
    application: Application, cohort: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("motion in FLAIR", True))
    run(application, "cases.flag")
    entry = read_entries(cohort / NAME)["A"]
    assert (entry.state, entry.note) == (CaseState.FLAGGED, "motion in FLAIR")
    panel = application.window.cases_panel
    panel._filter.setText("MOTION")
    items = panel.findChild(QListWidget)
    assert [items.item(n).data(256).case_id for n in range(3) if not items.item(n).isHidden()] == ["A"]
    panel._filter.clear()
    panel._states.setCurrentIndex(panel._states.findText("To do"))
    assert [source.case_id for source in panel.after("A")] == ["B", "C"]
    panel._states.setCurrentIndex(0)
    panel._order.setCurrentText("By state")
    panel.menu_of("C").actions()[1].trigger()  # in work
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
    write = case_list.write_durably

    def refuse(path: Path, raw: bytes, **options: Any) -> None:
        if path.parent == cohort:
            raise PermissionError(13, "Permission denied")
        write(path, raw, **options)

    monkeypatch.setattr(case_list, "write_durably", refuse)
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
    assert application.session.case_states.path is None
    Hand(application).start()
    assert (cohort / NAME).read_text() == "<<<<<<< HEAD\n"
