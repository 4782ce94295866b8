"""The strip under the tool bar: the visits of a patient in order, and the curve of what was measured."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.errors import printable
from brainseg_gui.followup.documents.curves import Curves, curves_of
from brainseg_gui.followup.documents.tables import days_words
from brainseg_gui.followup.doubts import doubts_of
from brainseg_gui.followup.jumps import jumps_of
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.results import VisitResult, results_of
from brainseg_gui.followup.visits import TimeLine
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_button import ActionButton
from brainseg_gui.views.actions.actions import Actions, ActionTip
from brainseg_gui.views.following.curve_plot import CurvePlot
from brainseg_gui.views.following.visit_card import VisitCard, VisitFacts
from brainseg_gui.views.widgets.clear_layout import clear_layout
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.tool_button import tool_button

_HEIGHT = 106  # of the cards and a scroll bar below them
_REGIONS = ("WT", "TC", "ET")
_EMPTY = "The visits of a patient stand here: File › Open a patient…"


class TimeLinePanel(QWidget):
    """Reads `session.following`.

    Signals
    -------
    visit_chosen
        Index of the visit that is to be open.
    visit_held
        Index of the visit that is to stand beside the open one.
    carry_requested
        Index of the visit whose mask is to be carried over to the open one.
    cancel_requested
        The measuring is to be given up.
    """

    visit_chosen = Signal(int)
    visit_held = Signal(int)
    carry_requested = Signal(int)
    cancel_requested = Signal()

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self._following = session.following
        self._line: TimeLine | None = None
        self.cards: list[VisitCard] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(12)
        row.addLayout(self._make_head(actions))
        row.addWidget(self._make_cards(), 1)
        row.addLayout(self._make_curve(actions))
        self._following.changed.connect(self._synchronize)
        self._following.choice.events.connect(self._show_choice)
        self._started = time.monotonic()
        self._following.work.events.running.connect(self._on_running)
        self._following.work.events.connect(self._show_work)
        self._following.beside_changed.connect(self._show_beside)
        self._synchronize()
        self._show_work()

    def _make_head(self, actions: Actions) -> QVBoxLayout:
        self._name, self._words = QLabel(), QLabel()
        self._name.setObjectName("strong")
        for label in (self._name, self._words):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setFixedWidth(168)
        self._words.setObjectName("quiet")
        self._words.setWordWrap(True)
        self._bar, self.cancel = QProgressBar(), QPushButton("Cancel")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self.cancel.clicked.connect(self.cancel_requested)
        self._again = ActionButton(actions, "follow.measure")
        head = QVBoxLayout()
        head.setSpacing(4)
        for widget in (self._name, self._words, self._bar, self.cancel, self._again):
            head.addWidget(widget)
        head.addStretch(1)
        return head

    def _make_cards(self) -> QScrollArea:
        inside = QWidget()
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        area.setFixedHeight(_HEIGHT)
        self._area = area
        return area

    def _make_curve(self, actions: Actions) -> QVBoxLayout:
        self._measure, self._plot = QComboBox(), CurvePlot()
        self._measure.setAccessibleName("Curve")
        self._measure.activated.connect(self._show_curve)
        solid = tool_button("surfaces")
        solid.clicked.connect(actions["follow.surfaces"].trigger)
        ActionTip(solid, actions["follow.surfaces"])
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self._measure)
        head.addStretch(1)
        head.addWidget(solid)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._plot)
        column.addStretch(1)
        return column

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _synchronize(self) -> None:
        line, record = self._following.line, self._following.record
        if line is not self._line:
            self._make_all(line)
        self._name.setText(printable(line.patient) if line is not None else "")
        for label in (self._name, self._words):
            label.setToolTip(plain_tip("\n".join(f"{note}." for note in line.notes) if line is not None else ""))
        if line is not None:
            for card, facts in zip(self.cards, _facts_of(line, record), strict=True):
                card.show_facts(facts)
        self._curves = curves_of(record) if record is not None else ()
        chosen = max(self._measure.currentIndex(), 0)
        self._measure.clear()
        self._measure.addItems([curves.title for curves in self._curves])
        self._measure.setCurrentIndex(min(chosen, len(self._curves) - 1))
        self._measure.setVisible(bool(self._curves))
        self._show_choice()
        self._show_work()

    def _make_all(self, line: TimeLine | None) -> None:
        self._line = line
        clear_layout(self._row)
        self.cards = [VisitCard(VisitFacts(printable(visit.name), "")) for visit in line.visits] if line else []
        for index, card in enumerate(self.cards):
            card.clicked.connect(partial(self._on_clicked, index))
            card.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the strip's, which knows its index
            self._row.addWidget(card)
        self._row.addStretch(1)

    def _show_choice(self, *_: object) -> None:
        for index, card in enumerate(self.cards):
            card.setChecked(index == self._following.choice.visit)
            if card.isChecked():
                self._area.ensureWidgetVisible(card)
        self._show_beside()
        self._show_curve()

    def _show_beside(self) -> None:
        beside = self._following.beside
        for index, card in enumerate(self.cards):
            card.hold(beside is not None and index == beside.index)

    def _show_curve(self, *_: object) -> None:
        index, record = self._measure.currentIndex(), self._following.record
        curves = self._curves[index] if 0 <= index < len(self._curves) else None
        self._plot.show_curves(curves, _place(curves, record, self._following.choice.visit))

    def _show_work(self, *_: object) -> None:
        work, line = self._following.work, self._following.line
        self._bar.setVisible(work.running)
        self.cancel.setVisible(work.running)
        self._bar.setValue(round(1000 * work.done))
        count = len(line.visits) if line is not None else 0
        idle = f"{count} visit{'s' * (count != 1)}" if line is not None else _EMPTY
        self._words.setText(self._progress_words() if work.running else work.outcome or idle)
        self._again.setVisible(line is not None and not work.running and self._following.record is None)

    def _progress_words(self) -> str:
        """What is being done, for how long, and how long it may still take."""
        work = self._following.work
        passed = time.monotonic() - self._started
        left = (
            f", about {passed * (1 - work.done) / work.done:.0f}\u00a0s left" if passed > 5 and work.done > 0.1 else ""
        )
        what = f"{work.stage} {work.detail}".strip()
        return f"{what[:1].upper()}{what[1:]}\n{passed:.0f}\u00a0s{left}"

    def _on_running(self, running: bool) -> None:
        if running:
            self._started = time.monotonic()

    # --- what a person does -------------------------------------------------------------------------------------------

    def _on_clicked(self, index: int) -> None:
        self.cards[index].setChecked(index == self._following.choice.visit)  # until it is open
        self.visit_chosen.emit(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        meant = [n for n, card in enumerate(self.cards) if (card.hasFocus() if by_key else card.underMouse())]
        index = next(iter(meant), None)
        if index is None:
            return
        menu = QMenu(self)
        menu.addAction("Open", partial(self.visit_chosen.emit, index))
        beside = menu.addAction("Put beside the open visit", partial(self.visit_held.emit, index))
        carry = menu.addAction("Carry its mask over to the open visit", partial(self.carry_requested.emit, index))
        other = self._following.choice.visit not in (None, index)
        beside.setEnabled(other)
        carry.setEnabled(other and self._following.has_mask(index))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.cards[index].mapToGlobal(self.cards[index].rect().center()) if by_key else event.globalPos())


def _place(curves: Curves | None, record: FollowUp | None, visit: int | None) -> float | None:
    """Where the open visit stands among the curves' places."""
    if curves is None or record is None or visit is None:
        return None
    measured = list(record.measured_visits())
    return curves.places[measured.index(visit)] if visit in measured else None


def _facts_of(line: TimeLine, record: FollowUp | None) -> list[VisitFacts]:
    """What the cards show, visit by visit."""
    plain = [VisitFacts(printable(line.visits[index].name), _when(line, index)) for index in range(len(line.visits))]
    if record is None:
        return plain
    results = results_of(record)
    of_visit, doubts, jumps = {result.visit: result for result in results}, doubts_of(record, results), jumps_of(record)
    largest = max((volume.high for visit in record.visits for volume in visit.volumes.values()), default=1.0)
    return [
        _measured(facts, record.visits[index], of_visit.get(index), [*_at(doubts, index), *_at(jumps, index)], largest)
        for index, facts in enumerate(plain)
    ]


def _at(said: Mapping[int, str], index: int) -> list[str]:
    return [said[index]] if index in said else []


def _when(line: TimeLine, index: int) -> str:
    """How long after the first visit, then the date where the name does not say it: a narrow card cuts the end."""
    visit, days = line.visits[index], line.days(index)
    if (counted := visit.moment.since_start) is not None:
        return f"day {days_words(counted)}"
    told = visit.moment.words.replace("-", "")
    date = "" if told and told in re.sub(r"[-_.]", "", visit.name) else visit.moment.words
    since = "" if days is None else f"day {days.most:.0f}" if index else "first visit"
    return " · ".join(filter(None, (since, date)))


def _measured(
    facts: VisitFacts, visit: VisitMeasures, result: VisitResult | None, doubts: Sequence[str], largest: float
) -> VisitFacts:
    notes = [f"{note}." for note in visit.notes]
    if result is None or visit.mask is None:
        return replace(facts, category="no mask", tip="\n".join(notes))
    there = [(key, visit.volumes[key]) for key in _REGIONS if key in visit.volumes]
    ranges = ", ".join(f"{key} {volume.value:.1f} ({volume.low:.1f} to {volume.high:.1f})" for key, volume in there)
    holds = "border and network" if visit.by_network else "a border half a voxel further in or out"
    category, reasons = result.diameters.category, "; ".join(result.diameters.reasons)
    words = [f"{category.value}: {reasons}" if reasons else category.value]
    words += [f"{doubt}." for doubt in doubts]
    tip = [*words, f"Volumes in ml, with limits by {holds}: {ranges}", *notes]
    tip.append(f"Measured by {printable(visit.mask.name)}")
    return replace(
        facts,
        category=f"{category.letters} ?" if doubts else category.letters,
        volumes=tuple(there),
        largest_ml=largest,
        tip="\n".join(filter(None, tip)),
        doubtful=bool(doubts),
    )
