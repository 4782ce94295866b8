"""Clicks that wait for their answer, or to be accepted: what is accepted was seen, and locks bar it still."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.rules import PaintOver
from brainseg_gui.annotation.tools.click_answers import BY_IMAGES
from brainseg_gui.controllers.annotating.hand.click_asking import Once
from brainseg_gui.controllers.annotating.hand.click_stages import (
    BY_IMAGES_MEANWHILE,
    FORBIDDEN,
    KEPT_SO,
    NOTHING,
    NOTHING_MORE,
)
from brainseg_gui.controllers.annotating.hand.click_tool import ClickTool
from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.comparison import compare
from brainseg_gui.imaging.box import Box, whole_box
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint, distance_mm
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.state.annotating.hand import Pointer
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.slices.hand_event import HandEvent, HandMove
from tests.e2e.painting import ET

ED = 2
ONE, OTHER = (5, 5, 5), (15, 15, 15)
RADIUS_MM = 2.0

Mask = np.ndarray


@dataclass
class Balls:
    """Knows tumours as balls around hints, and answers no sooner than it may."""

    may_answer: threading.Event = field(default_factory=threading.Event)
    fault: BrainsegError | None = None
    radius_mm: float = RADIUS_MM
    heard: list[tuple[str, ...]] = field(default_factory=list)

    def regions(
        self, case: Case, present: Mapping[str, Mask], hints: Sequence[Hint]
    ) -> Generator[Progress, None, tuple[Box, dict[str, Mask]]]:
        self.heard.append(tuple(hint.words for hint in hints))
        while not self.may_answer.wait(0.01):
            yield Progress("inferring", 0.5)
        box, hint = whole_box(case.grid.shape), hints[-1]
        ball = distance_mm(hint.voxels_ijk, box, case.grid.spacing_mm) <= self.radius_mm
        within = NESTED_REGIONS[: NESTED_REGIONS.index(hint.region) + 1]
        without = NESTED_REGIONS[NESTED_REGIONS.index(hint.region) :]
        if hint.adds:
            return box, {key: present[key] | (ball & (key in within)) for key in NESTED_REGIONS}
        return box, {key: present[key] & ~(ball & (key in without)) for key in NESTED_REGIONS}

    mended = regions

    def look_ahead(self, case: Case) -> Generator[Progress, None, None]:
        yield Progress("looking", 0.0)

    def forget(self, but: Case | None = None) -> None:
        """There is nothing."""


@dataclass
class Clicker:
    """A click tool over an empty annotation."""

    session: Session
    network: Balls
    tool: ClickTool
    qtbot: QtBot

    def click(self, voxel: Voxel, label: int = ET, *, adds: bool = True) -> None:
        self.session.annotating.rules = replace(self.session.annotating.rules, active=label)
        i, j, k = voxel
        pointer = Pointer((float(i), float(j), float(k)), Plane.AXIAL)
        self.tool.press(HandEvent(HandMove.PRESSED, pointer, right=not adds))
        self.tool.release(HandEvent(HandMove.RELEASED, pointer, right=not adds))

    def answered(self) -> None:
        self.network.may_answer.set()
        self.qtbot.waitUntil(lambda: not self.session.annotating.clicking.working, timeout=20_000)

    @property
    def values(self) -> Mask:
        annotation = self.session.annotating.annotation
        assert annotation is not None
        return np.array(annotation.values)

    @property
    def edits(self) -> int:
        annotation = self.session.annotating.annotation
        assert annotation is not None
        return len(annotation.history)


@pytest.fixture
def clicker(qtbot: QtBot, toy_case: Any, tmp_path: Path) -> Iterator[Clicker]:
    session, parent, network = Session(), QObject(), Balls()
    case = run_to_end(read_case(find_case(toy_case(tmp_path, shape=(20, 20, 20)))))
    session.open(case)
    labels = LabelMap(np.zeros(case.grid.shape, np.uint8, order="F"), case.grid, case.scheme)
    layer = Layer("annotation", LayerRole.ANNOTATION, labels)
    session.add_layer(layer)
    tool = ClickTool(session, parent, Once(lambda: network))
    session.annotating.begin(Annotation(labels), layer)
    yield Clicker(session, network, tool, qtbot)
    network.may_answer.set()
    tool.close()


def test_return_accepts_what_was_clicked_and_not_what_is_clicked_afterwards(clicker: Clicker) -> None:
    clicker.click(ONE)
    assert clicker.tool.accept()
    clicker.click(OTHER)
    clicker.answered()
    assert clicker.edits == 1
    assert clicker.values[ONE] == ET
    assert clicker.values[OTHER] == 0
    assert clicker.session.annotating.clicking.waiting == 1, "it is shown, and waits to be accepted"
    clicker.tool.accept()
    assert clicker.values[OTHER] == ET


def test_a_click_taken_back_leaves_no_consent_to_the_next(clicker: Clicker) -> None:
    clicker.click(ONE)
    clicker.answered()
    clicker.network.may_answer.clear()
    clicker.click(OTHER)
    clicker.tool.accept()
    clicker.tool.take_back()
    clicker.click((5, 15, 5))
    clicker.answered()
    assert clicker.edits == 0
    assert clicker.session.annotating.clicking.waiting == 2
    clicker.tool.accept()
    assert clicker.edits == 2


def test_of_several_that_are_accepted_before_they_are_answered_one_can_be_taken_back(clicker: Clicker) -> None:
    clicker.click(ONE)
    clicker.click(OTHER)
    clicker.tool.accept()
    clicker.tool.take_back()
    clicker.answered()
    assert clicker.edits == 1
    assert clicker.values[ONE] == ET
    assert clicker.values[OTHER] == 0


def test_what_a_lock_bars_is_neither_hatched_nor_told(clicker: Clicker) -> None:
    annotating = clicker.session.annotating
    clicker.click(ONE, ED)
    clicker.click(OTHER, ET)
    clicker.answered()
    whole = annotating.preview
    assert whole is not None
    assert whole.change is not None
    annotating.rules = annotating.rules.locking(ET)
    barred = annotating.preview
    assert barred is not None
    assert barred.change is not None
    assert np.count_nonzero(barred.change.mask) < np.count_nonzero(whole.change.mask)
    assert annotating.clicking.words == FORBIDDEN
    annotating.rules = annotating.rules.locking(ET, locked=False)
    assert annotating.clicking.words.startswith("Adds")
    annotating.rules = annotating.rules.locking(ET)
    clicker.tool.accept()
    assert set(np.unique(clicker.values)) == {0, ED}
    assert annotating.clicking.words == FORBIDDEN


def test_another_label_in_the_hand_changes_nothing_of_what_was_seen(clicker: Clicker) -> None:
    annotating = clicker.session.annotating
    clicker.click(ONE, ED)
    clicker.answered()
    clicker.tool.accept()
    annotating.rules = replace(annotating.rules, over=PaintOver.BACKGROUND)  # erasing clears the label in the hand
    clicker.click(ONE, ED, adds=False)
    clicker.answered()
    assert annotating.clicking.waiting == 1
    annotating.rules = replace(annotating.rules, active=ET)
    clicker.tool.accept()
    assert not clicker.values.any()


def test_what_is_shown_is_kept_when_the_annotation_is_saved(clicker: Clicker) -> None:
    clicker.click(ONE)
    clicker.answered()
    clicker.network.may_answer.clear()
    clicker.click(OTHER)
    clicker.tool.accept()
    clicker.tool.keep_shown()
    assert clicker.values[ONE] == ET
    assert clicker.edits == 1
    assert clicker.session.annotating.clicking.working
    clicker.answered()
    assert clicker.values[OTHER] == ET  # Return counts still
    assert clicker.edits == 2


def test_saving_with_nothing_shown_keeps_what_is_asked(clicker: Clicker) -> None:
    clicker.click(ONE)
    clicker.tool.keep_shown()
    assert clicker.session.annotating.clicking.working
    clicker.answered()
    assert clicker.session.annotating.clicking.waiting == 1
    assert clicker.edits == 0


def test_the_second_click_at_a_place_says_that_nothing_more_changes(clicker: Clicker) -> None:
    for words in ("by the network", "Nothing more to change here"):
        clicker.click(ONE)
        clicker.answered()
        assert words in clicker.session.annotating.clicking.words
    assert clicker.session.annotating.clicking.waiting == 1


def compared(clicker: Clicker, reference: Mask) -> None:
    """Compare the annotation with a reference, as the program does."""
    session = clicker.session
    annotation, layer = session.annotating.annotation, session.annotating.layer
    assert annotation is not None
    labels = LabelMap(np.asfortranarray(reference), annotation.labels.grid, annotation.labels.scheme)
    other = Layer("expert", LayerRole.REFERENCE, labels)
    session.add_layer(other)
    session.layers.compare(reference=other, prediction=layer)
    session.set_comparison(compare(labels, annotation.snapshot()))


def test_what_a_click_does_to_the_dice_is_said_before_it_is_accepted(clicker: Clicker) -> None:
    reference = np.zeros(clicker.values.shape, np.uint8)
    reference[distance_mm([ONE], whole_box((20, 20, 20)), (1.0, 1.0, 1.0)) <= RADIUS_MM] = ED
    compared(clicker, reference)
    clicker.click(ONE, ED)
    clicker.answered()
    assert clicker.session.annotating.clicking.words.splitlines()[1] == "WT Dice 0.000 → 1.000"
    clicker.tool.accept()
    annotation = clicker.session.annotating.annotation
    assert annotation is not None
    clicker.session.set_comparison(compare(clicker.session.layers.reference.labels, annotation.snapshot()))
    clicker.click(OTHER, ET)
    clicker.answered()
    after = 2 * 33 / (33 + 66)  # two balls of 33 voxels against one
    lines = ["ET Dice 1.000 → 0.000", f"WT 1.000 → {after:.3f}", "TC 1.000 → 0.000"]
    assert clicker.session.annotating.clicking.words.splitlines()[1:] == lines


def test_nothing_is_said_of_a_dice_where_nothing_is_compared(clicker: Clicker) -> None:
    clicker.click(ONE)
    clicker.answered()
    assert "Dice" not in clicker.session.annotating.clicking.words


def test_what_is_dropped_unanswered_is_said(clicker: Clicker) -> None:
    session = clicker.session
    clicker.click(ONE)
    clicker.answered()
    clicker.tool.finish()
    assert session.notice is None
    clicker.network.may_answer.clear()
    clicker.click(ONE, adds=False)
    clicker.tool.accept()
    clicker.tool.finish()
    assert clicker.values[ONE] == ET
    assert session.notice is not None
    assert session.notice.what == "A click was not answered yet, and changed nothing"


def test_taking_away_where_nothing_is_drawn_is_remembered_until_it_is_taken_back(clicker: Clicker) -> None:
    clicking = clicker.session.annotating.clicking
    clicker.click(ONE, adds=False)
    clicker.answered()
    assert clicking.words == NOTHING + KEPT_SO
    assert clicking.waiting == clicker.edits == 0, "there is nothing to accept"
    clicker.click(OTHER)
    clicker.answered()
    clicker.tool.accept()
    assert clicker.network.heard[-1] == ("−ET", "+ET")
    assert not clicker.tool.forget_note(), "it is not the last click any more"
    annotation = clicker.session.annotating.annotation
    assert annotation is not None
    clicker.session.annotating.jump(0)
    assert clicker.tool.forget_note()
    assert clicking.words == "−ET taken back"
    clicker.click(OTHER)
    clicker.answered()
    assert clicker.network.heard[-1] == ("+ET",)


def test_what_is_so_already_is_remembered_once(clicker: Clicker) -> None:
    clicking, beside = clicker.session.annotating.clicking, (6, 5, 5)
    clicker.click(ONE)
    clicker.answered()
    clicker.network.radius_mm = 0.5  # of what is drawn it says nothing more
    for voxel, words in ((ONE, NOTHING_MORE), (beside, NOTHING_MORE + KEPT_SO), (beside, NOTHING_MORE)):
        clicker.click(voxel)
        clicker.answered()
        assert clicking.words == words
    clicker.tool.take_back()
    assert clicking.words == "+ET taken back"
    assert clicking.waiting == 1
    clicker.tool.take_back()
    assert clicking.waiting == 0


def test_a_click_that_locks_bar_is_not_remembered(clicker: Clicker) -> None:
    annotating = clicker.session.annotating
    annotating.rules = annotating.rules.locking(ET)
    clicker.click(ONE)
    clicker.answered()
    assert annotating.clicking.words == FORBIDDEN
    annotating.rules = annotating.rules.locking(ET, locked=False)
    clicker.click(OTHER, adds=False)
    clicker.answered()
    assert clicker.network.heard[-1] == ("−ET",)


def test_nothing_that_was_said_of_one_annotation_is_said_of_another(clicker: Clicker) -> None:
    clicker.click(ONE, adds=False)
    clicker.answered()
    annotating = clicker.session.annotating
    annotation, layer = annotating.annotation, annotating.layer
    assert annotation is not None
    assert layer is not None
    annotating.begin(Annotation(replace(annotation.labels, values=clicker.values)), layer)
    clicker.click(OTHER)
    clicker.answered()
    assert clicker.network.heard[-1] == ("+ET",)


def test_why_the_images_answered_is_said_while_segment_is_at_work(clicker: Clicker, monkeypatch: Any) -> None:
    def busy(*_: object) -> Generator[Progress, None, tuple[Box, dict[str, Mask]]]:
        yield Progress("waiting", 0.0)
        raise BrainsegError("it works for somebody else")

    monkeypatch.setattr(clicker.network, "regions", busy)
    work = clicker.session.segmenting
    for runs, words in ((True, BY_IMAGES_MEANWHILE), (False, BY_IMAGES)):
        work.running = runs
        clicker.click(ONE)
        clicker.answered()
        assert clicker.session.annotating.clicking.words.endswith(words)
        clicker.tool.cancel()


def test_what_was_said_of_a_click_goes_with_it(clicker: Clicker) -> None:
    annotating = clicker.session.annotating
    clicker.click(ONE)
    clicker.answered()
    clicker.tool.accept()
    assert annotating.clicking.words.startswith("Accepted: adds ")
    annotating.jump(0)
    assert annotating.clicking.words == ""
    clicker.click(ONE)
    clicker.answered()
    clicker.click(OTHER, adds=False)  # which changes nothing: what is accepted is the click before
    clicker.answered()
    clicker.tool.accept()
    assert annotating.clicking.words.startswith("Accepted: adds ")
