"""A series that could not be registered is put in its place by hand, in the real window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import SEGMENTING
from brainseg_gui.controllers.shell.features.preparing_feature import PREPARE, PREPARING
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.registration.pose import Pose
from brainseg_gui.progress import Progress
from brainseg_gui.views.preparing.nudge_window import NudgeWindow
from brainseg_gui.views.preparing.prepare_panel import PreparePanel
from tests.preparation.heads import T1CE, T2, grid_of, head
from tests.preparation.test_prepared_case import save
from tests.shipped import needs_all_modalities

pytestmark = pytest.mark.plain

GRID = grid_of((20, 22, 20), (4.0, 4.0, 4.0))
LOST = Alignment(np.eye(4), problem="it covers 3% of the reference's head. Leave it out")


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which searches were made; the first finds nothing, and the one from where the hand put it adds a millimetre."""
    made: list[str] = []

    def register(fixed: Volume, moving: Volume) -> Iterator[Progress]:
        yield Progress("registering", 0.5)
        made.append("register")
        return LOST

    def refine(fixed: Volume, moving: Volume, start: Affine) -> Iterator[Progress]:
        yield Progress("registering", 0.5)
        made.append("refine")
        further = Pose.of(start, moving.grid).shifted(2, 1.0)
        return replace(LOST, to_series=further.to_series(moving.grid), overlap=0.9, information=0.6, problem="")

    monkeypatch.setattr("brainseg_gui.preparation.steps.agreement.register", register)
    monkeypatch.setattr("brainseg_gui.controllers.preparing.nudging.refine", refine)
    monkeypatch.setattr("brainseg_gui.inference.models.head_model.shipped_head_model", lambda task: None)
    return made


@pytest.fixture
def panel(application: Application, searches: list[str], tmp_path: Path, qtbot: QtBot) -> PreparePanel:
    """The panel after an examination was prepared whose T2 was not found."""
    for name, contrast in (("t1_gd", T1CE), ("ax_t2", T2)):
        save(head(GRID, contrast), tmp_path / "Jane" / f"{name}.nii.gz")
    application.window.actions_table["prepare.show"].trigger()
    application.controllers[PREPARING].look(tmp_path / "Jane")
    state, segmenting = application.session.preparing, application.session.segmenting
    strict = needs_all_modalities().path  # which does not segment two series
    application.controllers[SEGMENTING].models.use(strict)
    qtbot.waitUntil(lambda: segmenting.model is not None and segmenting.model.folder == strict)
    qtbot.waitUntil(lambda: state.choice is not None and not state.running)
    found = application.window.panels[PREPARE]()
    assert not found.nudge.isVisible()
    application.controllers[PREPARING].prepare()
    qtbot.waitUntil(lambda: application.session.case is not None, timeout=60_000)
    return found


def _window(application: Application) -> NudgeWindow:
    shown = [one for one in QApplication.topLevelWidgets() if isinstance(one, NudgeWindow) and one.isVisible()]
    assert len(shown) == 1
    return shown[0]


def test_what_was_not_registered_is_put_in_its_place_by_hand(
    application: Application, panel: PreparePanel, searches: list[str], tmp_path: Path, qtbot: QtBot
) -> None:
    preparing = application.session.preparing
    nudging = preparing.nudging
    assert any("T2 could not be registered" in doubt for doubt in preparing.doubts)
    panel.nudge.click()
    qtbot.waitUntil(lambda: nudging.nudged is not None and not nudging.running, timeout=30_000)
    window = _window(application)
    assert window.series.currentText() == "T2: not registered"
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Comma):
        QTest.keyClick(window.views[Plane.AXIAL], key)
    window.refine.click()
    qtbot.waitUntil(lambda: "refine" in searches and not nudging.running)
    assert "It fits: it covers 90% of the reference's head" in window._fit.text()
    pose = nudging.moving.trail.pose
    assert pose.shift_mm == pytest.approx((-1, 1, 1))  # the patient's right is on the left of the screen
    window.accept.click()
    qtbot.waitUntil(lambda: not window.isVisible() and not preparing.running, timeout=60_000)
    assert searches == ["register", "refine"]  # the later steps alone are done again
    assert not [doubt for doubt in preparing.doubts if "T2" in doubt]
    record = json.loads((tmp_path / "Jane prepared" / "Jane" / "preparation.json").read_text())
    t2 = next(one["registration"] for one in record["series"] if one["modality"] == Modality.T2.value)
    assert t2["nudged_by_hand"]
    assert t2["found_before"]["problem"] == LOST.problem
    assert np.allclose(t2["to_series"], pose.to_series(GRID))


def test_a_search_that_is_stopped_leaves_the_series_where_it_was(
    application: Application, panel: PreparePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(fixed: Volume, moving: Volume, start: Affine) -> Iterator[Progress]:
        while True:
            yield Progress("registering", 0.5)

    monkeypatch.setattr("brainseg_gui.controllers.preparing.nudging.refine", endless)
    nudging = application.session.preparing.nudging
    panel.nudge.click()
    qtbot.waitUntil(lambda: nudging.nudged is not None and not nudging.running, timeout=30_000)
    window = _window(application)
    window.numbers[0].setValue(5.0)
    window.refine.click()
    assert not window.accept.isEnabled()
    window.cancel.click()
    assert nudging.moving.trail.pose.shift_mm == (5.0, 0, 0)
    window.close()
    panel.nudge.click()  # what was not accepted is there still
    assert _window(application).numbers[0].value() == 5.0
    assert window.accept.isEnabled()
