"""The table of cases: sortable by every column, filtered by words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from brainseg_gui.errors import printable
from brainseg_gui.evaluation.records.measures import LISTED_SCORES, LISTED_VOLUMES
from brainseg_gui.evaluation.records.pair import Unpaired
from brainseg_gui.evaluation.records.report import REGION_KEYS, CaseReport, CohortReport
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour

_COLUMNS = (
    "Case",
    "Patient",
    "Model",
    *(f"{measure.short_column} {key}" for measure in LISTED_SCORES for key in REGION_KEYS),
    *(measure.column for measure in LISTED_VOLUMES),
    "Worst place",
)
_TIPS = {
    **{measure.short_column: measure.tip for measure in LISTED_SCORES},
    **{measure.column: f"{measure.tip}: whole tumour" for measure in LISTED_VOLUMES},
    "Patient": "Whose visit it is, as ids, folders or the data set tell",
    "Worst": "The piece whose correction would raise the Dice of its region most; a double click opens the case there",
}
_PATIENT, _MODEL, _FIRST = 1, 2, 3  # columns; the last is the first number
_REASON = _FIRST  # the column from which the reason reaches to the end, where a case was not scored
_GAP = "   "  # before words that follow numbers
_SORT = Qt.ItemDataRole.UserRole
_CASE = Qt.ItemDataRole.UserRole + 1
_ARROWS = {Qt.SortOrder.AscendingOrder: "▴", Qt.SortOrder.DescendingOrder: "▾"}
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class _CohortRow:
    """One line: a scored case, or one that was not scored and why."""

    texts: tuple[str, ...]
    values: tuple[float, ...]
    case: CaseReport | None
    tip: str


class _Model(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[_CohortRow] = []

    def fill(self, report: CohortReport | None) -> None:
        self.beginResetModel()
        self.rows = []
        if report is not None:
            self.rows = [_scored(case) for case in report.cases]
            self.rows += [_unscored(entry) for entry in (*report.failed, *report.unpaired)]
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{_GAP}{_COLUMNS[section]}" if section == len(_COLUMNS) - 1 else _COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return next((tip for start, tip in _TIPS.items() if _COLUMNS[section].startswith(start)), None)
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{_GAP}{row.texts[column]}" if column == len(_COLUMNS) - 1 else row.texts[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column if row.case is not None else 0)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(row.tip)
        if role == Qt.ItemDataRole.ForegroundRole:
            if row.case is None:
                return colour("problem")
            return colour("text" if column in (0, *range(_FIRST, _FIRST + len(REGION_KEYS))) else "quiet")
        if role == _SORT:
            return row.values[column] if _is_number(column) else row.texts[column]
        return row.case if role == _CASE else None


class _Order(QSortFilterProxyModel):
    """Numbers by size, names by their letters; what has no number stays at the end either way.

    The heading says which column orders the lines: Qt's own arrow is drawn over the words.
    """

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        found = super().headerData(section, orientation, role)
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return found
        return f"{found} {_ARROWS[self.sortOrder()]}" if section == self.sortColumn() else found

    def lessThan(self, left: _Index, right: _Index) -> bool:
        a, b = left.data(_SORT), right.data(_SORT)
        if isinstance(a, float) and isinstance(b, float):
            if math.isnan(a) or math.isnan(b):
                down = self.sortOrder() == Qt.SortOrder.DescendingOrder
                return math.isnan(a) == down and not (math.isnan(a) and math.isnan(b))
            return a < b
        return str(a).lower() < str(b).lower()


class CohortTable(QTableView):
    """One line per case and model.

    Signals
    -------
    case_requested
        A `CaseReport` whose case is to be opened at its worst place.
    """

    case_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Cases")
        self._model, self._order = _Model(), _Order()
        self._order.setSourceModel(self._model)
        self._order.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._order.setFilterKeyColumn(-1)
        self.setModel(self._order)
        self.setSortingEnabled(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setSortIndicatorShown(False)
        self.activated.connect(self._on_activated)
        for changed in (self._order.layoutChanged, self._order.modelReset):
            changed.connect(self._span_reasons)
        for changed in (self._order.rowsInserted, self._order.rowsRemoved):
            changed.connect(self._span_reasons)

    def show_report(self, report: CohortReport | None) -> None:
        """Fill the table; the case with the lowest Dice of WT first."""
        self._model.fill(report)
        self.setColumnHidden(_PATIENT, report is None or not _needs_patients(report))
        self.setColumnHidden(_MODEL, report is None or len(report.models) < 2)
        self.sortByColumn(_FIRST, Qt.SortOrder.AscendingOrder)
        metrics = self.fontMetrics()
        for column, title in enumerate(_COLUMNS):
            rows = [row for row in self._model.rows if row.case is not None or column < _REASON]
            sample = max((row.texts[column] for row in rows), key=len, default="")
            width = max(metrics.horizontalAdvance(f"{title} ▾") + 18, metrics.horizontalAdvance(sample) + 18)
            self.setColumnWidth(column, min(width, 240))
        if self._order.rowCount():
            self.selectRow(0)

    def filter_by(self, text: str) -> None:
        """Show only lines that hold a text."""
        self._order.setFilterFixedString(text)

    @property
    def shown(self) -> int:
        """Lines that are shown."""
        return self._order.rowCount()

    def _span_reasons(self, *_: object) -> None:
        """Give a reason all the room of the numbers that are not there."""
        self.clearSpans()
        for row in range(self._order.rowCount()):
            if self._order.index(row, 0).data(_CASE) is None:
                self.setSpan(row, _REASON, 1, len(_COLUMNS) - _REASON)

    def _on_activated(self, index: QModelIndex) -> None:
        case = index.data(_CASE)
        if case is not None:
            self.case_requested.emit(case)


def _needs_patients(report: CohortReport) -> bool:
    """Whether some patient has several cases whose ids do not begin with the patient's name."""
    return report.has_visits and any(not case.case_id.startswith(case.whose) for case in report.cases)


def _scored(case: CaseReport) -> _CohortRow:
    texts, values = [case.case_id, printable(case.whose), case.model], [math.nan] * _FIRST
    scores = ((measure, key) for measure in LISTED_SCORES for key in REGION_KEYS)
    for measure, key in (*scores, *((measure, "WT") for measure in LISTED_VOLUMES)):
        value = float(case.number(key, measure.key))
        values.append(value)
        texts.append(measure.list_text(value))
    worst = case.worst
    place = f"{worst.kind} in {worst.region}, {worst.volume_ml:.3g} ml" if worst is not None else "none"
    tip = f"{case.case_id}\n{case.reference}\n{case.prediction}" + (f"\n{case.warning}" if case.warning else "")
    return _CohortRow((*texts, place), (*values, math.nan), case, tip)


def _unscored(entry: Unpaired) -> _CohortRow:
    empty = len(_COLUMNS) - _REASON - 1
    texts = (entry.case_id, "", entry.model, f"Not scored: {entry.reason}", *([""] * empty))
    return _CohortRow(texts, (math.nan,) * len(_COLUMNS), None, f"{entry.path}\n{entry.reason}")


def _is_number(column: int) -> bool:
    return _FIRST <= column < len(_COLUMNS) - 1


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if _is_number(column) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
