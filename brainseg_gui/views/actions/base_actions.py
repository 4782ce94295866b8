"""The table of actions that are there from the start, and what the mouse does; features bring theirs beside it."""

from __future__ import annotations

from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.annotate_actions import ANNOTATE_ACTIONS, ANNOTATE_MOUSE
from brainseg_gui.views.actions.case_actions import CASE_ACTIONS
from brainseg_gui.views.actions.operation_actions import OPERATION_ACTIONS

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
