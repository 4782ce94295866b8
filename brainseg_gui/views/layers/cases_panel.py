"""The cases of an open cohort."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidgetItem,
    QMenu,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.annotation.case_list import CaseState
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.state.segmenting.cohort_run import CaseRun, CaseStage
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.layers.case_item import SOURCE, STATE_ICONS, CaseItem, CaseItemDelegate
from brainseg_gui.views.layers.case_list_view import CaseListView
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import icon
from brainseg_gui.views.widgets.tool_button import tool_button
from brainseg_gui.views.widgets.words_behind import WORDS

if TYPE_CHECKING:
    from brainseg_gui.annotation.case_order import Need

_ORDER = (CaseState.FLAGGED, CaseState.IN_WORK, CaseState.TO_DO, CaseState.DONE)
_BY_NAME, _BY_STATE, _BY_CHANGE, _BY_NEED = "By name", "By state", "Newest first", "What helps most"
_ANY_HEIGHT = 16_777_215  # Qt's own


class CasesPanel(QWidget):
    """A list of cases with what each has and how far it is; a click or Return opens one.

    Signals
    -------
    case_requested
        A `CaseSource` is to be opened.
    state_requested
        A case (its name) is in a `CaseState` now.
    flag_requested
        A case is to be flagged with a note.
    folded
        The list is one line now (True), or a list again.
    """

    case_requested = Signal(object)
    state_requested = Signal(str, object)
    flag_requested = Signal(str)
    folded = Signal(bool)

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self._session, self._actions = session, actions
        self._annotates = False
        self._items: list[CaseItem] = []
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 0, 8, 0)
        whole.setSpacing(0)
        self._body = QWidget()
        whole.addLayout(self._make_heading())
        whole.addWidget(self._body)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(6)
        column.addWidget(self._make_filter())
        column.addLayout(self._make_choices())
        column.addWidget(self._make_list(), 1)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._count = QLabel()
        self._count.setObjectName("faint")
        self._count.setWordWrap(True)
        column.addWidget(self._progress)
        column.addWidget(self._count)
        session.cohort_changed.connect(self._fill)
        session.case_states.changed.connect(self._fill)
        session.case_needs.changed.connect(self._on_needs_changed)
        session.case_changed.connect(self._mark_open_case)
        session.annotating.annotation_changed.connect(self._on_annotation_changed)
        session.cohort_run.case_changed.connect(self._mark_segmenting)
        session.cohort_run.list_changed.connect(self._mark_segmenting)
        self._fill()
        self._on_fold_toggled(True)
        self._on_annotation_changed()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._items:  # another theme
            self._fill()

    def _make_heading(self) -> QHBoxLayout:
        self._fold, self._open_case = QToolButton(), ElidedLabel()
        self._fold.setObjectName("fold")
        self._fold.setText("Cases")
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setCheckable(True)
        self._fold.setChecked(True)
        self._fold.toggled.connect(self._on_fold_toggled)
        self._open_case.setObjectName("quiet")
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignLeft)
        row.addWidget(self._open_case, 1)
        row.addWidget(self._make_done())
        return row

    def _make_done(self) -> QToolButton:
        """What comes after saving, in sight also while the list is folded."""
        done = tool_button()
        done.setDefaultAction(self._actions["cases.done_next"])
        return done

    def _on_annotation_changed(self) -> None:
        """One line while annotating: the panels of the work need the room."""
        annotates = self._session.annotating.annotation is not None
        if annotates != self._annotates:
            self._annotates = annotates
            self._fold.setChecked(not annotates)

    def _on_fold_toggled(self, unfolded: bool) -> None:
        self._fold.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self._fold.setToolTip("Fold the list to one line" if unfolded else "Show the list of cases")
        self._open_case.setVisible(not unfolded)
        self._body.setVisible(unfolded)
        self.setMaximumHeight(_ANY_HEIGHT if unfolded else self._fold.sizeHint().height())
        self.folded.emit(not unfolded)

    def _make_filter(self) -> QWidget:
        self._filter = QLineEdit()
        self._filter.setPlaceholderText("Filter cases and notes")
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._apply_filter)
        return self._filter

    def _make_choices(self) -> QHBoxLayout:
        self._states, self._order = QComboBox(), QComboBox()
        self._states.addItem("All states", None)
        for state in CaseState:
            self._states.addItem(state.title, state)
        self._states.setToolTip("Show only cases in one state")
        self._order.addItems((_BY_NAME, _BY_STATE, _BY_CHANGE, _BY_NEED))
        self._order.setToolTip(
            "Order of the list. What helps most: where the network is probably wrong, or met something new"
        )
        self._states.currentIndexChanged.connect(self._apply_filter)
        self._order.currentIndexChanged.connect(self._fill)
        row = QHBoxLayout()
        row.setSpacing(6)
        for box in (self._states, self._order):
            box.setMinimumContentsLength(6)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            row.addWidget(box, 1)
        return row

    def _make_list(self) -> QWidget:
        self._list = CaseListView()
        self._list.setUniformItemSizes(True)
        self._list.setItemDelegate(CaseItemDelegate(self._list))
        self._list.setIconSize(QSize(16, 16))
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._on_menu_requested)
        self._list.itemActivated.connect(self._on_item_activated)
        self._list.itemClicked.connect(self._on_item_activated)
        self._list.dragged.connect(self._mark_open_case)
        return self._list

    def after(self, case_id: str) -> list[CaseSource]:
        """The cases that are shown, in their order, beginning after one and ending with it."""
        shown = [item.source for item in self._items if not item.hidden or item.source.case_id == case_id]
        place = next((n + 1 for n, source in enumerate(shown) if source.case_id == case_id), 0)
        return [*shown[place:], *shown[: max(place - 1, 0)]]

    def menu_of(self, case_id: str) -> QMenu:
        """What can be said about a case."""
        menu = QMenu(self)
        for state in CaseState:
            flags = state is CaseState.FLAGGED
            action = menu.addAction(icon(*STATE_ICONS[state]), "Flag with a note…" if flags else state.title)
            asked = partial(self.flag_requested.emit, case_id)
            action.triggered.connect(asked if flags else partial(self.state_requested.emit, case_id, state))
        return menu

    def _fill(self, *_: object) -> None:
        states, keyed = self._session.case_states, self._order.currentText()
        sources = list(self._session.cohort)
        if keyed == _BY_STATE:
            sources.sort(key=lambda source: _ORDER.index(states.of(source.case_id).state))
        elif keyed == _BY_CHANGE:
            sources.sort(key=lambda source: states.of(source.case_id).changed, reverse=True)
        elif keyed == _BY_NEED:
            needs = self._needs()
            sources.sort(key=lambda source: -needs[source.identity].score if source.identity in needs else 1.0)
        icons = {state: icon(*STATE_ICONS[state]) for state in CaseState}
        with QSignalBlocker(self._list):
            if [item.source for item in self._items] != sources:
                scrolled = self._list.verticalScrollBar().value()
                self._list.clear()
                self._items = [CaseItem(source) for source in sources]
                for item in self._items:
                    self._list.addItem(item)
                self._list.verticalScrollBar().setValue(scrolled)
            for item in self._items:
                item.show_entry(states.of(item.source.case_id), icons)
        self._apply_filter()
        self._mark_open_case()
        self._mark_segmenting()

    def _needs(self) -> dict[Path, Need]:
        """How much each case that is not done needs a person; those that no network saw are not there."""
        from brainseg_gui.annotation.case_order import needs_of  # the first picture does without

        states = self._session.case_states
        done = {source.identity for source in self._session.cohort if states.of(source.case_id).state is CaseState.DONE}
        return needs_of(self._session.case_needs.signs, done)

    def _on_needs_changed(self) -> None:
        if self._order.currentText() == _BY_NEED:
            self._fill()

    def _mark_segmenting(self, place: Path | None = None) -> None:
        """Say behind a case, or all, how far the network is with it, while the list is segmented."""
        state = self._session.cohort_run
        needs = self._needs() if self._order.currentText() == _BY_NEED else {}
        with QSignalBlocker(self._list):
            for item in self._items:
                if place in (None, item.source.identity):
                    need = needs.get(item.source.identity)
                    item.reason = need.reason if need is not None else ""
                    words = _words_of(state.of(item.source.identity))
                    item.setData(WORDS, words or (need.brief if need is not None else ""))

    def _apply_filter(self, *_: object) -> None:
        text, state = self._filter.text().lower(), self._states.currentData()
        for item in self._items:
            named = text in item.source.case_id.lower() or text in item.entry.note.lower()
            item.hide_unless(named and state in (None, item.entry.state))
        self._show_count()

    def _show_count(self) -> None:
        states, found = self._session.case_states, Counter(item.entry.state for item in self._items)
        complete, total = sum(item.complete for item in self._items), len(self._items)
        done, flagged = found[CaseState.DONE], found[CaseState.FLAGGED]
        words = f"{total:,} cases, {complete:,} with all modalities" if total else "No cohort is open"
        if total and states.path is not None:
            more = f", {flagged:,} flagged" if flagged else ""
            words = f"{done:,} of {total:,} done{more}\n{words}"
        self._count.setText(words)
        self._count.setToolTip(plain_tip(f"States are kept in {states.path}") if states.path is not None else "")
        self._progress.setVisible(bool(total) and states.path is not None)
        self._progress.setRange(0, max(total, 1))
        self._progress.setValue(done)

    def _mark_open_case(self) -> None:
        displayed = self._session.displayed
        self._open_case.setText(displayed.case_id if displayed is not None else "")
        with QSignalBlocker(self._list):
            for item in self._items:
                if displayed is not None and item.source == displayed.source:
                    self._list.setCurrentItem(item)

    def _on_item_activated(self, item: QListWidgetItem) -> None:
        self.case_requested.emit(item.data(SOURCE))

    def _on_menu_requested(self, place: QPoint) -> None:
        item = self._list.itemAt(place)
        if item is not None and self._session.case_states.path is not None:
            menu = self.menu_of(item.data(SOURCE).case_id)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self._list.viewport().mapToGlobal(place))


def _words_of(case: CaseRun | None) -> str:
    if case is None or case.stage in (CaseStage.WAITING, CaseStage.HAD_MASK):
        return ""
    return f"{100 * case.done:.0f} %" if case.stage is CaseStage.AT_WORK else case.stage.value
