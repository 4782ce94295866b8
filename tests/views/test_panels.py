"""The panels beside the pictures: what they say, and what their buttons change."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QMenu,
    QPushButton,
    QScrollArea,
    QSlider,
    QTableWidget,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.case_list import CaseEntry, CaseState
from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.evaluation.metrics.comparison import compare, volumes_ml
from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention
from brainseg_gui.imaging.window import Window
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.segmenting.segmenting import ModelChoice
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.comparing.comparison_panel import ComparisonPanel
from brainseg_gui.views.comparing.score_table import COLUMNS, SCORES, STILL_READ
from brainseg_gui.views.layers.assign_dialog import AssignDialog
from brainseg_gui.views.layers.case_item import COUNT, REFERENCE
from brainseg_gui.views.layers.cases_panel import CasesPanel
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.widgets.words_behind import WORDS
from tests.gestures import take_focus

WT, TC, ET = regions()
LEFT = Qt.MouseButton.LeftButton


def _texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def _named(widget: QWidget, kind: type, name: str) -> Any:
    """The newest child of that name; those that were replaced live until the next turn of the event loop."""
    return [child for child in widget.findChildren(kind) if child.accessibleName() == name][-1]


def _can_be_hit(widget: QWidget) -> bool:
    """Whether a click in the middle of a widget reaches it: it is shown, laid out, and nothing covers it."""
    middle = widget.mapTo(widget.window(), widget.rect().center())
    return widget.isVisible() and widget.window().childAt(middle) is widget


def _click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.waitUntil(lambda: _can_be_hit(widget))
    qtbot.mouseClick(widget, LEFT)


def _button(widget: QWidget, text: str) -> QPushButton:
    return next(button for button in widget.findChildren(QPushButton) if button.text() == text)


# --- layers -----------------------------------------------------------------------------------------------------


def _volumes(window: MainWindow) -> dict[str, list[str]]:
    """The numbers of the label rows: name of the label -> ml of each listed layer."""
    return window.panels.named("Layers")().labels.volumes


def test_without_layers_the_panel_says_what_would_fill_it(
    qtbot: QtBot, window: MainWindow, session: Session, case: Case
) -> None:
    assert "The masks of the open case appear here." in _texts(window.panels.named("Layers")())
    session.open(replace(case, reference=None))
    qtbot.waitUntil(
        lambda: any(t.startswith("Segment makes a prediction") for t in _texts(window.panels.named("Layers")()))
    )


def test_volumes_per_label_of_the_compared_layers(
    opened: MainWindow, session: Session, case: Case, predict: Callable[..., Layer]
) -> None:
    ml = 1.0 * 1.5 * 2.0 / 1000
    counts = {key: int((case.reference.values == value).sum()) for key, value in (("NCR", 1), ("ED", 2), ("ET", 4))}
    assert _volumes(opened) == {key: [f"{count * ml:.1f}"] for key, count in counts.items()}
    layer = predict(shift=0)
    layer.labels = LabelMap(np.where(layer.labels.values == 1, 0, layer.labels.values), case.grid, case.scheme)
    session.layers.changed.emit()
    assert _volumes(opened) == {
        key: [f"{count * ml:.1f}", "0.0" if key == "NCR" else f"{count * ml:.1f}"] for key, count in counts.items()
    }


def test_volumes_never_outlive_their_mask(opened: MainWindow, session: Session, case: Case) -> None:
    """New masks may take the place in memory of those that are gone."""
    for count in range(1, 30):
        values = np.zeros(case.grid.shape, np.uint8)
        values.ravel()[: 300 * count] = 1
        session.layers.clear()
        session.layers.add(Layer("p", LayerRole.PREDICTION, LabelMap(values, case.grid, case.scheme)))
        assert _volumes(opened)["NCR"] == [f"{0.9 * count:.1f}"]
        del values


def test_the_eye_of_a_label_hides_it(qtbot: QtBot, opened: MainWindow, session: Session) -> None:
    _click(qtbot, _named(opened.panels.named("Layers")(), QToolButton, "Show ED"))
    assert session.viewing.hidden == {"ED"}
    _click(qtbot, _named(opened.panels.named("Layers")(), QToolButton, "Show ED"))
    assert session.viewing.hidden == frozenset()


def test_the_eye_and_the_style_of_a_layer(qtbot: QtBot, opened: MainWindow, session: Session) -> None:
    (layer,) = session.layers
    panel = opened.panels.named("Layers")()
    _click(qtbot, _named(panel, QToolButton, "Show or hide reference"))
    assert not layer.visible
    _click(qtbot, _named(panel, QToolButton, "Show or hide reference"))
    assert layer.visible
    _click(qtbot, _named(panel, QToolButton, "Outline; click to fill"))
    assert layer.style is OverlayStyle.FILL
    _click(qtbot, _named(panel, QToolButton, "Filled; click for outline"))
    assert layer.style is OverlayStyle.OUTLINE


def test_an_unsaved_layer_is_marked(
    qtbot: QtBot, opened: MainWindow, session: Session, predict: Callable[..., Layer]
) -> None:
    assert "●" not in _texts(opened.panels.named("Layers")())
    layer = predict()
    qtbot.waitUntil(lambda: _texts(opened.panels.named("Layers")()).count("●") == 1)
    layer.saved_as = Path("somewhere.nii.gz")
    qtbot.waitUntil(lambda: _can_be_hit(_named(opened.panels.named("Layers")(), QToolButton, "Save prediction…")))
    assert "●" not in _texts(opened.panels.named("Layers")())


def test_save_asks_for_its_layer(
    qtbot: QtBot, opened: MainWindow, session: Session, predict: Callable[..., Layer]
) -> None:
    layer = predict()
    with qtbot.waitSignal(opened.panels.named("Layers")().save_requested) as heard:
        _click(qtbot, _named(opened.panels.named("Layers")(), QToolButton, "Save prediction…"))
    assert heard.args == [layer]


def _menu(window: MainWindow, layer: Layer) -> QMenu:
    name = f"Label scheme, comparison and removal of {layer.name}"
    menu = _named(window.panels.named("Layers")(), QToolButton, name).menu()
    menu.aboutToShow.emit()  # it is filled when it is opened
    return menu


def test_the_menu_of_a_layer_changes_its_scheme(qtbot: QtBot, opened: MainWindow, session: Session) -> None:
    (layer,) = session.layers
    values = layer.labels.values
    schemes = _menu(opened, layer).actions()[0].menu()
    assert [a.text().split(":")[0] for a in schemes.actions() if a.isChecked()] == ["BraTS 2017–2021"]
    with qtbot.waitSignal(opened.panels.named("Layers")().scheme_requested) as heard:
        next(a for a in schemes.actions() if a.text().startswith("Decathlon")).trigger()
    assert heard.args == [layer, label_schemes()["msd"]]
    layer.labels = layer.labels.with_scheme(label_schemes()["msd"])  # as the controller does
    assert layer.labels.values is values
    # 1 is oedema now, 2 non-enhancing tumour, and 4 is not in the scheme
    assert {key for key, ml in _volumes(opened).items() if ml != ["0.0"]} == {"ED", "NET", "other"}


def test_the_menu_of_a_layer_compares_and_removes_it(
    qtbot: QtBot, opened: MainWindow, session: Session, predict: Callable[..., Layer]
) -> None:
    layer = predict()
    panel = opened.panels.named("Layers")()
    actions = {action.text(): action for action in _menu(opened, layer).actions()}
    for text, as_reference in (("Compare as reference", True), ("Compare as prediction", False)):
        with qtbot.waitSignal(panel.compare_requested) as heard:
            actions[text].trigger()
        assert heard.args == [layer, as_reference]
    with qtbot.waitSignal(panel.remove_requested) as heard:
        actions["Remove; it is not saved"].trigger()
    assert heard.args == [layer]


def test_the_opacity_slider_follows_and_leads(opened: MainWindow, session: Session) -> None:
    slider = _named(opened.panels.named("Layers")(), QSlider, "Opacity of masks")
    assert slider.value() == 30
    session.viewing.opacity = 0.7
    assert slider.value() == 70
    assert "70 %" in _texts(opened.panels.named("Layers")())
    slider.setValue(20)
    assert session.viewing.opacity == 0.2


# --- comparison -------------------------------------------------------------------------------------------------


@pytest.fixture
def compared(opened: MainWindow, session: Session, predict: Callable[..., Layer]) -> MainWindow:
    predict()
    session.set_comparison(compare(session.layers.reference.labels, session.layers.prediction.labels))
    return opened


def _table(window: MainWindow) -> QTableWidget:
    return window.comparison().findChild(QTableWidget)


def test_what_is_missing_for_a_comparison_is_said(
    window: MainWindow, session: Session, case: Case, predict: Callable[..., Layer]
) -> None:
    session.open(case)
    assert any("Click Segment" in text for text in _texts(window.comparison()))
    session.open(replace(case, reference=None))
    assert any("no reference" in text for text in _texts(window.comparison()))  # a click would not be enough
    predict()
    assert any("no reference" in text for text in _texts(window.comparison()))


def test_of_a_case_that_is_still_being_read_nothing_is_said_to_be_missing(
    window: MainWindow, session: Session, case: Case
) -> None:
    session.preview(replace(case, reference=None))
    assert STILL_READ in _texts(window.comparison())
    window.comparison().show_page("Errors")
    assert STILL_READ in _texts(window.panels.named("Errors")())
    session.open(case)
    assert STILL_READ not in _texts(window.panels.named("Errors")())


def test_while_two_layers_are_compared_nothing_is_asked_for(
    window: MainWindow, session: Session, case: Case, predict: Callable[..., Layer]
) -> None:
    session.open(case)
    predict()
    assert "Comparing…" in _texts(window.comparison())
    session.layers.compare(reference=session.layers.reference, prediction=session.layers.reference)
    assert any("two different layers" in text for text in _texts(window.comparison()))


def test_the_table_is_the_numbers_of_the_comparison(compared: MainWindow, session: Session) -> None:
    reference, prediction = session.layers.reference.labels, session.layers.prediction.labels
    table = _table(compared)
    columns = {table.horizontalHeaderItem(n).text().removesuffix(".").lower(): n for n in range(table.columnCount())}
    for row, score in enumerate(compare(reference, prediction).rows):
        a, b = reference.mask(score.region), prediction.mask(score.region)
        ml = {"ref": a.sum(), "pred": b.sum(), "missed": (a & ~b).sum(), "false": (~a & b).sum()}
        expected = {"region": score.region.key, "dice": f"{2 * (a & b).sum() / (a.sum() + b.sum()):.3f}"}
        expected |= {name: f"{count * 0.003:.1f}" for name, count in ml.items()}
        assert {name: table.item(row, columns[name]).text() for name in expected} == expected
    assert [table.item(row, 0).text() for row in range(3)] == ["WT", "TC", "ET"]
    assert table.item(0, columns["ref"]).text() == f"{volumes_ml(reference)['WT']:.1f}"


def test_the_heading_says_whether_the_annotation_is_compared(compared: MainWindow, session: Session) -> None:
    heading = _table(compared).horizontalHeaderItem(COLUMNS.index("Pred."))
    assert (heading.text(), heading.toolTip()) == ("Pred.", "Volume in the prediction, ml")
    annotation = Layer("annotation", LayerRole.ANNOTATION, session.layers.prediction.labels)
    session.add_layer(annotation)
    session.layers.compare(session.layers.reference, annotation)
    assert (heading.text(), heading.toolTip()) == ("Ann.", "Volume in the annotation, ml")
    session.layers.remove(annotation)
    assert heading.text() == "Pred."


def test_missed_and_false_stay_together_and_go_after_the_volumes(compared: MainWindow) -> None:
    panel, table = compared.findChild(ComparisonPanel), _table(compared)
    assert panel is not None
    seen = set()
    for width in range(100, 50 * len(COLUMNS) + 150, 20):
        panel.resize(width, 300)
        hidden = [name for n, name in enumerate(COLUMNS) if table.isColumnHidden(n)]
        seen.add(" ".join(hidden))
        assert ("Point at a row" in panel._legend.text()) == bool(hidden)
    assert COLUMNS[-4:] == ("Ref.", "Pred.", "Missed", "False")
    left_out = {" ".join(COLUMNS[first:]) for first in range(2, len(SCORES) + 2)}  # scores last, and never the first
    assert {"Ref. Pred. Missed False", "HD95 Ref. Pred. Missed False"} <= left_out
    assert seen == {"", "Ref. Pred.", *left_out}
    tip = table.item(0, 0).toolTip()
    assert re.search(r"\nMissed \d+\.\d ml, false \d+\.\d ml$", tip)
    assert MEASURES["prediction_ml"].title in tip


def test_a_click_on_a_row_shows_its_agreement(qtbot: QtBot, compared: MainWindow, session: Session) -> None:
    table = _table(compared)

    def click(row: int) -> None:
        qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(row, 1)).center())

    click(1)
    assert session.viewing.agreement == TC
    assert any(text.endswith("in TC") for text in _texts(compared.comparison()))
    click(2)
    assert session.viewing.agreement == ET
    session.viewing.agreement = None
    assert table.selectedIndexes() == []
    click(2)
    assert session.viewing.agreement == ET


def test_the_boxes_choose_the_two_layers(compared: MainWindow, session: Session) -> None:
    first = session.layers.reference
    prediction_box = _named(compared.comparison(), QComboBox, "Prediction of the comparison")
    reference_box = _named(compared.comparison(), QComboBox, "Reference of the comparison")
    assert (reference_box.currentText(), prediction_box.currentText()) == ("reference", "prediction")
    prediction_box.setCurrentIndex(0)
    prediction_box.activated.emit(0)
    assert session.layers.prediction is first
    session.layers.remove(first)
    assert reference_box.currentIndex() == -1


# --- image ------------------------------------------------------------------------------------------------------


def test_level_and_width_follow_and_lead(qtbot: QtBot, opened: MainWindow, session: Session) -> None:
    level = _named(opened.panels.named("Image")(), QDoubleSpinBox, "Window level")
    width = _named(opened.panels.named("Image")(), QDoubleSpinBox, "Window width")
    session.viewing.set_window(Modality.T1CE, Window(512.0, 300.0))
    assert (level.value(), width.value()) == (512, 300)
    session.viewing.set_window(Modality.T1, Window(1.0, 2.0))
    assert level.value() == 512
    take_focus(qtbot, width)  # digits are keys of tools elsewhere
    width.selectAll()
    qtbot.keyClicks(width, "450")
    qtbot.keyClick(width, Qt.Key.Key_Return)
    assert session.viewing.windows[Modality.T1CE] == Window(512.0, 450.0)
    session.viewing.modality = Modality.T1
    assert (level.value(), width.value()) == (1, 2)


def test_a_z_score_window_keeps_its_decimals(opened: MainWindow, session: Session) -> None:
    session.viewing.set_window(Modality.T1CE, Window(0.125, 3.25))
    level = _named(opened.panels.named("Image")(), QDoubleSpinBox, "Window level")
    assert level.value() == 0.125
    assert session.viewing.windows[Modality.T1CE] == Window(0.125, 3.25)


def test_what_is_typed_counts_for_the_modality_that_it_was_typed_for(
    qtbot: QtBot, opened: MainWindow, session: Session
) -> None:
    level = _named(opened.panels.named("Image")(), QDoubleSpinBox, "Window level")
    before = session.viewing.windows
    take_focus(qtbot, level)
    level.selectAll()
    qtbot.keyClicks(level, "123")
    _click(qtbot, opened._tool_bar.modality_buttons[Modality.T2])  # it takes no focus, and so ends no typing
    assert session.viewing.windows[Modality.T1CE].level == 123
    assert session.viewing.windows[Modality.T2] == before[Modality.T2]
    assert level.value() == pytest.approx(before[Modality.T2].level, abs=0.5)


def test_level_and_width_have_room_for_their_numbers(opened: MainWindow, session: Session) -> None:
    boxes = [_named(opened.panels.named("Image")(), QDoubleSpinBox, f"Window {name}") for name in ("level", "width")]
    for window in (Window(1234.5, 88.0), Window(-1234.567, 50.0), Window(65535.0, 65535.0), Window(-0.123, 3.25)):
        session.viewing.set_window(Modality.T1CE, window)
        for box in boxes:
            line = box.lineEdit()
            assert line.fontMetrics().horizontalAdvance(box.text()) + 4 <= line.width()


def test_auto_is_asked_for(qtbot: QtBot, opened: MainWindow) -> None:
    with qtbot.waitSignal(opened.panels.named("Image")().auto_requested):
        _click(qtbot, _button(opened.panels.named("Image")(), "Auto"))


def test_what_is_not_saved_is_named(opened: MainWindow, session: Session, predict: Callable[..., Layer]) -> None:
    def said() -> str:
        return opened._tool_bar._end._unsaved.toolTip()

    prediction = predict()
    assert said() == "prediction not saved"
    annotation = session.layers.add(Layer("annotation", LayerRole.ANNOTATION, prediction.labels))
    assert said() == "prediction not saved"  # an untouched copy took nothing's place
    annotation.edited = True
    assert said() == "annotation not saved"
    annotation.saved_as = Path("annotation.nii.gz")
    assert said() == ""  # the prediction was taken into it


def test_tips_name_the_keys_that_a_person_chose(opened: MainWindow) -> None:
    auto = _button(opened.panels.named("Image")(), "Auto")
    assert "(Ctrl+J)" in auto.toolTip()
    opened.actions_table.rebind("view.auto_window", "F6")
    assert "(F6)" in auto.toolTip()
    opened.actions_table.rebind("view.auto_window", "")
    assert "(" not in auto.toolTip()


def test_without_a_case_there_is_no_window(window: MainWindow) -> None:
    assert not window.panels.named("Image")().isEnabled()


# --- cases ------------------------------------------------------------------------------------------------------


@pytest.fixture
def cohort(window: MainWindow, session: Session, case: Case) -> list[CaseSource]:
    source = case.source
    only_t1 = {Modality.T1: source.modalities[Modality.T1]}
    sources = [
        source,
        replace(source, case_id="Other_7", modalities=only_t1, reference=None),
        replace(source, case_id="Toy_003"),
    ]
    session.set_cohort(tuple(sources))
    return sources


def test_the_list_says_what_each_case_has(window: MainWindow, cohort: list[CaseSource]) -> None:
    items = window.panels.named("Cases")().findChild(QListWidget)
    assert [items.item(row).text() for row in range(3)] == ["Toy_001", "Other_7", "Toy_003"]
    marks = [(items.item(row).data(COUNT), items.item(row).data(REFERENCE)) for row in range(3)]
    assert marks == [("", True), ("1/4", False), ("", True)]  # in columns of their own, however long the names are
    assert "3 cases, 2 with all modalities" in _texts(window.panels.named("Cases")())
    assert "no reference" in items.item(1).toolTip()


def test_the_filter_hides_and_a_click_asks_for_the_case(
    qtbot: QtBot, window: MainWindow, cohort: list[CaseSource]
) -> None:
    items = window.panels.named("Cases")().findChild(QListWidget)
    qtbot.keyClicks(window.panels.named("Cases")().findChild(QLineEdit), "OTHER")
    assert [items.item(row).isHidden() for row in range(3)] == [True, False, True]
    with qtbot.waitSignal(window.panels.named("Cases")().case_requested) as heard:
        qtbot.mouseClick(items.viewport(), LEFT, pos=items.visualItemRect(items.item(1)).center())
    assert heard.args == [cohort[1]]


def test_the_open_case_is_marked_and_the_list_goes_with_the_cohort(
    window: MainWindow, session: Session, case: Case, cohort: list[CaseSource]
) -> None:
    items = window.panels.named("Cases")().findChild(QListWidget)
    assert window.panels.named("Cases")().isVisible()
    session.open(case)
    assert items.currentRow() == 0
    session.set_cohort(())
    assert items.count() == 0
    assert not window.panels.named("Cases")().isVisible()


# --- readout ----------------------------------------------------------------------------------------------------


def test_the_readout_at_the_crosshair(opened: MainWindow, session: Session, case: Case) -> None:
    session.viewing.crosshair = voxel = (3, 4, 5)
    place, values, labels, convention = (
        opened.readout._position.text(),
        opened.readout._values.text(),
        opened.readout._labels.text(),
        opened.readout._convention.text(),
    )
    x, y, z = (case.grid.affine @ (3, 4, 5, 1))[:3]
    sides = f"{'R' if x >= 0 else 'L'} {abs(x):.1f} {'A' if y >= 0 else 'P'} {abs(y):.1f}"
    assert place == f"4 5 6   {sides} {'S' if z >= 0 else 'I'} {abs(z):.1f} mm"
    assert values == "   ".join(f"{m.title} {int(case.volumes[m].stored[voxel])}" for m in Modality)
    assert labels == "reference –"
    assert convention == "radiological"
    session.viewing.convention = DisplayConvention.NEUROLOGICAL
    assert opened.readout._convention.text() == "neurological"


def test_the_readout_names_the_label_of_every_layer(
    opened: MainWindow, session: Session, case: Case, predict: Callable[..., Layer]
) -> None:
    predict(shift=0)
    for value, meaning in ((1, "NCR"), (2, "ED"), (4, "ET")):
        session.viewing.crosshair = tuple(int(n) for n in np.argwhere(case.reference.values == value)[0])
        assert opened.readout._labels.text() == f"reference {meaning}   prediction {meaning}"


def test_the_readout_follows_the_mouse_and_goes_back_to_the_crosshair(
    qtbot: QtBot, opened: MainWindow, session: Session
) -> None:
    view = opened.ortho.views[0]
    session.viewing.crosshair = (12, 14, 10)
    qtbot.mouseMove(view.viewport(), view.position_of((5, 6, 10)))
    assert opened.readout._position.text().startswith("6 7 11 ")
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert opened.readout._position.text().startswith("13 15 11 ")


def _told(window: MainWindow) -> tuple[str, str, str]:
    readout = window.readout
    return readout._position.text(), readout._values.text(), readout._labels.text()


def _right(session: Session, voxel: tuple[int, int, int]) -> tuple[str, str, str]:
    """What the status bar has to say of a voxel."""
    case = session.case
    x, y, z = case.grid.to_world(voxel)
    letters = ("R" if x >= 0 else "L", "A" if y >= 0 else "P", "S" if z >= 0 else "I")
    world = " ".join(f"{letter} {abs(v):.1f}" for letter, v in zip(letters, (x, y, z), strict=True))
    values = "   ".join(f"{m.title} {int(volume.stored[voxel])}" for m, volume in case.volumes.items())
    names = {0: "–", 1: "NCR", 2: "ED", 4: "ET"}
    labels = "   ".join(f"{layer.name} {names[int(layer.labels.values[voxel])]}" for layer in session.layers)
    return f"{voxel[0] + 1} {voxel[1] + 1} {voxel[2] + 1}   {world} mm", values, labels


def test_the_readout_is_right_while_the_mouse_rests(
    qtbot: QtBot, opened: MainWindow, session: Session, wheel: Callable[..., None], predict: Callable[..., Layer]
) -> None:
    view, viewing = opened.ortho.views[0], session.viewing
    viewing.crosshair = (12, 14, 10)
    place = view.position_of((14, 13, 10))
    qtbot.mouseMove(view.viewport(), place)
    for eighths, k in ((120, 11), (-360, 8), (240, 10)):
        wheel(view, eighths, at=place)
        assert _told(opened) == _right(session, (14, 13, k))
    for key, k in ((Qt.Key.Key_PageUp, 11), (Qt.Key.Key_PageDown, 10), (Qt.Key.Key_PageDown, 9)):
        qtbot.keyClick(view, key)
        assert _told(opened) == _right(session, (14, 13, k))
    viewing.crosshair = (3, 4, 12)  # a jump: to an error, to a place
    assert _told(opened) == _right(session, (14, 13, 12))
    predict(shift=1)
    assert _told(opened) == _right(session, (14, 13, 12))
    assert "prediction" in _told(opened)[2]
    viewing.convention = DisplayConvention.NEUROLOGICAL  # mirrored: another voxel lies under the cursor
    assert _told(opened) == _right(session, view.voxel_at(QPointF(place)))
    wheel(view, 360, ctrl=True, at=view.viewport().rect().center())  # and so it does when the picture grows
    assert _told(opened) == _right(session, view.voxel_at(QPointF(place)))
    opened.ortho.fit()
    assert _told(opened) == _right(session, view.voxel_at(QPointF(place)))


def test_the_readout_is_right_when_another_case_opens_under_the_mouse(
    qtbot: QtBot, opened: MainWindow, session: Session, toy_case: Any, tmp_path: Path
) -> None:
    view = opened.ortho.views[0]
    place = view.position_of((14, 13, session.viewing.crosshair[2]))
    other = run_to_end(read_case(find_case(toy_case(tmp_path, shape=(40, 30, 24), case_id="Other", seed=7))))
    QApplication.sendEvent(view, QEnterEvent(QPointF(place), QPointF(place), QPointF(place)))
    session.open(other)
    assert _told(opened) == _right(session, view.voxel_at(QPointF(place)))


def test_a_view_that_appears_under_a_resting_mouse_is_read(opened: MainWindow, session: Session) -> None:
    first = opened.ortho.views[0]
    QApplication.sendEvent(first, QEnterEvent(QPointF(60, 60), QPointF(60, 60), QPointF(60, 60)))
    session.viewing.layout = ViewLayout.MODALITIES
    second = opened.ortho.views[0]
    for view in opened.ortho.views:
        QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert _told(opened) == _right(session, session.viewing.crosshair)  # the first one is gone
    place = QPointF(second.position_of((9, 8, session.viewing.crosshair[2])))
    QApplication.sendEvent(second, QEnterEvent(place, place, place))
    assert _told(opened) == _right(session, second.voxel_at(place))


def test_the_readout_tells_the_files_own_index_on_request(opened: MainWindow, session: Session) -> None:
    session.viewing.crosshair = (3, 4, 5)
    session.viewing.file_index = True
    assert opened.readout._position.text().startswith("file 20 23 5   ")  # stored LPS: 24 - 1 - 3, 28 - 1 - 4
    session.viewing.file_index = False
    assert opened.readout._position.text().startswith("4 5 6   ")


@pytest.mark.parametrize(
    ("stored", "slope", "text"), [(12345, 1.0, "12345"), (-20000, 1.0, "-20000"), (250, 0.001, "0.25"), (7, 1.0, "7")]
)
def test_intensities_are_written_plainly(
    window: MainWindow, session: Session, case: Case, stored: int, slope: float, text: str
) -> None:
    volume = case.volumes[Modality.T1]
    values = volume.stored.copy()
    values[1, 2, 3] = stored
    volume = replace(volume, stored=values, slope=slope)
    session.open(replace(case, volumes={Modality.T1: volume}))
    for view in window.ortho.views:
        QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    session.viewing.crosshair = (1, 2, 3)
    assert window.readout._values.text() == f"T1 {text}"


def test_work_is_summed_up(window: MainWindow, session: Session) -> None:
    session.opening.begin("reading")
    session.opening.done = 0.4
    session.segmenting.begin("inferring")
    assert window.readout._work.text() == "reading 40 % · inferring 0 %"
    session.opening.end("Opened")
    session.segmenting.end("Done")
    assert window.readout._work.text() == ""


# --- segment ----------------------------------------------------------------------------------------------------


def test_the_panel_shows_models_and_makes_choices(window: MainWindow, session: Session) -> None:
    state = session.segmenting
    state.models = (ModelChoice(Path("/a"), "A 1", "first"), ModelChoice(Path("/b"), "B 2", "second"))
    state.model = state.models[1]
    box = _named(window.panels.named("Segment")(), QComboBox, "Model")
    assert [box.itemText(n) for n in range(box.count())] == ["A 1", "B 2"]
    assert (box.currentText(), box.toolTip()) == ("B 2", "second")
    box.activated.emit(0)
    assert state.model is state.models[0]
    for name, index, field, value in (("Device", 1, "device", "cpu"), ("Precision", 2, "precision", "bfloat16")):
        _named(window.panels.named("Segment")(), QComboBox, name).activated.emit(index)
        assert getattr(state, field) == value


def test_how_far_it_is_lists_no_model_again(window: MainWindow, session: Session) -> None:
    state = session.segmenting
    state.models = (ModelChoice(Path("/a"), "A 1", "first"), ModelChoice(Path("/b"), "B 2", "second"))
    state.model = state.models[1]
    box = _named(window.panels.named("Segment")(), QComboBox, "Model")
    listed: list[int] = []
    box.model().rowsInserted.connect(lambda *_: listed.append(1))
    state.begin("inferring", 9.0)
    state.detail, state.done = "window 2 of 3", 0.5
    assert (listed, box.currentText()) == ([], "B 2")
    state.model = state.models[0]
    assert box.currentText() == "A 1"


def test_longer_than_expected_is_said(window: MainWindow, session: Session) -> None:
    panel = window.panels.named("Segment")()
    session.segmenting.begin("inferring", 9.0)
    panel._started -= 14.7
    session.segmenting.done = 0.5
    assert any(re.fullmatch(r"Inferring · 14\.\d\xa0s, longer than last time \(9\xa0s\)", t) for t in _texts(panel))


def test_choices_cannot_be_changed_while_it_runs(window: MainWindow, session: Session) -> None:
    session.segmenting.unavailable = ""
    session.segmenting.begin("inferring", 12.0)
    session.segmenting.detail, session.segmenting.done = "window 2 of 3", 0.5
    panel = window.panels.named("Segment")()
    boxes = [_named(panel, QComboBox, name) for name in ("Model", "Device", "Precision")]
    assert not any(box.isEnabled() for box in boxes)
    assert any(
        t.startswith("Inferring, window 2 of 3 · 0.") and t.endswith("of about 12\u00a0s") for t in _texts(panel)
    )
    session.segmenting.end("CPU, float32: 3.0 s")
    assert all(box.isEnabled() for box in boxes)
    assert "CPU, float32: 3.0 s" in _texts(panel)


# --- notices ----------------------------------------------------------------------------------------------------


def test_several_answers_leave_the_sentence_its_room(qtbot: QtBot, window: MainWindow, session: Session) -> None:
    def width_of_the_sentence(*answers: str) -> int:
        session.say(Notice("There is unsaved work", actions=tuple((text, "journal.restore") for text in answers)))
        qtbot.waitUntil(lambda: all(button.isVisible() for button in window.notice._buttons))
        window.notice.layout().activate()
        return int(window.notice._text.width())

    one = width_of_the_sentence("Restore")
    assert width_of_the_sentence("Restore", "Discard", "Later") > one
    assert [button.text() for button in window.notice._buttons] == ["Restore", "Discard", "Later"]
    assert width_of_the_sentence("Restore") == one


def test_a_notice_is_its_sentences(window: MainWindow, session: Session) -> None:
    assert not window.notice.isVisible()
    session.say(Notice("the file is cut off", "Copy it again", problem=True))
    assert window.notice.isVisible()
    assert window.notice.text == "the file is cut off. Copy it again."
    session.say(None)
    assert not window.notice.isVisible()


def test_details_are_folded(qtbot: QtBot, window: MainWindow, session: Session) -> None:
    session.say(Notice("a", details="the traceback"))
    details = _button(window.notice, "Details")
    assert details.isVisible()
    assert not window.notice._details.isVisible()
    _click(qtbot, details)
    assert window.notice._details.isVisible()
    assert window.notice._details.toPlainText() == "the traceback"
    session.say(Notice("b", details="more"))
    assert not window.notice._details.isVisible()
    session.say(Notice("c"))
    assert not details.isVisible()


def test_buttons_of_a_notice_run_actions(qtbot: QtBot, window: MainWindow, session: Session) -> None:
    session.say(Notice("a", actions=(("Do this", "x.this"), ("Do that", "x.that"))))
    for text, key in (("Do this", "x.this"), ("Do that", "x.that")):
        with qtbot.waitSignal(window.notice.action_requested) as heard:
            _click(qtbot, _button(window.notice, text))
        assert heard.args == [key]


def test_problems_stay_and_the_rest_goes_by_itself(qtbot: QtBot, window: MainWindow, session: Session) -> None:
    window.notice._timer.setInterval(30)
    session.say(Notice("problem"))
    assert not window.notice._timer.isActive()
    session.say(Notice("with a choice", actions=(("Do", "x"),), problem=False))
    assert not window.notice._timer.isActive()
    session.say(Notice("only worth knowing", problem=False))
    qtbot.waitUntil(lambda: session.notice is None)


def test_the_cross_closes_a_notice(qtbot: QtBot, window: MainWindow, session: Session) -> None:
    session.say(Notice("a"))
    cross = next(b for b in window.notice.findChildren(QToolButton) if b.toolTip().startswith("Close this message"))
    _click(qtbot, cross)
    assert session.notice is None


def test_a_notice_moves_nothing(opened: MainWindow, session: Session) -> None:
    before = [view.geometry() for view in opened.ortho.views]
    session.say(Notice("long " * 60, "and longer " * 30))
    assert [view.geometry() for view in opened.ortho.views] == before
    assert opened.notice.width() <= opened.centralWidget().width()
    assert opened.centralWidget().rect().contains(opened.notice.geometry())


# --- the window -------------------------------------------------------------------------------------------------


def test_an_empty_window_teaches(qtbot: QtBot, window: MainWindow) -> None:
    assert window.welcome.isVisible()
    assert "Drop a case folder here" in _texts(window.welcome)
    for text, signal in (
        ("Open case folder…", window.welcome.open_requested),
        ("Try the demonstration case", window.welcome.demo_requested),
    ):
        with qtbot.waitSignal(signal):
            _click(qtbot, _button(window.welcome, text))


def test_the_modality_buttons(qtbot: QtBot, opened: MainWindow, session: Session, case: Case) -> None:
    buttons = opened._tool_bar.modality_buttons
    assert [m for m, b in buttons.items() if b.isChecked()] == [Modality.T1CE]
    for modality, button in buttons.items():
        _click(qtbot, button)
        _click(qtbot, button)
        assert session.viewing.modality is modality
        assert [m for m, b in buttons.items() if b.isChecked()] == [modality]
    session.open(replace(case, volumes={Modality.T2: case.volumes[Modality.T2]}))
    assert [m for m, b in buttons.items() if b.isEnabled()] == [Modality.T2]
    assert [m for m, b in buttons.items() if b.isChecked()] == [Modality.T2]


def test_the_title_names_the_case_and_marks_what_is_unsaved(
    opened: MainWindow, session: Session, predict: Callable[..., Layer]
) -> None:
    assert opened.windowTitle() == "Toy_001[*] – brainseg"
    assert not opened.isWindowModified()
    predict()
    assert opened.isWindowModified()


def test_panels_come_back(opened: MainWindow) -> None:
    for dock in opened.panels.docks:
        dock.close()
    opened.reset_layout()
    assert [dock.windowTitle() for dock in opened.panels.docks if dock.isVisible()] == ["Image", "Layers", "Segment"]


def test_the_window_comes_back_as_it_was(opened: MainWindow, qtbot: QtBot) -> None:
    opened.panels.docks[2].hide()
    geometry, state = opened.saveGeometry(), opened.saveState()
    again = MainWindow(Session(), {}, PANELS, ACTIONS)
    qtbot.addWidget(again)
    again.restore(geometry, state)
    assert [dock.isHidden() for dock in again.panels.docks] == [dock.isHidden() for dock in opened.panels.docks]


def test_a_panel_of_an_occasion_does_not_come_back(opened: MainWindow, qtbot: QtBot) -> None:
    for title in ("Histograms", "Prepare"):
        opened.panels.show(title)
    again = MainWindow(Session(), {}, PANELS, ACTIONS)
    qtbot.addWidget(again)
    again.restore(opened.saveGeometry(), opened.saveState())
    assert not again.panels.dock("Histograms").isHidden()
    assert again.panels.dock("Prepare").isHidden()


def test_it_fits_on_a_small_screen(opened: MainWindow, session: Session, predict: Callable[..., Layer]) -> None:
    predict()
    opened.resize(1280, 720)
    for layout in ViewLayout:
        session.viewing.layout = layout
        assert opened.size().width() == 1280
        assert opened.size().height() == 720
    segment = _button(opened.panels.named("Segment")(), "Segment")
    place = segment.mapTo(opened, QPoint(0, 0))
    assert opened.rect().contains(place)
    assert opened.rect().contains(place + QPoint(segment.width(), segment.height()))


def test_the_compare_layout_explains_its_colours(
    opened: MainWindow, session: Session, predict: Callable[..., Layer]
) -> None:
    predict()
    pair = session.layers.reference.labels, session.layers.prediction.labels
    session.set_comparison(compare(*pair))
    legend = opened.comparison()._legend
    assert "found" not in legend.text()
    session.viewing.layout = ViewLayout.COMPARE
    assert "missed" in legend.text()
    assert legend.text().endswith("in WT")


def _cases_panel(qtbot: QtBot, session: Session) -> CasesPanel:
    holder = QMainWindow()
    qtbot.addWidget(holder)
    panel = CasesPanel(session, Actions(holder, {}, ACTIONS))
    qtbot.addWidget(panel)
    return panel


def test_one_change_in_a_list_of_thousands_touches_one_line(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line was made anew: four seconds for five thousand cases on a busy computer."""
    session = Session()
    panel = _cases_panel(qtbot, session)
    images = dict.fromkeys(Modality, Path("x.nii.gz"))
    session.set_cohort(tuple(CaseSource(f"Case {n:04d}", Path(f"Case {n:04d}"), images) for n in range(2000)))
    entries = {f"Case {n:04d}": CaseEntry(f"Case {n:04d}", CaseState.DONE) for n in range(1000)}
    session.case_states.show(Path("list.csv"), entries)
    drawn: list[str] = []
    usual = QListWidgetItem.setIcon
    monkeypatch.setattr(QListWidgetItem, "setIcon", lambda item, icon: (drawn.append(item.text()), usual(item, icon)))
    first = panel._list.item(0)
    flagged = CaseEntry("Case 1500", CaseState.FLAGGED, "motion in FLAIR")
    session.case_states.show(Path("list.csv"), {**entries, "Case 1500": flagged})
    assert drawn == ["Case 1500"]
    assert panel._list.item(0) is first
    assert "motion in FLAIR" in panel._list.item(1500).toolTip()
    assert "1,000 of 2,000 done, 1 flagged" in panel._count.text()
    panel._filter.setText("MOTION")
    assert [n for n in range(2000) if not panel._list.item(n).isHidden()] == [1500]


def test_a_name_keeps_its_room_from_what_is_said_behind_it(qtbot: QtBot) -> None:
    """Names became “SYN-7-…mented”: what only differs at its end was all alike."""
    session = Session()
    panel = _cases_panel(qtbot, session)
    panel.resize(180, 300)
    sources = tuple(CaseSource(f"Patient {n:05d}", Path(f"{n}"), dict.fromkeys(Modality, Path("x"))) for n in range(2))
    session.set_cohort(sources)
    panel.show()
    item, rows = panel._list.item(0), panel._list.viewport()
    assert item.text() == "Patient 00000"
    name = panel._list.visualItemRect(item)
    name.setWidth(24 + panel.fontMetrics().horizontalAdvance(item.text()))
    before = rows.grab(name).toImage()
    item.setData(WORDS, "segmented")
    assert rows.grab(name).toImage() == before
    assert "Network: segmented" in item.toolTip()
    panel.resize(400, 300)
    row = panel._list.visualItemRect(item)
    told = rows.grab(row).toImage()
    item.setData(WORDS, "")
    assert rows.grab(row).toImage() != told, "where there is room it is said"


# --- dialogs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, 60])
def test_files_are_assigned_in_a_dialog_that_the_screen_has_room_for(
    qtbot: QtBot, opened: MainWindow, count: int
) -> None:
    files = [Path(f"/x/series_{number:02}.nii.gz") for number in range(count)]
    dialog = AssignDialog(files, {}, opened)
    dialog.open()
    assert dialog.height() <= dialog.screen().availableSize().height()
    button = dialog._buttons.button(QDialogButtonBox.StandardButton.Open)
    assert dialog.rect().contains(QRect(button.mapTo(dialog, QPoint()), button.size()))
    boxes = dialog.findChildren(QComboBox)
    assert len(boxes) == count
    area = dialog.findChild(QScrollArea)
    assert (area.verticalScrollBar().maximum() > 0) is (count > 3)  # a few rows need no bar
    boxes[-1].setCurrentIndex(1)
    assert dialog.modalities == {Modality.T1: files[-1]}
    dialog.close()
    dialog.deleteLater()
