"""The form of a new run: every field has a widget, says what is wrong, and goes back to the recipe."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QToolButton
from pytestqt.qtbot import QtBot

from brainseg_gui.runs.config_file import read_preset
from brainseg_gui.state.training.training_draft import NAME_KEY, DatasetCheck, TrainingDraft
from brainseg_gui.views.training.training_form import TrainingForm
from brainseg_gui.views.widgets import theme
from brainseg_gui.views.widgets.theme import apply_theme


@pytest.fixture
def draft() -> TrainingDraft:
    draft = TrainingDraft()
    draft.load(read_preset("default"))
    return draft


@pytest.fixture
def form(qtbot: QtBot, qapp: QApplication, draft: TrainingDraft) -> TrainingForm:
    if not qapp.styleSheet():
        apply_theme(qapp, "dark")
    form = TrainingForm(draft)
    qtbot.addWidget(form)
    form.show_presets(("default", "seed"))
    form.resize(1000, 700)
    form.show()
    return form


def box(form: TrainingForm, key: str) -> QSpinBox | QDoubleSpinBox:
    found = form.row(key).field.findChild(QSpinBox) or form.row(key).field.findChild(QDoubleSpinBox)
    assert found is not None
    return found


def retype(qtbot: QtBot, widget: QSpinBox | QDoubleSpinBox, text: str) -> None:
    widget.lineEdit().setText(text + widget.suffix())
    qtbot.keyClick(widget, Qt.Key.Key_Return)


def test_every_field_has_a_widget_with_a_name_and_help(form: TrainingForm, draft: TrainingDraft) -> None:
    for key in draft.keys:
        row = form.row(key)
        assert row.field.accessibleName(), key
        assert row.field.toolTip(), key
        assert row.remark.text.text(), key
        assert not row.back.isVisible(), key


def test_units_and_ranges_are_shown(form: TrainingForm) -> None:
    assert box(form, "length.hours").text() == "0 h"
    assert box(form, "optimiser.learning_rate").text() == "0.001"
    assert box(form, "optimiser.weight_decay").text() == "1e-05"
    assert "1 to 64" in form.row("sampling.batch").field.toolTip()


def test_typed_numbers_arrive(qtbot: QtBot, form: TrainingForm, draft: TrainingDraft) -> None:
    retype(qtbot, box(form, "optimiser.learning_rate"), "2.5e-4")
    assert draft.value("optimiser.learning_rate") == 0.00025
    retype(qtbot, box(form, "optimiser.learning_rate"), "0,01")
    assert draft.value("optimiser.learning_rate") == 0.01
    retype(qtbot, box(form, "length.epochs"), "12")
    assert draft.value("length.epochs") == 12
    assert isinstance(draft.value("length.epochs"), int)


def test_a_wrong_number_is_said_beside_its_field_and_bars_start(
    qtbot: QtBot, form: TrainingForm, draft: TrainingDraft
) -> None:
    draft.set("data.train", ("/cases",))
    draft.set_check(DatasetCheck(cases=3, complete=3))
    assert form._start.isEnabled()
    retype(qtbot, box(form, "sampling.batch"), "99")
    assert form.row("sampling.batch").remark.text.text() == "Batch must be at most 64."
    assert form.row("sampling.batch").remark.text.objectName() == "problem"
    assert "1 wrong" in form._sections["sampling"].heading.text()  # seen while the section is closed
    assert not form._start.isEnabled()
    assert form._start.toolTip() == "Batch must be at most 64"
    retype(qtbot, box(form, "sampling.batch"), "4")
    assert form.row("sampling.batch").remark.text.objectName() == "quiet"
    assert form._start.isEnabled()


def test_a_changed_field_is_marked_and_goes_back(form: TrainingForm, draft: TrainingDraft) -> None:
    form._sections["sampling"].heading.setChecked(True)
    row = form.row("sampling.batch")
    box(form, "sampling.batch").setValue(8)
    assert row.back.isVisible()
    assert "the recipe has 2" in row.back.toolTip()
    row.back.click()
    assert draft.value("sampling.batch") == 2
    assert box(form, "sampling.batch").value() == 2
    assert not row.back.isVisible()


def test_the_other_kinds_of_fields(qtbot: QtBot, form: TrainingForm, draft: TrainingDraft) -> None:
    choice = form.row("network.normalisation").field.findChild(QComboBox)
    choice.setCurrentIndex(choice.findData("instance"))
    choice.activated.emit(choice.currentIndex())
    assert draft.value("network.normalisation") == "instance"
    form.row("loss.batch_dice").field.findChild(QCheckBox).click()
    assert draft.value("loss.batch_dice") is False
    form.row("sampling.patch").field.findChildren(QSpinBox)[2].setValue(64)
    assert draft.value("sampling.patch") == (96, 96, 64)
    name = form.row(NAME_KEY).field.findChild(QLineEdit)
    name.clear()
    qtbot.keyClicks(name, "glioma")
    assert draft.value(NAME_KEY) == "glioma"


def test_folders_are_listed_asked_for_and_taken_off(qtbot: QtBot, form: TrainingForm, draft: TrainingDraft) -> None:
    draft.set("data.train", ("/a/one", "/b/two"))
    field = form.row("data.train").field
    remove = [b for b in field.findChildren(QToolButton) if b.accessibleName() == "Take one off the list"]
    remove[0].click()
    assert draft.value("data.train") == ("/b/two",)
    with qtbot.waitSignal(form.folder_requested) as asked:
        field.folder_requested.emit()
    assert asked.args == ["data.train"]


def test_the_wheel_scrolls_the_form_and_changes_nothing(form: TrainingForm) -> None:
    for widget in (box(form, "length.epochs"), form.row("data.split_by").field.findChild(QComboBox)):
        assert widget.focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_a_preset_fills_the_form(qtbot: QtBot, form: TrainingForm, draft: TrainingDraft) -> None:
    with qtbot.waitSignal(form.preset_requested) as asked:
        form._preset.setCurrentIndex(1)
        form._preset.activated.emit(1)
    assert asked.args == ["seed"]
    draft.load(read_preset("seed"))
    assert form._preset.currentText() == "seed"
    assert box(form, "length.epochs").value() == 4


def test_the_data_set_is_told(form: TrainingForm, draft: TrainingDraft) -> None:
    assert "Add a folder" in form._dataset.text()
    draft.set("data.train", ("/cases",))
    draft.set_check(DatasetCheck(running=True))
    assert "Looking" in form._dataset.text()
    draft.set_check(DatasetCheck(20, 3, 0, tuple(f"case<{n}> has no mask" for n in range(17))))
    text = form._dataset.text()
    assert "<b>3 of 20</b>" in text
    assert "20 % of them" in text
    assert "case&lt;0&gt; has no mask" in text
    assert "and 5 more" in text


def test_a_theme_change_redraws_the_marks(form: TrainingForm, monkeypatch: pytest.MonkeyPatch) -> None:
    row = form.row("sampling.batch")
    before = row.back.icon().pixmap(14, 14).toImage()
    monkeypatch.setitem(theme._current, "accent", "#ff0000")
    QApplication.sendEvent(form, QEvent(QEvent.Type.PaletteChange))
    assert row.back.icon().pixmap(14, 14).toImage() != before
