"""What a run on the cohort does, with which cases, and where."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget

from brainseg_gui.state.segmenting.cohort_run import CohortRun, RunCases, RunPlace, RunTask

_MOST_PROCESSES = 64
_PROCESSES_TIP = (
    "How many cases at once, each with a network of its own in memory. As fits: one for the network, which uses "
    "all cores by itself; for scores one for each core"
)
_CLUSTER_TIP = "tcp://host:8786, or a YAML file for SLURM, PBS, LSF … as docs/cluster.md shows"


class CohortRunForm(QWidget):
    """One line of choices.

    Signals
    -------
    file_requested
        The file of a cluster is to be chosen.
    """

    file_requested = Signal()

    def __init__(self, run: CohortRun) -> None:
        super().__init__()
        self._wishes, self._run = run.wishes, run
        self.task, self.cases, self.place = _box(RunTask, "What"), _box(RunCases, "Cases"), _box(RunPlace, "Where")
        self.processes, self.cluster, self.file = QSpinBox(), QLineEdit(), QPushButton("File…")
        self.processes.setRange(0, _MOST_PROCESSES)
        self.processes.setSpecialValueText("as fits")
        self.processes.setAccessibleName("Processes")
        self.processes.setToolTip(_PROCESSES_TIP)
        self.cluster.setPlaceholderText("tcp://host:8786, or a file")
        self.cluster.setAccessibleName("Cluster")
        self.cluster.setToolTip(_CLUSTER_TIP)
        self.file.setToolTip("Choose the file that describes a cluster")
        self._processes_title = QLabel("Processes")
        self._lay_out()
        self._listen()
        self._synchronize()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        where = QHBoxLayout()
        where.setSpacing(8)
        for part in (self.place, self._processes_title, self.processes, self.file):
            where.addWidget(part)
        where.insertWidget(1, self.cluster, 1)
        where.addStretch(0)
        grid.addWidget(QLabel("What"), 0, 0)
        grid.addWidget(self.task, 0, 1)
        grid.addWidget(self.cases, 0, 2)
        grid.addWidget(QLabel("Where"), 1, 0)
        grid.addLayout(where, 1, 1, 1, 3)
        grid.setColumnStretch(3, 1)

    def _listen(self) -> None:
        wishes = self._wishes
        self.task.activated.connect(self._on_task)
        self.cases.activated.connect(lambda: setattr(wishes, "cases", self.cases.currentData()))
        self.place.activated.connect(lambda: setattr(wishes, "place", self.place.currentData()))
        self.processes.valueChanged.connect(lambda value: setattr(wishes, "processes", value))
        self.cluster.textChanged.connect(lambda text: setattr(wishes, "cluster", text))
        self.file.clicked.connect(self.file_requested)
        wishes.events.connect(self._synchronize)
        self._run.work.events.running.connect(self._synchronize)

    def _on_task(self) -> None:
        self._wishes.task = self.task.currentData()
        if self._wishes.task is RunTask.EVALUATE and self._wishes.cases is RunCases.WITHOUT:
            self._wishes.cases = RunCases.ALL  # the others have nothing to score

    def _synchronize(self, *_: object) -> None:
        wishes = self._wishes
        for box, chosen in ((self.task, wishes.task), (self.cases, wishes.cases), (self.place, wishes.place)):
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData(chosen))
        with QSignalBlocker(self.processes):
            self.processes.setValue(wishes.processes)
        if self.cluster.text() != wishes.cluster:
            with QSignalBlocker(self.cluster):
                self.cluster.setText(wishes.cluster)
        without = self.cases.model().index(self.cases.findData(RunCases.WITHOUT), 0)
        self.cases.view().setRowHidden(without.row(), wishes.task is RunTask.EVALUATE)  # type: ignore[attr-defined]
        on_cluster = wishes.place is RunPlace.CLUSTER
        parts: tuple[tuple[QWidget, bool], ...] = (
            (self.cluster, on_cluster),
            (self.file, on_cluster),
            (self._processes_title, not on_cluster),
            (self.processes, not on_cluster),
        )
        for part, shown in parts:
            part.setVisible(shown)
        self.setEnabled(not self._run.work.running)


def _box(choices: type[Enum], name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for choice in choices:
        box.addItem(str(choice.value), choice)
    return box
