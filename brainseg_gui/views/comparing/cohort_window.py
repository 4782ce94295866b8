"""The window of cohort results: layout, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)

from brainseg_gui.errors import printable
from brainseg_gui.evaluation.records.report import REGION_KEYS, SMALLEST_COHORT, CaseReport, CohortReport
from brainseg_gui.state.comparing.cohort_results import CohortResults
from brainseg_gui.views.comparing.cohort_form import CohortForm
from brainseg_gui.views.comparing.cohort_table import CohortTable
from brainseg_gui.views.widgets.clear_layout import clear_layout
from brainseg_gui.views.widgets.notice_bar import NoticeBar
from brainseg_gui.views.widgets.work_parts import column_of, dress_window

_ENDINGS = 2  # of names of files that are told
_EMPTY = (
    "Choose folders and click Evaluate, or open the results of an earlier evaluation.\n"
    "Masks are paired by their cases' names; what is scored is kept, so that you can stop and go on."
)


class CohortWindow(QWidget):
    """The form, a strip with the means, and the table of cases.

    Signals
    -------
    save_requested
        The results are to be written as a page, CSV or JSON.
    """

    save_requested = Signal()

    def __init__(self, results: CohortResults) -> None:
        super().__init__(None, Qt.WindowType.Window)
        dress_window(self, "Cohort results", (1360, 820), (960, 520))
        self._results = results
        self.form, self.table = CohortForm(results), CohortTable()
        self._bar, self._detail = QProgressBar(), QLabel()
        self._detail.setTextFormat(Qt.TextFormat.PlainText)
        self._bar.setTextVisible(False)
        self._detail.setObjectName("quiet")
        self._strip = QGridLayout()
        self._strip.setHorizontalSpacing(28)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter cases")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(280)
        self.save = QPushButton("Save report…")
        self.save.setToolTip("Write a page that opens offline, a CSV or a JSON file")
        self._count = QLabel()
        self._count.setTextFormat(Qt.TextFormat.PlainText)
        self._count.setObjectName("quiet")
        self._empty = QLabel(_EMPTY)
        self._empty.setObjectName("quiet")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        self.notice = NoticeBar(results)
        self.notice.float_over(self)
        self.filter.textChanged.connect(self._on_filter_changed)
        self.save.clicked.connect(self.save_requested)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.filter.setFocus)
        results.report_changed.connect(self._show_report)
        results.work.events.connect(self._show_work)
        self._show_work()
        self._show_report()

    def _lay_out(self) -> None:
        column = column_of(self, 10)
        column.addWidget(self.form)
        progress = QHBoxLayout()
        progress.addWidget(self._bar, 1)
        progress.addWidget(self._detail)
        column.addLayout(progress)
        rule = QFrame()
        rule.setObjectName("rule")
        column.addWidget(rule)
        column.addLayout(self._strip)
        tools = QHBoxLayout()
        tools.addWidget(self.filter, 1)
        tools.addWidget(self._count)
        tools.addStretch(1)
        tools.addWidget(self.save)
        column.addLayout(tools)
        column.addWidget(self.table, 1)
        column.addWidget(self._empty, 1)

    def _show_work(self, *_: object) -> None:
        work = self._results.work
        self._bar.setVisible(work.running)
        self._bar.setRange(0, 1000 if work.done else 0)
        self._bar.setValue(round(1000 * work.done))
        self._detail.setText(f"{work.stage} {work.detail}".strip() if work.running else work.outcome)
        self._detail.setVisible(bool(self._detail.text()))

    def _show_report(self) -> None:
        report = self._results.report
        for widget in (self.filter, self._count, self.save, self.table):
            widget.setVisible(report is not None)
        self._empty.setVisible(report is None)
        self.table.show_report(report)
        self._fill_strip(report)
        self._on_filter_changed(self.filter.text())

    def _fill_strip(self, report: CohortReport | None) -> None:
        clear_layout(self._strip)
        if report is None:
            return
        for row, model in enumerate(report.models):
            name = QLabel(model)
            name.setTextFormat(Qt.TextFormat.PlainText)
            name.setObjectName("section")
            self._strip.addWidget(name, row, 0)
            for column, words in enumerate(self._means(report, model), start=1):
                label = QLabel(words)
                label.setTextFormat(Qt.TextFormat.RichText)
                label.setToolTip(f"Mean Dice over {report.count_words(model)}, with its 95 % bootstrap interval")
                self._strip.addWidget(label, row, column)
        self._strip.setColumnStretch(len(REGION_KEYS) + 1, 1)

    def _means(self, report: CohortReport, model: str) -> list[str]:
        if not report.has_headline(model):
            return [f"{report.count_words(model)}: fewer than {SMALLEST_COHORT} carry no mean"]
        words = []
        for key in REGION_KEYS:
            summary = self._results.summaries[model, key]
            low, high = summary.interval
            words.append(f"{key} <b>{summary.mean:.3f}</b>&nbsp; {low:.3f}–{high:.3f}")
        return words

    def _on_filter_changed(self, text: str) -> None:
        self.table.filter_by(text)
        report = self._results.report
        if report is None:
            return
        words = [f"{report.count_words()} by the rules of {report.rules.title}"]
        if report.cases:
            words.append(f"masks {_endings(report.cases, 'prediction')} against {_endings(report.cases, 'reference')}")
        if text:
            words.append(f"{self.table.shown:,} lines shown")
        for entries, title in ((report.failed, "failed"), (report.unpaired, "without a partner")):
            if entries:
                words.append(f"{len(entries):,} {title}")
        self._count.setText(", ".join(words))


def _endings(cases: Sequence[CaseReport], role: str) -> str:
    """How the files of the masks that were scored end after the names of their cases, the most frequent first."""
    names = Counter(getattr(case, role).name.removeprefix(case.case_id) for case in cases)
    first = [name for name, _ in names.most_common(_ENDINGS)]
    return printable(" or ".join(first)) + (" and others" if len(names) > _ENDINGS else "")
