"""The reliability diagram: what the network expects against what is there."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from brainseg_gui.evaluation.metrics.calibration import Calibration
from brainseg_gui.views.widgets.theme import colour


class ReliabilityPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Observed share over expected probability; on the diagonal the network is as sure as it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Observed share of the region over its probability")
        self.setFixedHeight(150)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setContentsMargins(2, 6, 10, 2)
        for name, words in (("left", "observed"), ("bottom", "probability")):
            axis = item.getAxis(name)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=-4, tickTextOffset=3)
            axis.setLabel(words)
            axis.setTicks([[(value / 4, f"{value / 4:g}") for value in range(5)]])
        item.getAxis("left").setWidth(48)
        box = item.getViewBox()
        box.setMouseEnabled(x=False, y=False)
        box.setRange(xRange=(0, 1), yRange=(0, 1), padding=0.03)
        box.disableAutoRange()
        self._diagonal = self.plot([0, 1], [0, 1])
        self._line = self.plot([], [], symbol="o", symbolSize=5)

    def draw(self, calibration: Calibration | None) -> None:
        """Draw a reliability table; bins without a voxel are left out."""
        self._restyle()
        self.setToolTip(_table(calibration) if calibration is not None else "")
        if calibration is None:
            self._line.setData([], [])
            return
        there = calibration.counts > 0
        sizes = 4 + 5 * np.sqrt(calibration.counts[there] / max(int(calibration.counts.max()), 1))
        self._line.setData(calibration.expected[there], calibration.observed[there], symbolSize=sizes)

    def _restyle(self) -> None:
        """Take on the colours of the theme."""
        self.setBackground(colour("sunken"))
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(colour("line")))
            axis.setTextPen(pg.mkPen(colour("quiet")))
        self._diagonal.setPen(pg.mkPen(colour("faint"), style=pg.QtCore.Qt.PenStyle.DashLine))
        self._line.setPen(pg.mkPen(colour("text"), width=1.5))
        self._line.setSymbolBrush(pg.mkBrush(colour("text")))
        self._line.setSymbolPen(pg.mkPen(None))


def _table(calibration: Calibration) -> str:
    """The numbers behind the points, for the tool tip."""
    rows = ["<tr><th>probability</th><th>voxels</th><th>expected</th><th>observed</th></tr>"]
    for n, count in enumerate(calibration.counts.tolist()):
        numbers = (calibration.expected[n], calibration.observed[n])
        cells = "".join(f"<td align=right>{f'{value:.3f}' if count else '–'}</td>" for value in numbers)
        low, high = calibration.edges[n : n + 2]
        rows.append(f"<tr><td>{low:.1f} to {high:.1f}</td><td align=right>{count:,}</td>{cells}</tr>")
    return f"<table cellspacing=4>{''.join(rows)}</table>"
