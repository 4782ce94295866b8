"""Marks of the best epochs in the curves: a ring round the value, a dotted line, and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from brainseg_gui.views.training.curve_series import CurveSeries
from brainseg_gui.views.widgets.theme import colour

_RING = 13  # pixels
_TOP = 0.93  # of the plot's height, where the words stand


@dataclass(frozen=True)
class BestMark:
    """The best epoch of one run.

    Parameters
    ----------
    run
        Its run folder.
    series
        The curve that judged it.
    step, value
        Where the ring is.
    text
        What is written there.
    """

    run: str
    series: CurveSeries
    step: int
    value: float
    text: str


def marks_of(series: Sequence[CurveSeries]) -> list[BestMark]:
    """The best epochs of the runs, as far as the curve that judged them is among these."""
    found = []
    for one in series:
        best = one.record.best
        if best is not None and best.name == one.name and np.isfinite(best.value):
            text = " ".join(part for part in (one.letter, f"best, epoch {best.epoch:,}") if part)
            found.append(BestMark(one.key[0], one, best.step, best.value, text))
    return found


class CurveMarks:
    """The marks of one plot."""

    def __init__(self, plot: pg.PlotItem) -> None:
        self._plot = plot
        self._items: dict[str, tuple[pg.InfiniteLine, pg.ScatterPlotItem]] = {}

    @property
    def texts(self) -> list[str]:
        """What is written."""
        return [line.label.format for line, _ in self._items.values()]

    def draw(self, marks: Sequence[BestMark], *, log: bool) -> None:
        """Draw these marks, and remove all others."""
        drawn = {mark.run: mark for mark in marks if mark.value > 0 or not log}
        for run in [run for run in self._items if run not in drawn]:
            for item in self._items.pop(run):
                self._plot.removeItem(item)
        for run, mark in drawn.items():
            if run not in self._items:
                self._items[run] = self._new()
            self._show(*self._items[run], mark, float(np.log10(mark.value)) if log else mark.value)

    def _new(self) -> tuple[pg.InfiniteLine, pg.ScatterPlotItem]:
        line = pg.InfiniteLine(angle=90, movable=False, label="", labelOpts={"position": _TOP})
        line.setZValue(2)  # the words lie over the curves, on a ground of their own
        ring = pg.ScatterPlotItem(size=_RING, symbol="o", pxMode=True)
        for item in (line, ring):
            self._plot.addItem(item, ignoreBounds=True)
        return line, ring

    def _show(self, line: pg.InfiniteLine, ring: pg.ScatterPlotItem, mark: BestMark, height: float) -> None:
        line.setValue(mark.step)
        line.setPen(pg.mkPen(colour("quiet"), width=1, style=Qt.PenStyle.DotLine))
        line.label.setFormat(mark.text)
        line.label.setColor(mark.series.colour if mark.series.letter else colour("text"))
        line.label.fill = pg.mkBrush(colour("sunken"))
        ring.setData([mark.step], [height], pen=pg.mkPen(colour("text"), width=1.5), brush=None)
