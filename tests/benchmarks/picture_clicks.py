"""The README's picture of clicks, from the real window on the demonstration case.

    xvfb-run -a python -m tests.benchmarks.picture_clicks resources/pictures/clicks.png

The front half of the core is taken out of the reference's copy; then what `N` does, a click, Return and `N`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter, QPixmap

from brainseg_gui.annotation.tools.clicks import number_joining
from brainseg_gui.app import Application
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from tests.benchmarks.cases import ROOT
from tests.benchmarks.live_window import open_case, run_for, run_until, started
from tests.e2e.painting import Hand

_SIDE = 400  # pixels of one of the four pictures
_TC = next(region for region in regions() if region.key == "TC")


def main(file: Path) -> None:
    """Draw it."""
    engine = Engine()
    application = started(engine)
    open_case(application, ROOT / "resources" / "demo")
    hand = _with_half_a_core(application)
    session = application.session
    session.errors.choose(_TC)
    application.run_action("layers.next_error")
    shown = [_picture(hand)]
    hand.click(session.viewing.crosshair)
    run_until(lambda: hand.annotating.clicking.waiting == 1 and not hand.annotating.clicking.working, 500)
    shown.append(_picture(hand))
    application.run_action("annotate.close_outline")
    run_until(lambda: not session.errors.words_at(session.viewing.crosshair))  # it is no error any more
    shown.append(_picture(hand))
    application.run_action("layers.next_error")
    shown.append(_picture(hand))
    _beside_each_other(shown).save(str(file))
    application.run_action("annotate.undo")  # nothing to be restored later
    application.leave()
    engine.close()


def _with_half_a_core(application: Application) -> Hand:
    """A hand with the click tool in a mask that lacks half of the core, in one large axial picture."""
    session = application.session
    reference = session.layers.reference
    if reference is None:
        raise ValueError("the case has no mask")
    labels, values = reference.labels, reference.labels.values.copy(order="K")
    core = labels.mask(_TC)
    front = np.arange(core.shape[1]) > np.median(np.nonzero(core)[1])
    values[core & front[None, :, None]] = number_joining(labels.scheme, "WT")
    wrong = LabelMap(values, labels.grid, labels.scheme)
    session.layers.add(Layer("prediction", LayerRole.PREDICTION, wrong, style=OverlayStyle.FILL))
    application.run_action("annotate.start_prediction")
    run_until(lambda: bool(session.errors.entries) and not session.errors.searching)
    hand = Hand(application)
    hand.annotating.rules = replace(hand.annotating.rules, active=number_joining(labels.scheme, "TC"))
    hand.annotating.options.tool = Tool.CLICK
    run_for(3.0)
    return hand


def _picture(hand: Hand) -> QPixmap:
    run_for(1.5)  # what follows an edit, such as the scores
    view = hand.view()
    view.setFixedSize(_SIDE, _SIDE)
    run_for(0.5)
    grabbed: QPixmap = view.grab()
    return grabbed


def _beside_each_other(shown: list[QPixmap]) -> QPixmap:
    gap = 2
    whole = QPixmap(len(shown) * (_SIDE + gap) - gap, _SIDE)
    whole.fill(Qt.GlobalColor.black)
    painter = QPainter(whole)
    for number, part in enumerate(shown):
        painter.drawPixmap(QPoint(number * (_SIDE + gap), 0), part)
    painter.end()
    return whole


if __name__ == "__main__":
    main(Path(sys.argv[1]))
