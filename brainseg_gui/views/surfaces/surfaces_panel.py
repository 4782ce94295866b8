"""Surfaces in the fourth quarter of the window: what they are coloured by, the brain, a cut, and the picture."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout

from brainseg_gui.imaging.plane import Plane
from brainseg_gui.state.session import Session
from brainseg_gui.state.surfaces.seen_surfaces import SurfaceColouring
from brainseg_gui.views.slices.slice_cell import Cell
from brainseg_gui.views.surfaces.solid_view import SolidView
from brainseg_gui.views.widgets.theme import icon
from brainseg_gui.views.widgets.tool_button import give_menu, tool_button

_CUTS: tuple[tuple[str, Plane | None], ...] = (("No cut", None), *((plane.title, plane) for plane in Plane))
_SIDES = {
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
        self._draw_icons()
        self._synchronize()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icons()

    def _draw_icons(self) -> None:
        """In the colours of the theme."""
        for button, name in ((self.side, "cube"), (self.brain, "brain"), (self.export, "save")):
            button.setIcon(icon(name, "quiet"))

    def _make_choices(self) -> QHBoxLayout:
        self.colouring = _combo(
            [one.value for one in SurfaceColouring], "Labels, lesions, or errors: what was missed and what is false"
        )
        self.colouring.activated.connect(self._on_colouring_chosen)
        self.cut = _combo([name for name, _ in _CUTS], "The slice through the crosshair; what is before it is cut away")
        self.cut.activated.connect(self._on_cut_chosen)
        self.side = _tool("Look from one side")
        give_menu(self.side, self._make_sides())
        self.brain = _tool("The brain as a glass shell")
        self.brain.setCheckable(True)
        self.brain.toggled.connect(self._on_brain_toggled)
        self.export = _tool("Export… STL, PLY, glTF, or the picture as PNG")
        self.export.clicked.connect(self.export_requested)
        row = QHBoxLayout()
        row.setContentsMargins(4, 4, 4, 0)
        row.setSpacing(4)
        for widget in (self.colouring, self.cut, self.side, self.brain):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.export)
        row.addWidget(self.enlarge_button)
        return row

    def _make_sides(self) -> QMenu:
        menu = QMenu(self)
        for name, angles in _SIDES.items():
            menu.addAction(name).triggered.connect(partial(self._look_from, *angles))
        return menu

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

    def _look_from(self, azimuth_deg: float, elevation_deg: float, _checked: bool = False) -> None:
        self._state.camera = self._state.camera.from_side(azimuth_deg, elevation_deg)


def _tool(tip: str) -> QToolButton:
    button = tool_button()
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _combo(names: list[str], tip: str) -> QComboBox:
    combo = QComboBox()
    combo.addItems(names)
    combo.setToolTip(tip)
    combo.setAccessibleName(tip)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(max(map(len, names)))
    combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return combo
