"""Rulers, angles and ellipses with real mouse and keys in the real window, and what a restart brings back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.measuring.mark import MarkKind, length_mm
from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.all_features import FEATURES
from brainseg_gui.controllers.shell.features.core_features import JOURNALS
from brainseg_gui.controllers.shell.features.measuring_feature import MEASUREMENTS, MEASURING
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.views.measuring.measurements_panel import MeasurementsPanel
from tests.e2e.painting import CTRL, ET, SHIFT, Hand

pytestmark = pytest.mark.plain

Open = Callable[..., None]
SLICE = 10


@pytest.fixture
def folder(toy_case: Any, tmp_path: Path) -> Path:
    """24×28×20 voxels of 1×1.5×2 mm, tilted."""
    return toy_case(tmp_path, spacing=(1.0, 1.5, 2.0), oblique=20.0)


@pytest.fixture
def hand(application: Application, folder: Path, open_paths: Open) -> Hand:
    open_paths(application, folder)
    application.session.viewing.crosshair = (12, 14, SLICE)
    return Hand(application)


def ruler(hand: Hand, start: tuple[int, int, int] = (4, 6, SLICE), end: tuple[int, int, int] = (8, 10, SLICE)) -> None:
    hand.key(Qt.Key.Key_Q)
    hand.stroke([start, end])


def test_a_ruler_is_drawn_listed_moved_and_taken_back(hand: Hand) -> None:
    measuring, grid = hand.application.session.measuring, hand.application.session.case.grid
    ruler(hand)
    (mark,) = measuring.marks
    assert length_mm(mark, grid) == pytest.approx(np.hypot(4 * 1.0, 4 * 1.5), abs=0.3)  # by half a pixel of the screen
    assert hand.application.session.viewing.crosshair == (12, 14, SLICE)
    table = hand.application.window.panels[MEASUREMENTS]().table
    assert table.item(0, 1).text() == f"{length_mm(mark, grid):.1f} mm"
    assert table.item(0, 2).text() == f"Ax {SLICE + 1}"
    hand.stroke([(8, 10, SLICE), (16, 10, SLICE)])
    (moved,) = measuring.marks
    assert moved.key == mark.key
    assert moved.points_ijk[1][0] == pytest.approx(16, abs=0.3)
    hand.key(Qt.Key.Key_Z, CTRL)
    assert measuring.marks == (mark,)
    hand.key(Qt.Key.Key_Z, CTRL)
    assert measuring.marks == ()
    hand.key(Qt.Key.Key_Y, CTRL)
    assert measuring.marks == (mark,)


def test_an_angle_and_an_ellipse_with_the_intensities_below_it(hand: Hand, qtbot: QtBot) -> None:
    session = hand.application.session
    hand.key(Qt.Key.Key_Q, SHIFT)
    hand.stroke([(12, 8, SLICE), (6, 8, SLICE)], Plane.AXIAL)
    hand.click((6, 12, SLICE))
    hand.key(Qt.Key.Key_W)
    hand.stroke([(8, 9, SLICE), (16, 19, SLICE)])
    angle, ellipse = session.measuring.marks
    assert (angle.kind, ellipse.kind) == (MarkKind.ANGLE, MarkKind.ELLIPSE)
    found = session.measuring.hand.statistics
    assert found is not None
    volume = session.case.volumes[Modality.T1CE]
    i, j = np.indices(session.case.grid.shape[:2])
    inside = ((i - 12) / 4) ** 2 + ((j - 14) / 5) ** 2 <= 1.0
    assert found.voxels == pytest.approx(inside.sum(), abs=6)
    values = volume.intensities()[:, :, SLICE][inside]
    assert found.brightness[Modality.T1CE].mean == pytest.approx(values.mean(), rel=0.05)
    session.measuring.hand.where = "ET"
    qtbot.waitUntil(lambda: "ET" in session.measuring.hand.statistics.title)
    wanted = np.count_nonzero(session.layers.reference.labels.values == 4)
    assert session.measuring.hand.statistics.voxels == wanted


def test_it_survives_a_restart_and_is_of_these_images_wherever_they_lie(
    hand: Hand, start_application: Callable[..., Application], folder: Path, open_paths: Open, tmp_path: Path
) -> None:
    ruler(hand)
    kept = hand.application.session.measuring.marks
    hand.application.leave()
    other = folder.rename(tmp_path / "elsewhere")
    again = start_application()
    open_paths(again, other)
    assert again.session.measuring.marks == kept
    assert not again.session.measuring.undoable


def test_another_case_has_none_of_it(hand: Hand, toy_case: Any, open_paths: Open, tmp_path: Path) -> None:
    ruler(hand)
    open_paths(hand.application, toy_case(tmp_path, case_id="Other", seed=7))
    assert hand.application.session.measuring.marks == ()
    assert hand.application.session.measuring.hand.drawn is None


def test_delete_takes_away_what_is_under_the_mouse_and_escape_lets_the_ruler_go(hand: Hand) -> None:
    measuring = hand.application.session.measuring
    ruler(hand)
    hand.stroke([(4, 20, SLICE), (16, 20, SLICE)])
    first, second = measuring.marks
    hand.move((4, 6, SLICE), button=Qt.MouseButton.NoButton)
    hand.key(Qt.Key.Key_Delete)
    assert measuring.marks == (second,)
    hand.key(Qt.Key.Key_Escape)
    assert measuring.hand.tool is None
    hand.click((10, 10, SLICE))
    assert hand.application.session.viewing.crosshair == (10, 10, SLICE)
    assert measuring.marks == (second,)
    assert first not in measuring.marks


def test_undo_is_the_annotations_again_once_the_brush_is_in_the_hand(hand: Hand) -> None:
    session = hand.application.session
    ruler(hand)
    hand.start()
    hand.key(Qt.Key.Key_2)
    assert session.measuring.hand.tool is None
    hand.stroke([(10, 10, SLICE)])
    assert len(hand.names) == 1
    hand.key(Qt.Key.Key_Z, CTRL)
    assert not hand.values.any()
    assert len(session.measuring.marks) == 1
    hand.key(Qt.Key.Key_Q)
    hand.key(Qt.Key.Key_Z, CTRL)
    assert session.measuring.marks == ()


def test_all_of_it_is_copied_with_one_key(hand: Hand) -> None:
    ruler(hand)
    hand.key(Qt.Key.Key_W)
    hand.stroke([(8, 9, SLICE), (16, 19, SLICE)])
    hand.key(Qt.Key.Key_C, CTRL | SHIFT)
    heads, *rows = (line.split("\t") for line in QApplication.clipboard().text().splitlines())
    assert {len(row) for row in rows} == {len(heads)}
    length, ellipse = (dict(zip(heads, row, strict=True)) for row in rows)
    assert (length["what"], length["plane"], length["slice"]) == ("ruler", "axial", str(SLICE + 1))
    assert float(length["length_mm"]) == pytest.approx(7.2, abs=0.3)
    assert float(ellipse["t1_mean"]) > 0
    assert length["t1_mean"] == ""


def test_what_is_copied_of_a_label_is_as_it_is_now(hand: Hand, qtbot: QtBot) -> None:
    application = hand.application
    measuring = application.session.measuring
    hand.start()
    hand.click((10, 10, SLICE))
    hand.trigger("measure.ruler")
    measuring.hand.where = "ET"
    qtbot.waitUntil(lambda: measuring.hand.statistics is not None)
    panel = application.window.findChild(MeasurementsPanel)
    panel.hide()
    measuring.hand.tool = None
    hand.key(Qt.Key.Key_2)
    hand.stroke([(10, 10, SLICE), (14, 10, SLICE)])
    painted = int(np.count_nonzero(hand.values == ET))
    assert painted > 1
    QApplication.clipboard().clear()
    hand.key(Qt.Key.Key_C, CTRL | SHIFT)
    qtbot.waitUntil(lambda: bool(QApplication.clipboard().text()))
    heads, row = (line.split("\t") for line in QApplication.clipboard().text().splitlines())
    assert int(dict(zip(heads, row, strict=True))["voxels"]) == painted


def test_a_drive_that_refuses_is_said_once_and_tried_again(
    hand: Hand, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = hand.application
    hand.trigger("measure.ruler")
    keeper = application.controllers[MEASURING].keeper
    journals = application.preferences.measurements
    written = journals.append

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(journals), "append", refuse)
    hand.stroke([(4, 6, SLICE), (8, 10, SLICE)])
    qtbot.waitUntil(lambda: application.session.notice is not None)
    assert "No space left" in application.session.notice.what
    assert not keeper.is_written
    monkeypatch.setattr(type(journals), "append", lambda _, study, changes: written(study, changes))
    hand.stroke([(4, 20, SLICE), (16, 20, SLICE)])
    qtbot.waitUntil(lambda: keeper.is_written)
    assert len(journals.read(application.controllers[JOURNALS].study.digest())) == 2


def test_nothing_of_it_is_made_at_the_start(application: Application) -> None:
    assert MEASURING in FEATURES
    assert MEASURING not in application.controllers
