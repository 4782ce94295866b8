"""The keyboard belongs to the pictures, with real key events: what goes away never hands the keys to a number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QSlider,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Notice
from brainseg_gui.views.slices.slice_view import SliceView
from brainseg_gui.views.widgets.scroll_page import ScrollPage
from brainseg_gui.views.widgets.wheel_guard import WheelGuard

pytestmark = pytest.mark.plain

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_case(application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]) -> Application:
    open_paths(application, toy_case(tmp_path))
    return application


def _numbers(application: Application) -> dict[str, float]:
    boxes = (*application.window.findChildren(QDoubleSpinBox), *application.window.findChildren(QSpinBox))
    return {f"{box.accessibleName()} {place}": box.value() for place, box in enumerate(boxes)}


def _level(application: Application) -> QDoubleSpinBox:
    return next(
        box for box in application.window.findChildren(QDoubleSpinBox) if box.accessibleName() == "Window level"
    )


def _click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.waitUntil(lambda: widget.isVisible() and widget.isEnabled())
    QTest.mouseClick(widget, LEFT)


def _type(qtbot: QtBot, text: str) -> None:
    for letter in text:
        QTest.keyClick(QApplication.focusWidget() or QApplication.activeWindow(), letter)
    qtbot.wait(1)


def _keys_are_for_the_pictures(qtbot: QtBot, application: Application, before: dict[str, float]) -> None:
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), SliceView))
    _type(qtbot, "20")
    after = _numbers(application)
    assert {name: value for name, value in after.items() if name in before} == before


def _answer_a_notice(qtbot: QtBot, application: Application) -> None:
    application.session.say(Notice("There is unsaved work", actions=(("Not now", "journal.later"),), problem=False))
    _click(qtbot, application.window.notice._buttons[0])
    assert application.session.notice is None


def _close_its_panel(_qtbot: QtBot, application: Application) -> None:
    next(dock for dock in application.window.panels.docks if dock.windowTitle() == "Image").close()


def _disable_it(_qtbot: QtBot, application: Application) -> None:
    application.window.panels.named("Image")().setEnabled(False)


def _dismiss(name: str) -> Callable[[QtBot, Application], None]:
    def dismiss(qtbot: QtBot, application: Application) -> None:
        application.run_action(name)
        qtbot.waitUntil(lambda: isinstance(QApplication.activeWindow(), QDialog))
        QTest.keyClick(QApplication.activeWindow(), Qt.Key.Key_Escape)
        application.window.activateWindow()  # as window managers do

    return dismiss


def _choose_in_a_box(qtbot: QtBot, application: Application) -> None:
    box = next(b for b in application.window.findChildren(QComboBox) if b.accessibleName() == "Device")
    _click(qtbot, box)
    qtbot.waitUntil(lambda: box.view().isVisible())
    QTest.keyClick(box.view(), Qt.Key.Key_Return)


def _leave_the_menus(qtbot: QtBot, application: Application) -> None:
    QTest.keyClick(application.window, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    for _ in range(2):  # the menu, then the bar
        QTest.keyClick(QApplication.activePopupWidget() or QApplication.focusWidget(), Qt.Key.Key_Escape)


def _do(name: str) -> Callable[[QtBot, Application], None]:
    """What a key does, although a number has the focus: Ctrl+E, or the next case of a list."""
    return lambda _qtbot, application: application.window.actions_table[name].trigger()


def _leave_a_menu_with_the_mouse(qtbot: QtBot, application: Application) -> None:
    menu = application.window.menus["View"]
    menu.popup(application.window.mapToGlobal(QPoint(100, 30)))
    qtbot.waitUntil(menu.isVisible)
    QTest.mouseClick(menu, LEFT, pos=QPoint(-20, -20))  # beside it, as for the pictures


def _turn_the_wheel(_qtbot: QtBot, application: Application) -> None:
    view = application.window.ortho.views[0]
    place = view.mapTo(application.window, view.rect().center())
    QTest.wheelEvent(application.window.windowHandle(), QPointF(place), QPoint(0, 120))  # as if by hand


def _press_a_letter_that_is_in_no_number(_qtbot: QtBot, application: Application) -> None:
    shown = application.session.viewing.masks_visible
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_S)
    assert application.session.viewing.masks_visible != shown


def _press_keys_that_fields_have_on_some_desktops(_qtbot: QtBot, application: Application) -> None:
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert application.session.annotating.annotation is not None


@pytest.mark.parametrize(
    "go_away",
    [
        _do("annotate.start"),
        _do("layers.masks"),
        _do("view.reset"),
        _leave_a_menu_with_the_mouse,
        _turn_the_wheel,
        _press_keys_that_fields_have_on_some_desktops,
        _press_a_letter_that_is_in_no_number,
        _answer_a_notice,
        _close_its_panel,
        _disable_it,
        _dismiss("help.palette"),
        _dismiss("help.keys"),
        _choose_in_a_box,
        _leave_the_menus,
    ],
)
def test_the_keys_are_for_the_pictures_after(
    qtbot: QtBot, open_case: Application, go_away: Callable[[QtBot, Application], None]
) -> None:
    """Whatever goes away, although a number had the focus when it came."""
    _click(qtbot, _level(open_case))
    assert QApplication.focusWidget() is _level(open_case)
    before = _numbers(open_case)
    go_away(qtbot, open_case)
    _keys_are_for_the_pictures(qtbot, open_case, before)


def test_ending_the_annotation_gives_the_keys_back(qtbot: QtBot, open_case: Application) -> None:
    open_case.run_action("annotate.start_empty")
    boxes = open_case.window.panels.named("Annotate")().findChildren(QDoubleSpinBox)
    size = next(box for box in boxes if box.accessibleName() == "Size of the brush")
    _click(qtbot, size)
    assert QApplication.focusWidget() is size
    before = _numbers(open_case)
    QTest.keyClick(size, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert open_case.session.annotating.annotation is None
    _keys_are_for_the_pictures(qtbot, open_case, before)


def test_the_view_that_was_used_last_has_the_keys_again(qtbot: QtBot, open_case: Application) -> None:
    used = open_case.window.ortho.views[2]
    _click(qtbot, used.viewport())
    _click(qtbot, _level(open_case))
    _answer_a_notice(qtbot, open_case)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is used)


def test_a_first_case_and_the_next_have_the_keys(
    qtbot: QtBot, application: Application, toy_case: Any, tmp_path: Path
) -> None:
    for number in (1, 2):
        toy_case(tmp_path / "cohort", case_id=f"Toy_{number:03d}")
    application.session.set_cohort(find_cohort(tmp_path / "cohort"))
    panel = application.window.panels.named("Cases")()
    qtbot.waitUntil(panel.isVisible)
    for row in (0, 1):
        item = panel._list.item(row)
        place = panel._list.visualItemRect(item).center()
        QTest.mouseClick(panel._list.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
        qtbot.waitUntil(lambda row=row: _open_is(application, f"Toy_{row + 1:03d}"), timeout=20_000)
        qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), SliceView))


def _open_is(application: Application, case_id: str) -> bool:
    case = application.session.case
    return case is not None and case.case_id == case_id and not application.session.opening.running


def test_return_takes_a_number_and_escape_puts_it_back(qtbot: QtBot, open_case: Application) -> None:
    level = _level(open_case)
    _click(qtbot, level)
    level.selectAll()
    _type(qtbot, "321")
    QTest.keyClick(level, Qt.Key.Key_Return)
    assert level.value() == 321
    assert isinstance(QApplication.focusWidget(), SliceView)
    _click(qtbot, level)
    level.selectAll()
    _type(qtbot, "20")
    QTest.keyClick(level, Qt.Key.Key_Escape)
    assert level.value() == 321
    assert isinstance(QApplication.focusWidget(), SliceView)


def test_clicking_a_button_leaves_the_keys_to_the_pictures(qtbot: QtBot, open_case: Application) -> None:
    """Space would press the button again; it is the key that browses."""
    open_case.run_action("annotate.start_empty")
    open_case.session.annotating.options.tool = Tool.BRUSH
    square = open_case.window.panels.named("Annotate")().options._square
    _click(qtbot, square)
    assert square.isChecked()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert square.isChecked()


def test_the_wheel_changes_no_field_that_nobody_is_at(qtbot: QtBot, open_case: Application) -> None:
    """Of every panel: it neither takes the focus nor changes a number or a choice by the way."""
    open_case.run_action("annotate.start_empty")
    for dock in open_case.window.panels.docks:
        open_case.window.panels.show(dock.windowTitle())
    fields: list[QWidget] = [
        *open_case.window.findChildren(QAbstractSpinBox),
        *open_case.window.findChildren(QComboBox),
    ]
    sliders = [s for s in open_case.window.findChildren(QSlider) if s.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert len(sliders) > 3
    values = [slider.value() for slider in sliders]
    assert len(fields) > 20
    before = _numbers(open_case)
    choices = [box.currentIndex() for box in fields if isinstance(box, QComboBox)]
    for field in (*fields, *sliders):
        assert field.focusPolicy() != Qt.FocusPolicy.WheelFocus, field.accessibleName()
        _turn_wheel(field)
    assert not isinstance(QApplication.focusWidget(), QAbstractSpinBox | QComboBox | QSlider)
    assert _numbers(open_case) == before
    assert [slider.value() for slider in sliders] == values
    assert [box.currentIndex() for box in fields if isinstance(box, QComboBox)] == choices


def test_the_wheel_over_a_slider_scrolls_its_page_until_somebody_is_at_it(qtbot: QtBot) -> None:
    page, slider = ScrollPage(spacing=0), QSlider(Qt.Orientation.Horizontal)
    qtbot.addWidget(page)
    page.resize(100, 60)
    page.column.addWidget(slider)
    page.column.addStretch()
    page.page.setMinimumHeight(1000)
    WheelGuard(page)
    with qtbot.waitExposed(page):
        page.show()
    slider.clearFocus()  # it is the only one, and gets it with the window
    slider.setValue(50)
    QTest.wheelEvent(page.windowHandle(), QPointF(slider.mapTo(page, slider.rect().center())), QPoint(0, -120))
    assert (slider.value(), page.verticalScrollBar().value() > 0) == (50, True)
    page.verticalScrollBar().setValue(0)
    slider.setFocus()
    qtbot.waitUntil(slider.hasFocus)
    QTest.wheelEvent(page.windowHandle(), QPointF(slider.mapTo(page, slider.rect().center())), QPoint(0, -120))
    assert (slider.value() < 50, page.verticalScrollBar().value()) == (True, 0)


def _turn_wheel(widget: QWidget) -> None:
    place = widget.rect().center()
    event = QWheelEvent(
        QPointF(place),
        QPointF(widget.mapToGlobal(place)),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
