"""The tour of the first start in the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.all_features import TOUR
from brainseg_gui.views.shell.tour import STEPS, Tour
from tests.gestures import take_focus

Start = Callable[..., Application]


def begun(start_application: Start, qtbot: QtBot) -> tuple[Application, Tour]:
    application = start_application(tour=True)
    qtbot.waitUntil(lambda: TOUR in application.controllers and application.controllers[TOUR].tour is not None)
    return application, application.controllers[TOUR].tour


def around(widget: object, window: object) -> QRect:
    return QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())


def test_five_steps_point_at_their_parts_and_it_is_not_shown_again(start_application: Start, qtbot: QtBot) -> None:
    application, tour = begun(start_application, qtbot)
    window = application.window
    targets = []
    for place in range(len(STEPS)):
        assert tour.step is STEPS[place]
        target = around(tour.target, window)
        targets.append(tour.target)
        assert tour.frame.geometry().contains(target.intersected(window.rect()))
        assert window.rect().contains(tour.card.geometry())
        if place != 1:  # the pictures fill the middle
            assert not tour.card.geometry().intersects(target)
        tour.next.click()
    assert len(STEPS) == len(set(map(id, targets))) == 5
    assert application.controllers[TOUR].tour is None
    assert application.preferences.get("tour seen", False)


def test_it_can_be_skipped_and_comes_back_under_help(start_application: Start, qtbot: QtBot) -> None:
    application, tour = begun(start_application, qtbot)
    tour.next.click()
    tour.back.click()
    assert tour.step is STEPS[0]
    tour.skip.click()
    assert application.controllers[TOUR].tour is None
    application.window.actions_table["help.tour"].trigger()
    assert application.controllers[TOUR].tour is not None
    assert application.controllers[TOUR].tour.step is STEPS[0]


def test_it_takes_no_key_and_no_focus(
    start_application: Start,
    qtbot: QtBot,
    toy_case: Callable[..., Path],
    tmp_path: Path,
    open_paths: Callable[..., None],
) -> None:
    application, tour = begun(start_application, qtbot)
    open_paths(application, toy_case(tmp_path))
    before = application.session.viewing.modality
    focus = QApplication.focusWidget()
    tour.next.click()
    assert QApplication.focusWidget() is focus
    qtbot.keyClick(application.window, Qt.Key.Key_BracketRight)
    assert application.session.viewing.modality is not before
    application.window.resize(1000, 640)
    qtbot.waitUntil(lambda: application.window.rect().contains(tour.card.geometry()))


def test_keys_turn_its_pages_and_leave_it(start_application: Start, qtbot: QtBot) -> None:
    application, tour = begun(start_application, qtbot)
    for key, place in (
        (Qt.Key.Key_Return, 1),
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_Space, 3),
        (Qt.Key.Key_Left, 2),
    ):
        qtbot.keyClick(QApplication.focusWidget() or application.window, key)
        assert tour.step is STEPS[place]
    qtbot.keyClick(QApplication.focusWidget() or application.window, Qt.Key.Key_Escape)
    assert application.controllers[TOUR].tour is None


def test_no_tour_where_a_case_is_given_or_the_window_is_known(
    start_application: Start, qtbot: QtBot, toy_case: Callable[..., Path], tmp_path: Path
) -> None:
    application = start_application([toy_case(tmp_path)], tour=True)
    qtbot.waitUntil(lambda: application.session.case is not None, timeout=20_000)
    assert TOUR not in application.controllers
    application.greet()  # it has a case by now
    assert TOUR not in application.controllers


def test_who_types_in_a_field_has_its_letters(start_application: Start, qtbot: QtBot) -> None:
    application, tour = begun(start_application, qtbot)
    window = application.window
    window.panels.show("Cases")
    field = window.panels.named("Cases")()._filter
    take_focus(qtbot, field)
    qtbot.keyClicks(field, "a b")
    assert field.text() == "a b"
    assert tour.step is STEPS[0]
