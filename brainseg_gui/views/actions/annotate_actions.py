"""The actions of annotating, and what the mouse does meanwhile."""

from __future__ import annotations

from functools import partial

from brainseg_gui.state.annotating.tools import TRAITS, Tool
from brainseg_gui.views.actions.action_spec import ActionSpec

_action = partial(ActionSpec, menu="Annotate")
_start = partial(_action, topic="Start from")
_tool = partial(_action, topic="Tool")
_brush = partial(_action, topic="Brush")
_voxels = partial(_action, topic="Voxels")
_label = partial(_action, topic="Label")


_NUMBERED_TOOLS = 7  # the keys 8, 9 and 0 choose labels


def of_tool(number: int, tool: Tool) -> ActionSpec:
    """The action that takes a tool, with its number as key as long as there are keys."""
    traits, first = TRAITS[tool], number == 1
    return ActionSpec(
        f"annotate.{tool.value}",
        traits.title,
        "Annotate",
        (str(number),) if number <= _NUMBERED_TOOLS else (),
        traits.tip,
        traits.icon,
        checkable=True,
        separated=first,
        topic="Tool",
        known_as=traits.known_as,
    )


ANNOTATE_ACTIONS: tuple[ActionSpec, ...] = (
    _action(
        "annotate.start",
        "&Annotate",
        keys=("Ctrl+E",),
        tip="Correct the compared prediction as a layer of your own; off: put the annotation aside",
        icon="annotate",
        checkable=True,
        known_as="correct edit draw contour",
    ),
    _start(
        "annotate.start_prediction",
        "Start from the &prediction",
        tip="A copy of the compared prediction",
        known_as="correct edit copy",
    ),
    _start("annotate.start_reference", "Start from the &reference", tip="A copy of the reference"),
    _start("annotate.start_empty", "Start &empty", tip="A mask without any label"),
    _action(
        "annotate.restore",
        "Restore unsaved &work…",
        tip="Bring back what the journals hold",
        known_as="recover journal crash",
    ),
    _action(
        "annotate.undo",
        "&Undo",
        keys=("Ctrl+Z",),
        tip="Take the last edit back",
        icon="undo",
        separated=True,
        known_as="back",
    ),
    _action(
        "annotate.redo", "&Redo", keys=("Ctrl+Shift+Z", "Ctrl+Y"), tip="Apply again what was undone last", icon="redo"
    ),
    _action(
        "annotate.take_back_click",
        "Take back the last clic&k",
        keys=("Z",),
        tip="With the tool Click: drop the click that waits, else undo the last edit if it was a click",
        known_as="undo back",
    ),
    *(of_tool(number, tool) for number, tool in enumerate(Tool, start=1)),
    _brush(
        "annotate.erase",
        "&Erase",
        keys=("E",),
        tip="The left button takes away, the right one paints",
        icon="eraser",
        checkable=True,
        known_as="eraser rubber delete",
    ),
    _brush(
        "annotate.in_3d",
        "In &3-D",
        keys=("V",),
        tip="Ball instead of disc, filling through the slices, cutting through all slices",
        icon="cube",
        checkable=True,
        known_as="3d ball sphere volume",
    ),
    _brush(
        "annotate.square",
        "&Square brush",
        tip="Square instead of round",
        checkable=True,
        known_as="cube shape",
    ),
    _brush(
        "annotate.bigger",
        "&Bigger brush",
        keys=("+", "="),
        tip="Also Shift+wheel",
        known_as="size radius diameter",
    ),
    _brush(
        "annotate.smaller",
        "S&maller brush",
        keys=("-",),
        tip="Also Shift+wheel",
        known_as="size radius diameter",
    ),
    _voxels(
        "annotate.paint_all",
        "Paint &all voxels",
        tip="Every voxel under the brush",
        checkable=True,
    ),
    _voxels(
        "annotate.paint_in_range",
        "Paint voxels in &range",
        tip="Only voxels whose intensity lies in a range",
        checkable=True,
        known_as="threshold intensity",
    ),
    _voxels(
        "annotate.paint_edges",
        "Paint up to &edges",
        tip="Only voxels that belong to the one under the mouse",
        checkable=True,
        known_as="smart adaptive",
    ),
    _voxels(
        "annotate.take_range",
        "&Take the range from the crosshair",
        keys=("T",),
        tip="The usual intensities within 5 mm of the crosshair",
        known_as="threshold sample",
    ),
    _label(
        "annotate.label_1",
        "&First label",
        keys=("8",),
        tip="Paint with it",
        checkable=True,
    ),
    _label("annotate.label_2", "&Second label", keys=("9",), tip="Paint with it", checkable=True),
    _label("annotate.label_3", "&Third label", keys=("0",), tip="Paint with it", checkable=True),
    _label("annotate.label_4", "F&ourth label", tip="Paint with it", checkable=True),
    _label("annotate.previous_label", "&Previous label", keys=(",",), tip="Paint with the label above"),
    _label("annotate.next_label", "&Next label", keys=(".",), tip="Paint with the label below"),
    _label(
        "annotate.swap_labels",
        "S&wap the last two labels",
        keys=("X",),
        tip="Paint with the label before",
        known_as="toggle last",
    ),
    _label(
        "annotate.pick_label",
        "P&ick the label",
        keys=("I",),
        tip="The label under the mouse; also Alt+click",
        known_as="eyedropper pipette",
    ),
    _label(
        "annotate.lock_label",
        "&Lock the label",
        keys=("L",),
        tip="No tool changes voxels of the label",
        checkable=True,
        known_as="protect",
    ),
    _label(
        "annotate.paint_over",
        "Paint o&ver: next choice",
        keys=("O",),
        tip="Everything, background only, the ticked labels, in turn",
        known_as="mask protect",
    ),
    _tool(
        "annotate.use",
        "&Use the tool at the crosshair",
        keys=("U",),
        tip="As a left click there",
        separated=True,
    ),
    _tool("annotate.use_right", "&Erase at the crosshair", keys=("Shift+U",), tip="As a right click there"),
    _tool(
        "annotate.close_outline",
        "Close the polygon, &accept the preview",
        keys=("Return", "Enter"),
        tip="Fill what the polygon surrounds, or make what is previewed an edit; Esc drops it",
        over_pictures=True,
    ),
    _tool(
        "annotate.drop_corner",
        "Drop the last cor&ner",
        keys=("Backspace",),
        tip="Take the polygon's last corner back",
        over_pictures=True,
    ),
    _tool(
        "annotate.remove_corner",
        "Re&move the corner under the mouse",
        tip="Of an open polygon; away from all, its last corner. While one is open, Delete does it",
    ),
    _tool(
        "annotate.browse_held",
        "Browse for a m&oment",
        keys=("Space",),
        tip="While held, the mouse browses",
        over_pictures=True,
    ),
    _tool("annotate.clear_seeds", "Clear see&ds", tip="Take all seeds away", known_as="scribbles"),
)

ANNOTATE_MOUSE: tuple[tuple[str, str], ...] = (
    ("Left drag, with a tool", "Paint, draw, seed or copy; with Erase on: take away"),
    ("Right drag, with a tool", "The opposite: take away; with Erase on: paint"),
    ("Shift+click, with a brush", "A straight line from where the last stroke ended"),
    ("Shift+wheel, with a brush", "Size of the brush"),
    ("Alt+click, with a tool", "Pick the label under the mouse"),
    ("Click: left, right", "Here the label is missing; here it is too much; with Erase on: the other way round"),
    ("Click: drag, Shift+drag", "The same by a scribble, or by a box"),
    ("Lasso: drag", "Surround freely; closed on release"),
    ("Lasso: clicks", "Corners of a polygon; double click or the first corner closes it"),
    ("Lasso: drag a corner, click an edge", "Move the corner; set one more"),
    ("Lasso: right click on a corner", "Take it away"),
    ("Ctrl+drag, Middle drag, Ctrl+wheel, with a tool", "Window, pan and zoom as ever"),
)
