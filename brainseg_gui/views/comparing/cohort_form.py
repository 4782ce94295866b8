"""What is to be scored: folders of references, predictions and images, the rules, and the label schemes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from brainseg_gui.evaluation.metrics.rules import rule_sets
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.state.comparing.cohort_results import GUESSED, CohortResults
from brainseg_gui.views.widgets.clear_layout import clear_layout
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import plain_caption, plain_tip
from brainseg_gui.views.widgets.tool_button import IconButton

_WHICH_MASKS = (
    "Of each case the mask named …_pred is scored, else the only one that is there. "
    "Annotations are scored where their folder holds them alone"
)
_PREDICTIONS_TIP = f"Add the folder of a model's predictions; several models are compared. {_WHICH_MASKS}"


class CohortForm(QWidget):
    """Three lines: what is scored against what, how their numbers are read, and the buttons.

    Signals
    -------
    reference_requested, prediction_requested, images_requested
        A folder is to be chosen.
    start_requested, cancel_requested, open_requested
        Begin, stop, or show the results of a file.
    """

    reference_requested = Signal()
    prediction_requested = Signal()
    images_requested = Signal()
    start_requested = Signal()
    cancel_requested = Signal()
    open_requested = Signal()

    def __init__(self, results: CohortResults) -> None:
        super().__init__()
        self._results = results
        self._reference, self._images = _path_label(), _path_label()
        self._models = QHBoxLayout()
        self._models.setSpacing(6)
        self._rules = _rules_box()
        self._reference_scheme, self._prediction_scheme = _scheme_box("references"), _scheme_box("predictions")
        self.add, self.start, self.open = QPushButton("Add…"), QPushButton("Evaluate"), QPushButton("Open results…")
        self.add.setToolTip(_PREDICTIONS_TIP)
        self.start.setObjectName("primary")
        self.open.setToolTip("Show the JSON file of an earlier evaluation")
        self._arrange(QGridLayout(self))
        self._connect()
        self._synchronize()

    def _arrange(self, grid: QGridLayout) -> None:
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(4, 2)
        grid.addWidget(QLabel("References"), 0, 0)  # the Tab key follows this order
        grid.addWidget(self._reference, 0, 1)
        grid.addWidget(self._choose("references", self.reference_requested), 0, 2)
        grid.addWidget(QLabel("Predictions"), 1, 0)
        grid.addLayout(self._models, 1, 1)
        grid.addWidget(self.add, 1, 2)
        grid.addWidget(QLabel("Images"), 0, 3)
        grid.addWidget(self._images, 0, 4)
        grid.addWidget(self._choose("images", self.images_requested), 0, 5)
        grid.addWidget(QLabel("Rules"), 1, 3)
        grid.addWidget(self._rules, 1, 4, Qt.AlignmentFlag.AlignLeft)
        schemes = QHBoxLayout()
        schemes.setSpacing(6)
        schemes.addWidget(self._reference_scheme)
        schemes.addWidget(self._prediction_scheme)
        schemes.addStretch(1)
        grid.addWidget(QLabel("Labels"), 2, 0)
        grid.addLayout(schemes, 2, 1, 1, 4)
        grid.addWidget(self.open, 0, 6)
        grid.addWidget(self.start, 1, 6)

    def _choose(self, what: str, requested: SignalInstance) -> QPushButton:
        button = QPushButton("Choose…")
        button.setAccessibleName(f"Choose the {what}")
        button.clicked.connect(requested)
        return button

    def _connect(self) -> None:
        results, rules = self._results, self._rules
        reference, prediction = self._reference_scheme, self._prediction_scheme
        rules.activated.connect(lambda: results.ask(rules=rules.currentData()))
        reference.activated.connect(lambda: results.ask(reference_scheme=reference.currentData()))
        prediction.activated.connect(lambda: results.ask(prediction_scheme=prediction.currentData()))
        self.add.clicked.connect(self.prediction_requested)
        self.start.clicked.connect(self._on_start_clicked)
        self.open.clicked.connect(self.open_requested)
        results.asked_changed.connect(self._synchronize)
        results.work.events.running.connect(self._synchronize)

    def _synchronize(self, *_: object) -> None:
        results = self._results
        _show_path(self._reference, results.reference, "A folder of masks or of cases")
        _show_path(self._images, results.images, "Beside the references")
        self._fill_models()
        with QSignalBlocker(self._rules):
            self._rules.setCurrentIndex(self._rules.findData(results.rules))
        for box, name in (
            (self._reference_scheme, results.reference_scheme),
            (self._prediction_scheme, results.prediction_scheme),
        ):
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData(name))
        running = results.work.running
        self.start.setText("Cancel" if running else "Evaluate")
        self.start.setEnabled(running or not results.unavailable)
        self.start.setToolTip("Stop; what is scored is kept" if running else results.unavailable or "Score all cases")
        self.open.setEnabled(not running)

    def _fill_models(self) -> None:
        clear_layout(self._models)
        for name, folder in self._results.predictions.items():
            button = IconButton()
            button.setText(plain_caption(name))
            button.wear("close")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setToolTip(plain_tip(f"{folder}\n{_WHICH_MASKS}\nClick to take it off the list"))
            button.clicked.connect(lambda _checked=False, name=name: self._results.remove_prediction(name))
            self._models.addWidget(button)
        if not self._results.predictions:
            hint = QLabel("One folder for each model")
            hint.setObjectName("faint")
            self._models.addWidget(hint)
        self._models.addStretch(1)

    def _on_start_clicked(self) -> None:
        if self._results.work.running:
            self.cancel_requested.emit()
        else:
            self.start_requested.emit()


def _path_label() -> ElidedLabel:
    label = ElidedLabel()
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return label


def _rules_box() -> QComboBox:
    box = QComboBox()
    box.setAccessibleName("Rules")
    box.setToolTip("What empty masks, missed and false lesions score")
    for name, rules in rule_sets().items():
        box.addItem(rules.title, name)
    return box


def _scheme_box(masks: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(f"Label scheme of the {masks}")
    box.setToolTip(f"What the numbers in the {masks} mean; where it is guessed, mask by mask, the results say how")
    box.addItem(f"{masks.capitalize()}: guessed", GUESSED)
    for scheme in label_schemes().values():
        box.addItem(f"{masks.capitalize()}: {scheme.title}", scheme.name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(38)
    return box


def _show_path(label: ElidedLabel, path: Path | None, otherwise: str) -> None:
    label.setText(str(path) if path is not None else otherwise)
    label.setToolTip(str(path) if path is not None else "")
    label.setObjectName("" if path is not None else "faint")
    label.style().polish(label)
