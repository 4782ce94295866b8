"""Histograms of one modality as lines over one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QPen

from brainseg_gui.views.widgets.theme import colour

_LEAST_HEIGHT = 84


class HistogramPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """One small plot: intensity to the right, share of the voxels upwards, no axis where none is needed."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setAccessibleName(f"Histograms of {title}")
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.setMaximumHeight(140)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.hideAxis("left")
        item.getAxis("bottom").enableAutoSIPrefix(False)
        item.getAxis("bottom").setStyle(tickLength=-4, tickTextOffset=2)
        item.setContentsMargins(4, 2, 4, 0)
        self._box = item.getViewBox()
        self._box.setMouseEnabled(x=False, y=False)
        self._box.setDefaultPadding(0.02)
        self._title = pg.LabelItem(title, justify="left", size="9pt")
        self._title.setParentItem(item)
        self._title.setPos(6, 2)
        self._name = title
        self._lines: list[pg.PlotDataItem] = []

    def sizeHint(self) -> QSize:
        return QSize(200, _LEAST_HEIGHT)  # a page that scrolls asks for this, however low it may be

    def draw(self, edges: NDArray[np.float64], lines: Sequence[tuple[NDArray[np.float64], QPen]]) -> None:
        """Draw these histograms and no others.

        Parameters
        ----------
        edges
            Borders of the bins, (B + 1,).
        lines
            Shares, (B,), and the pen of each.
        """
        self._restyle()
        for line in self._lines:
            self.removeItem(line)
        self._lines = [self.plot(edges, shares, pen=pen, stepMode="center") for shares, pen in lines]
        top = max((float(shares.max()) for shares, _ in lines), default=1.0)
        self._box.setRange(xRange=(float(edges[0]), float(edges[-1])), yRange=(0.0, top), padding=0.02)

    def _restyle(self) -> None:
        """Take on the colours of the theme."""
        self.setBackground(colour("sunken"))
        axis = self.getPlotItem().getAxis("bottom")
        axis.setPen(pg.mkPen(colour("line")))
        axis.setTextPen(pg.mkPen(colour("quiet")))
        self._title.setText(self._name, color=colour("quiet").name())
