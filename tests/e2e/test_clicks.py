"""The click tool with real mouse and keys in the real window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.views.annotating.tool_options import ToolOptionsView
from tests.e2e.painting import CTRL, ET, LEFT, RIGHT, SHIFT, Hand

pytestmark = pytest.mark.plain

SHAPE = (48, 44, 36)
ED = 2


@pytest.fixture
def hand(application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]) -> Iterator[Hand]:
    """A hand with the click tool over a toy case; after each test all edits are undone and redone."""
    open_paths(application, toy_case(tmp_path, shape=SHAPE))
    hand = Hand(application)
    hand.start()
    hand.annotating.rules = hand.annotating.rules.__class__(active=ET)
    application.session.viewing.crosshair = middle_of(application, "ET")
    hand.key(Qt.Key.Key_7)
    assert hand.annotating.options.tool is Tool.CLICK
    yield hand
    annotation = hand.annotating.annotation
    if annotation is not None and len(annotation.history):
        last, position = hand.values, annotation.history.position
        annotation.jump(0)  # the window is closed already: not through its signals
        assert not annotation.values.any()
        annotation.jump(position)
        assert np.array_equal(annotation.values, last)


@pytest.fixture
def answered(hand: Hand, qtbot: QtBot) -> Callable[[], None]:
    """Wait until every click is answered."""
    return lambda: qtbot.waitUntil(lambda: not hand.annotating.clicking.working, timeout=20_000)


def reference(application: Application) -> LabelMap:
    layer = application.session.layers.reference
    assert layer is not None
    return layer.labels


def mask_of(application: Application, region: str) -> np.ndarray:
    return reference(application).mask(next(r for r in regions() if r.key == region))


def middle_of(application: Application, region: str) -> tuple[int, int, int]:
    """The voxel of a region that is nearest to its middle."""
    voxels = np.argwhere(mask_of(application, region))
    i, j, k = voxels[((voxels - voxels.mean(axis=0)) ** 2).sum(axis=1).argmin()].tolist()
    return i, j, k


def look_at(hand: Hand, region: str) -> tuple[int, int, int]:
    voxel = middle_of(hand.application, region)
    hand.application.session.viewing.crosshair = voxel
    return voxel


def test_a_click_is_shown_first_and_accepted_by_return(hand: Hand, answered: Callable[[], None]) -> None:
    voxel = look_at(hand, "ET")
    hand.click(voxel)
    answered()
    assert not hand.values.any()
    preview = hand.annotating.preview
    assert preview is not None
    assert preview.change is not None
    hand.key(Qt.Key.Key_Return)
    assert hand.values[voxel] == ET
    assert hand.annotating.clicking.words.startswith("Accepted: adds ")
    assert hand.annotating.preview is None
    assert hand.names == [f"Click +ET, axial {voxel[2] + 1}"]
    found, wanted = hand.values == ET, mask_of(hand.application, "ET")
    assert np.count_nonzero(found & wanted) > 0.8 * np.count_nonzero(wanted)


def test_every_click_is_an_edit_and_undo_takes_them_back_one_by_one(hand: Hand, answered: Callable[[], None]) -> None:
    first = look_at(hand, "ET")
    hand.click(first)
    answered()
    hand.annotating.rules = hand.annotating.rules.__class__(active=ED)
    second = look_at(hand, "WT")
    corner = tuple(np.argwhere(mask_of(hand.application, "WT") & (hand.values == 0))[0].tolist())
    hand.application.session.viewing.crosshair = corner
    hand.click((corner[0], corner[1], corner[2]))
    answered()
    waiting = hand.annotating.clicking.waiting
    hand.key(Qt.Key.Key_Return)
    assert len(hand.names) == waiting
    assert second
    between = hand.values
    for _ in range(waiting):
        hand.trigger("annotate.undo")
    assert not hand.values.any()
    for _ in range(waiting):
        hand.trigger("annotate.redo")
    assert np.array_equal(hand.values, between)


def test_undo_takes_back_the_last_click_that_waits(hand: Hand, answered: Callable[[], None]) -> None:
    hand.click(look_at(hand, "ET"))
    answered()
    assert hand.annotating.clicking.waiting == 1
    hand.trigger("annotate.undo")
    assert hand.annotating.clicking.waiting == 0
    assert hand.annotating.preview is None
    assert not hand.names


def test_z_takes_back_the_last_click_waiting_or_accepted_and_nothing_else(
    hand: Hand, answered: Callable[[], None]
) -> None:
    said = hand.application.session
    hand.annotating.options.tool = Tool.BRUSH
    hand.click((5, 5, 5))
    hand.key(Qt.Key.Key_Z)
    assert len(hand.names) == 1
    assert said.notice is not None
    assert said.notice.what == "The tool Click is not in the hand"
    hand.key(Qt.Key.Key_7)
    hand.click(look_at(hand, "ET"))
    answered()
    hand.key(Qt.Key.Key_Z)
    assert hand.annotating.clicking.waiting == 0
    assert hand.annotating.preview is None
    hand.click(look_at(hand, "ET"))
    answered()
    hand.key(Qt.Key.Key_Return)
    assert len(hand.names) == 2
    hand.key(Qt.Key.Key_Z)
    annotation = hand.annotating.annotation
    assert annotation is not None
    assert annotation.history.position == 1
    hand.key(Qt.Key.Key_Z)
    assert annotation.history.position == 1  # a brush stroke: Ctrl+Z alone takes it back
    assert said.notice is not None
    assert said.notice.what == "The last edit is no click"


def test_the_panel_tells_what_the_buttons_do_while_erase_is_on(hand: Hand) -> None:
    options = hand.application.window.findChild(ToolOptionsView)
    before = options._words.text()
    hand.key(Qt.Key.Key_E)
    assert options._title.text() == "Click, Erase is on"
    assert options._words.text().startswith("Left: too much here, right: missing")
    hand.key(Qt.Key.Key_E)
    assert options._words.text() == before


def test_escape_drops_what_waits(hand: Hand, answered: Callable[[], None]) -> None:
    hand.click(look_at(hand, "ET"))
    answered()
    hand.key(Qt.Key.Key_Escape)
    assert hand.annotating.preview is None
    assert hand.annotating.clicking.waiting == 0
    assert not hand.names


def test_return_before_the_answer_accepts_it_when_it_comes(hand: Hand, answered: Callable[[], None]) -> None:
    voxel = look_at(hand, "ET")
    hand.click(voxel)
    hand.key(Qt.Key.Key_Return)
    answered()
    assert hand.values[voxel] == ET


def test_the_right_button_takes_away(hand: Hand, answered: Callable[[], None]) -> None:
    voxel = look_at(hand, "ET")
    hand.click(voxel)
    hand.key(Qt.Key.Key_Return)
    answered()
    before = hand.values
    hand.click(voxel, button=RIGHT)
    hand.key(Qt.Key.Key_Return)
    answered()
    assert hand.values[voxel] != ET
    assert hand.names[-1].startswith("Click −ET")
    hand.trigger("annotate.undo")
    assert np.array_equal(hand.values, before)


def test_a_lock_holds_whatever_is_clicked(hand: Hand, answered: Callable[[], None]) -> None:
    hand.annotating.rules = hand.annotating.rules.locking(ET)
    hand.click(look_at(hand, "ET"))
    answered()
    assert hand.annotating.clicking.waiting == 0
    assert "locks" in hand.annotating.clicking.words
    hand.key(Qt.Key.Key_Return)
    assert not hand.names


def test_another_tool_keeps_what_was_shown(hand: Hand, answered: Callable[[], None]) -> None:
    voxel = look_at(hand, "ET")
    hand.click(voxel)
    answered()
    hand.trigger("annotate.brush")
    assert hand.values[voxel] == ET
    assert len(hand.names) == 1


def test_a_drag_is_a_scribble_and_with_shift_a_box(hand: Hand, answered: Callable[[], None]) -> None:
    i, j, k = look_at(hand, "ET")
    hand.stroke([(i - 2, j, k), (i, j, k), (i + 2, j, k)])
    answered()
    hand.key(Qt.Key.Key_Return)
    assert hand.names[-1].startswith("Scribble +ET")
    hand.trigger("annotate.undo")
    hand.press((i - 6, j - 6, k), keys=SHIFT)
    hand.move((i + 6, j + 6, k))
    assert hand.annotating.hand.drawn is not None
    hand.release((i + 6, j + 6, k))
    assert hand.annotating.hand.drawn is None
    answered()
    hand.key(Qt.Key.Key_Return)
    assert hand.names[-1].startswith("Box +ET")
    outside = hand.values.copy()
    outside[i - 7 : i + 8, j - 7 : j + 8, k - 7 : k + 8] = 0
    assert not outside.any()


def test_a_click_in_the_air_loses_nothing(hand: Hand, answered: Callable[[], None]) -> None:
    hand.application.session.viewing.crosshair = (1, 1, 1)
    hand.click((1, 1, 1))
    answered()
    hand.key(Qt.Key.Key_Return)
    while hand.names and hand.values.any():
        hand.trigger("annotate.undo")
    assert not hand.values.any()


@pytest.mark.parametrize("place", ["air", "healthy side"])
def test_after_a_wrong_click_one_undo_returns_bit_for_bit(place: str, hand: Hand, answered: Callable[[], None]) -> None:
    hand.click(look_at(hand, "ET"))
    answered()
    hand.key(Qt.Key.Key_Return)
    before, count = hand.values, len(hand.names)
    i, j, k = middle_of(hand.application, "ET")
    wrong = (1, 1, 1) if place == "air" else (SHAPE[0] - 1 - i, j, k)
    hand.application.session.viewing.crosshair = wrong
    hand.click(wrong)
    answered()
    hand.key(Qt.Key.Key_Return)
    assert (hand.values[before > 0] == before[before > 0]).all()  # nothing is lost
    if len(hand.names) > count:  # where it changed something
        hand.trigger("annotate.undo")
    assert np.array_equal(hand.values, before)


def test_next_error_one_click_and_return_correct_region_after_region(
    hand: Hand, answered: Callable[[], None], qtbot: QtBot
) -> None:
    """N goes to the worst error and makes its region what a click speaks of; no label is chosen by hand."""
    session, wanted = hand.application.session, reference(hand.application)
    for region in ("WT", "TC"):
        qtbot.waitUntil(lambda: bool(session.errors.entries) and not session.errors.searching, timeout=30_000)
        hand.key(Qt.Key.Key_N)
        entry = session.errors.current
        assert entry is not None
        assert entry.piece.region.key == region
        hand.click(entry.piece.centre, button=LEFT if entry.piece.kind.missed else RIGHT)
        hand.key(Qt.Key.Key_Return)
        answered()
        assert hand.names[-1].startswith(f"Click +{region}")
    found = hand.values > 0
    assert np.count_nonzero(found & (wanted.values > 0)) > 0.7 * np.count_nonzero(wanted.values)


def test_the_next_annotation_begins_with_the_tool_that_was_in_the_hand(hand: Hand) -> None:
    hand.trigger("annotate.start")
    assert hand.annotating.options.tool is Tool.BROWSE
    hand.trigger("annotate.start")
    assert hand.annotating.options.tool is Tool.CLICK
    hand.key(Qt.Key.Key_2)
    hand.key(Qt.Key.Key_1)
    hand.trigger("annotate.start_empty")
    assert hand.annotating.options.tool is Tool.BRUSH


@pytest.mark.parametrize("tool", ["annotate.click", "annotate.brush"])
def test_who_works_on_hidden_masks_sees_them_again(tool: str, hand: Hand, answered: Callable[[], None]) -> None:
    viewing, layer = hand.application.session.viewing, hand.annotating.layer
    assert layer is not None
    hand.trigger(tool)
    viewing.masks_visible, layer.visible = False, False
    hand.click(look_at(hand, "ET"))
    answered()
    assert viewing.masks_visible
    assert layer.visible


def test_another_beginning_hides_the_annotation_before(hand: Hand) -> None:
    before = hand.annotating.layer
    assert before is not None
    hand.trigger("annotate.start_empty")
    assert hand.annotating.layer is not before
    assert hand.annotating.layer is not None
    assert hand.annotating.layer.visible
    assert not before.visible


def test_a_click_that_is_shown_is_in_the_file_that_is_saved(
    hand: Hand, answered: Callable[[], None], qtbot: QtBot
) -> None:
    voxel = look_at(hand, "ET")
    hand.click(voxel)
    answered()
    hand.key(Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: hand.annotating.layer is not None and hand.annotating.layer.saved_as is not None)
    assert hand.names == [f"Click +ET, axial {voxel[2] + 1}"]
    assert not hand.annotating.unsaved
    layer = hand.annotating.layer
    assert layer is not None
    assert layer.saved_as is not None
    assert np.asarray(nib.load(layer.saved_as).dataobj)[voxel] == ET
