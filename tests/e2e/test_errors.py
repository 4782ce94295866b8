"""Walking through the errors of a prediction in the real window, with real keys and clicks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.slab import LabelChange
from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import MASKS
from brainseg_gui.evaluation.metrics.disagreements import DisagreementKind
from brainseg_gui.views.shell.keys_dialog import KeysDialog
from brainseg_gui.views.slices.profile_strip import ProfileStrip
from tests.gestures import take_focus

pytestmark = pytest.mark.plain

NO_KEYS, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def compared(qtbot: QtBot, application: Application, toy_case: Any, tmp_path: Path, open_paths: Any) -> Application:
    """A toy case with a prediction that lacks a bite of the tumour and has one lesion too many."""
    folder = Path(toy_case(tmp_path))
    image = nib.load(folder / "Toy_001_seg.nii.gz")
    values = np.asarray(image.dataobj).copy()
    tumour = np.flatnonzero(values.any(axis=(1, 2)))
    values[: tumour[len(tumour) // 2]] = 0
    corner = np.s_[-4:-1, -4:-1, -4:-1] if not values[-6:, -6:, -6:].any() else np.s_[1:4, 1:4, 1:4]
    values[corner] = 2
    nib.save(nib.Nifti1Image(values, image.affine, image.header), tmp_path / "prediction.nii.gz")
    open_paths(application, folder)
    application.controllers[MASKS].add_mask(tmp_path / "prediction.nii.gz")
    session = application.session
    qtbot.waitUntil(lambda: bool(session.errors.found) and not session.errors.searching, timeout=30_000)
    return application


def _press(qtbot: QtBot, application: Application, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    view = application.window.ortho.views[0]
    take_focus(qtbot, view)
    qtbot.keyClick(view, Qt.Key.Key_N, keys)


def test_n_goes_from_error_to_error(qtbot: QtBot, compared: Application) -> None:
    session, window = compared.session, compared.window
    entries = session.errors.entries
    assert {DisagreementKind.MISSED_PART, DisagreementKind.FALSE_LESION} <= {entry.piece.kind for entry in entries}
    assert not window.panels.named("Errors")().isVisible()
    _press(qtbot, compared)
    assert window.panels.named("Errors")().isVisible()
    assert session.errors.position == 0
    assert session.viewing.crosshair == entries[0].piece.centre
    assert session.viewing.agreement == entries[0].piece.region
    for view in window.ortho.views:
        assert view.slice_index == entries[0].piece.centre[view.plane.axis]
    _press(qtbot, compared)
    assert session.viewing.crosshair == entries[1].piece.centre
    _press(qtbot, compared, SHIFT)
    _press(qtbot, compared, SHIFT)
    assert session.errors.position == len(entries) - 1


def test_n_right_after_an_edit_does_not_go_to_what_is_mended(qtbot: QtBot, compared: Application) -> None:
    session, window = compared.session, compared.window
    window.actions_table["annotate.start_prediction"].trigger()
    qtbot.waitUntil(lambda: bool(session.errors.entries) and not session.errors.searching, timeout=30_000)
    _press(qtbot, compared)
    reference, mended = session.layers.reference, session.errors.entries[1].piece
    assert reference is not None
    labels = reference.labels.values[mended.box]
    session.annotating.edit(LabelChange(mended.box, mended.inside, labels, paint_over=False), "Mend", "click")
    assert session.errors.searching
    assert session.errors.entries[1].piece is mended
    _press(qtbot, compared)
    assert session.viewing.crosshair != mended.centre
    qtbot.waitUntil(lambda: not session.errors.searching, timeout=30_000)
    current = session.errors.current
    assert current is not None
    assert session.viewing.crosshair == current.piece.centre != mended.centre
    annotation = session.annotating.annotation
    assert annotation is not None
    assert annotation.values[current.piece.centre] != reference.labels.values[current.piece.centre]


def test_a_jump_reaches_views_that_are_zoomed_in(qtbot: QtBot, compared: Application) -> None:
    for view in compared.window.ortho.views:
        view.zoom(6.0, view.viewport().rect().center().toPointF())
    _press(qtbot, compared)
    centre = compared.session.viewing.crosshair
    for view in compared.window.ortho.views:
        off = view.position_of(centre) - view.viewport().rect().center()
        assert abs(off.x()) <= 3
        assert abs(off.y()) <= 3


def test_every_layout_walks_and_says_where_it_is(qtbot: QtBot, compared: Application) -> None:
    for key in ("view.modalities", "view.compare", "view.planes"):
        compared.window.actions_table[key].trigger()
        _press(qtbot, compared)
        session = compared.session
        assert f"· {session.errors.position + 1} of " in session.errors.words_at(session.viewing.crosshair)
        compared.window.grab()


def test_the_keys_are_in_the_menu_and_the_list_of_keys(compared: Application) -> None:
    menu = compared.window.menus["Layers"]
    shown = {action.objectName(): action.shortcut().toString() for action in menu.actions()}
    assert shown["layers.next_error"] == "N"
    assert shown["layers.previous_error"] == "Shift+N"
    dialog = KeysDialog(compared.window.actions_table, compared.window)
    texts = [dialog._table.item(row, 0).text() for row in range(dialog._table.rowCount())]
    assert {"Next error", "Previous error"} <= set(texts)
    dialog.close()


def test_n_without_a_prediction_says_what_is_missing(
    qtbot: QtBot, application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]
) -> None:
    open_paths(application, Path(toy_case(tmp_path)))
    _press(qtbot, application)
    assert application.session.notice is not None
    assert application.session.notice.what == "There are no two masks to compare"


def test_a_click_on_the_profile_goes_to_the_slice(qtbot: QtBot, compared: Application) -> None:
    view = compared.window.ortho.views[0]
    strip = view.parentWidget().findChild(ProfileStrip)
    qtbot.waitUntil(lambda: strip.isVisible() and strip.height() > 50)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(8, round(strip.y_of(4))))
    assert view.slice_index == 4
    before = compared.session.viewing.crosshair
    _press(qtbot, compared)
    assert compared.session.viewing.crosshair != before


def test_another_case_has_no_errors_yet(
    qtbot: QtBot, compared: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]
) -> None:
    open_paths(compared, Path(toy_case(tmp_path, case_id="Toy_002", shape=(14, 13, 12))))
    assert compared.session.errors.entries == ()
    assert not compared.session.errors.searching
    assert not any(strip.isVisible() for strip in compared.window.findChildren(ProfileStrip))
