"""What was measured of a patient: lesions over the visits, what became of them, and what people say about it."""

from __future__ import annotations

from PySide6.QtCore import QDate, QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QLabel, QLineEdit, QPushButton

from brainseg_gui.followup.criteria import all_criteria
from brainseg_gui.followup.documents.tables import event_lines, remark_lines
from brainseg_gui.followup.doubts import doubts_of
from brainseg_gui.followup.jumps import jumps_of
from brainseg_gui.followup.pace import pace_words
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import CAUTION
from brainseg_gui.followup.results import results_of
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_button import ActionButton
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.following.lesion_table import TOO_SMALL, LesionTable
from brainseg_gui.views.widgets.scroll_page import FootedPage

_NOBODY: tuple[int | None, int | None] = (None, None)
_EMPTY = "Measures come when the visits of a patient are read: File › Open a patient…"
_WAITING = "The visits are registered and read; their measures come then"


class MeasuresPanel(FootedPage):
    """Reads `session.following`.

    Signals
    -------
    remark_written
        A text about the open visit, or the chosen lesion of it.
    treatment_noted
        A `date` and what was begun or done on it.
    criteria_chosen
        Name of the criteria to measure by.
    """

    remark_written = Signal(str)
    treatment_noted = Signal(object, str)
    criteria_chosen = Signal(str)

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__(spacing=8)
        self._following = session.following
        self._line, self._about = self._following.line, _NOBODY  # whom what stands in the fields is about
        self._drafts: dict[tuple[int | None, int | None], str] = {}
        self.column.addWidget(self._make_criteria())
        self.table = LesionTable()
        self.column.addWidget(self.table)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setObjectName("quiet")
        self.column.addWidget(self._words)
        self.column.addStretch(1)
        self.foot.addWidget(self._make_remark())  # where what was written does not move them
        self.foot.addLayout(self._make_treatment())
        buttons = QHBoxLayout()
        for key in ("follow.baseline", "follow.measure", "follow.report"):
            buttons.addWidget(ActionButton(actions, key))
        buttons.addStretch(1)
        self.foot.addLayout(buttons)
        self._following.changed.connect(self._synchronize)
        self._following.choice.events.connect(self._synchronize)
        self._following.choice.events.visit.connect(self._on_visit_changed)
        self._following.work.events.running.connect(self._synchronize)
        self._on_visit_changed(self._following.choice.visit)
        self._synchronize()

    def _make_criteria(self) -> QComboBox:
        self._criteria = QComboBox()
        self._criteria.setAccessibleName("Criteria")
        for name, criteria in all_criteria().items():
            self._criteria.addItem(criteria.title, name)
            self._criteria.setItemData(self._criteria.count() - 1, criteria.source, Qt.ItemDataRole.ToolTipRole)
        self._criteria.activated.connect(lambda index: self.criteria_chosen.emit(self._criteria.itemData(index)))
        return self._criteria

    def _make_remark(self) -> QLineEdit:
        self.remark = QLineEdit()
        self.remark.setAccessibleName("Remark")
        self.remark.returnPressed.connect(self._on_remark)
        return self.remark

    def _make_treatment(self) -> QHBoxLayout:
        self.day, self.treatment, add = QDateEdit(QDate.currentDate()), QLineEdit(), QPushButton("Add")
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("yyyy-MM-dd")
        self.day.setAccessibleName("Day of a treatment")
        self.treatment.setPlaceholderText("Treatment")
        self.treatment.setAccessibleName("Treatment")
        self.treatment.returnPressed.connect(self._on_treatment)
        add.clicked.connect(self._on_treatment)
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (self.day, self.treatment, add):
            row.addWidget(widget)
        return row

    def _synchronize(self, *_: object) -> None:
        record, choice = self._following.record, self._following.choice
        self.table.show_record(record, choice.visit)
        self.table.setVisible(record is not None)
        with QSignalBlocker(self._criteria):
            self._criteria.setCurrentIndex(self._criteria.findData(choice.criteria))
        self._words.setText("\n".join(self._lines()) if record is not None else self._waiting_words())
        self._keep_drafts()
        about = f"lesion {choice.lesion} at this visit" if choice.lesion else "this visit"
        self.remark.setPlaceholderText(f"Remark on {about}, Enter to write it")
        for widget in (self.remark, self.treatment, self.day):
            widget.setEnabled(record is not None)
        self.remark.setEnabled(record is not None and choice.visit is not None)

    def _keep_drafts(self) -> None:
        """What is written of one visit or lesion, and not entered yet, is no remark on another, nor on a patient."""
        about = self._following.choice.visit, self._following.choice.lesion
        if self._line != self._following.line:
            self._line, self._drafts = self._following.line, {}
            self.treatment.clear()
            self.remark.clear()
        elif about != self._about:
            self._drafts[self._about] = self.remark.text()
            self.remark.setText(self._drafts.pop(about, ""))
        self._about = about

    def _waiting_words(self) -> str:
        """Why there are no measures yet, and what brings them."""
        return self._following.work.outcome or (_WAITING if self._following.work.running else _EMPTY)

    def _lines(self) -> list[str]:
        """The category of the open visit and why, what became of lesions until then, and what people wrote."""
        record, visit = self._following.record, self._following.choice.visit
        if record is None:
            return []
        lines = _of_visit(record, visit) if visit is not None else []
        if any(not lesion.measurable for n in range(len(record.visits)) for lesion in record.lesions(n).values()):
            lines.append(f"{TOO_SMALL} not measurable: no basis for a change.")
        return [*lines, *event_lines(record), *remark_lines(record)]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # another theme
            self._synchronize()

    def _on_visit_changed(self, visit: int | None) -> None:
        """A treatment is most likely one of the days about the open visit."""
        line = self._following.line
        day = line.visits[visit].moment.earliest if line is not None and visit is not None else None
        if day is not None and not self.treatment.text():
            self.day.setDate(QDate(day.year, day.month, day.day))

    def _on_remark(self) -> None:
        text = self.remark.text().strip()
        if text:
            self.remark_written.emit(text)
            self.remark.clear()

    def _on_treatment(self) -> None:
        text = self.treatment.text().strip()
        if text:
            self.treatment_noted.emit(self.day.date().toPython(), text)
            self.treatment.clear()


def _of_visit(record: FollowUp, visit: int) -> list[str]:
    """The category, what is in doubt about it and about the labels, and how fast it grows."""
    results = results_of(record)
    found = next((result.diameters for result in results if result.visit == visit), None)
    if found is None:
        return []
    reasons = "; ".join(found.reasons)
    category = found.category.value.capitalize()
    sentences = [f"{category}: {reasons}" if reasons else category]
    sentences += filter(
        None, (doubts_of(record, results).get(visit), jumps_of(record).get(visit), pace_words(record, results, visit))
    )
    if not record.targets:
        sentences.append("No lesion of the baseline is summed up: tick one under Σ, or count from another visit")
    return [*(f"{sentence}." for sentence in sentences), CAUTION]
