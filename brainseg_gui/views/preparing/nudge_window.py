"""The window that puts a series in its place by hand: three planes, six numbers, a search from there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.imaging.plane import Plane
from brainseg_gui.preparation.registration.pose import Pose
from brainseg_gui.state.preparing.nudging import Look
from brainseg_gui.state.session import Session
from brainseg_gui.views.preparing.fit_words import fit_in_words, series_name
from brainseg_gui.views.preparing.nudge_view import NudgeView
from brainseg_gui.views.widgets.number_box import NumberBox
from brainseg_gui.views.widgets.screen_room import fit_screen

_NUMBERS = (
    ("To the right", "mm"),
    ("To the front", "mm"),
    ("Upwards", "mm"),
    ("Nod (about right–left)", "°"),
    ("Tilt (about back–front)", "°"),
    ("Turn (about feet–head)", "°"),
)
_HELP = (
    "Drag over a picture to shift the series, with the right button to turn it; the wheel goes through the slices. "
    "Arrows shift by 1 mm, comma and full stop turn by 1°, with Shift by 5. Space held shows the reference alone."
)
_MOST = {"mm": 500.0, "°": 180.0}
_FIT_LINES = 3


class NudgeWindow(QWidget):
    """Reads and moves `session.preparing.nudging`.

    Signals
    -------
    refine_requested, cancel_requested, accepted
        Search from where the series lies; stop that; keep all series where they lie now.
    """

    refine_requested = Signal()
    cancel_requested = Signal()
    accepted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("centre")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("Place series by hand – brainseg")
        fit_screen(self, (980, 760), (720, 520))
        self._state = session.preparing.nudging
        self.views = {plane: NudgeView(self._state, plane, session.viewing.convention) for plane in Plane}
        for view in self.views.values():
            view.shifted.connect(self._on_shifted)
            view.turned.connect(self._on_turned)
            session.viewing.events.convention.connect(view.show_as)
        self._make_choices()
        self._make_buttons()
        self.numbers = [self._number_box(number) for number in range(len(_NUMBERS))]
        self._lay_out()
        for keys, do in (
            ("Ctrl+Z", self._state.undo),
            ("Ctrl+Shift+Z", self._state.redo),
            ("Ctrl+Y", self._state.redo),
        ):
            QShortcut(QKeySequence(keys), self, do)
        self._state.events.connect(lambda _: self._synchronize())
        self._synchronize()

    def _make_choices(self) -> None:
        self.series, self.look = QComboBox(), QComboBox()
        self.series.setAccessibleName("The series that is moved")
        self.series.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.series.activated.connect(lambda _: self._choose())
        self.look.setAccessibleName("How both are shown")
        self.look.setToolTip("Hold Space over a picture to see the reference alone")
        for look in Look:
            self.look.addItem(look.value, look)
        self.look.activated.connect(lambda _: setattr(self._state, "look", self.look.currentData()))

    def _make_buttons(self) -> None:
        self.refine, self.as_found = QPushButton("Refine"), QPushButton("As it was found")
        self.undo, self.redo = QPushButton("Undo"), QPushButton("Redo")
        self.cancel, self.accept = QPushButton("Cancel"), QPushButton("Accept")
        self.accept.setObjectName("primary")
        self.stands = QPushButton("It lies right here")
        self.stands.setCheckable(True)
        for button, tip, do in (
            (self.refine, "Search for the best fit from where the series lies now", self.refine_requested.emit),
            (self.as_found, "Where the search ended, or where the files place it if it found nothing", self._put_back),
            (self.stands, "It counts as put here by hand once it is accepted", self._stand),
            (self.undo, "The last movement (Ctrl+Z)", self._state.undo),
            (self.redo, "The movement that was taken back (Ctrl+Shift+Z)", self._state.redo),
            (self.cancel, "Stop the search; the series stays where it is", self.cancel_requested.emit),
            (self.accept, "Keep all series where they lie, and do the later steps again", self.accepted.emit),
        ):
            button.setToolTip(tip)
            button.clicked.connect(partial(self._press, do))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the pictures

    def _number_box(self, number: int) -> NumberBox:
        box, (name, unit) = NumberBox(), _NUMBERS[number]
        box.setRange(-_MOST[unit], _MOST[unit])
        box.setDecimals(1)
        box.setSuffix(f" {unit}" if unit == "mm" else unit)
        box.setKeyboardTracking(False)
        box.setAccessibleName(name)
        box.setFixedWidth(96)
        box.lineEdit().returnPressed.connect(self.views[Plane.AXIAL].setFocus)
        box.valueChanged.connect(lambda _: self._on_number(number))
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 8, 8, 8)
        grid.setSpacing(4)
        for plane, place in ((Plane.AXIAL, (0, 0)), (Plane.SAGITTAL, (0, 1)), (Plane.CORONAL, (1, 0))):
            grid.addWidget(self.views[plane], *place)
        grid.addLayout(self._side(), 1, 1)
        for line in range(2):
            grid.setRowStretch(line, 1)
            grid.setColumnStretch(line, 1)

    def _side(self) -> QVBoxLayout:
        self._fit, self._status, self._help, self._bar = QLabel(), QLabel(), QLabel(_HELP), QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        for label in (self._fit, self._status, self._help):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        for label in (self._status, self._help):
            label.setObjectName("quiet")
        line = self._fit.fontMetrics().lineSpacing()  # what comes and goes moves no button and no picture
        self._fit.setMinimumHeight(_FIT_LINES * line)
        self._fit.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._status.setMinimumHeight(line)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        side = QVBoxLayout()
        side.setContentsMargins(12, 4, 4, 4)
        side.setSpacing(8)
        side.addLayout(_row(self.series, self.look))
        side.addLayout(self._form())
        side.addLayout(_row(self.refine, self.as_found, self.undo, self.redo))
        side.addLayout(_row(self.stands))
        side.addWidget(self._fit)
        side.addStretch(1)
        side.addWidget(self._help)
        side.addWidget(self._bar)
        side.addWidget(self._status)
        side.addLayout(_row(None, self.cancel, self.accept))
        return side

    def _form(self) -> QGridLayout:
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(4)
        for number, (name, _) in enumerate(_NUMBERS):
            form.addWidget(QLabel(name), number, 0)
            form.addWidget(self.numbers[number], number, 1)
        form.setColumnStretch(2, 1)
        return form

    # --- what the hand does

    def _press(self, do: Callable[[], None], _checked: bool = False) -> None:
        """Do what a button says, after what is typed in a box and not entered yet."""
        for box in self.numbers:
            box.interpretText()
        do()

    def _pose(self) -> Pose:
        return self._state.moving.trail.pose if self._state.moving is not None else Pose()

    def _on_shifted(self, axis: int, by_mm: float, further: bool) -> None:
        if not self._state.running:
            self._state.move(self._pose().shifted(axis, by_mm), further=further)

    def _on_turned(self, axis: int, degrees: float, further: bool) -> None:
        if not self._state.running:
            self._state.move(self._pose().turned(axis, degrees), further=further)

    def _on_number(self, number: int) -> None:
        """One of the six: the others stay exactly as they are, not as their boxes round them."""
        pose, value = self._pose(), self.numbers[number].value()
        six = [*pose.shift_mm, *pose.turn_deg]
        six[number] = value
        self._state.move(Pose((six[3], six[4], six[5]), (six[0], six[1], six[2])))

    def _put_back(self) -> None:
        if self._state.moving is not None:
            self._state.move(self._state.moving.proposed_pose)

    def _stand(self) -> None:
        self._state.stand(self.stands.isChecked())

    def _choose(self) -> None:
        self._state.modality = self.series.currentData()

    # --- what is shown

    def _synchronize(self) -> None:
        state, moving = self._state, self._state.moving
        self._fill_series()
        with QSignalBlocker(self.look):
            self.look.setCurrentIndex(self.look.findData(state.look))
        pose, free = self._pose(), moving is not None and not state.running
        for box, value in zip(self.numbers, (*pose.shift_mm, *pose.turn_deg), strict=True):
            with QSignalBlocker(box):
                box.setValue(value)
            box.setEnabled(free)
        for button in (self.refine, self.as_found):
            button.setEnabled(free)
        self.stands.setEnabled(free and moving is not None and moving.may_stand)
        self.stands.setChecked(moving is not None and moving.stands)
        self.undo.setEnabled(free and moving is not None and bool(moving.trail.past))
        self.redo.setEnabled(free and moving is not None and bool(moving.trail.future))
        self.accept.setEnabled(free and state.nudged is not None and state.nudged.is_changed)
        self.cancel.setEnabled(state.running)
        self._bar.setVisible(state.running)
        self._bar.setValue(round(1000 * state.done))
        self._status.setText(f"{state.stage} …" if state.running else state.outcome)
        self._fit.setText(fit_in_words(moving, state.running))

    def _fill_series(self) -> None:
        nudged = self._state.nudged
        names = [] if nudged is None else [(m, series_name(m, one)) for m, one in nudged.series.items()]
        if [(self.series.itemData(n), self.series.itemText(n)) for n in range(self.series.count())] != names:
            self.series.clear()
            for modality, name in names:
                self.series.addItem(name, modality)
        self.series.setCurrentIndex(self.series.findData(self._state.modality))
        self.series.setEnabled(len(names) > 0 and not self._state.running)


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Side by side; None takes the room that is left, which is at the end else."""
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        row.addWidget(widget) if widget is not None else row.addStretch(1)
    if None not in widgets:
        row.addStretch(1)
    return row
