"""The one table of actions: menus, tool bar, keys, key list and palette are built from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QWidget

from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.annotate_actions import ANNOTATE_ACTIONS, ANNOTATE_MOUSE
from brainseg_gui.views.actions.case_actions import CASE_ACTIONS
from brainseg_gui.views.actions.key_profiles import joined, sequences_of
from brainseg_gui.views.actions.operation_actions import OPERATION_ACTIONS
from brainseg_gui.views.widgets.theme import icon

MENUS = ("File", "Cases", "View", "Layers", "Annotate", "Operations", "Measure", "Segment", "Train", "Help")

BASE_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("file.open", "&Open case folder…", "File", ("Ctrl+O",), "Open the folder of one case", "folder-open"),
    ActionSpec("file.open_files", "Open &files…", "File", ("Ctrl+Shift+O",), "Open loose images as a case", "file"),
    ActionSpec("file.open_cohort", "Open &cohort…", "File", ("Ctrl+Alt+O",), "Open a folder whose folders are cases"),
    ActionSpec(
        "file.open_patient",
        "Open a patie&nt…",
        "File",
        (),
        "The folder of a patient's visits, as a time line with measures",
        known_as="follow-up longitudinal visits time line rano",
    ),
    ActionSpec(
        "file.cohort_results", "Cohort res&ults…", "File", ("Ctrl+Shift+R",), "Score a cohort, and compare models"
    ),
    ActionSpec("file.open_demo", "Open &demonstration case", "File", (), "A synthetic patient, to try everything on"),
    ActionSpec("file.open_mask", "&Add mask…", "File", ("Ctrl+M",), "Add masks of this case as layers", separated=True),
    ActionSpec("file.assign", "Ass&ign files…", "File", (), "Say which file is which modality"),
    ActionSpec("file.previous", "&Previous case", "File", ("Ctrl+PgUp",), "The case before in the list", "previous"),
    ActionSpec("file.next", "Ne&xt case", "File", ("Ctrl+PgDown",), "The next case of the list", "next"),
    ActionSpec(
        "file.save", "&Save mask", "File", ("Ctrl+S",), "Save the annotation, or the prediction", "save", separated=True
    ),
    ActionSpec("file.save_as", "Sa&ve as…", "File", ("Ctrl+Shift+S",), "Save the annotation under another name"),
    ActionSpec("file.save_in", "Save &masks in…", "File", (), "A folder for all masks, as the cases lie", "", True),
    ActionSpec("file.save_beside", "Save masks &beside the images", "File", (), "No folder of their own", "", True),
    ActionSpec("file.figure", "Export fi&gure…", "File", ("Ctrl+Shift+E",), "A figure for print, or an animation"),
    ActionSpec("file.report", "Save case repor&t…", "File", (), "Pictures, scores and volumes, as HTML or PDF"),
    ActionSpec(
        "file.statistics", "Save &label statistics…", "File", (), "Volume and intensities of each label, as CSV"
    ),
    ActionSpec(
        "view.copy", "Cop&y picture", "File", ("Ctrl+C",), "The view under the mouse, or all of them", topic="Copy"
    ),
    ActionSpec(
        "view.copy_bare",
        "Copy picture &without masks",
        "File",
        ("Ctrl+Alt+C",),
        "The same, only the image",
        topic="Copy",
    ),
    ActionSpec("file.preferences", "Pr&eferences…", "File", ("Ctrl+,",), "Look, name, folders, brush", separated=True),
    ActionSpec("file.quit", "&Quit", "File", ("Ctrl+Q",), "Close the program"),
    *CASE_ACTIONS,
    ActionSpec("view.next_modality", "&Next modality", "View", ("]",), "Show the next modality"),
    ActionSpec("view.previous_modality", "&Previous modality", "View", ("[",), "Show the modality before"),
    ActionSpec(
        "view.planes", "&Three planes", "View", ("Ctrl+1",), "Axial, sagittal and coronal", "planes", True, True
    ),
    ActionSpec(
        "view.modalities",
        "&Four modalities",
        "View",
        ("Ctrl+2",),
        "T1, T1ce, T2 and FLAIR of one plane",
        "modalities",
        True,
    ),
    ActionSpec(
        "view.compare",
        "&Compare",
        "View",
        ("Ctrl+3",),
        "Reference, prediction and agreement side by side",
        "compare",
        True,
    ),
    ActionSpec(
        "view.surfaces",
        "Surfaces in 3-&D",
        "View",
        ("Ctrl+5",),
        "Labels, lesions or errors in the fourth quarter, in place of the table; again: the table",
        "surfaces",
        True,
        known_as="solid volume rendering mesh three dimensions",
    ),
    ActionSpec(
        "view.axial", "&Axial plane", "View", ("Alt+1",), "Plane of the modality and compare layouts", "", True, True
    ),
    ActionSpec(
        "view.coronal", "C&oronal plane", "View", ("Alt+2",), "Plane of the modality and compare layouts", "", True
    ),
    ActionSpec(
        "view.sagittal", "&Sagittal plane", "View", ("Alt+3",), "Plane of the modality and compare layouts", "", True
    ),
    ActionSpec("view.fit", "F&it to view", "View", ("R",), "Show whole slices", "fit", separated=True),
    ActionSpec(
        "view.enlarge",
        "&Enlarge the view",
        "View",
        ("F",),
        "The view under the mouse alone, or all again; also a double click while browsing",
        "enlarge",
        known_as="single full screen one",
    ),
    ActionSpec(
        "view.auto_window", "Auto &window", "View", ("Ctrl+J",), "Window by the brain's percentiles", "contrast"
    ),
    ActionSpec(
        "view.convention",
        "&Radiological",
        "View",
        ("Ctrl+R",),
        "Patient's right on the left of the screen; off: neurological",
        "mirror",
        True,
    ),
    ActionSpec("view.crosshair", "Cross&hair", "View", ("C",), "Show or hide the crosshair", "crosshair", True),
    ActionSpec(
        "view.go_to", "&Go to a place…", "View", ("Ctrl+G",), "A voxel, a position in mm, or an index of the file"
    ),
    ActionSpec(
        "view.file_index",
        "File's own inde&x",
        "View",
        ("Ctrl+I",),
        "Tell voxels as the file counts them: from 0, along its stored axes",
        "",
        True,
    ),
    ActionSpec("view.smooth", "Smooth &zoomed images", "View", (), "Interpolate, or show the voxels", "", True),
    ActionSpec(
        "view.theme",
        "&Light theme",
        "View",
        (),
        "Light instead of dark; images stay on black",
        "theme",
        True,
        topic="Theme",
    ),
    ActionSpec(
        "view.system_theme", "&System's theme", "View", (), "Light or dark as the desktop is", "", True, topic="Theme"
    ),
    ActionSpec("view.reset", "Reset window layo&ut", "View", (), "Put all panels back", separated=True),
    ActionSpec("layers.masks", "Show &masks", "Layers", ("S",), "Masks on or off", "eye", True),
    ActionSpec("layers.fainter", "&Fainter masks", "Layers", ("A",), "Lower the opacity"),
    ActionSpec("layers.stronger", "&Stronger masks", "Layers", ("D",), "Raise the opacity"),
    ActionSpec(
        "layers.peek",
        "&Blink to the reference",
        "Layers",
        ("B",),
        "While held, the reference instead of the prediction",
    ),
    ActionSpec(
        "layers.agreement", "&Agreement", "Layers", ("G",), "Found, missed and false of a region", "", True, True
    ),
    ActionSpec("layers.next_error", "&Next error", "Layers", ("N",), "Go to the next error, the worst first"),
    ActionSpec("layers.previous_error", "&Previous error", "Layers", ("Shift+N",), "Go back to the error before"),
    ActionSpec(
        "layers.safe_colours",
        "&Colour-blind-safe colours",
        "Layers",
        (),
        "For any colour vision",
        "",
        True,
    ),
    ActionSpec(
        "layers.export_surfaces",
        "Export s&urfaces…",
        "Layers",
        (),
        "STL, PLY or glTF of what is seen in 3-D, or its picture",
        known_as="stl ply gltf glb print mesh",
    ),
    *ANNOTATE_ACTIONS,
    *OPERATION_ACTIONS,
    ActionSpec("segment.run", "&Segment", "Segment", ("Ctrl+Return",), "Run the network on the open case", "play"),
    ActionSpec(
        "segment.probabilities", "Segment and &keep probabilities", "Segment", (), "Keep how sure the network was, too"
    ),
    ActionSpec("segment.cancel", "&Cancel", "Segment", ("Escape",), "Stop what is running; nothing changes", "stop"),
    ActionSpec("segment.model", "Choose &model folder…", "Segment", (), "Use a network of your own", separated=True),
    ActionSpec("train.open", "&Training…", "Train", ("Ctrl+T",), "Train a network, and follow runs"),
    ActionSpec("help.keys", "&Keys…", "Help", ("?",), "All keys and mouse gestures; change them", "keyboard"),
    ActionSpec(
        "help.palette", "&Find a command…", "Help", ("Ctrl+K", "Ctrl+Shift+P"), "Run anything by its name", "search"
    ),
    ActionSpec(
        "help.menus",
        "Open the &menus",
        "Help",
        ("F10",),
        "Arrow keys go through them; also Alt and a menu's first letter",
    ),
    ActionSpec("help.tour", "&Tour…", "Help", (), "Five sentences on the window, and where they are about"),
    ActionSpec("help.log", "Show &log…", "Help", (), "What happened lately, without names", separated=True),
    ActionSpec("help.report", "Copy &report", "Help", (), "Versions and log, for those who mend brainseg"),
    ActionSpec("help.about", "&About brainseg", "Help", (), "Version, licence, intended use", separated=True),
)

MOUSE: tuple[tuple[str, str], ...] = (
    ("Wheel", "Scroll slices"),
    ("Left click or drag", "Move the crosshair"),
    ("Ctrl+wheel, or right drag", "Zoom"),
    ("Middle drag", "Pan"),
    ("Ctrl+drag", "Window: left–right width, up–down level"),
    ("Double click", "Enlarge a view, and back; with a tool: the middle button, or hold Space"),
    ("Page up, Page down", "Scroll the view that has the focus"),
    ("Arrow keys", "Move the crosshair by one voxel"),
    ("Left drag at the end of a lesion's diameter", "Move it, in a patient that is followed"),
    ("Left drag, while measuring", "Draw a ruler, angle or ellipse, or move an end of one; Delete takes one away"),
    ("Drag, wheel, or click over surfaces in 3-D", "Turn, zoom, or go to the place that is clicked"),
    *ANNOTATE_MOUSE,
)


def with_added(specs: Iterable[ActionSpec], base: Sequence[ActionSpec] = BASE_ACTIONS) -> tuple[ActionSpec, ...]:
    """The table with what features bring, each behind the actions that its menu has."""
    table = list(base)
    for spec in specs:
        ends = [index for index, known in enumerate(table, start=1) if known.menu == spec.menu]
        table.insert(ends[-1] if ends else len(table), spec)
    return tuple(table)


class Actions(QObject):
    """The actions of one window.

    Parameters
    ----------
    window
        The window whose shortcuts they are.
    specs
        The table, in the order of the menus.
    overrides
        Shortcuts that the person changed: key of the action -> key sequence.
    """

    triggered = Signal(str)
    rebound = Signal()
    """An action has other keys now."""

    def __init__(self, window: QMainWindow, overrides: Mapping[str, str], specs: Sequence[ActionSpec]) -> None:
        super().__init__(window)
        self._window, self.specs = window, tuple(specs)
        self._actions = {spec.key: self._make(spec, overrides.get(spec.key)) for spec in specs}

    def __getitem__(self, key: str) -> QAction:
        return self._actions[key]

    def __iter__(self) -> Iterator[tuple[ActionSpec, QAction]]:
        return ((spec, self._actions[spec.key]) for spec in self.specs)

    def _make(self, spec: ActionSpec, override: str | None) -> QAction:
        action = QAction(spec.text, self._window)
        action.setObjectName(spec.key)
        action.setCheckable(spec.checkable)
        if spec.key == "file.quit":
            action.setMenuRole(QAction.MenuRole.QuitRole)
        self._set_keys(action, joined(spec.keys) if override is None else override, spec)
        action.triggered.connect(self._on_triggered)
        if spec.over_pictures:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        else:
            self._window.addAction(action)
        return action

    def _set_keys(self, action: QAction, keys: str, spec: ActionSpec) -> None:
        action.setShortcuts(sequences_of(keys))
        shown = f" ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
        tip = f"\n{spec.tip}" if spec.tip else ""
        action.setToolTip(f"{spec.name.removesuffix('…')}{shown}{tip}")

    def listen_over(self, pictures: QWidget) -> None:
        """Let the keys that are for the slices alone work over them."""
        for spec, action in self:
            if spec.over_pictures:
                pictures.addAction(action)

    def rebind(self, key: str, sequence: str) -> None:
        """Give an action other shortcuts (parted by semicolons), or none."""
        spec = next(spec for spec in self.specs if spec.key == key)
        self._set_keys(self._actions[key], sequence, spec)
        self.rebound.emit()

    def owner_of(self, sequence: str) -> str | None:
        """Key of the action that already has this shortcut."""
        wanted = QKeySequence(sequence)
        return next((key for key, action in self._actions.items() if wanted in action.shortcuts()), None)

    def refresh_icons(self, only: Collection[QAction] | None = None) -> None:
        """Draw the icons in the colours of the current theme: all, or only those of these actions."""
        for spec, action in self:
            if spec.icon and (only is None or action in only):
                action.setIcon(icon(spec.icon))

    def _on_triggered(self) -> None:
        self.triggered.emit(self.sender().objectName())


class ActionTip(QObject):
    """Keeps the tool tip of a widget that of an action, whose keys may change; lives as long as the widget."""

    def __init__(self, widget: QWidget, action: QAction) -> None:
        super().__init__(widget)
        self._widget, self._action = widget, action
        action.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        self._widget.setToolTip(self._action.toolTip())
