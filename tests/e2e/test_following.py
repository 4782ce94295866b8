"""A patient over visits in the real window: the time line, going between visits, and what is measured aside."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import FILES
from brainseg_gui.controllers.shell.features.following_feature import FOLLOWING, TIME_LINE, VISIT_MEASURES
from tests.e2e.painting import Hand
from tests.gestures import take_focus
from tests.patients import write_patient

pytestmark = pytest.mark.plain

LEFT = Qt.MouseButton.LeftButton
Follow = Callable[..., None]


@pytest.fixture(scope="session")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four visits; the lesion shrinks from 12 to 8 mm of radius, grows to 14, and gets company."""
    return write_patient(tmp_path_factory.mktemp("followed") / "P1")


@pytest.fixture(scope="session")
def found_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("found before")


@pytest.fixture
def kept_places(own_folders: Path, found_before: Path) -> Iterator[Path]:
    """Where the program keeps how visits lie: it finds there what an earlier test registered, as on another day."""
    kept = own_folders / "cache" / "brainseg" / "placements"
    shutil.copytree(found_before, kept)
    yield kept
    shutil.copytree(kept, found_before, dirs_exist_ok=True)


@pytest.fixture
def follow(kept_places: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Follow:
    """Open a patient by the menu, and wait until the visit is open and everything is measured."""

    def follow_and_wait(application: Application, folder: Path, *, measured: bool = True) -> None:
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
        application.window.actions_table["file.open_patient"].trigger()
        following, session = application.session.following, application.session
        qtbot.waitUntil(lambda: following.choice.visit is not None, timeout=30_000)
        if measured:
            qtbot.waitUntil(lambda: following.record is not None and not following.work.running, timeout=60_000)
        qtbot.waitUntil(lambda: not session.opening.running)

    return follow_and_wait


def test_a_patient_opens_as_a_time_line_at_the_newest_visit(
    application: Application, patient: Path, follow: Follow
) -> None:
    assert FOLLOWING not in application.controllers  # nothing of it is made before it is asked for
    follow(application, patient)
    panel = application.window.panels[TIME_LINE]()
    assert panel.isVisible()
    assert [card.facts.name for card in panel.cards] == [
        "visit1_2021-01-10",
        "visit2_2021-03-15",
        "visit3_2021-06-01",
        "visit4_2021-09-01",
    ]
    assert [card.facts.when for card in panel.cards] == ["first visit", "day 64", "day 142", "day 234"]
    assert [card.facts.category for card in panel.cards] == ["BL", "PR", "SD", "PD"]
    assert [card.isChecked() for card in panel.cards] == [False, False, False, True]
    assert len(application.session.cohort) == 4
    assert application.session.case.source.folder.name == "visit4_2021-09-01"


def test_lesions_have_the_same_colour_in_3_d_at_all_visits(
    application: Application, patient: Path, follow: Follow, qtbot: QtBot
) -> None:
    follow(application, patient)
    state, following = application.session.solid, application.session.following
    application.run_action("follow.surfaces")

    def colours() -> dict[int, str]:
        named = [(surface.name.split(",")[0], surface.colour) for surface in state.surfaces]
        return {int(name.split()[1]): colour for name, colour in named if name.startswith("lesion")}

    qtbot.waitUntil(lambda: colours().keys() == following.record.visits[3].lesions.keys(), timeout=30_000)
    last = colours()
    qtbot.mouseClick(application.window.panels[TIME_LINE]().cards[0], LEFT)
    qtbot.waitUntil(lambda: colours().keys() == following.record.visits[0].lesions.keys(), timeout=30_000)
    first = colours()
    assert first.keys() < last.keys()
    assert all(last[number] == colour for number, colour in first.items())


def test_a_click_on_a_visit_opens_it_at_the_same_place(
    application: Application, patient: Path, follow: Follow, qtbot: QtBot
) -> None:
    follow(application, patient)
    application.session.viewing.crosshair = (20, 24, 12)
    panel = application.window.panels[TIME_LINE]()
    qtbot.mouseClick(panel.cards[1], LEFT)
    qtbot.waitUntil(lambda: application.session.following.choice.visit == 1)
    moved = np.subtract(application.session.viewing.crosshair, (20, 24, 12))
    assert np.abs(moved).max() <= 1  # these heads are balls: how they are turned is known to a voxel only
    assert [card.isChecked() for card in panel.cards] == [False, True, False, False]
    assert application.session.following.record is not None


def test_measuring_can_be_given_up_and_begun_again(
    application: Application, patient: Path, follow: Follow, kept_places: Path, qtbot: QtBot
) -> None:
    for kept in kept_places.iterdir():
        kept.unlink()  # so that there is something to give up
    follow(application, patient, measured=False)
    following, panel = application.session.following, application.window.panels[TIME_LINE]()
    if following.work.running:
        panel.cancel_requested.emit()
        assert not following.work.running
        assert following.work.outcome == "Not measured"
        assert following.record is None
        application.window.actions_table["follow.measure"].trigger()
    qtbot.waitUntil(lambda: following.record is not None, timeout=60_000)
    assert len(panel.cards) == 4


def test_a_day_that_cannot_be_is_said_when_the_patient_opens(
    application: Application, patient: Path, follow: Follow, tmp_path: Path
) -> None:
    for source, day in zip(sorted(patient.iterdir()), ("2021-01-10", "2021-02-30"), strict=False):
        shutil.copytree(source, tmp_path / "P2" / day)
    follow(application, tmp_path / "P2", measured=False)
    notice = application.session.notice
    assert notice is not None
    assert "2021-02-30 is no day of the calendar" in notice.what  # beside what the images lack
    assert "Give its day in the folder's name" in f"{notice.remedy}\n{notice.details}"
    assert "no day of the calendar" in application.window.panels[TIME_LINE]()._name.toolTip()


def test_a_folder_without_visits_is_one_sentence(
    application: Application, patient: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = patient / "visit1_2021-01-10"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    application.window.actions_table["file.open_patient"].trigger()
    qtbot.waitUntil(lambda: application.session.notice is not None)
    assert "one visit only" in application.session.notice.what
    assert application.session.following.line is None


def test_the_folder_of_a_patient_is_a_time_line_however_it_is_opened(
    application: Application, patient: Path, qtbot: QtBot
) -> None:
    application.controllers[FILES].open_paths([patient])  # as the command line and what is dropped do
    following = application.session.following
    qtbot.waitUntil(lambda: following.choice.visit == 3, timeout=30_000)
    assert following.line.patient == "P1"
    assert [source.case_id for source in application.session.cohort] == [
        v.source.case_id for v in following.line.visits
    ]
    assert application.window.panels[TIME_LINE]().isVisible()
    qtbot.waitUntil(lambda: following.work.running)
    application.window.panels[TIME_LINE]().cancel_requested.emit()


def test_several_folders_that_are_a_list_are_followed_as_one_patient(
    application: Application, patient: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    for name, visit in (("anna", "visit1_2021-01-10"), ("berta", "visit4_2021-09-01")):
        shutil.copytree(patient / visit, tmp_path / "list" / name)
    application.controllers[FILES].open_paths([tmp_path / "list"])
    qtbot.waitUntil(lambda: application.session.case is not None and not application.session.opening.running)
    following = application.session.following
    assert following.line is None  # nothing tells that they are one
    application.window.actions_table["follow.list"].trigger()
    qtbot.waitUntil(lambda: following.line is not None)
    assert following.choice.visit == 0  # the open case stays open
    qtbot.waitUntil(lambda: following.record is not None, timeout=60_000)


def test_another_case_is_no_visit_and_the_way_back_is_a_click(
    application: Application,
    patient: Path,
    follow: Follow,
    open_paths: Callable[..., None],
    demo_folder: Path,
    qtbot: QtBot,
) -> None:
    follow(application, patient)
    record = application.session.following.record
    open_paths(application, demo_folder)
    assert application.session.following.choice.visit is None
    QTest.mouseClick(application.window.panels[TIME_LINE]().cards[0], LEFT)
    qtbot.waitUntil(lambda: application.session.following.choice.visit == 0, timeout=30_000)
    assert application.session.following.record is record


def test_two_visits_side_by_side_and_one_instead_of_the_other_while_a_key_is_held(
    application: Application, patient: Path, follow: Follow, qtbot: QtBot
) -> None:
    follow(application, patient)
    session, following = application.session, application.session.following
    assert following.beside is None
    application.window.actions_table["view.visits"].trigger()
    qtbot.waitUntil(lambda: following.beside is not None, timeout=30_000)
    assert following.beside.name == "visit3_2021-06-01"  # the one before
    now, other, change = application.window.ortho.views
    session.viewing.crosshair_visible = False
    session.viewing.crosshair = (33, 21, 15)  # enhancing now (14 mm), outside of the lesion of 9 mm then
    place = now.position_of((33, 21, 15))
    pictures = [view.viewport().grab().toImage() for view in (now, other, change)]
    assert pictures[0].pixelColor(place).value() > pictures[1].pixelColor(place).value()
    assert pictures[2].pixelColor(place).red() > pictures[2].pixelColor(place).blue()  # brighter: orange
    qtbot.keyPress(now, Qt.Key.Key_P)
    assert session.viewing.blink
    assert now.viewport().grab().toImage().pixelColor(place) == pictures[1].pixelColor(place)
    qtbot.keyRelease(now, Qt.Key.Key_P)
    assert not session.viewing.blink
    assert now.viewport().grab().toImage().pixelColor(place) == pictures[0].pixelColor(place)


def test_the_visit_that_a_person_holds_stays_beside_the_others(
    application: Application, patient: Path, follow: Follow, qtbot: QtBot
) -> None:
    follow(application, patient)
    following, panel = application.session.following, application.window.panels[TIME_LINE]()
    panel.visit_held.emit(0)
    qtbot.waitUntil(lambda: following.beside is not None and following.beside.index == 0, timeout=30_000)
    assert [card.held for card in panel.cards] == [True, False, False, False]
    qtbot.mouseClick(panel.cards[2], LEFT)
    qtbot.waitUntil(lambda: following.choice.visit == 2)
    qtbot.waitUntil(lambda: following.beside is not None and following.beside.index == 0, timeout=30_000)
    qtbot.mouseClick(panel.cards[0], LEFT)
    qtbot.waitUntil(lambda: following.beside is not None and following.beside.index == 1, timeout=30_000)


def test_a_row_leads_to_the_lesion_in_the_visit_where_it_was_measured(
    application: Application, patient: Path, follow: Follow, qtbot: QtBot
) -> None:
    follow(application, patient)
    session, table = application.session, application.window.panels[VISIT_MEASURES]().table
    assert [table.verticalHeaderItem(row).text() for row in range(table.rowCount())] == ["Σ 1", "2"]
    assert table.item(1, 1).text() == "–"  # the second lesion came last
    cross = session.following.record.lesions(3)[1].cross
    assert table.item(0, 4).text() == f"{cross.longest_mm:.1f} × {cross.across_mm:.1f}"
    table.cellClicked.emit(1, 4)
    lesion = session.following.record.lesions(3)[2]
    assert session.viewing.crosshair[2] == lesion.cross.slice_index
    assert session.following.choice.lesion == 2
    table.cellClicked.emit(0, 1)  # another visit is opened first
    qtbot.waitUntil(lambda: session.following.choice.visit == 0)
    assert session.viewing.crosshair[2] == session.following.record.lesions(0)[1].cross.slice_index


def test_what_people_change_is_taken_back_and_survives_a_restart(
    start_application: Callable[..., Application], tmp_path: Path, follow: Follow, qtbot: QtBot
) -> None:
    folder = write_patient(tmp_path / "P9")
    application = start_application()
    follow(application, folder)
    following, panel = application.session.following, application.window.panels[VISIT_MEASURES]()
    panel.treatment.setText("radiotherapy")
    panel.day.setDate(QDate(2021, 2, 1))
    take_focus(qtbot, panel.treatment)
    qtbot.keyClick(panel.treatment, Qt.Key.Key_Return)
    panel.remark.setText("looks necrotic")
    take_focus(qtbot, panel.remark)
    qtbot.keyClick(panel.remark, Qt.Key.Key_Return)
    panel.table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert following.record.targets == ()
    application.window.actions_table["annotate.undo"].trigger()
    assert following.record.targets == (1,)
    application.window.actions_table["annotate.undo"].trigger()
    assert following.record.remarks(3) == ()
    application.window.actions_table["annotate.redo"].trigger()
    assert following.record.remarks(3) == ("looks necrotic",)
    application.leave()
    again = start_application()
    follow(again, folder)
    record = again.session.following.record
    assert record.remarks(3) == ("looks necrotic",)
    assert [treatment.text for treatment in record.treatments] == ["radiotherapy"]
    assert record.targets == (1,)


def test_counting_from_another_visit_changes_every_category(
    application: Application, patient: Path, follow: Follow
) -> None:
    follow(application, patient)
    application.window.actions_table["follow.baseline"].trigger()
    cards = application.window.panels[TIME_LINE]().cards
    assert [card.facts.category for card in cards] == ["NE", "NE", "NE", "BL"]


@pytest.mark.parametrize("ending", ["html", "csv"])
def test_the_report_is_what_is_seen(
    application: Application,
    patient: Path,
    follow: Follow,
    chosen: Callable[..., list[str]],
    tmp_path: Path,
    ending: str,
    qtbot: QtBot,
) -> None:
    follow(application, patient)
    path = tmp_path / f"P1.{ending}"
    chosen(path)
    application.window.actions_table["follow.report"].trigger()
    qtbot.waitUntil(path.exists, timeout=30_000)
    qtbot.waitUntil(lambda: application.session.notice is not None)
    assert "visit4_2021-09-01" in path.read_text()


def test_the_end_of_a_diameter_is_dragged_and_taken_back(
    application: Application, patient: Path, follow: Follow
) -> None:
    follow(application, patient)
    session = application.session
    record, hand = session.following.record, Hand(application)
    application.window.panels[VISIT_MEASURES]().table.cellClicked.emit(0, 4)
    cross = record.lesions(3)[1].cross
    end = session.case.grid.clip(cross.longest.end_ijk)
    crosshair = session.viewing.crosshair
    inside = session.case.grid.clip(
        [(2 * a + b) / 3 for a, b in zip(cross.longest.end_ijk, cross.longest.start_ijk, strict=True)]
    )
    hand.stroke([end, inside])
    moved = session.following.record.lesions(3)[1].cross
    assert moved.across_mm == pytest.approx(cross.longest_mm * 2 / 3, abs=1.0)  # the other one is the longest now
    assert moved.longest_mm == pytest.approx(cross.across_mm)
    assert session.viewing.crosshair == crosshair  # the press was the line's
    assert session.following.record.is_edited(3, 1)
    application.window.actions_table["annotate.undo"].trigger()
    assert session.following.record.lesions(3)[1].cross == cross
    hand.click((30, 30, cross.slice_index))
    assert session.viewing.crosshair == (30, 30, cross.slice_index)
