"""The actions of annotating, and what the mouse does meanwhile."""

from __future__ import annotations

from functools import partial

from brainseg_gui.views.actions.action_spec import ActionSpec

_action = partial(ActionSpec, menu="Annotate")

ANNOTATE_ACTIONS: tuple[ActionSpec, ...] = (
    _action(
        "annotate.start",
        "Annotate",
        keys=("Ctrl+E",),
        tip="Correct the compared prediction as a layer of your own; off: put the annotation aside",
        icon="annotate",
        checkable=True,
    ),
    _action("annotate.start_prediction", "Start from the prediction", tip="A copy of the compared prediction"),
    _action("annotate.start_reference", "Start from the reference", tip="A copy of the reference"),
    _action("annotate.start_empty", "Start empty", tip="A mask without any label"),
    _action("annotate.restore", "Restore unsaved work…", tip="Bring back what the journals hold"),
    _action("annotate.undo", "Undo", keys=("Ctrl+Z",), tip="Take the last edit back", icon="undo", separated=True),
    _action(
        "annotate.redo", "Redo", keys=("Ctrl+Shift+Z", "Ctrl+Y"), tip="Apply again what was undone last", icon="redo"
    ),
    _action(
        "annotate.browse",
        "Browse",
        keys=("1",),
        tip="Left: crosshair. Right drag: zoom",
        icon="crosshair",
        checkable=True,
        separated=True,
    ),
    _action(
        "annotate.brush",
        "Brush",
        keys=("2",),
        tip="Left: paint. Right: erase. Shift+click: straight line. Shift+wheel: size",
        icon="brush",
        checkable=True,
    ),
    _action(
        "annotate.lasso",
        "Lasso and polygon",
        keys=("3",),
        tip="Drag: lasso. Clicks: corners of a polygon; Return or double click closes it. Right: cut",
        icon="lasso",
        checkable=True,
    ),
    _action(
        "annotate.fill",
        "Fill",
        keys=("4",),
        tip="Left: fill the region under the mouse. Right: clear it",
        icon="bucket",
        checkable=True,
    ),
    _action(
        "annotate.seeds",
        "Seeds",
        keys=("5",),
        tip="Left: scribble with the label. Right: scribble where there is no tumour",
        icon="seeds",
        checkable=True,
    ),
    _action(
        "annotate.copy",
        "Copy from a layer",
        keys=("6",),
        tip="Left: copy what the other layer says. Right: erase. Shift+wheel: size",
        icon="copy",
        checkable=True,
    ),
    _action(
        "annotate.erase",
        "Erase",
        keys=("E",),
        tip="The left button takes away, the right one paints",
        icon="eraser",
        checkable=True,
        separated=True,
    ),
    _action(
        "annotate.in_3d",
        "In 3-D",
        keys=("V",),
        tip="Ball instead of disc, filling through the slices, cutting through all slices",
        icon="cube",
        checkable=True,
    ),
    _action("annotate.square", "Square brush", tip="Square instead of round", checkable=True),
    _action("annotate.bigger", "Bigger brush", keys=("+", "="), tip="Also Shift+wheel"),
    _action("annotate.smaller", "Smaller brush", keys=("-",), tip="Also Shift+wheel"),
    _action(
        "annotate.paint_all",
        "Paint all voxels",
        tip="Every voxel under the brush",
        checkable=True,
        separated=True,
    ),
    _action(
        "annotate.paint_in_range",
        "Paint voxels in range",
        tip="Only voxels whose intensity lies in a range",
        checkable=True,
    ),
    _action(
        "annotate.paint_edges",
        "Follow edges",
        tip="Only voxels that belong to the one under the mouse",
        checkable=True,
    ),
    _action(
        "annotate.take_range",
        "Take the range from the crosshair",
        keys=("T",),
        tip="The usual intensities within 5 mm of the crosshair",
    ),
    _action("annotate.label_1", "First label", keys=("7",), tip="Paint with it", checkable=True, separated=True),
    _action("annotate.label_2", "Second label", keys=("8",), tip="Paint with it", checkable=True),
    _action("annotate.label_3", "Third label", keys=("9",), tip="Paint with it", checkable=True),
    _action("annotate.label_4", "Fourth label", keys=("0",), tip="Paint with it", checkable=True),
    _action("annotate.previous_label", "Previous label", keys=(",",), tip="Paint with the label above"),
    _action("annotate.next_label", "Next label", keys=(".",), tip="Paint with the label below"),
    _action("annotate.swap_labels", "Swap the last two labels", keys=("X",), tip="Paint with the label before"),
    _action("annotate.pick_label", "Pick the label", keys=("I",), tip="The label under the mouse; also Alt+click"),
    _action(
        "annotate.lock_label", "Lock the label", keys=("L",), tip="No tool changes voxels of the label", checkable=True
    ),
    _action(
        "annotate.paint_over",
        "Paint over: next choice",
        keys=("O",),
        tip="Everything, background only, the ticked labels, in turn",
    ),
    _action("annotate.use", "Use the tool at the crosshair", keys=("U",), tip="As a left click there", separated=True),
    _action("annotate.use_right", "Erase at the crosshair", keys=("Shift+U",), tip="As a right click there"),
    _action(
        "annotate.close_outline",
        "Close the polygon, accept the preview",
        keys=("Return", "Enter"),
        tip="Fill what the polygon surrounds, or make what is previewed an edit; Esc drops it",
        over_pictures=True,
    ),
    _action(
        "annotate.drop_corner",
        "Drop the last corner",
        keys=("Backspace",),
        tip="Take the polygon's last corner back",
        over_pictures=True,
    ),
    _action(
        "annotate.browse_held",
        "Browse for a moment",
        keys=("Space",),
        tip="While held, the mouse browses",
        over_pictures=True,
    ),
    _action("annotate.clear_seeds", "Clear scribbles", tip="Take all seeds away"),
)

ANNOTATE_MOUSE: tuple[tuple[str, str], ...] = (
    ("Left drag, with a tool", "Paint, draw, scribble or copy; with Erase on: take away"),
    ("Right drag, with a tool", "The opposite: take away; with Erase on: paint"),
    ("Shift+click, with a brush", "A straight line from where the last stroke ended"),
    ("Shift+wheel, with a brush", "Size of the brush"),
    ("Alt+click, with a tool", "Pick the label under the mouse"),
    ("Lasso: drag", "Surround freely; closed on release"),
    ("Lasso: clicks", "Corners of a polygon; double click or the first corner closes it"),
    ("Ctrl+drag, Middle drag, Ctrl+wheel, with a tool", "Window, pan and zoom as ever"),
)
