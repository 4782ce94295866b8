"""Which curves there are to draw, and how each looks: colour, dash and symbol; none is known by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPen, QPixmap

from brainseg_gui.state.training.curve import Curve
from brainseg_gui.state.training.run_record import LEARNING_RATE, RunRecord
from brainseg_gui.state.training.run_watch import RunWatch

# Okabe and Ito's colours, lightened for a dark ground and darkened for a light one (4.5:1 on either).
_DARK = ("#56b4e9", "#e69f00", "#2fc08e", "#f0e442", "#e58fbf", "#ff8a5c", "#9db4ff", "#c0c4c9")
_LIGHT = ("#0b68a8", "#8f5f00", "#00735a", "#6d6600", "#a33d78", "#b34700", "#3f55b5", "#4a4f55")
# One fewer than colours, so that no two of 56 metrics look alike.
_SYMBOLS = ("o", "s", "t", "d", "+", "x", "star")
_WORDS = {"dice": "Dice", "iou": "IoU", "wt": "WT", "tc": "TC", "et": "ET"}
_REGIONS = ("wt", "tc", "et", "mean")
LOSS = "loss"


@dataclass(frozen=True)
class CurveSeries:
    """One curve as it is drawn.

    Parameters
    ----------
    record, name, curve
        Where it comes from.
    colour
        Colour of its line.
    symbol
        Symbol at the points of sparse curves.
    letter
        Letter of its run, while several are drawn.
    """

    record: RunRecord
    name: str
    curve: Curve
    colour: str
    symbol: str
    letter: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: run folder and metric."""
        return str(self.record.folder.path), self.name

    @property
    def validation(self) -> bool:
        """Whether it is measured on validation cases."""
        return self.name.startswith("val_")

    @property
    def title(self) -> str:
        """Words for the legend."""
        words = " ".join(_WORDS.get(word, word) for word in self.name.removeprefix("val_").split("_"))
        words = words[:1].upper() + words[1:] + (", validation" if self.validation else "")
        return f"{self.letter}  {words}" if self.letter else words

    @property
    def sparse(self) -> bool:
        """Whether it has fewer values than steps, as those of epochs have: such curves get symbols."""
        steps = self.curve.steps
        return len(steps) == 1 or (len(steps) > 1 and steps[-1] - steps[0] >= 2 * (len(steps) - 1))

    @property
    def plot(self) -> str:
        """Where it is drawn: ``loss``, ``learning_rate`` or ``metrics``."""
        if self.name == LEARNING_RATE:
            return LEARNING_RATE
        return LOSS if LOSS in self.name else "metrics"

    def pen(self, *, thin: bool = False, ground: QColor | None = None) -> QPen:
        """Solid for training, dashed for validation; mixed with the ground where that is given."""
        tint = QColor(self.colour)
        if ground is not None:  # mixed, not transparent: cheaper to draw
            tint = _mixed(tint, ground, 0.3)
        pen = QPen(tint, 1 if thin else 1.5)
        pen.setCosmetic(True)
        if self.validation:
            pen.setStyle(Qt.PenStyle.DashLine)
        return pen

    def symbol_look(self) -> tuple[QPen, QBrush]:
        """Filled for validation, hollow for training."""
        if self.validation:
            return QPen(Qt.PenStyle.NoPen), QBrush(QColor(self.colour))
        return pg.mkPen(self.colour), QBrush(Qt.BrushStyle.NoBrush)


def series_of(watch: RunWatch, *, dark: bool) -> list[CurveSeries]:
    """All curves of the shown runs; colours tell metrics apart, or runs while there are several."""
    colours = _DARK if dark else _LIGHT
    found: list[CurveSeries] = []
    bare: list[str] = []
    for record in watch.shown:
        bare += [n for n in (name.removeprefix("val_") for name in ordered(record)) if n not in bare]
    for place, record in enumerate(watch.shown):
        letter = watch.letter_of(record)
        for name in ordered(record):
            metric = bare.index(name.removeprefix("val_"))
            tint = colours[(place if letter else metric) % len(colours)]
            symbol = _SYMBOLS[metric % len(_SYMBOLS)]
            found.append(CurveSeries(record, name, record.curves[name], tint, symbol, letter))
    return found


def ordered(record: RunRecord) -> Sequence[str]:
    """Names of a run's curves: losses first, a validation metric after its training one, learning rate last."""

    def place(name: str) -> tuple[bool, bool, str, int, bool]:
        bare = name.removeprefix("val_")
        stem, _, region = bare.rpartition("_")
        if region not in _REGIONS:
            return name == LEARNING_RATE, LOSS not in bare, bare, -1, bare != name
        return False, LOSS not in bare, stem, _REGIONS.index(region), bare != name

    return sorted((name for name, curve in record.curves.items() if len(curve)), key=place)


def sample_icon(series: CurveSeries) -> QIcon:
    """A short piece of the line with its symbol, for the legend."""
    pixmap = QPixmap(QSize(56, 28))
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = series.pen()
    pen.setWidthF(2)
    painter.setPen(pen)
    painter.drawLine(QPointF(0, 7), QPointF(28, 7))
    if series.sparse:
        painter.translate(14, 7)
        pg.graphicsItems.ScatterPlotItem.drawSymbol(painter, series.symbol, 9, *series.symbol_look())
    painter.end()
    return QIcon(pixmap)


def _mixed(colour: QColor, ground: QColor, share: float) -> QColor:
    pairs = ((colour.redF(), ground.redF()), (colour.greenF(), ground.greenF()), (colour.blueF(), ground.blueF()))
    return QColor.fromRgbF(*(share * a + (1 - share) * b for a, b in pairs))
