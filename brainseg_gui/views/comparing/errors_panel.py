"""The errors of the compared prediction, one by one: the list, the facts of one, and the way to the next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.evaluation.metrics.disagreements import Disagreement
from brainseg_gui.evaluation.metrics.tissue import brightness
from brainseg_gui.imaging.labels import Region, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.layers.layers import LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions, ActionTip
from brainseg_gui.views.actions.letters import without_letter
from brainseg_gui.views.comparing.error_table import ErrorTable
from brainseg_gui.views.comparing.score_table import STILL_READ
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.theme import icon

_INSIDE = (Modality.FLAIR, Modality.T1CE)
_ALL = "All"


class ErrorsPanel(QWidget):
    """Reads `session.errors`; a click on a row, and the arrow keys, go to an error.

    Signals
    -------
    piece_chosen
        Place in the list.
    step_requested
        1 for the next, -1 for the previous one.
    region_chosen
        The region to list, None for all.
    take_requested
        A `Disagreement` and the `LayerRole` whose voxels the annotation shall take there; only where `offer_taking` was
        called.
    """

    piece_chosen = Signal(int)
    step_requested = Signal(int)
    region_chosen = Signal(object)
    take_requested = Signal(object, object)

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self._session, self._actions = session, actions
        self._taking = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._top_row())
        self._progress = ElidedLabel()
        self._progress.setObjectName("quiet")
        self._progress.setToolTip("Dice as it is, and with this error alone corrected")
        column.addWidget(self._progress)
        self.table = ErrorTable(session.errors)
        self.table.row_chosen.connect(self.piece_chosen)
        column.addWidget(self.table, 1)
        self._remainder = ElidedLabel()
        self._remainder.setObjectName("faint")
        column.addWidget(self._remainder)
        self._facts = _Facts(session)
        column.addWidget(self._facts)
        column.addWidget(self._taking_row())
        self._empty = QLabel()
        self._empty.setObjectName("quiet")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._empty, 1)
        session.errors.changed.connect(self._synchronize)
        session.errors.moved.connect(self._on_moved)
        session.layers.changed.connect(self._synchronize)
        session.case_changed.connect(self._synchronize)
        self._synchronize()

    def _top_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self._regions = QButtonGroup(self)
        for region in (None, *regions()):
            button = QToolButton()
            button.setText(region.key if region else _ALL)
            button.setToolTip(
                f"Errors of {region.title}" if region else "Errors of all regions, by what they cost theirs"
            )
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, region=region: self._on_region_clicked(region))
            self._regions.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        self._steps = {way: _step(self._actions[f"layers.{way}_error"]) for way in ("previous", "next")}
        for button, steps in zip(self._steps.values(), (-1, 1), strict=True):
            button.clicked.connect(lambda _=False, steps=steps: self.step_requested.emit(steps))
            row.addWidget(button)
        return row

    def _taking_row(self) -> QWidget:
        self._take = QWidget()
        row = QHBoxLayout(self._take)
        row.setContentsMargins(0, 0, 0, 0)
        for role in (LayerRole.REFERENCE, LayerRole.PREDICTION):
            button = QPushButton(f"Take {role.value}")
            button.setToolTip(f"Make the annotation here what the {role.value} says")
            button.clicked.connect(lambda _=False, role=role: self._on_take_clicked(role))
            row.addWidget(button)
        row.addStretch(1)
        return self._take

    def offer_taking(self, offered: bool) -> None:
        """Show, or hide, the buttons that correct the open annotation; whoever shows them answers them."""
        self._taking = offered
        self._synchronize()

    def _synchronize(self) -> None:
        errors = self._session.errors
        for button in self._regions.buttons():
            button.setChecked(button.text() == (errors.region.key if errors.region else _ALL))
            button.setVisible(bool(errors.found))
        there = bool(errors.entries)
        self._progress.setVisible(there)
        for widget in (self.table, self._facts, *self._steps.values()):
            widget.setVisible(there)
        for name, button in self._steps.items():
            button.setIcon(icon(name))
        self._empty.setVisible(not there)
        self._empty.setText(self._what_is_missing())
        count, ml = errors.left_out
        self._remainder.setVisible(count > 0)
        self._remainder.setText(f"{ml:.2f} ml in {count:,} cheaper ones left out")
        self.table.refresh()
        self._on_moved()

    def _on_moved(self) -> None:
        errors = self._session.errors
        self.table.show_position()
        self._progress.setText(self._progress_text())
        self._facts.show_piece(errors.current.piece if errors.current else None)
        self._take.setVisible(self._taking and errors.current is not None)

    def _progress_text(self) -> str:
        errors = self._session.errors
        if errors.searching:
            return "looking…"
        if not errors.entries:
            return ""
        if errors.current is None or errors.position is None:
            return f"{len(errors.entries)} errors"
        piece = errors.current.piece
        before = errors.dice_of(piece.region)
        gain = f"{piece.region.key} Dice {before:.3f} → {before + piece.cost:.3f}"
        return f"{errors.position + 1} of {len(errors.entries)} · {gain}"

    def _what_is_missing(self) -> str:
        session = self._session
        if session.errors.searching:
            return "Looking for the places where the two masks differ…"
        if session.displayed is None:
            return "Open a case with an expert's mask, and click Segment: every error of the prediction is listed here."
        if session.previewing:
            return STILL_READ
        if session.layers.reference is None:
            return "This case has no reference. Add one with File › Add mask…, and every error is listed here."
        if session.layers.prediction is None:
            return "Click Segment: every error of the prediction is listed here, and N goes from one to the next."
        if session.layers.reference is session.layers.prediction:
            return "Choose two different layers to compare them."
        where = session.errors.region.key if session.errors.region else "every region"
        return f"The two masks agree in every voxel of {where}."

    def _on_region_clicked(self, region: Region | None) -> None:
        self.region_chosen.emit(region)
        self._synchronize()

    def _on_take_clicked(self, role: LayerRole) -> None:
        if self._session.errors.current is not None:
            self.take_requested.emit(self._session.errors.current.piece, role)


class _Facts(QWidget):
    """Four numbers of one error, each under its name; the places stay when the numbers change."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        grid = QGridLayout(self)
        grid.setContentsMargins(4, 2, 4, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        self._names, self._values = [], []
        for column in range(2 + len(_INSIDE)):
            name, value = QLabel(), QLabel("–")
            name.setObjectName("faint")
            grid.addWidget(name, 0, column)
            grid.addWidget(value, 1, column)
            grid.setColumnStretch(column, 2 if column < 2 else 3)
            self._names.append(name)
            self._values.append(value)

    def show_piece(self, piece: Disagreement | None) -> None:
        """Fill in the numbers, or dashes."""
        facts = self._facts_of(piece)
        for name, value, (title, text, tip) in zip(self._names, self._values, facts, strict=True):
            name.setText(title)
            value.setText(text)
            for label in (name, value):
                label.setToolTip(tip)

    def _facts_of(self, piece: Disagreement | None) -> list[tuple[str, str, str]]:
        volume = depth = "–"
        if piece is not None:
            volume, depth = f"{piece.ml:.2f} ml", f"{piece.depth_mm:.1f} mm"
        voxels = f"{piece.voxels:,} voxels" if piece else "Volume"
        return [
            ("Volume", volume, voxels),
            ("Depth", depth, "Largest distance from inside the error to its edge"),
            *(self._inside(modality, piece) for modality in _INSIDE),
        ]

    def _inside(self, modality: Modality, piece: Disagreement | None) -> tuple[str, str, str]:
        case, healthy = self._session.case, self._session.errors.healthy
        tip = f"Mean {modality.title} inside the error, and how many times the median of the brain outside both masks"
        if piece is None or case is None or modality not in case.volumes:
            return modality.title, "–", tip
        inside = brightness(case.volumes[modality], healthy.get(modality, float("nan")), piece)
        mean = f"{inside.mean:.0f}" if abs(inside.mean) >= 100 else f"{inside.mean:.3g}"
        if inside.ratio is None:
            return modality.title, mean, f"{tip}: {inside.healthy:.3g}"
        return modality.title, f"{mean} · {inside.ratio:.1f}×", f"{tip}: {inside.healthy:.4g}"


def _step(action: QAction) -> QToolButton:
    button = QToolButton()
    ActionTip(button, action)
    button.setAccessibleName(without_letter(action.text()))
    return button
