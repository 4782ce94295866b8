"""Annotate, asked for while Segment is at work: it begins with the prediction, not with what is there before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.annotating.awaited_prediction import WAITS
from brainseg_gui.state.layers.layers import Layer, LayerRole
from tests.e2e.painting import Hand

pytestmark = pytest.mark.plain


@pytest.fixture
def hand(application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]) -> Hand:
    """A case with a reference, while Segment is at work; Annotate was chosen."""
    open_paths(application, toy_case(tmp_path))
    hand = Hand(application)
    application.session.segmenting.begin("inferring")
    hand.trigger("annotate.start")
    return hand


def predicted(hand: Hand) -> np.ndarray:
    """Segment ends with a prediction of one voxel, which is added after it."""
    session = hand.application.session
    reference = session.layers.reference
    assert reference is not None
    values = np.zeros_like(reference.labels.values)
    values[3, 3, 3] = 2
    session.segmenting.end("done")
    session.add_prediction(Layer("network", LayerRole.PREDICTION, replace(reference.labels, values=values)))
    return values


def test_annotate_waits_for_the_prediction_and_begins_with_it(hand: Hand, qtbot: QtBot) -> None:
    session = hand.application.session
    assert hand.annotating.annotation is None
    assert not hand.application.window.actions_table["annotate.start"].isChecked()
    assert session.notice is not None
    assert session.notice.what == WAITS
    values = predicted(hand)
    qtbot.waitUntil(lambda: hand.annotating.annotation is not None)
    assert np.array_equal(hand.values, values)
    assert session.notice is None


def test_where_segment_fails_nothing_is_begun(hand: Hand, qtbot: QtBot) -> None:
    hand.application.session.segmenting.end("Not segmented")
    qtbot.waitUntil(lambda: hand.application.session.notice is None)
    assert hand.annotating.annotation is None
    predicted(hand)  # of a later Segment
    qtbot.wait(100)
    assert hand.annotating.annotation is None


def test_what_was_begun_meanwhile_stays(hand: Hand, qtbot: QtBot) -> None:
    hand.trigger("annotate.start_empty")
    assert hand.application.session.notice is None
    predicted(hand)
    qtbot.wait(100)
    assert not hand.values.any()
