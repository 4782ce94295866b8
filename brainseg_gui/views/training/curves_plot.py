"""One plot of curves over steps; draws at most two points per pixel, however long the run is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from brainseg_gui.state.training.curve import Numbers
from brainseg_gui.state.training.run_record import LEARNING_RATE
from brainseg_gui.views.training.curve_marks import BestMark, CurveMarks
from brainseg_gui.views.training.curve_series import CurveSeries
from brainseg_gui.views.widgets.theme import colour

_AXIS_WIDTH = 56
_FEW = 200


class CurvesPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot whose x axis is the step; the wheel zooms it, dragging moves it, the y axis follows.

    Signals
    -------
    step_hovered
        The step under the mouse, or None when it has left.
    """

    step_hovered = Signal(object)

    def __init__(self, title: str, *, axis: bool) -> None:
        super().__init__(axisItems={"left": _ValueAxis("left")})
        self.setAccessibleName(f"{title} over steps")
        self._lines: dict[tuple[str, str], pg.PlotDataItem] = {}
        self._faint: dict[tuple[str, str], pg.PlotDataItem] = {}
        self._letters: dict[tuple[str, str], pg.TextItem] = {}
        self._log = False
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.getAxis("left").setWidth(_AXIS_WIDTH)
        item.getAxis("left").enableAutoSIPrefix(False)
        item.getAxis("bottom").enableAutoSIPrefix(False)
        item.getAxis("bottom").setStyle(showValues=axis)
        if axis:  # the lowest plot is low: more numbers would lie on each other
            item.getAxis("left").setTickDensity(0.5)
        item.setContentsMargins(0, 18, 8, 0)
        self.box = item.getViewBox()
        self.box.setMouseEnabled(x=True, y=False)
        self.box.enableAutoRange(x=False, y=True)
        self.box.setDefaultPadding(0.06)
        self._title = pg.LabelItem(title, justify="left", size="9pt")
        self._title.setParentItem(item)
        self._title.setPos(_AXIS_WIDTH - 48, 0)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        item.addItem(self._cursor, ignoreBounds=True)
        self.marks = CurveMarks(item)
        self.setMouseTracking(True)
        self._title_text = title
        self.restyle()

    def restyle(self) -> None:
        """Take on the colours of the theme."""
        self.setBackground(colour("sunken"))
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(colour("line")))
            axis.setTextPen(pg.mkPen(colour("quiet")))
        self.getPlotItem().getAxis("left").setGrid(28)
        self._cursor.setPen(pg.mkPen(colour("quiet"), width=1))
        self._title.setText(self._title_text, color=colour("quiet").name())

    def set_log(self, log: bool) -> None:
        """Draw the values on a logarithmic scale, or not."""
        self._log = log
        self.getPlotItem().setLogMode(y=log)

    def show_cursor(self, step: float | None) -> None:
        """Draw the vertical line."""
        self._cursor.setVisible(step is not None)
        if step is not None:
            self._cursor.setValue(step)

    def draw(self, series: Sequence[CurveSeries], window: int, marks: Sequence[BestMark] = ()) -> None:
        """Draw these curves and marks, and remove all others; what has a value per step is smoothed over `window`."""
        keys = {one.key for one in series}
        for store in (self._lines, self._faint, self._letters):
            for key in [key for key in store if key not in keys]:
                self.removeItem(store.pop(key))
        for one in series:
            smooth = window > 1 and len(one.curve) > _FEW and one.name != LEARNING_RATE
            self._draw_line(one, window if smooth else 1)
            self._draw_faint(one, smooth)
            self._draw_letter(one)
        self.marks.draw(marks, log=self._log)

    def _draw_line(self, one: CurveSeries, window: int) -> None:
        if one.key not in self._lines:
            self._lines[one.key] = self._new_line()
        x, y = self._points(one, window)
        outline, filling = one.symbol_look()
        self._lines[one.key].setData(
            x,
            y,
            pen=one.pen(thin=len(x) > 2 * _FEW and window == 1),  # wide lines of many points are slow
            symbol=one.symbol if one.sparse and len(x) <= _FEW else None,
            symbolSize=6,
            symbolBrush=filling,
            symbolPen=outline,
            connect="finite" if np.isnan(y).any() else "all",
            antialias=True,
        )

    def _draw_faint(self, one: CurveSeries, smooth: bool) -> None:
        """What the smoothed curve is the mean of, faintly below it."""
        if not smooth:
            if one.key in self._faint:
                self.removeItem(self._faint.pop(one.key))
            return
        if one.key not in self._faint:
            self._faint[one.key] = self._new_line()
            self._faint[one.key].setZValue(-1)
        x, y = self._points(one, 1)
        connect = "finite" if np.isnan(y).any() else "all"
        self._faint[one.key].setData(x, y, pen=one.pen(thin=True, ground=colour("sunken")), connect=connect)

    def _draw_letter(self, one: CurveSeries) -> None:
        if not one.letter or not len(one.curve):
            if one.key in self._letters:
                self.removeItem(self._letters.pop(one.key))
            return
        if one.key not in self._letters:
            self._letters[one.key] = pg.TextItem(anchor=(0, 0.5))
            self.getPlotItem().addItem(self._letters[one.key], ignoreBounds=True)
        item, value = self._letters[one.key], one.curve.last
        item.setText(one.letter, color=one.colour)
        shown = np.isfinite(value) and (value > 0 or not self._log)
        item.setVisible(bool(shown))
        if shown:
            item.setPos(float(one.curve.steps[-1]), float(np.log10(value)) if self._log else value)

    def _new_line(self) -> pg.PlotDataItem:
        line = pg.PlotDataItem(skipFiniteCheck=True)
        line.curve.setCacheMode(pg.QtWidgets.QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.getPlotItem().addItem(line)
        return line

    def _points(self, one: CurveSeries, window: int) -> tuple[Numbers, Numbers]:
        (low, high), _ = self.box.viewRange()
        x, y = one.curve.thinned(low, high, max(int(self.box.width()), 100), window)
        return x, np.where(y > 0, y, np.nan) if self._log else y

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        position = self.mapToScene(event.position().toPoint())
        inside = self.box.sceneBoundingRect().contains(QRectF(QPointF(position), QPointF(position)).center())
        held = event.buttons() != Qt.MouseButton.NoButton
        self.step_hovered.emit(self.box.mapSceneToView(position).x() if inside and not held else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.step_hovered.emit(None)


class _ValueAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """On a logarithmic scale only 1, 2 and 5 are written, so that no number lies on another."""

    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        numbers = [10.0**value for value in values]
        return [f"{number:g}" if f"{number:.0e}"[0] in "125" else "" for number in numbers]
