"""The whole loop with keys alone: open a cohort, segment, correct, save, next; no mouse, no call into the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.state.layers.layers import LayerRole

pytestmark = pytest.mark.engine

NOTHING, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
CASES = ("Toy_001", "Toy_002", "Toy_003")


@pytest.fixture
def cohort(toy_case: Any, tmp_path: Path) -> Path:
    for number, case_id in enumerate(CASES):
        toy_case(tmp_path / "cohort", case_id=case_id, mask=False, seed=number)
    return tmp_path / "cohort"


def _press(key: Qt.Key, keys: Qt.KeyboardModifier = NOTHING) -> None:
    """A key for whatever has the focus, as a keyboard would send it."""
    target = QApplication.activePopupWidget() or QApplication.focusWidget() or QApplication.activeWindow()
    QTest.keyClick(target, key, keys)


def _is_open(application: Application, case_id: str) -> bool:
    case, opening = application.session.case, application.session.opening
    return case is not None and case.case_id == case_id and not opening.running and not application.session.previewing


def test_three_cases_by_keyboard_alone(
    qtbot: QtBot,
    warm_engine: Engine,
    start_application: Callable[..., Application],
    cohort: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = start_application(safe=True, engine=warm_engine)
    session = application.session
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(cohort))  # the desktop's own dialog
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda _parent, _title, proposed, *_: (proposed, ""))
    _press(Qt.Key.Key_O, CTRL | ALT)
    for number, case_id in enumerate(CASES):
        qtbot.waitUntil(lambda case_id=case_id: _is_open(application, case_id), timeout=30_000)
        _segment_correct_save(qtbot, application)
        if number < len(CASES) - 1:
            _press(Qt.Key.Key_PageDown, CTRL)
    assert not session.annotating.unsaved
    masks = sorted(path.name for path in cohort.glob("*/*annotation*.nii.gz"))
    assert len(masks) == len(CASES), masks
    for case_id in CASES:
        assert list((cohort / case_id).glob("*annotation*.nii.gz")), case_id


def _segment_correct_save(qtbot: QtBot, application: Application) -> None:
    session = application.session
    _press(Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: session.layers.prediction is not None and not session.segmenting.running, timeout=120_000)
    _press(Qt.Key.Key_E, CTRL)
    annotation = session.annotating.annotation
    assert annotation is not None
    assert session.annotating.layer.role is LayerRole.ANNOTATION
    before = annotation.values.copy()
    _press(Qt.Key.Key_2)  # the brush
    _press(Qt.Key.Key_8)  # the first label
    _press(Qt.Key.Key_PageUp)
    for _ in range(3):
        _press(Qt.Key.Key_Right)
    _press(Qt.Key.Key_U)  # as a left click at the crosshair
    assert len(annotation.history) == 1
    assert (annotation.values != before).any()
    _press(Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: not session.annotating.unsaved, timeout=30_000)
