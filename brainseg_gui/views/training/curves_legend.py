"""The legend of the curves: each with its value at the cursor, and each can be hidden."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from brainseg_gui.state.training.run_words import amount
from brainseg_gui.views.training.curve_series import CurveSeries, sample_icon
from brainseg_gui.views.widgets.plain_text import plain_tip

_KEY = Qt.ItemDataRole.UserRole


class CurvesLegend(QWidget):
    """Check mark, line, name and value of every curve.

    Signals
    -------
    hidden_changed
        Other curves are hidden.
    """

    hidden_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._names: set[str] = set()
        self._series: list[CurveSeries] = []
        self._look: Sequence[tuple[object, ...]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._at = QLabel("Newest values")
        self._at.setObjectName("section")
        column.addWidget(self._at)
        self.table = QTreeWidget()
        self.table.setAccessibleName("Curves")
        self.table.setToolTip("Take the check mark away to hide a curve")
        self.table.setColumnCount(2)
        self.table.setHeaderHidden(True)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setIconSize(QSize(28, 14))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, 76)
        self.table.itemChanged.connect(self._on_item_changed)
        column.addWidget(self.table, 1)

    def is_hidden(self, name: str) -> bool:
        """Whether a metric is hidden, in all runs."""
        return name in self._names

    def show_series(self, series: Sequence[CurveSeries]) -> None:
        """List these curves; rows are made anew only when others came or their look changed."""
        look = [(one.key, one.colour, one.letter, one.sparse) for one in series]
        self._series = list(series)
        if look == self._look:
            return
        self._look = look
        with QSignalBlocker(self.table):
            self.table.clear()
            for one in series:
                item = QTreeWidgetItem([one.title, ""])
                item.setData(0, _KEY, one.name)
                item.setToolTip(0, plain_tip(f"{one.record.name}: {one.title}"))
                item.setIcon(0, sample_icon(one))
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                shown = not self.is_hidden(one.name)
                item.setCheckState(0, Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)
                self.table.addTopLevelItem(item)

    def show_values(self, step: float | None) -> None:
        """Show the values at a step, or the newest ones."""
        self._at.setText("Newest values" if step is None else f"At step {step:,.0f}")
        with QSignalBlocker(self.table):
            for number, one in enumerate(self._series):
                text = amount(one.curve.last if step is None else one.curve.at(step))
                item = self.table.topLevelItem(number)
                if item is not None and item.text(1) != text:
                    item.setText(1, text)

    def _on_item_changed(self, item: QTreeWidgetItem) -> None:
        name = item.data(0, _KEY)
        if item.checkState(0) == Qt.CheckState.Checked:
            self._names.discard(name)
        else:
            self._names.add(name)
        with QSignalBlocker(self.table):
            for number, one in enumerate(self._series):
                state = Qt.CheckState.Unchecked if self.is_hidden(one.name) else Qt.CheckState.Checked
                if (listed := self.table.topLevelItem(number)) is not None:
                    listed.setCheckState(0, state)
        self.hidden_changed.emit()
