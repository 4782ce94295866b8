"""Editing labels in the real dialog: saved as a scheme, and the open annotation painted, shown and saved by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.all_features import LABELS
from brainseg_gui.controllers.shell.features.core_features import ANNOTATING
from brainseg_gui.imaging.labelling.known_schemes import label_schemes, scheme_named
from brainseg_gui.imaging.labelling.own_schemes import forget_own_schemes, schemes_folder
from brainseg_gui.views.annotating.history_list import HistoryList
from brainseg_gui.views.layers.labels_dialog import LabelsDialog
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain
VOXEL, OTHER = (10, 11, 12), (15, 16, 12)
Open = Callable[..., None]


@pytest.fixture
def folder(toy_case: Callable[..., Path], tmp_path: Path) -> Path:
    return toy_case(tmp_path)


@pytest.fixture
def hand(application: Application, folder: Path, open_paths: Open) -> Hand:
    open_paths(application, folder)
    hand = Hand(application)
    application.session.viewing.crosshair = VOXEL
    hand.start()
    return hand


def opened(application: Application, qtbot: QtBot) -> LabelsDialog:
    application.window.actions_table["layers.labels"].trigger()
    dialog = application.controllers[LABELS].dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


def press(dialog: LabelsDialog, text: str) -> None:
    next(button for button in dialog.findChildren(QPushButton) if button.text() == text).click()


def type_into(dialog: LabelsDialog, row: int, column: int, text: str, qtbot: QtBot) -> None:
    """Double click a cell and type, as a person does."""
    table = dialog.findChild(QTableWidget)
    table.editItem(table.item(row, column))
    (editor,) = table.findChildren(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not table.findChildren(QLineEdit))  # the table takes it a little later


def test_a_renamed_renumbered_and_a_new_label_are_painted_saved_and_read_again(
    hand: Hand, qtbot: QtBot, folder: Path, open_paths: Open
) -> None:
    application = hand.application
    hand.click(VOXEL)
    assert hand.values[VOXEL] == 4
    dialog = opened(application, qtbot)
    type_into(dialog, 2, 1, "7", qtbot)
    type_into(dialog, 2, 2, "solid", qtbot)
    press(dialog, "Add")
    type_into(dialog, 3, 2, "vessel & wall", qtbot)
    dialog._title.setText("My tumour")
    press(dialog, "Use these labels")
    assert hand.values[VOXEL] == 7
    assert application.session.annotating.rules.active == 7  # what was in the hand still is
    annotation = application.session.annotating.annotation
    assert annotation.labels.scheme == scheme_named("my-tumour")
    assert [annotation.labels.scheme.name_of(n) for n in (1, 2, 7, 8)] == ["NCR", "ED", "solid", "vessel & wall"]
    assert hand.names[-1] == "Renumber labels"
    assert (schemes_folder() / "my-tumour.toml").is_file()

    other = (10, 15, 12)
    application.session.annotating.rules = replace(application.session.annotating.rules, active=8)
    hand.click(other)
    assert hand.values[other] == 8
    table = application.window.panels.named("Layers")().labels.volumes
    assert {"solid", "vessel & wall"} <= set(table)
    hand.trigger("file.save")
    qtbot.waitUntil(lambda: not application.session.layers.unsaved)
    path = application.session.annotating.layer.saved_as
    stored = np.asarray(nib.load(path).dataobj)
    assert set(np.unique(stored)) == {0, 7, 8}
    note = json.loads(path.with_name(path.name.replace(".nii.gz", ".provenance.json")).read_text())
    assert note["label_scheme"] == "my-tumour"
    assert note["label_looks"]["7"][0] == "solid"

    (schemes_folder() / "my-tumour.toml").unlink()  # a colleague does not have it
    forget_own_schemes()
    assert "my-tumour" not in label_schemes()
    open_paths(application, folder)
    again = [layer for layer in application.session.layers if layer.saved_as == path]
    assert [layer.labels.scheme.name_of(7) for layer in again] == ["solid"]


def test_undo_takes_the_renumbering_back(hand: Hand, qtbot: QtBot) -> None:
    hand.click(VOXEL)
    dialog = opened(hand.application, qtbot)
    type_into(dialog, 2, 1, "9", qtbot)
    hand.application.session.annotating.rules = hand.application.session.annotating.rules.locking(4, True)
    press(dialog, "Use these labels")
    assert hand.values[VOXEL] == 9  # a lock is no bar: nothing is painted
    assert hand.application.session.annotating.rules.locked == frozenset({9})
    hand.trigger("annotate.undo")
    assert hand.values[VOXEL] == 4


def test_undo_and_redo_bring_the_meaning_of_numbers_along(hand: Hand, qtbot: QtBot) -> None:
    """ET and ED changed numbers: the voxel that was taken back to 4 was oedema then, on screen and in the file."""
    application, annotating = hand.application, hand.application.session.annotating
    hand.click(VOXEL)
    hand.click(OTHER)

    def meaning() -> str:
        return str(annotating.annotation.labels.scheme.meaning_of(int(hand.values[VOXEL])))

    def scheme_of_layer() -> object:
        return annotating.layer.labels.scheme

    before = meaning()
    dialog = opened(application, qtbot)
    type_into(dialog, 2, 1, "9", qtbot)
    press(dialog, "Use these labels")
    changed = scheme_of_layer()
    assert (hand.values[VOXEL], meaning()) == (9, before)
    hand.trigger("annotate.undo")
    qtbot.waitUntil(lambda: scheme_of_layer() != changed)
    assert (hand.values[VOXEL], meaning()) == (4, before)
    assert annotating.annotation.labels.scheme == scheme_of_layer()
    first = scheme_of_layer()
    hand.trigger("annotate.undo")  # a click: nothing changes sides
    qtbot.wait(50)
    assert scheme_of_layer() == first
    hand.trigger("annotate.redo")
    hand.trigger("annotate.redo")
    qtbot.waitUntil(lambda: scheme_of_layer() == changed)
    assert (hand.values[VOXEL], meaning()) == (9, before)


def test_a_renumbering_of_an_earlier_session_is_not_undone(hand: Hand, qtbot: QtBot) -> None:
    """A journal holds one scheme: what the numbers meant before is not known any more."""
    application = hand.application
    hand.click(VOXEL)
    dialog = opened(application, qtbot)
    type_into(dialog, 2, 1, "9", qtbot)
    press(dialog, "Use these labels")
    application.controllers[ANNOTATING].label_moves._known.clear()
    hand.trigger("annotate.undo")
    assert hand.values[VOXEL] == 9
    assert application.session.notice.what.startswith("The labels were changed here in an earlier session")
    hand.click(OTHER)
    history = application.window.panels.named("Annotate")().findChild(HistoryList)
    history.setCurrentRow(0)  # across it, in the list
    assert hand.values[VOXEL] == 9
    assert history.currentRow() == 3
    assert application.session.notice.what.endswith("what came before stays")
    history.setCurrentRow(2)
    assert hand.values[OTHER] == 0
    assert history.currentRow() == 2


def test_a_renumbering_that_an_earlier_session_took_back_is_not_done_again(hand: Hand, qtbot: QtBot) -> None:
    application = hand.application
    hand.click(VOXEL)
    dialog = opened(application, qtbot)
    type_into(dialog, 2, 1, "9", qtbot)
    press(dialog, "Use these labels")
    hand.trigger("annotate.undo")
    qtbot.wait(50)
    application.controllers[ANNOTATING].label_moves._known.clear()
    hand.trigger("annotate.redo")
    assert hand.values[VOXEL] == 4
    assert application.session.notice.what.endswith("what came after is not done again")


def test_the_list_goes_nowhere_in_a_case_that_is_hidden(hand: Hand, qtbot: QtBot) -> None:
    hand.click(VOXEL)
    hand.click(OTHER)
    session = hand.application.session
    history = hand.application.window.panels.named("Annotate")().findChild(HistoryList)
    session.preview(replace(session.case, source=replace(session.case.source, case_id="the next one")))
    assert session.previewing
    history.setCurrentRow(0)
    assert (hand.values[VOXEL], hand.values[OTHER]) == (4, 4)
    assert history.currentRow() == 2


def test_undo_in_the_dialog_and_cancel_change_nothing(hand: Hand, qtbot: QtBot) -> None:
    scheme = hand.application.session.annotating.annotation.labels.scheme
    dialog = opened(hand.application, qtbot)
    type_into(dialog, 0, 2, "other", qtbot)
    press(dialog, "Add")
    assert [entry.name for entry in dialog._draft.entries] == ["other", "ED", "ET", "label 5"]
    qtbot.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    press(dialog, "Undo")
    assert [entry.name for entry in dialog._draft.entries] == ["NCR", "ED", "ET"]
    press(dialog, "Redo")
    press(dialog, "Cancel")
    assert hand.application.session.annotating.annotation.labels.scheme is scheme
    assert not schemes_folder().exists()
    assert hand.application.controllers[LABELS].dialog is None


def test_what_makes_no_scheme_is_said_and_cannot_be_used(hand: Hand, qtbot: QtBot) -> None:
    dialog = opened(hand.application, qtbot)
    use = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Use these labels")
    type_into(dialog, 0, 1, "2", qtbot)
    assert dialog._problem.text() == "Two labels have the number 2"
    assert not use.isEnabled()
    type_into(dialog, 0, 1, "none", qtbot)
    assert dialog.findChild(QTableWidget).item(0, 1).text() == "2"
    type_into(dialog, 0, 1, "1", qtbot)
    box = dialog.findChild(QTableWidget).cellWidget(0, 3)
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert "NCR is a word of the program" in dialog._problem.text()
    press(dialog, "Cancel")


def test_files_of_other_programs_come_in_and_go_out(
    hand: Hand, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "snap.label"
    source.write_text('1 10 20 30 1 1 1 "left CA1"\n2 1 2 3 1 1 1 "left CA3"\n')
    dialog = opened(hand.application, qtbot)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(source), ""))
    press(dialog, "Import…")
    assert [entry.name for entry in dialog._draft.entries] == ["left CA1", "left CA3"]
    target = tmp_path / "out"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), "Colour table of 3D Slicer (*.ctbl)"))
    press(dialog, "Export…")
    assert (tmp_path / "out.ctbl").read_text().splitlines()[-1] == "2 left_CA3 1 2 3 255"
    target = tmp_path / "vessels v1.2"
    press(dialog, "Export…")
    assert (tmp_path / "vessels v1.2.ctbl").read_text().splitlines()[-1] == "2 left_CA3 1 2 3 255"
    source.write_text("nonsense")
    press(dialog, "Import…")
    assert "line 1 is no label: nonsense" in dialog._problem.text()
    press(dialog, "Cancel")
