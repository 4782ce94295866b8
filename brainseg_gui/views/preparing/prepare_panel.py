"""The series of a raw examination with what each is taken for, the steps, and one button."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from brainseg_gui.errors import listed, printable
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.raw_examination import Choice
from brainseg_gui.preparation.roles import Role
from brainseg_gui.preparation.series import Series
from brainseg_gui.preparation.steps.placing import READING
from brainseg_gui.preparation.steps.work import StepDone
from brainseg_gui.state.preparing.preparing import Preparing
from brainseg_gui.state.session import Session
from brainseg_gui.views.preparing.series_row import SeriesRow
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import breakable, plain_tip
from brainseg_gui.views.widgets.scroll_page import FootedPage
from brainseg_gui.views.widgets.theme import make_primary

_INDENT_PX = 12
_EMPTY = "Drop the folder of a raw examination, DICOM or files, or choose it with Segment › Prepare."


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
    faceless_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(spacing=8)
        self._state, self._segmenting = session.preparing, session.segmenting
        self._head, self._plan, self._steps, self._status = (_words() for _ in range(4))
        self._where = ElidedLabel()
        self._where.setObjectName("quiet")
        self._steps.setTextFormat(Qt.TextFormat.RichText)
        self._doubts = _words("problem")
        self.rows: list[SeriesRow] = []
        self._list = QWidget()
        self._column_of_rows = QVBoxLayout(self._list)
        self._column_of_rows.setContentsMargins(0, 0, 0, 0)
        self.nudge = QPushButton("Place series by hand…")
        self.nudge.setToolTip("Look at each over the reference, and shift or turn what does not lie on it")
        self.nudge.clicked.connect(self.nudge_requested)
        self.faceless = QPushButton("Export without face…")
        self.faceless.setToolTip(
            "Copies to give away: each series on its own voxels, without face, header and name. Text in the picture "
            "stays, and is known where the DICOM header tells of it alone: look at the copies"
        )
        self.faceless.clicked.connect(self.faceless_requested)
        left = Qt.AlignmentFlag.AlignLeft
        self.column.addWidget(self._head)
        self.column.addWidget(self.nudge, 0, left)  # over the doubts that it is for, which may fill the window
        self.column.addWidget(self._doubts)  # over a list that may be longer than the window
        self.column.addWidget(self._list)
        self.column.addWidget(self._plan)
        self.column.addWidget(self._steps)
        self.column.addWidget(self.faceless, 0, left)
        self.column.addStretch(1)
        self._make_foot()
        self._state.events.connect(lambda _: self._synchronize())
        self._segmenting.events.later.connect(lambda _: self._synchronize())
        self._synchronize()

    def _make_foot(self) -> None:
        self._change, self._run, self._cancel = QPushButton("Change…"), QPushButton(), QPushButton("Cancel")
        self._run.setText("Prepare and segment")
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
        self._head.setText(breakable(_head_of(state)))
        self._head.setToolTip("" if examination is None else plain_tip(str(examination.place)))
        self._fill()
        self._plan.setVisible(state.choice is not None and not state.steps)
        self._plan.setText(_plan_of(state.choice) if state.choice is not None else "")
        self._doubts.setVisible(bool(state.doubts))
        self._doubts.setText(breakable("\n".join(f"Look at this: {doubt}" for doubt in state.doubts)))
        self._steps.setVisible(bool(state.steps))
        self._steps.setText(_lines(state.steps))
        self.nudge.setVisible(state.prepared is not None)
        self.nudge.setEnabled(state.can_be_nudged)
        self.faceless.setVisible(state.choice is not None)
        self.faceless.setEnabled(not state.running)
        self._where.setText("" if state.output is None else f"Into {state.output.name}")
        self._where.setToolTip("" if state.output is None else str(state.output))
        self._change.setVisible(state.output is not None)
        self._run.setEnabled(state.choice is not None and not state.running)
        make_primary(self._run, self._segmenting.later)
        self._run.setToolTip("" if state.choice is not None else "Say first what at least one series is")
        self._cancel.setEnabled(state.running)
        self._bar.setVisible(state.running)
        self._bar.setValue(round(1000 * state.done))
        self._status.setVisible(state.running or bool(state.outcome))
        self._status.setText(breakable(f"{state.stage} …" if state.running else state.outcome))

    def _fill(self) -> None:
        series = self._state.examination.series if self._state.examination is not None else ()
        for number in range(len(self.rows), len(series)):
            row = SeriesRow()
            row.role_chosen.connect(partial(self.role_chosen.emit, number + 1))
            self.rows.append(row)
            self._column_of_rows.addWidget(row)
        while len(self.rows) > len(series):
            gone = self.rows.pop()
            gone.hide()
            gone.deleteLater()
        for row, one in zip(self.rows, series, strict=True):
            row.show_series(one, *self._role_of(one), enabled=not self._state.running)

    def _role_of(self, series: Series) -> tuple[Role | None, str]:
        """What a series is taken for, and why."""
        chosen = self._state.choice.chosen if self._state.choice is not None else {}
        for one in chosen.values():
            if one.number == series.number - 1:
                return one.role, one.role.reason
        guess = series.role.modality
        if guess is None:
            return None, series.role.reason
        if guess in chosen:
            return None, f"another one is taken for {guess.title}"
        return None, f"left out; it would be {guess.title}: {series.role.reason}"


def _words(look: str = "quiet") -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setObjectName(look)
    label.setWordWrap(True)
    return label


def _head_of(state: Preparing) -> str:
    if state.examination is not None:
        looked = "; looking at their images …" if state.looking else ""
        return f"{state.examination.name}: {len(state.examination.series)} series{looked}"
    return f"{state.prepared.folder.name}: prepared before" if state.prepared is not None else _EMPTY


def _plan_of(choice: Choice) -> str:
    """What a click on the button will do."""
    missing = [modality.title for modality in Modality if modality not in choice.chosen]
    onto, alone = choice.reference.title, len(choice.chosen) == 1
    return " ".join((
        *([f"There is no {listed(missing)}."] if missing else []),
        f"{onto} alone is used:" if alone else f"All others are laid onto {onto}:",
        "1 mm, skull taken off, tumour segmented, and the mask brought back to each series.",
        "The raw files stay as they are.",
    ))  # fmt: skip


def _lines(steps: tuple[StepDone, ...]) -> str:
    """A line for each step, what it did indented below it; what was read stands in the table already."""
    if not steps:
        return ""
    import html  # see `plain_tip`

    def line(text: str, indent_px: int) -> str:
        return f'<p style="margin: 0 0 0 {indent_px}px">{html.escape(breakable(printable(text)))}</p>'

    done = []
    for step in steps:
        said = step.sentences if step.name != READING else ("",)
        if said:
            done.append(line(f"{step.name.capitalize()}, {step.seconds:.1f} s", 0))
            done += [line(sentence, _INDENT_PX) for sentence in said if sentence]
    return "".join(done)
