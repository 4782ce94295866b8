"""A correction session on a real case by the tools alone, through the real window.

The network's prediction of `TCGA-DU-7294` is brought to the whole tumour of its majority mask. The scripted person
knows that mask and sees where annotation and mask differ, but takes no voxel from it: lesions are accepted from
the prediction, and the rest is done with a ball brush, one click at a time where it gains most, and by operations.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from scipy.signal import fftconvolve

from brainseg_gui.annotation.proposal_list import Division
from brainseg_gui.annotation.rules import PaintOver, PaintRules
from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import MASKS
from brainseg_gui.imaging.box import box_around, grown
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.state.annotating.operating import OperationStage
from tests.e2e.painting import LEFT, RIGHT, SHIFT, Hand

pytestmark = pytest.mark.engine

WANTED = 0.95
BALLS_MM = (30.0, 22.0, 16.0, 12.0, 8.0, 5.0)
MOST_CLICKS = 250
ED = 2


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


@dataclass
class Person:
    """Somebody who knows the truth and has a mouse; counts what they do."""

    hand: Hand
    qtbot: QtBot
    truth: np.ndarray
    actions: dict[str, int] = field(default_factory=dict)
    tools_s: float = 0.0

    def act(self, name: str, action: Callable[[], object]) -> None:
        """Do one thing, and wait until the window is done with it."""
        start = time.perf_counter()
        action()
        annotating = self.hand.annotating
        self.qtbot.waitUntil(lambda: annotating.operating.shown is not OperationStage.WORKING, timeout=60_000)
        self.qtbot.waitUntil(lambda: not annotating.proposing.searching, timeout=60_000)
        self.tools_s += time.perf_counter() - start
        self.actions[name] = self.actions.get(name, 0) + 1

    def dice(self) -> float:
        """Dice of the whole tumour, counted here."""
        now = self.hand.values > 0
        return float(2 * (now & self.truth).sum() / (now.sum() + self.truth.sum()))

    def click_ball(self) -> bool:
        """Paint or erase one ball where it gains most; returns whether there was such a place."""
        best = max(_best_clicks(self.hand.values > 0, self.truth), key=lambda click: click[0])
        gain, ball_mm, voxel, erasing = best
        if gain <= 0:
            return False
        over = PaintOver.EVERYTHING if erasing else PaintOver.BACKGROUND  # the core stays where oedema is added
        annotating = self.hand.annotating
        while annotating.rules.over is not over:
            self.act("paint over", lambda: self.hand.key(Qt.Key.Key_O))
        self.hand.application.session.viewing.crosshair = voxel
        annotating.options.brush_mm = ball_mm
        self.act("ball", lambda: self.hand.click(voxel, button=RIGHT if erasing else LEFT))
        return True


def _best_clicks(now: np.ndarray, truth: np.ndarray) -> Iterator[tuple[float, float, Voxel, bool]]:
    """For each ball: how many voxels it mends, its size, its place, and whether it erases."""
    around = box_around(now | truth)
    assert around is not None
    box = grown(around, 4, now.shape)
    here, wanted = now[box], truth[box]
    for erasing in (True, False):
        gains = (here & ~wanted) * 1.0 - (here & wanted) if erasing else (wanted & ~here) * 1.0 - (~wanted & ~here)
        for ball_mm in BALLS_MM:
            reach = int(ball_mm / 2)
            steps = np.arange(-reach, reach + 1)
            ball = steps[:, None, None] ** 2 + steps[:, None] ** 2 + steps**2 <= (ball_mm / 2) ** 2
            mended = fftconvolve(gains, ball.astype(float), mode="same")
            i, j, k = np.unravel_index(int(mended.argmax()), mended.shape)
            place = (box[0].start + int(i), box[1].start + int(j), box[2].start + int(k))
            yield float(mended.max()), ball_mm, place, erasing


def _screenshot(application: Application, name: str) -> None:
    folder = os.environ.get("BRAINSEG_SCREENSHOTS")
    if folder:
        application.window.grab().save(str(Path(folder) / f"{name}.png"))


@pytest.mark.slow
def test_a_prediction_is_corrected_to_the_majority(
    qtbot: QtBot,
    start_application: Callable[..., Application],
    engine: Engine,
    shared_folder: Path,
    open_paths: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = shared_folder / "cases" / "TCGA-DU-7294"
    majority = folder / "segmentation" / "fusion_majority.nii.gz"
    if not majority.is_file():
        pytest.skip("shared/cases/TCGA-DU-7294 has no majority mask")
    application = start_application(safe=True, engine=engine)
    application.window.resize(1600, 1000)
    session = application.session
    open_paths(application, folder)
    application.controllers[MASKS].add_masks([majority])
    qtbot.waitUntil(lambda: session.layers.reference is not None, timeout=60_000)
    qtbot.waitUntil(lambda: session.segmenting.model is not None, timeout=60_000)
    application.run_action("segment.run")
    qtbot.waitUntil(lambda: len(session.layers) == 2, timeout=300_000)
    reference, prediction = session.layers.reference, session.layers.prediction
    assert reference is not None
    assert prediction is not None
    person = Person(Hand(application), qtbot, np.array(reference.labels.values > 0))
    before = _dice(prediction.labels.values > 0, person.truth)
    _screenshot(application, "correction_start")

    begun = time.perf_counter()
    _accept_lesions(person)
    _screenshot(application, "correction_proposal")
    accepted = person.dice()
    _brush(person)
    _operate(person)
    took = time.perf_counter() - begun
    session.viewing.crosshair = _middle(person.truth)
    qtbot.waitUntil(lambda: session.comparison is not None and session.comparison.rules is not None, timeout=60_000)
    _screenshot(application, "correction_end")

    after = person.dice()
    assert session.comparison is not None
    assert session.comparison.row("WT").dice == pytest.approx(after), "the table says what is counted here"
    with capsys.disabled():
        done = ", ".join(f"{count} × {name}" for name, count in person.actions.items())
        print(f"\nTCGA-DU-7294, whole tumour: Dice {before:.3f} → {accepted:.3f} (lesions) → {after:.3f} (end)")
        print(f"{sum(person.actions.values())} actions ({done}); {person.tools_s:.1f} s of {took:.1f} s in the window")
    assert before < WANTED
    assert after > WANTED
    position = len(person.hand.names)
    application.session.annotating.jump(0)
    assert not person.hand.values.any()
    application.session.annotating.jump(position)
    assert person.dice() == after


def _accept_lesions(person: Person) -> None:
    """Start empty, and take from the prediction the lesions that the person believes."""
    hand = person.hand
    person.act("start", lambda: hand.trigger("annotate.start_empty"))
    proposing = hand.annotating.proposing
    proposing.division, proposing.smallest = Division.LESIONS, 30
    person.act("next lesion", lambda: hand.trigger("propose.next"))
    while proposing.current is not None:
        area = proposing.current.piece.area
        believed = (person.truth[area.slab] & area.mask).sum() > 0.3 * area.voxels
        key = Qt.Key.Key_A if believed else Qt.Key.Key_R
        person.act("accept lesion" if believed else "reject lesion", lambda key=key: hand.key(key, SHIFT))


def _brush(person: Person) -> None:
    """Balls where they gain most, until the whole tumour is as good as wanted."""
    annotating = person.hand.annotating
    annotating.rules = PaintRules(active=ED)
    person.hand.trigger("annotate.brush")
    person.act("3-D", lambda: setattr(annotating.options, "in_3d", True))
    for click in range(MOST_CLICKS):
        if person.dice() > WANTED + 0.005 or not person.click_ball():
            break
        if click == 12:
            _screenshot(person.hand.application, "correction_middle")


def _operate(person: Person) -> None:
    """Holes, then smoothing of all labels, as a person finishes."""
    hand = person.hand
    hand.annotating.operating.all_labels, hand.annotating.operating.radius_mm = True, 1.0
    for key in ("operate.fill_holes", "operate.smooth"):
        person.act(key, lambda key=key: hand.trigger(key))
        good = hand.annotating.preview is not None and hand.annotating.preview.change is not None
        person.act("accept", lambda good=good: hand.key(Qt.Key.Key_Return if good else Qt.Key.Key_Escape))


def _middle(mask: np.ndarray) -> Voxel:
    i, j, k = np.argwhere(mask).mean(axis=0).round().astype(int).tolist()
    return i, j, k


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))
