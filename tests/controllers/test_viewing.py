"""The actions of looking: what each changes, their check marks, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLineEdit
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.controllers.slices.viewing import ViewingController
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.colours import USUAL, ColourSet, safe_colours
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.imaging.window import Window, auto_window
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import Viewing, ViewLayout
from brainseg_gui.views.slices.go_to_dialog import GoToDialog
from tests.gestures import take_focus


@pytest.fixture
def controller(parts: Any) -> Iterator[ViewingController]:
    controller = core_controllers.viewing(parts)
    parts.window.actions_table.triggered.connect(lambda key: controller.commands[key]())
    yield controller
    controller.close()


@pytest.fixture
def viewing(controller: ViewingController, session: Session) -> Viewing:
    return session.viewing


@pytest.fixture
def opened(controller: ViewingController, session: Session, case: Case) -> ViewingController:
    session.open(case)
    return controller


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("view.planes", "layout", ViewLayout.PLANES),
        ("view.modalities", "layout", ViewLayout.MODALITIES),
        ("view.compare", "layout", ViewLayout.COMPARE),
        ("view.axial", "plane", Plane.AXIAL),
        ("view.coronal", "plane", Plane.CORONAL),
        ("view.sagittal", "plane", Plane.SAGITTAL),
    ],
)
def test_a_choice_is_made_and_marked(viewing: Viewing, parts: Any, key: str, field: str, value: object) -> None:
    group = ("view.planes", "view.modalities", "view.compare") if field == "layout" else None
    group = group or ("view.axial", "view.coronal", "view.sagittal")
    parts.window.actions_table[key].trigger()
    assert getattr(viewing, field) is value
    assert [other for other in group if parts.window.actions_table[other].isChecked()] == [key]


@pytest.mark.parametrize(
    ("key", "field", "on", "off"),
    [
        ("view.convention", "convention", DisplayConvention.RADIOLOGICAL, DisplayConvention.NEUROLOGICAL),
        ("view.crosshair", "crosshair_visible", True, False),
        ("view.smooth", "smooth", True, False),
        ("layers.masks", "masks_visible", True, False),
        ("layers.safe_colours", "colours", safe_colours(), USUAL),
    ],
)
def test_a_toggle_goes_there_and_back(
    viewing: Viewing, parts: Any, key: str, field: str, on: object, off: object
) -> None:
    action, first = parts.window.actions_table[key], getattr(viewing, field)
    assert action.isChecked() == (first == on)
    action.trigger()
    assert getattr(viewing, field) == (off if first == on else on)
    assert action.isChecked() == (getattr(viewing, field) == on)
    action.trigger()
    assert getattr(viewing, field) == first
    assert action.isChecked() == (first == on)


def test_check_marks_follow_what_is_changed_elsewhere(viewing: Viewing, parts: Any) -> None:
    viewing.layout, viewing.convention = ViewLayout.COMPARE, DisplayConvention.NEUROLOGICAL
    assert parts.window.actions_table["view.compare"].isChecked()
    assert not parts.window.actions_table["view.convention"].isChecked()


def test_modalities_go_round_and_leave_out_what_is_not_there(
    opened: ViewingController, session: Session, case: Case
) -> None:
    def steps(key: str, count: int) -> list[Modality]:
        seen = []
        for _ in range(count):
            opened.commands[key]()
            seen.append(session.viewing.modality)
        return seen

    t1, t1ce, t2, flair = Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR
    assert session.viewing.modality is t1ce
    assert steps("view.next_modality", 4) == [t2, flair, t1, t1ce]
    assert steps("view.previous_modality", 4) == [t1, flair, t2, t1ce]
    session.open(replace(case, volumes={m: case.volumes[m] for m in (t1, flair)}))
    assert steps("view.next_modality", 3) == [flair, t1, flair]


def test_without_a_case_nothing_breaks(controller: ViewingController, session: Session) -> None:
    before = session.viewing.modality
    for key, command in controller.commands.items():
        if key != "layers.peek":
            command()
    assert session.viewing.modality is before


def test_auto_window_is_of_the_modality_under_the_mouse(
    opened: ViewingController, session: Session, parts: Any, case: Case
) -> None:
    session.viewing.layout = ViewLayout.MODALITIES
    shown, pointed_at = parts.window.ortho.views[1], parts.window.ortho.views[2]
    assert (shown.modality, pointed_at.modality) == (Modality.T1CE, Modality.T2)
    session.viewing.windows = dict.fromkeys(Modality, Window(1.0, 2.0))
    place = QPointF(pointed_at.rect().center())
    QApplication.sendEvent(pointed_at, QEnterEvent(place, place, place))
    opened.auto_window()
    assert session.viewing.windows[Modality.T2] == auto_window(case.volumes[Modality.T2])
    assert session.viewing.windows[Modality.T1CE] == Window(1.0, 2.0)
    QApplication.sendEvent(pointed_at, QEvent(QEvent.Type.Leave))
    opened.auto_window()
    assert session.viewing.windows[Modality.T1CE] == auto_window(case.volumes[Modality.T1CE])


def test_auto_window_is_of_the_shown_modality(opened: ViewingController, session: Session, case: Case) -> None:
    for modality in (Modality.T1CE, Modality.T2):
        session.viewing.set_window(modality, Window(1.0, 2.0))
    opened.auto_window()
    assert session.viewing.windows[Modality.T1CE] == auto_window(case.volumes[Modality.T1CE])
    assert session.viewing.windows[Modality.T2] == Window(1.0, 2.0)


def test_opacity_stays_between_faint_and_full(viewing: Viewing, controller: ViewingController) -> None:
    for _ in range(12):
        controller.commands["layers.stronger"]()
    assert viewing.opacity == 1.0
    controller.commands["layers.fainter"]()
    assert viewing.opacity == 0.9
    for _ in range(12):
        controller.commands["layers.fainter"]()
    assert viewing.opacity == 0.05


def test_agreement_needs_two_masks(qtbot: QtBot, opened: ViewingController, session: Session, parts: Any) -> None:
    masks, action = core_controllers.masks(parts), parts.window.actions_table["layers.agreement"]
    assert not action.isEnabled()
    opened.commands["layers.agreement"]()
    assert session.viewing.agreement is None
    session.layers.add(Layer("prediction", LayerRole.PREDICTION, session.case.reference))
    qtbot.waitUntil(lambda: session.comparison is not None)
    assert action.isEnabled()
    action.trigger()
    assert session.viewing.agreement == regions()[0]
    assert action.isChecked()
    action.trigger()
    assert session.viewing.agreement is None
    assert not action.isChecked()
    masks.close()


def test_the_reference_is_shown_while_the_key_is_held(
    qtbot: QtBot, opened: ViewingController, session: Session, parts: Any
) -> None:
    window = parts.window
    with qtbot.waitActive(window):
        window.show()
    view = window.ortho.views[0]
    take_focus(qtbot, view)
    seen: list[bool] = []
    session.viewing.events.peek.connect(seen.append)
    qtbot.keyPress(view, Qt.Key.Key_B)
    assert session.viewing.peek
    qtbot.keyRelease(view, Qt.Key.Key_A)
    assert session.viewing.peek
    qtbot.keyRelease(view, Qt.Key.Key_B)
    assert seen == [True, False]


def test_a_menu_shows_the_reference_until_it_is_chosen_again(opened: ViewingController, session: Session) -> None:
    """No key is let go that would take it back."""
    opened.commands["layers.peek"]()
    assert session.viewing.peek
    opened.commands["layers.peek"]()
    assert not session.viewing.peek


def test_what_was_set_comes_back(viewing: Viewing, parts: Any) -> None:
    viewing.layout, viewing.convention, viewing.opacity = ViewLayout.MODALITIES, DisplayConvention.NEUROLOGICAL, 0.3
    viewing.smooth = viewing.crosshair_visible = False
    viewing.colours = safe_colours()
    again = Session()
    controller = core_controllers.viewing(replace(parts, session=again))
    for field in ("layout", "convention", "opacity", "smooth", "crosshair_visible", "colours"):
        assert getattr(again.viewing, field) == getattr(viewing, field), field
    controller.close()


def test_colours_for_any_vision_give_back_those_from_before(viewing: Viewing, parts: Any) -> None:
    warm = ColourSet("warm", "Warm")
    viewing.colours = warm
    parts.window.actions_table["layers.safe_colours"].trigger()
    assert viewing.colours == safe_colours()
    assert viewing.colours.any_vision
    parts.window.actions_table["layers.safe_colours"].trigger()
    assert viewing.colours == warm


def test_safe_colours_that_an_earlier_version_remembered_come_back(parts: Any) -> None:
    parts.preferences.set("safe colours", True)
    controller = core_controllers.viewing(parts)
    assert parts.session.viewing.colours == safe_colours()
    controller.close()


def test_settings_that_make_no_sense_are_the_defaults(parts: Any) -> None:
    for key, value in (("layout", "sideways"), ("convention", "3"), ("opacity", "lots"), ("smooth", "maybe")):
        parts.preferences.set(key, value)
    controller = core_controllers.viewing(parts)
    viewing = parts.session.viewing
    assert (viewing.layout, viewing.convention, viewing.opacity) == (
        ViewLayout.PLANES,
        DisplayConvention.RADIOLOGICAL,
        0.3,
    )
    controller.close()


def test_the_picture_is_copied_with_and_without_masks(opened: ViewingController, session: Session, parts: Any) -> None:
    window, clipboard = parts.window, QApplication.clipboard()
    window.show()
    view = window.ortho.views[0]
    session.layers.reference.style = OverlayStyle.FILL
    for other in window.ortho.views:
        QApplication.sendEvent(other, QEvent(QEvent.Type.Leave))
    opened.commands["view.copy"]()
    whole = clipboard.image()
    assert whole.width() > view.width()  # all views, without a mouse over one
    place = QPointF(view.viewport().rect().center())
    QApplication.sendEvent(view, QEnterEvent(place, place, place))
    opened.commands["view.copy"]()
    one = clipboard.image()
    assert one.size() == view.viewport().size() * view.devicePixelRatioF()
    opened.commands["view.copy_bare"]()
    assert clipboard.image().size() == one.size()
    assert clipboard.image() != one
    assert (session.viewing.masks_visible, session.viewing.crosshair_visible) == (True, True)


def test_going_to_a_place_moves_the_crosshair(opened: ViewingController, session: Session, parts: Any) -> None:
    opened.commands["view.go_to"]()
    dialog = parts.window.findChild(GoToDialog)
    dialog.findChild(QLineEdit).setText("2 3 4")
    dialog.accept()
    assert session.viewing.crosshair != (1, 2, 3)  # only Go goes there
    opened.commands["view.go_to"]()
    dialog = next(d for d in parts.window.findChildren(GoToDialog) if d.isVisible())
    dialog.findChild(QLineEdit).setText("2 3 4")
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).click()
    assert session.viewing.crosshair == (1, 2, 3)
