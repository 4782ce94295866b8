"""Curves of one or several runs: loss, metrics and learning rate over steps."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSlider, QSplitter, QVBoxLayout, QWidget

from brainseg_gui.state.training.run_record import LEARNING_RATE
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.views.training.curve_marks import marks_of
from brainseg_gui.views.training.curve_series import LOSS, CurveSeries, series_of
from brainseg_gui.views.training.curves_legend import CurvesLegend
from brainseg_gui.views.training.curves_plot import CurvesPlot
from brainseg_gui.views.widgets.theme import colour

_PLOTS = ((LOSS, "Loss", 5), ("metrics", "Metrics", 4), (LEARNING_RATE, "Learning rate, over steps", 2))
_ROOM = 0.03
_LONGEST = 1000
_NOTHING_YET = "The curves begin with the first step. Several selected runs are laid over each other."


class CurvesView(QWidget):
    """Plots with a common x axis; `legend` is placed by whoever owns the view.

    Keys: Left and Right move the cursor, + and − zoom, Home shows the whole run.
    """

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Curves of the run")
        self._watch = watch
        self._follows, self._drawing = True, False
        self._step: float | None = None
        self.legend = CurvesLegend()
        self.legend.hidden_changed.connect(self.redraw)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._controls())
        self._nothing = QLabel(_NOTHING_YET)
        self._nothing.setObjectName("quiet")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        column.addWidget(self._nothing, 1)
        column.addWidget(self._build_plots(), 1)
        # One drawing per event loop, however many things change.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.redraw)
        watch.chosen_changed.connect(self._on_chosen_changed)
        watch.news_came.connect(self._on_news)
        self.redraw()

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.log_scale = QCheckBox("Log scale")
        self.log_scale.setToolTip("Draw the loss on a logarithmic scale")
        self.log_scale.toggled.connect(self._on_log_toggled)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 100)
        self.smoothing.setFixedWidth(120)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Running mean over so many steps; the values themselves stay faintly visible")
        self.smoothing.valueChanged.connect(self._on_smoothing_moved)
        self._smoothing_text = QLabel("none")
        self._smoothing_text.setObjectName("quiet")
        self._smoothing_text.setFixedWidth(72)
        name = QLabel("Smoothing")
        name.setObjectName("quiet")
        self.whole = QPushButton("Whole run")
        self.whole.setToolTip("Show all steps (Home); the wheel zooms, dragging moves")
        self.whole.clicked.connect(self.show_whole)
        for widget in (self.log_scale, name, self.smoothing, self._smoothing_text):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.whole)
        return row

    def _build_plots(self) -> QSplitter:
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self.plots: dict[str, CurvesPlot] = {}
        for number, (key, title, share) in enumerate(_PLOTS):
            plot = CurvesPlot(title, axis=number == len(_PLOTS) - 1)
            plot.setMinimumHeight(72)
            plot.setFocusProxy(self)
            plot.step_hovered.connect(self.show_step)
            plot.box.sigRangeChangedManually.connect(self._on_zoomed)
            plot.box.sigXRangeChanged.connect(self._on_range_changed)
            self.plots[key] = plot
            self._splitter.addWidget(plot)
            self._splitter.setStretchFactor(number, share)
        first, *others = self.plots.values()
        for plot in others:
            plot.setXLink(first)
        return self._splitter

    @property
    def mean_steps(self) -> int:
        """Steps in the running mean."""
        share: float = self.smoothing.value() / 100
        return round(math.pow(_LONGEST, share))

    def show_whole(self) -> None:
        """Show all steps, and follow the run as it grows."""
        self._follows = True
        self.redraw()

    def show_step(self, step: float | None) -> None:
        """Draw the cursor, and show the values there."""
        self._step = None if step is None else max(float(round(step)), 0.0)
        for plot in self.plots.values():
            plot.show_cursor(self._step)
        self.legend.show_values(self._step)

    def redraw(self) -> None:
        """Draw what there is."""
        series = series_of(self._watch, dark=colour("base").lightness() < 128)
        self.legend.show_series(series)
        self.legend.show_values(self._step)
        self._nothing.setVisible(not series)
        self._splitter.setVisible(bool(series))
        self._drawing = True  # whatever range comes of it is drawn here
        if self._follows:
            self._show_all_steps(series)
        for key, plot in self.plots.items():
            inside = [one for one in series if one.plot == key]
            plot.setVisible(bool(inside))
            drawn = [one for one in inside if not self.legend.is_hidden(one.name)]
            plot.draw(drawn, self.mean_steps, marks_of(drawn))
        self._drawing = False

    def _show_all_steps(self, series: list[CurveSeries]) -> None:
        end = max((float(one.curve.steps[-1]) for one in series if len(one.curve)), default=1.0)
        self._show_range(-_ROOM * end, end * (1 + _ROOM))

    def _show_range(self, low: float, high: float) -> None:
        for plot in self.plots.values():
            plot.box.setXRange(low, high, padding=0)

    def _on_chosen_changed(self) -> None:
        self._follows, self._step = True, None
        self.show_step(None)
        self._soon.start()

    def _on_news(self) -> None:
        if self.isVisible():
            self._soon.start()

    def _on_zoomed(self, *_: object) -> None:
        self._follows = False

    def _on_range_changed(self, *_: object) -> None:
        if not self._drawing:
            self._soon.start()

    def _on_log_toggled(self, log: bool) -> None:
        self.plots[LOSS].set_log(log)
        self.redraw()

    def _on_smoothing_moved(self) -> None:
        self._smoothing_text.setText(f"{self.mean_steps} steps" if self.mean_steps > 1 else "none")
        self._soon.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        low, high = self.plots[LOSS].box.viewRange()[0]
        pixel = max((high - low) / 200, 1.0)
        middle = self._step if self._step is not None else (low + high) / 2
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.show_step(min(max(middle + (pixel if event.key() == Qt.Key.Key_Right else -pixel), low), high))
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._zoom(middle, 1.25 if event.key() == Qt.Key.Key_Minus else 0.8)
        elif event.key() == Qt.Key.Key_Home:
            self.show_whole()
        else:
            super().keyPressEvent(event)

    def _zoom(self, middle: float, factor: float) -> None:
        self._follows = False
        low, high = self.plots[LOSS].box.viewRange()[0]
        low, high = (middle + (edge - middle) * factor for edge in (low, high))
        self._show_range(low, high)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for plot in self.plots.values():
                plot.restyle()
            self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._soon.start()
