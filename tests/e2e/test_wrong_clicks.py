"""Clicks that are wrong, with what mends masks and real mouse events: nothing is lost, and one undo takes all back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.tools.click_answers import BY_IMAGES, BY_NETWORK
from brainseg_gui.controllers.annotating.hand.click_stages import KEPT_SO, NOTHING
from brainseg_gui.controllers.shell.features.core_features import ANNOTATING
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.hints import distance_mm
from brainseg_gui.inference.clicks import click_network
from brainseg_gui.inference.clicks.mender_file import MENDER
from brainseg_gui.inference.models.head_model import head_model, read_head_model
from tests.e2e.conftest import StartApplication
from tests.e2e.painting import CTRL, ET, LEFT, RIGHT, Hand
from tests.e2e.seeing_engine import SeeingEngine

pytestmark = pytest.mark.plain

SHAPE = (72, 66, 54)
TUMOUR, HEALTHY, AIR = (43, 33, 29), (11, 33, 29), (2, 2, 29)  # the tumour reaches to 22 along the first axis
NCR, ED = 1, 2
LABELS = {"WT": ED, "TC": NCR, "ET": ET}
PLACES = {"air": AIR, "healthy side": HEALTHY, "inside": TUMOUR}


@pytest.fixture
def hand(
    start_application: StartApplication,
    toy_case: Any,
    tmp_path: Path,
    open_paths: Callable[..., None],
    qtbot: QtBot,
) -> Hand:
    """A hand with the click tool; the tumour is drawn by one click that was accepted."""
    application = start_application(engine=SeeingEngine())
    open_paths(application, toy_case(tmp_path, shape=SHAPE))
    hand = Hand(application)
    hand.start()
    hand.key(Qt.Key.Key_7)
    click(hand, qtbot, TUMOUR, ED)
    assert hand.annotating.clicking.words.splitlines()[0].endswith(BY_NETWORK)
    hand.key(Qt.Key.Key_Return)
    assert set(np.unique(hand.values)) == {0, NCR, ED, ET}
    return hand


def click(hand: Hand, qtbot: QtBot, voxel: tuple[int, int, int], label: int, *, adds: bool = True) -> None:
    """Look at a place, take a label, click there and wait for the answer."""
    hand.annotating.rules = hand.annotating.rules.__class__(active=label, locked=hand.annotating.rules.locked)
    hand.application.session.viewing.crosshair = voxel
    hand.click(voxel, button=LEFT if adds else RIGHT)
    qtbot.waitUntil(lambda: not hand.annotating.clicking.working, timeout=30_000)


def undone(hand: Hand, count: int) -> np.ndarray:
    """Take back the last edit, if there is one more than there were."""
    assert len(hand.names) <= count + 1
    if len(hand.names) > count:
        hand.key(Qt.Key.Key_Z, CTRL)
    return hand.values


@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_wrong_click_that_adds_loses_nothing_and_one_undo_takes_it_back(
    place: tuple[int, int, int], label: int, hand: Hand, qtbot: QtBot
) -> None:
    before, count = hand.values, len(hand.names)
    click(hand, qtbot, place, label)
    assert np.array_equal(hand.values, before)  # only shown
    hand.key(Qt.Key.Key_Return)
    after = hand.values
    assert (after[before > 0] > 0).all()  # nothing of the tumour is lost
    if place == HEALTHY:
        assert np.array_equal(after[36:], before[36:])  # the other side is as it was
    assert np.array_equal(undone(hand, count), before)


@pytest.mark.parametrize("place", [AIR, HEALTHY], ids=["air", "healthy side"])
def test_taking_away_where_nothing_is_changes_nothing(place: tuple[int, int, int], hand: Hand, qtbot: QtBot) -> None:
    before, count = hand.values, len(hand.names)
    click(hand, qtbot, place, ED, adds=False)
    hand.key(Qt.Key.Key_Return)
    assert np.array_equal(hand.values, before)
    assert len(hand.names) == count
    assert hand.annotating.clicking.words == NOTHING + KEPT_SO


def test_what_was_said_to_be_no_tumour_stays_free_when_tumour_is_added_beside_it(hand: Hand, qtbot: QtBot) -> None:
    spoken_of, beside = (11, 33, 29), (11, 33, 33)
    click(hand, qtbot, beside, ED)
    assert hand.annotating.preview is not None
    assert hand.annotating.preview.change is not None
    hand.key(Qt.Key.Key_Return)
    assert hand.values[spoken_of] == ED
    hand.key(Qt.Key.Key_Z)
    click(hand, qtbot, spoken_of, ED, adds=False)
    click(hand, qtbot, beside, ED)
    hand.key(Qt.Key.Key_Return)
    near = distance_mm([spoken_of], whole_box(SHAPE), (1.0, 1.0, 1.0)) < 2
    assert hand.values[beside] == ED
    assert not hand.values[near].any()
    hand.key(Qt.Key.Key_Z)
    hand.key(Qt.Key.Key_Z)
    assert hand.annotating.clicking.words == "−WT taken back"
    click(hand, qtbot, beside, ED)
    hand.key(Qt.Key.Key_Return)
    assert hand.values[spoken_of] == ED


@pytest.mark.parametrize("adds", [True, False])
def test_locks_hold_against_the_mender(adds: bool, hand: Hand, qtbot: QtBot) -> None:
    before = hand.values
    hand.annotating.rules = hand.annotating.rules.locking(ET)
    for place in PLACES.values():
        click(hand, qtbot, place, NCR, adds=adds)
        hand.key(Qt.Key.Key_Return)
    assert np.array_equal(hand.values == ET, before == ET)


def test_an_island_that_was_asked_for_is_left_by_wrong_clicks_elsewhere(hand: Hand, qtbot: QtBot) -> None:
    click(hand, qtbot, HEALTHY, ED)
    hand.key(Qt.Key.Key_Return)
    near = distance_mm([HEALTHY], whole_box(SHAPE), (1.0, 1.0, 1.0)) <= 8
    before = hand.values
    assert before[HEALTHY] == ED
    for place, adds in ((AIR, False), (AIR, True), (TUMOUR, False)):
        click(hand, qtbot, place, ED, adds=adds)
        hand.key(Qt.Key.Key_Return)
        assert np.array_equal(hand.values[near], before[near])


def test_a_wrong_removal_inside_the_tumour_is_one_undo(hand: Hand, qtbot: QtBot) -> None:
    before, count = hand.values, len(hand.names)
    click(hand, qtbot, TUMOUR, ED, adds=False)
    hand.key(Qt.Key.Key_Return)
    assert not np.array_equal(hand.values, before)
    assert hand.values[TUMOUR] == 0
    assert not (hand.values[before == 0]).any()
    assert np.array_equal(undone(hand, count), before)


def test_escape_and_undo_drop_wrong_clicks_before_they_are_accepted(hand: Hand, qtbot: QtBot) -> None:
    before, names = hand.values, hand.names
    click(hand, qtbot, HEALTHY, ED)
    click(hand, qtbot, TUMOUR, NCR, adds=False)
    waiting = hand.annotating.clicking.waiting
    assert waiting == 2
    hand.key(Qt.Key.Key_Z, CTRL)
    assert hand.annotating.clicking.waiting == 1
    assert hand.names == names
    hand.key(Qt.Key.Key_Escape)
    assert hand.annotating.clicking.waiting == 0
    assert hand.annotating.preview is None
    assert np.array_equal(hand.values, before)
    hand.key(Qt.Key.Key_Return)  # nothing is left to accept
    assert np.array_equal(hand.values, before)
    assert hand.names == names


def test_a_damaged_mender_is_named_once_and_the_images_mend(
    hand: Hand, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(head_model("clicks").path, tmp_path / "clicks-2mm")
    (folder / MENDER).unlink()
    monkeypatch.setattr(click_network, "head_model", lambda task: read_head_model(folder, task))
    application = hand.application
    asked = application.controllers[ANNOTATING].paint._tools.click._network_of
    monkeypatch.setattr(asked, "made", asked._make())  # as in a program that starts with such a file
    for told in (True, False):
        click(hand, qtbot, TUMOUR, ED, adds=False)
        assert hand.annotating.clicking.words.splitlines()[0].endswith(BY_IMAGES)
        assert (application.session.notice is not None) == told
        if told:
            assert application.session.notice.what.startswith("mender.npz: it is missing")
            assert application.session.notice.remedy.startswith("Install the program again")
            application.session.say(None)
        hand.key(Qt.Key.Key_Escape)
