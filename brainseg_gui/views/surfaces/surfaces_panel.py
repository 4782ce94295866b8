"""Surfaces in the fourth quarter of the window: what they are coloured by, the brain, a cut, and the picture."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout

from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.session import Session
from brainseg_gui.state.surfaces.seen_surfaces import SurfaceColouring
from brainseg_gui.views.slices.slice_cell import Cell
from brainseg_gui.views.surfaces.solid_view import SolidView

_CUTS: tuple[tuple[str, Plane | None], ...] = (("No cut", None), *((plane.title, plane) for plane in Plane))
_SIDES = {
    "From…": None,
    "Front": (0.0, 0.0),
    "Back": (180.0, 0.0),
    "Left": (90.0, 0.0),
    "Right": (-90.0, 0.0),
    "Above": (180.0, 90.0),
    "Below": (0.0, -90.0),
}


class SurfacesPanel(Cell):
    """The choices over the picture.

    Signals
    -------
    export_requested
        A file of the surfaces is wanted.
    """

    export_requested = Signal()

    def __init__(self, session: Session) -> None:
        solid = SolidView(session)
        super().__init__(solid, on_black=False)
        self.solid = solid
        self.solid.enlarge_requested.connect(self.enlarge_requested)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._state = session.solid
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._make_choices())
        column.addWidget(self.solid, 1)
        events = self._state.events
        for signal in (events.colouring, events.brain, events.cut, events.surfaces, events.shell):
            signal.connect(self._synchronize)
        self._synchronize()

    def _make_choices(self) -> QHBoxLayout:
        self.colouring = _combo([one.value for one in SurfaceColouring], "What surfaces are told apart by")
        self.colouring.activated.connect(self._on_colouring_chosen)
        self.cut = _combo([name for name, _ in _CUTS], "The slice through the crosshair; what is before it is cut away")
        self.cut.activated.connect(self._on_cut_chosen)
        self.side = _combo(list(_SIDES), "Look from one side")
        self.side.activated.connect(self._on_side_chosen)
        self.brain = QCheckBox("Brain")
        self.brain.setToolTip("The brain as a glass shell")
        self.brain.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.brain.toggled.connect(self._on_brain_toggled)
        self.export = QPushButton("Export…")
        self.export.setToolTip("STL, PLY, glTF, or the picture as PNG")
        self.export.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.export.clicked.connect(self.export_requested)
        row = QHBoxLayout()
        row.setContentsMargins(4, 4, 4, 0)
        row.setSpacing(6)
        for widget in (self.colouring, self.cut, self.side, self.brain):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.export)
        row.addWidget(self._enlarge)
        return row

    def _synchronize(self, *_: object) -> None:
        state = self._state
        with QSignalBlocker(self.brain):
            self.brain.setChecked(state.brain)
        self.brain.setEnabled(state.shell is not None)
        self.colouring.setCurrentText(state.colouring.value)
        self.cut.setCurrentIndex([plane for _, plane in _CUTS].index(state.cut))
        self.export.setEnabled(bool(state.drawn))

    def _on_colouring_chosen(self, index: int) -> None:
        self._state.colouring = list(SurfaceColouring)[index]

    def _on_cut_chosen(self, index: int) -> None:
        self._state.cut = _CUTS[index][1]

    def _on_brain_toggled(self, on: bool) -> None:
        self._state.brain = on

    def _on_side_chosen(self, index: int) -> None:
        angles = list(_SIDES.values())[index]
        self.side.setCurrentIndex(0)
        if angles is not None:
            self._state.camera = self._state.camera.from_side(*angles)


def _combo(names: list[str], tip: str) -> QComboBox:
    combo = QComboBox()
    combo.addItems(names)
    combo.setToolTip(tip)
    combo.setAccessibleName(tip)
    combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return combo
