"""Edits, undo and redo wait while the images of another case are shown, which may be far smaller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.annotating.proposing import Proposing
from brainseg_gui.state.layers.layers import Layer, LayerRole
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain
FAR = (45, 50, 35)


def test_nothing_is_undone_in_a_case_that_is_not_seen(
    application: Application, toy_case: Any, tmp_path: Any, open_paths: Callable[..., None]
) -> None:
    wide = toy_case(tmp_path, case_id="P1", mask=False, shape=(48, 56, 40), spacing=(0.5, 0.5, 0.5))
    small = run_to_end(read_case(find_case(toy_case(tmp_path, case_id="P2", mask=False))))
    open_paths(application, wide)
    session, hand = application.session, Hand(application)
    session.viewing.crosshair = FAR
    hand.start()
    hand.click(FAR)
    hand.trigger("annotate.undo")
    hand.trigger("annotate.redo")
    before = hand.values
    session.viewing.crosshair = (3, 3, 3)
    session.preview(small)
    for key in ("annotate.undo", "annotate.redo"):
        application.run_action(key)
        np.testing.assert_array_equal(hand.values, before)
    session.annotating.undo()  # from the list of edits, say
    assert session.viewing.crosshair == small.grid.centre
    session.viewing.crosshair = FAR  # whoever puts it there: a slice that is not there ended the program
    QTest.qWait(100)  # the views are drawn
    assert [view.slice_index for view in application.window.ortho.views] == [
        small.grid.shape[view.plane.axis] - 1 for view in application.window.ortho.views
    ]

    session.end_preview()
    session.annotating.redo()
    hand.trigger("annotate.undo")
    assert hand.values.sum() == 0
    assert session.viewing.crosshair == FAR


@pytest.fixture
def behind(application: Application, toy_case: Any, tmp_path: Any, open_paths: Callable[..., None]) -> Hand:
    """A hand over a painted annotation, with a prediction beside it."""
    open_paths(application, toy_case(tmp_path, case_id="P1", mask=False, shape=(48, 56, 40)))
    hand = Hand(application)
    application.session.viewing.crosshair = FAR
    hand.start(brush_mm=4.0)
    hand.click(FAR)
    annotation = hand.annotating.annotation
    assert annotation is not None
    values = np.zeros(annotation.labels.grid.shape, np.uint8, order="F")
    values[5:9, 5:9, 5:9] = 1
    labels = LabelMap(values, annotation.labels.grid, annotation.labels.scheme)
    application.session.add_layer(Layer("network", LayerRole.PREDICTION, labels, visible=False))
    hand.annotating.proposing.smallest = 1
    return hand


@pytest.fixture
def other(toy_case: Any, tmp_path: Any) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path, case_id="P2", mask=False))))


@pytest.mark.parametrize("key", ["annotate.use", "annotate.use_right", "operate.grow", "propose.accept_all"])
def test_nothing_is_begun_in_a_case_that_is_not_seen(behind: Hand, other: Case, qtbot: QtBot, key: str) -> None:
    application, session = behind.application, behind.application.session
    before, crosshair = behind.values, other.grid.centre
    behind.annotating.options.erasing = key == "annotate.use_right"
    session.preview(other)
    for action in (key, "annotate.close_outline", "propose.next"):
        application.run_action(action)
        QTest.qWait(100)
    np.testing.assert_array_equal(behind.values, before)
    assert session.viewing.crosshair == crosshair
    session.end_preview()
    application.run_action(key)
    qtbot.waitUntil(lambda: behind.annotating.preview is not None or not np.array_equal(behind.values, before))


def test_what_was_proposed_waits_until_its_case_is_seen_again(behind: Hand, other: Case, qtbot: QtBot) -> None:
    application, session, annotating = behind.application, behind.application.session, behind.annotating
    before = behind.values
    application.run_action("operate.grow")
    qtbot.waitUntil(lambda: annotating.preview is not None)
    session.preview(other)
    application.run_action("annotate.close_outline")
    np.testing.assert_array_equal(behind.values, before)
    session.end_preview()
    application.run_action("annotate.close_outline")
    assert len(behind.names) == 2

    proposing: Proposing = annotating.proposing
    application.run_action("propose.next")
    qtbot.waitUntil(lambda: proposing.current is not None)
    grown = behind.values
    session.preview(other)
    for key in ("propose.accept", "propose.reject", "propose.reject_all", "annotate.close_outline"):
        application.run_action(key)
        QTest.qWait(100)
    np.testing.assert_array_equal(behind.values, grown)
    assert session.viewing.crosshair == other.grid.centre
    assert proposing.rejected == 0
    session.end_preview()
    application.run_action("propose.accept")
    assert len(behind.names) == 3


def test_escape_is_about_the_reading_and_drops_nothing_behind_it(behind: Hand, other: Case, qtbot: QtBot) -> None:
    application, annotating = behind.application, behind.annotating
    application.run_action("operate.grow")
    qtbot.waitUntil(lambda: annotating.preview is not None)
    application.session.preview(other)
    application.run_action("segment.cancel")
    assert annotating.preview is not None
    application.session.end_preview()
    application.run_action("segment.cancel")
    assert annotating.preview is None


def test_what_is_in_the_hand_is_kept_when_another_case_comes(behind: Hand, other: Case) -> None:
    i, j, k = FAR
    behind.press((i, j - 12, k))
    behind.application.session.preview(other)
    behind.release((i, j - 12, k))
    assert len(behind.names) == 2
    assert behind.values[i, j - 12, k]
