"""The one table of actions: menus, tool bar, keys, key list and palette are built from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from brainseg_gui.views.theme import icon


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Parameters
    ----------
    key
        Name in the code and in the settings, ``menu.action``.
    text
        Words in the menu and on the button.
    menu
        Menu that holds it; empty for actions that only have keys.
    keys
        Default shortcuts, in Qt's portable notation.
    tip
        What it does, for tool tips and the key list.
    icon
        Name of its icon, or empty.
    checkable
        Whether it is on or off.
    separated
        Whether a line stands above it in its menu.
    """

    key: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    separated: bool = False


MENUS = ("File", "View", "Layers", "Segment", "Train", "Help")

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("file.open", "Open case folder…", "File", ("Ctrl+O",), "Open the folder of one case", "folder-open"),
    ActionSpec("file.open_files", "Open files…", "File", ("Ctrl+Shift+O",), "Open loose NIfTI files as a case", "file"),
    ActionSpec("file.open_cohort", "Open cohort…", "File", ("Ctrl+Alt+O",), "Open a folder whose folders are cases"),
    ActionSpec("file.open_demo", "Open demonstration case", "File", (), "A synthetic patient, to try everything on"),
    ActionSpec(
        "file.open_mask", "Add mask…", "File", ("Ctrl+M",), "Add a mask of this case as a layer", separated=True
    ),
    ActionSpec("file.assign", "Assign files…", "File", (), "Say which file is which modality"),
    ActionSpec("file.previous", "Previous case", "File", ("Ctrl+PgUp",), "The case before in the list", "previous"),
    ActionSpec("file.next", "Next case", "File", ("Ctrl+PgDown",), "The next case of the list", "next"),
    ActionSpec("file.save", "Save mask…", "File", ("Ctrl+S",), "Save the prediction as NIfTI", "save", separated=True),
    ActionSpec("file.quit", "Quit", "File", ("Ctrl+Q",), "Close the program", separated=True),
    ActionSpec("view.next_modality", "Next modality", "View", ("]",), "Show the next modality"),
    ActionSpec("view.previous_modality", "Previous modality", "View", ("[",), "Show the modality before"),
    ActionSpec("view.planes", "Three planes", "View", ("Ctrl+1",), "Axial, sagittal and coronal", "planes", True, True),
    ActionSpec(
        "view.modalities",
        "Four modalities",
        "View",
        ("Ctrl+2",),
        "T1, T1ce, T2 and FLAIR of one plane",
        "modalities",
        True,
    ),
    ActionSpec(
        "view.compare",
        "Compare",
        "View",
        ("Ctrl+3",),
        "Reference, prediction and agreement side by side",
        "compare",
        True,
    ),
    ActionSpec(
        "view.axial", "Axial plane", "View", ("Alt+1",), "Plane of the modality and compare layouts", "", True, True
    ),
    ActionSpec(
        "view.coronal", "Coronal plane", "View", ("Alt+2",), "Plane of the modality and compare layouts", "", True
    ),
    ActionSpec(
        "view.sagittal", "Sagittal plane", "View", ("Alt+3",), "Plane of the modality and compare layouts", "", True
    ),
    ActionSpec("view.fit", "Fit to view", "View", ("R",), "Show whole slices", "fit", separated=True),
    ActionSpec("view.auto_window", "Auto window", "View", ("Ctrl+J",), "Window by the brain's percentiles", "contrast"),
    ActionSpec(
        "view.convention",
        "Radiological",
        "View",
        ("Ctrl+R",),
        "Patient's right on the left of the screen; off: neurological",
        "mirror",
        True,
    ),
    ActionSpec("view.crosshair", "Crosshair", "View", ("C",), "Show or hide the crosshair", "crosshair", True),
    ActionSpec("view.smooth", "Smooth zoomed images", "View", (), "Interpolate, or show the voxels", "", True),
    ActionSpec("view.theme", "Light theme", "View", (), "Light instead of dark; images stay on black", "theme", True),
    ActionSpec("view.reset", "Reset window layout", "View", (), "Put all panels back", separated=True),
    ActionSpec("layers.masks", "Show masks", "Layers", ("S",), "Masks on or off", "eye", True),
    ActionSpec("layers.fainter", "Fainter masks", "Layers", ("A",), "Lower the opacity"),
    ActionSpec("layers.stronger", "Stronger masks", "Layers", ("D",), "Raise the opacity"),
    ActionSpec(
        "layers.peek", "Blink to the reference", "Layers", ("B",), "While held, the reference instead of the prediction"
    ),
    ActionSpec(
        "layers.agreement", "Agreement", "Layers", ("G",), "Found, missed and false of a region", "", True, True
    ),
    ActionSpec("layers.safe_colours", "Colour-blind-safe colours", "Layers", (), "Okabe–Ito colours", "", True),
    ActionSpec("segment.run", "Segment", "Segment", ("Ctrl+Return",), "Run the network on the open case", "play"),
    ActionSpec("segment.cancel", "Cancel", "Segment", ("Escape",), "Stop what is running; nothing changes", "stop"),
    ActionSpec("segment.model", "Choose model folder…", "Segment", (), "Use a network of your own", separated=True),
    ActionSpec("train.open", "Training…", "Train", ("Ctrl+T",), "Train a network, and follow runs"),
    ActionSpec("help.keys", "Keys…", "Help", ("?",), "All keys and mouse gestures; change them", "keyboard"),
    ActionSpec(
        "help.palette", "Find a command…", "Help", ("Ctrl+K", "Ctrl+Shift+P"), "Run anything by its name", "search"
    ),
    ActionSpec("help.about", "About brainseg", "Help", (), "Version, licence, intended use", separated=True),
)

MOUSE: tuple[tuple[str, str], ...] = (
    ("Wheel", "Scroll slices"),
    ("Left click or drag", "Move the crosshair"),
    ("Ctrl+wheel, or right drag", "Zoom"),
    ("Middle drag", "Pan"),
    ("Ctrl+drag", "Window: left–right width, up–down level"),
    ("Double click", "Maximise a view, and back"),
    ("Page up, Page down", "Scroll the view that has the focus"),
    ("Arrow keys", "Move the crosshair by one voxel"),
)


class Actions(QObject):
    """The actions of one window.

    Parameters
    ----------
    window
        The window whose shortcuts they are.
    overrides
        Shortcuts that the person changed: key of the action -> key sequence.
    """

    triggered = Signal(str)

    def __init__(self, window: QMainWindow, overrides: Mapping[str, str]) -> None:
        super().__init__(window)
        self._window = window
        self._actions = {spec.key: self._make(spec, overrides.get(spec.key)) for spec in ACTIONS}

    def __getitem__(self, key: str) -> QAction:
        return self._actions[key]

    def __iter__(self) -> Iterator[tuple[ActionSpec, QAction]]:
        return ((spec, self._actions[spec.key]) for spec in ACTIONS)

    def _make(self, spec: ActionSpec, override: str | None) -> QAction:
        action = QAction(spec.text, self._window)
        action.setObjectName(spec.key)
        action.setCheckable(spec.checkable)
        if spec.key == "file.quit":
            action.setMenuRole(QAction.MenuRole.QuitRole)
        self._set_keys(action, spec, spec.keys if override is None else (override,) if override else ())
        action.triggered.connect(self._on_triggered)
        self._window.addAction(action)
        return action

    def _set_keys(self, action: QAction, spec: ActionSpec, keys: tuple[str, ...]) -> None:
        action.setShortcuts([QKeySequence(key) for key in keys])
        shown = f" ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
        action.setToolTip(f"{spec.tip or spec.text}{shown}")

    def rebind(self, key: str, sequence: str) -> None:
        """Give an action another shortcut, or none."""
        spec = next(spec for spec in ACTIONS if spec.key == key)
        self._set_keys(self._actions[key], spec, (sequence,) if sequence else ())

    def owner_of(self, sequence: str) -> str | None:
        """Key of the action that already has this shortcut."""
        wanted = QKeySequence(sequence)
        return next((key for key, action in self._actions.items() if wanted in action.shortcuts()), None)

    def refresh_icons(self) -> None:
        """Draw the icons in the colours of the current theme."""
        for spec, action in self:
            if spec.icon:
                action.setIcon(icon(spec.icon))

    def fill_menus(self) -> dict[str, QMenu]:
        """Build the menu bar."""
        menus = {name: self._window.menuBar().addMenu(name) for name in MENUS}
        for spec, action in self:
            if spec.menu:
                if spec.separated:
                    menus[spec.menu].addSeparator()
                menus[spec.menu].addAction(action)
        return menus

    def _on_triggered(self) -> None:
        self.triggered.emit(self.sender().objectName())
