"""Describing a new run: generated from the fields of the configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.runs.config import Network
from brainseg_gui.runs.config_file import sections
from brainseg_gui.runs.network_summary import summarise
from brainseg_gui.state.training.training_draft import FOLDER_KEY, NAME_KEY, TrainingDraft
from brainseg_gui.views.widgets.collapsible_section import CollapsibleSection
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.setting_fields import FIELD_WIDTH
from brainseg_gui.views.widgets.setting_row import Remark, SettingRow, settings_grid, settings_label

_OPEN = ("data", "length")
_PROBLEMS_SHOWN = 12
_INTRODUCTION = (
    "Training needs folders of cases with T1, T1ce, T2, FLAIR and an expert's mask each. It runs as a program of its "
    "own: it goes on when this window, or brainseg, is closed, and everything it makes lies in the run folder."
)


class TrainingForm(QWidget):
    """The form on the left, what is known before the start on the right.

    Signals
    -------
    start_requested
        Start what is described.
    preset_requested, preset_file_requested
        Fill the form from a preset, or from a file.
    folder_requested
        Choose a folder for a field; its key.
    parent_requested
        Choose the folder of runs.
    """

    start_requested = Signal()
    preset_requested = Signal(str)
    preset_file_requested = Signal()
    folder_requested = Signal(str)
    parent_requested = Signal()

    def __init__(self, draft: TrainingDraft) -> None:
        super().__init__()
        self._draft = draft
        self._rows: dict[str, SettingRow] = {}
        self._sections: dict[str, CollapsibleSection] = {}
        outer = QHBoxLayout(self)
        outer.setContentsMargins(16, 12, 0, 0)
        outer.setSpacing(16)
        outer.addWidget(self._form(), 1)
        outer.addWidget(self._side())
        draft.value_changed.connect(self._on_value_changed)
        draft.judged.connect(self._judge)
        self._on_value_changed("")
        self._judge()

    def show_presets(self, names: Sequence[str]) -> None:
        """Offer these presets."""
        with QSignalBlocker(self._preset):
            self._preset.clear()
            for name in names:
                self._preset.addItem(name, name)
            self._preset.addItem("From a file…", "")
        self._on_value_changed("")

    def row(self, key: str) -> SettingRow:
        """The row of a field; its section is opened."""
        if key not in self._rows:
            self._sections[key.partition(".")[0]].heading.setChecked(True)
        return self._rows[key]

    def _form(self) -> QScrollArea:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 8, 16)
        column.setSpacing(8)
        heading = QLabel("New run")
        heading.setObjectName("heading")
        introduction = QLabel(_INTRODUCTION)
        introduction.setObjectName("quiet")
        introduction.setWordWrap(True)
        column.addWidget(heading)
        column.addWidget(introduction)
        column.addSpacing(4)
        column.addWidget(self._head())
        names = sections()
        for section in (*_OPEN, *(name for name in names if name not in _OPEN)):
            column.addWidget(self._section(section, (names[section].__doc__ or "").splitlines()[0]))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        return area

    def _head(self) -> QWidget:
        """Preset, name and place of the run."""
        widget = QWidget()
        grid = settings_grid(widget)
        self._preset = QComboBox()
        self._preset.setAccessibleName("Recipe")
        self._preset.setToolTip("A recipe fills all fields below; what you change is marked")
        self._preset.setMinimumWidth(60)
        self._preset.activated.connect(self._on_preset_chosen)
        self._preset.setFixedWidth(FIELD_WIDTH)
        grid.addWidget(settings_label("recipe"), 0, 0)
        grid.addWidget(self._preset, 0, 1)
        self._changed = QLabel()
        self._changed.setObjectName("quiet")
        grid.addWidget(self._changed, 0, 3)
        self._rows[NAME_KEY] = SettingRow(self._draft, NAME_KEY, grid, 1)
        grid.addWidget(settings_label("run folder"), 2, 0, Qt.AlignmentFlag.AlignTop)
        choose = QPushButton("Choose…")
        choose.setToolTip("Choose the folder in which run folders are made")
        choose.setFixedWidth(FIELD_WIDTH)
        choose.clicked.connect(self.parent_requested)
        grid.addWidget(choose, 2, 1)
        self._folder = Remark()
        grid.addWidget(self._folder, 2, 3)
        return widget

    def _section(self, name: str, tip: str) -> QWidget:
        section = CollapsibleSection(name, tip)
        self._sections[name] = section
        section.first_opened.connect(lambda: self._fill(name))
        if name in _OPEN:
            section.heading.setChecked(True)
        return section

    def _fill(self, name: str) -> None:
        """Make the rows of a section, when it is first opened: all at once would keep the window waiting."""
        problems = self._draft.problems
        for number, key in enumerate(key for key in self._draft.keys if key.startswith(f"{name}.")):
            row = SettingRow(self._draft, key, self._sections[name].grid, number)
            row.field.folder_requested.connect(lambda key=key: self.folder_requested.emit(key))
            row.synchronize()
            row.judge(problems.get(key, ""))
            self._rows[key] = row

    def _side(self) -> QFrame:
        """Data set and Start; always in sight."""
        side = QFrame()
        side.setObjectName("side")
        side.setFixedWidth(280)
        column = QVBoxLayout(side)
        column.setContentsMargins(16, 0, 16, 16)
        column.setSpacing(8)
        title = QLabel("Data set")
        title.setObjectName("section")
        column.addWidget(title)
        self._dataset = QLabel()
        self._dataset.setWordWrap(True)
        self._dataset.setTextFormat(Qt.TextFormat.RichText)
        self._dataset.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._dataset)
        heading = QLabel("Network")
        heading.setObjectName("section")
        self._network = QLabel()
        self._network.setTextFormat(Qt.TextFormat.PlainText)
        self._network.setWordWrap(True)
        column.addSpacing(8)
        column.addWidget(heading)
        column.addWidget(self._network)
        column.addStretch(1)
        self._reason = QLabel()
        self._reason.setTextFormat(Qt.TextFormat.PlainText)
        self._reason.setObjectName("quiet")
        self._reason.setWordWrap(True)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignBottom)
        column.addWidget(self._reason)
        self._start = QPushButton("Start training")
        self._start.setObjectName("primary")
        self._start.clicked.connect(self.start_requested)
        column.addWidget(self._start)
        return side

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for row in self._rows.values():
                row.restyle()
            self._folder.restyle()

    def _on_preset_chosen(self, index: int) -> None:
        name = self._preset.itemData(index)
        if name:
            self.preset_requested.emit(name)
        else:
            self._show_preset()
            self.preset_file_requested.emit()

    def _on_value_changed(self, key: str) -> None:
        for name, row in self._rows.items():
            if key in ("", name):
                row.synchronize()
        self._show_preset()

    def _show_preset(self) -> None:
        with QSignalBlocker(self._preset):
            place = self._preset.findData(self._draft.preset)
            if place < 0 and self._draft.preset:
                self._preset.insertItem(0, self._draft.preset, self._draft.preset)
                place = 0
            self._preset.setCurrentIndex(place)

    def _judge(self) -> None:
        draft, problems = self._draft, self._draft.problems
        for key, row in self._rows.items():
            row.judge(problems.get(key, ""))
        for name, section in self._sections.items():
            inside = [key for key in draft.keys if key.startswith(f"{name}.")]
            wrong = sum(key in problems for key in inside)
            section.mark(sum(draft.is_changed(key) for key in inside), wrong)
        changed = sum(key not in ("name", "data.train", "data.validation") for key in draft.changed)
        self._changed.setText(
            f"{changed} fields changed" if changed > 1 else "1 field changed" if changed else "Fills all fields below."
        )
        self._folder.show_text(problems.get(FOLDER_KEY, ""), str(draft.run_path), "The folder")
        self._dataset.setText(self._dataset_text())
        self._network.setText(self._network_text())
        reason = draft.unavailable
        self._reason.setText(f"{reason}." if reason else "Start checks the images, measures a step, and trains.")
        self._start.setEnabled(not reason)
        self._start.setToolTip(plain_tip(reason or "Make the run folder and start the trainer"))

    def _network_text(self) -> str:
        """Size of the network, before anything is started."""
        draft = self._draft
        if any(key.startswith("network.") for key in draft.problems):
            return "Correct the fields of the network to see its size."
        if start := draft.value("network.start_from"):
            return f"As in the model {start}; its weights are the start."
        names = (field.name for field in dataclasses.fields(Network))
        summary = summarise(Network(**{name: draft.value(f"network.{name}") for name in names}))
        edge = summary.receptive_field
        return (
            f"{summary.parameters:,} parameters in {summary.convolutions} convolutions. "
            f"One voxel of the result sees {edge}×{edge}×{edge} voxels. "
            "Memory and time are measured by the first step."
        )

    def _dataset_text(self) -> str:
        check = self._draft.check
        if check.running:
            return "Looking through the folders…"
        if not self._draft.value("data.train"):
            return "Add a folder of cases: each case is a folder with its four images and its mask."
        lines = [f"<b>{check.complete} of {check.cases}</b> training cases have all images and a mask."]
        if check.validation_cases:
            lines.append(f"<b>{check.validation_cases}</b> validation cases.")
        elif self._draft.value("data.folds") or self._draft.value("data.folds_file"):
            lines.append(f"Fold {self._draft.value('data.fold')} is kept for validation.")
        elif self._draft.value("data.split"):
            lines.append(f"{100 * self._draft.value('data.split'):g} % of them are kept for validation.")
        shown = [f"• {escape(problem)}" for problem in check.problems[:_PROBLEMS_SHOWN]]
        more = len(check.problems) - len(shown)
        shown += [f"and {more} more"] if more > 0 else []
        return "<br>".join(lines) + ("<br><br>" + "<br>".join(shown) if shown else "")
