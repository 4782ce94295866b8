"""The series of a raw examination with what each is taken for, the steps, and one button."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
)

from brainseg_gui.imaging.grid import describe_shape, describe_spacing
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.series import Series
from brainseg_gui.preparation.steps.placing import READING
from brainseg_gui.preparation.steps.work import StepDone
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.scroll_page import FootedPage

_EMPTY = "Drop the folder of a raw examination, DICOM or files, or choose it with Segment › Prepare."
_HEADS = ("Series", "Taken for", "Voxels")
_NOTHING = "none"


class PreparePanel(FootedPage):
    """Reads `session.preparing`.

    Signals
    -------
    role_chosen
        Number of a series, and the modality that a person takes it for, or None.
    """

    role_chosen = Signal(int, object)
    prepare_requested = Signal()
    cancel_requested = Signal()
    output_requested = Signal()
    nudge_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(spacing=8)
        self._state = session.preparing
        self._head, self._steps, self._where, self._status = (_words() for _ in range(4))
        self.table = _table()
        self.nudge = QPushButton("Place series by hand…")
        self.nudge.setToolTip("Look at each over the reference, and shift or turn what does not lie on it")
        self.nudge.clicked.connect(self.nudge_requested)
        for part in (self._head, self.table, self._steps):
            self.column.addWidget(part)
        self.column.addWidget(self.nudge, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addStretch(1)
        self._make_foot()
        self._state.events.connect(lambda _: self._synchronize())
        self._synchronize()

    def _make_foot(self) -> None:
        self._change, self._run, self._cancel = QPushButton("Change…"), QPushButton(), QPushButton("Cancel")
        self._run.setText("Prepare and segment")
        self._run.setObjectName("primary")
        self._change.setToolTip("Choose the folder that gets the prepared case")
        self._cancel.setToolTip(
            "Stop. Nothing is left behind before the case is prepared; from then on the prepared case stays"
        )
        for button, signal in (
            (self._change, self.output_requested),
            (self._run, self.prepare_requested),
            (self._cancel, self.cancel_requested),
        ):
            button.clicked.connect(signal)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        for row in ((self._where, self._change), (self._run, self._cancel)):
            line = QHBoxLayout()
            line.setSpacing(6)
            line.addWidget(row[0], 1)
            line.addWidget(row[1])
            self.foot.addLayout(line)
        self.foot.addWidget(self._bar)
        self.foot.addWidget(self._status)

    def _synchronize(self) -> None:
        state, examination = self._state, self._state.examination
        self._head.setText(_EMPTY if examination is None else f"{examination.name}: {len(examination.series)} series")
        self._head.setToolTip("" if examination is None else plain_tip(str(examination.place)))
        self.table.setVisible(examination is not None)
        self._fill()
        self._steps.setText("\n".join(_lines(state.steps, state.doubts)))
        self.nudge.setVisible(state.prepared is not None)
        self.nudge.setEnabled(state.can_be_nudged)
        self._where.setText("" if state.output is None else f"Into {state.output.name}")
        self._where.setToolTip("" if state.output is None else plain_tip(str(state.output)))
        self._change.setVisible(state.output is not None)
        self._run.setEnabled(state.choice is not None and not state.running)
        self._run.setToolTip("" if state.choice is not None else "Say first what at least one series is")
        self._cancel.setEnabled(state.running)
        self._bar.setVisible(state.running)
        self._bar.setValue(round(1000 * state.done))
        self._status.setText(f"{state.stage} …" if state.running else state.outcome)

    def _fill(self) -> None:
        series = self._state.examination.series if self._state.examination is not None else ()
        if self.table.rowCount() != len(series):
            self.table.setRowCount(len(series))
            for row in range(len(series)):
                self.table.setCellWidget(row, 1, self._role_box(row))
        for row, one in enumerate(series):
            self._fill_row(row, one)
        self.table.resizeRowsToContents()
        self.table.setFixedHeight(
            self.table.horizontalHeader().sizeHint().height() + self.table.verticalHeader().length()
        )

    def _fill_row(self, row: int, series: Series) -> None:
        taken, reason = self._role_of(series)
        grid = series.header.stored_grid.grid
        size = f"{describe_shape(grid.shape)} voxels of {describe_spacing(grid)} mm"
        tip = plain_tip(f"{series.name}\n{size}\n{reason}")
        edges = "×".join(f"{edge:.1f}" for edge in series.spacing_mm)
        for column, words in ((0, series.name), (2, f"{edges} mm")):
            item = QTableWidgetItem(words)
            item.setToolTip(tip)
            self.table.setItem(row, column, item)
        box = self.table.cellWidget(row, 1)
        if isinstance(box, QComboBox):
            with QSignalBlocker(box):
                box.setCurrentIndex(0 if taken is None else 1 + list(Modality).index(taken))
            box.setToolTip(tip)
            box.setEnabled(not self._state.running)

    def _role_of(self, series: Series) -> tuple[Modality | None, str]:
        """What a series is taken for, and why."""
        chosen = self._state.choice.chosen if self._state.choice is not None else {}
        for modality, one in chosen.items():
            if one.number == series.number - 1:
                return modality, f"{one.role.certainty.value}: {one.role.reason}"
        guess = series.role.modality
        return None, f"another one is taken for {guess.title}" if guess is not None else series.role.reason

    def _role_box(self, row: int) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"What series {row + 1} is")
        box.addItem(_NOTHING, None)
        for modality in Modality:
            box.addItem(modality.title, modality)
        box.activated.connect(lambda _: self.role_chosen.emit(row + 1, box.currentData()))
        return box


def _words() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setObjectName("quiet")
    label.setWordWrap(True)
    return label


def _table() -> QTableWidget:
    table = QTableWidget(0, len(_HEADS))
    table.setHorizontalHeaderLabels(list(_HEADS))
    table.verticalHeader().hide()
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    table.setWordWrap(False)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in (1, 2):
        table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the page scrolls
    return table


def _lines(steps: tuple[StepDone, ...], doubts: tuple[str, ...]) -> list[str]:
    """A line for each step; what was read stands in the table already."""
    done = []
    for step in steps:
        said = step.sentences if step.name != READING else ("",)
        if said:
            done.append(f"{step.name.capitalize()}, {step.seconds:.1f} s")
            done += [f"  {sentence}" for sentence in said if sentence]
    return [*done, *(f"Look at this: {doubt}" for doubt in doubts)]
