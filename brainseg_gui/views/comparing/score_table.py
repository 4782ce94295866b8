"""The table of the two compared layers: a row for each region, a column for each measure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from brainseg_gui.evaluation.metrics.comparison import RegionScore
from brainseg_gui.evaluation.records.measure import MeasureOutlet
from brainseg_gui.evaluation.records.measures import MEASURES, measures_shown
from brainseg_gui.imaging.labels import Region
from brainseg_gui.views.widgets.table_heads import describe_columns, heading_of
from brainseg_gui.views.widgets.theme import colour

STILL_READ = "The case is still being read."
"""In place of scores and errors, until it is known which masks there are."""

SCORES = tuple(measure for measure in measures_shown(MeasureOutlet.WINDOW) if measure.unit != "ml")
_VOLUMES = tuple(measure for measure in measures_shown(MeasureOutlet.WINDOW) if measure.unit == "ml")
COLUMNS = ("Region", *(measure.short_column for measure in (*SCORES, *_VOLUMES)), "Missed", "False")
_FIRST_VOLUME = 1 + len(SCORES)
_FIRST_DIFFERENCE = _FIRST_VOLUME + len(_VOLUMES)
_PREDICTED = COLUMNS.index(MEASURES["prediction_ml"].short_column)
_LEAVING = (  # columns that go, together and in this order, where there is no room for them; the first score stays
    range(_FIRST_VOLUME, _FIRST_DIFFERENCE),
    range(_FIRST_DIFFERENCE, len(COLUMNS)),
    *((column,) for column in range(_FIRST_VOLUME - 1, 1, -1)),
)
_COLUMN_WIDTH = 50
TIPS = (
    "Union of labels that is scored; click a row to see where the masks agree on it",
    *(measure.tip for measure in (*SCORES, *_VOLUMES)),
    "In the reference, not in the prediction, ml",
    "In the prediction, not in the reference, ml",
)


class ScoreTable(QTableWidget):
    """Scores of regions; what has no room is left out, and told by the tip of a row."""

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        self._rows_shown: list[tuple[RegionScore, str]] = []
        self.setHorizontalHeaderLabels(COLUMNS)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        describe_columns(self, TIPS, [_alignment(column) for column in range(len(COLUMNS))])

    @property
    def lacks_columns(self) -> bool:
        """Whether some are left out."""
        return any(self.isColumnHidden(column) for group in _LEAVING for column in group)

    def fit(self, width: int) -> None:
        """Leave out as many columns as have no room, or one more: what belongs together goes together."""
        excess = len(COLUMNS) - width // _COLUMN_WIDTH
        for group in _LEAVING:
            for column in group:
                self.setColumnHidden(column, excess > 0)
            excess -= len(group)

    def name_columns(self, *, edited: bool) -> None:
        """Say whether the second mask is a prediction or the annotation in work."""
        heading_of(self, _PREDICTED).setText("Ann." if edited else COLUMNS[_PREDICTED])
        for column in range(_PREDICTED, len(COLUMNS)):
            tip = TIPS[column].replace("prediction", "annotation") if edited else TIPS[column]
            heading_of(self, column).setToolTip(tip)

    def show_scores(self, scores: Sequence[RegionScore], marked: Region | None) -> None:
        """Show a row for each region, and mark the one whose agreement is drawn; as high as its rows."""
        with QSignalBlocker(self):
            self._fill_rows(scores)
            self.clearSelection()
            for row, score in enumerate(scores):
                if score.region == marked:
                    self.selectRow(row)
        height = self.horizontalHeader().sizeHint().height()
        height += sum(self.rowHeight(row) for row in range(self.rowCount()))
        self.setFixedHeight(height + 4)

    def _fill_rows(self, scores: Sequence[RegionScore]) -> None:
        """Write the rows that have other numbers than before: a stroke changes few of them, several times a second."""
        self.setRowCount(len(scores))
        ink, before = colour("quiet").name(), self._rows_shown
        self._rows_shown = [(score, ink) for score in scores]
        for row, score in enumerate(scores):
            if before[row : row + 1] != [(score, ink)]:
                self._fill_row(row, score)

    def _fill_row(self, row: int, score: RegionScore) -> None:
        missed, false = _differences_ml(score)
        measured = (measure.list_text(measure.value(score)) or "…" for measure in (*SCORES, *_VOLUMES))
        texts = (score.region.key, *measured, f"{missed:.1f}", f"{false:.1f}")
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setTextAlignment(_alignment(column))
            item.setToolTip(row_tip(score))
            if column >= _FIRST_VOLUME:
                item.setForeground(colour("quiet"))
            self.setItem(row, column, item)
        self.setRowHeight(row, 24)


def row_tip(score: RegionScore) -> str:
    """Every measure of a row's region, one line for those that one term defines: the row may have no room for all."""
    if score.counts.reference == score.counts.prediction == 0:
        return f"{score.region.title}: empty in both masks, which counts as 1"
    measured = score.lesions is not None and score.surface_dice is not None
    lines = [
        ", ".join(measure.sentence(measure.value(score)) for measure in of)
        for _, of in groupby(MEASURES.values() if measured else _VOLUMES, lambda m: m.term)
    ]
    missed, false = (f"{ml:.1f} ml" for ml in _differences_ml(score))
    return "\n".join([f"{score.region.title}{_penalty(score)}", *lines, f"Missed {missed}, false {false}"])


def _penalty(score: RegionScore) -> str:
    """That a distance is none, where one of the masks has nothing to measure it to."""
    if score.counts.reference and score.counts.prediction:
        return ""
    empty = "prediction" if score.counts.reference else "reference"
    title = MEASURES["hd95_mm"].title
    return f": empty in the {empty}; {title} is the penalty that the rules set, no distance"


def _differences_ml(score: RegionScore) -> tuple[float, float]:
    """What the second mask misses of the reference, and what it has besides."""
    total = score.counts.both + score.counts.only_reference
    both_ml = score.reference_ml * score.counts.both / total if total else 0.0
    return score.reference_ml - both_ml, score.prediction_ml - both_ml


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
