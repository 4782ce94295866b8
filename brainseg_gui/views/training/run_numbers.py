"""The numbers of a run: how far it is, how fast, and what came of it."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_words import UNKNOWN, amount, best_words, duration, memory
from brainseg_gui.views.widgets.elided_label import ElidedLabel

_TIPS = {
    "Epoch": "Passes so far",
    "Step": "Changes of the weights so far",
    "Time left": "By the clock so far, validation included",
    "Per step": "Median of the last 100 steps",
    "Patches": "Patches per second",
    "Waiting": "Share of the last 100 steps that was spent waiting for data",
    "Learning rate": "Of the last step",
    "Memory": "As measured, or as estimated before the first step",
    "Best": "The epoch that the model comes from, and what judged it",
}
_WIDE = ("Step", "Best")
_GAP = 8


class RunNumbers(QWidget):
    """One row of numbers, or two where one is too narrow; each keeps its place while it changes.

    Attributes
    ----------
    values
        The label of each number, by its name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, QLabel] = {}
        self._cells = [self._cell(name, tip) for name, tip in _TIPS.items()]
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self._arrange(len(self._cells))

    def _cell(self, name: str, tip: str) -> QWidget:
        cell = QWidget()
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        label, value = ElidedLabel(name), ElidedLabel(UNKNOWN)
        label.setObjectName("quiet")
        for widget in (label, value):
            widget.setToolTip(tip)
            column.addWidget(widget)
        value.setAccessibleName(name)
        self.values[name] = value
        return cell

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        widest = max(self.fontMetrics().horizontalAdvance(name) for name in _TIPS) + _GAP
        enough = widest * (len(self._cells) + 0.5 * len(_WIDE)) <= self.width()
        self._arrange(len(self._cells) if enough else -(-len(self._cells) // 2))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for number, (name, cell) in enumerate(zip(_TIPS, self._cells, strict=True)):
            self._grid.addWidget(cell, number // columns, number % columns)
            wide = columns == len(self._cells) and name in _WIDE
            self._grid.setColumnStretch(number, (3 if wide else 2) if number < columns else 0)

    def show_record(self, record: RunRecord) -> None:
        """Show the numbers of a run as they are now."""
        length, steps = record.config.length, record.total_steps
        running = record.alive and record.step and not record.stop_asked
        texts = {
            "Epoch": _of(record.epoch, length.epochs),
            "Step": _of(record.step, steps),
            "Time left": duration(record.seconds_left) if running and record.curves else UNKNOWN,
            "Per step": duration(record.seconds_per_step),
            "Patches": f"{record.patches_per_second:.3g} /s" if record.patches_per_second > 0 else UNKNOWN,
            "Waiting": f"{100 * record.waiting_share:.1f} %" if record.waiting_share >= 0 else UNKNOWN,
            "Learning rate": amount(record.learning_rate),
            "Memory": memory(record.memory_bytes),
            "Best": best_words(record),
        }
        for name, text in texts.items():
            if self.values[name].text() != text:
                self.values[name].setText(text)


def _of(value: int, total: int) -> str:
    return f"{value:,} of {total:,}" if total else f"{value:,}"
