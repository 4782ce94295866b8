"""The actions of measuring."""

from __future__ import annotations

from functools import partial

from brainseg_gui.views.actions.action_spec import ActionSpec

_action = partial(ActionSpec, menu="Measure")

MEASURE_ACTIONS: tuple[ActionSpec, ...] = (
    _action(
        "measure.ruler",
        "&Ruler",
        keys=("Q",),
        tip="Drag, or two clicks: a length in mm. Drag an end to move it; Delete takes it away",
        icon="ruler",
        checkable=True,
        known_as="distance length caliper line measure",
    ),
    _action(
        "measure.angle",
        "&Angle",
        keys=("Shift+Q",),
        tip="Drag along one arm to the vertex, then click the end of the other",
        icon="angle",
        checkable=True,
        known_as="degrees measure",
    ),
    _action(
        "measure.ellipse",
        "&Ellipse",
        keys=("W",),
        tip="Drag from corner to corner: size, and how bright every modality is in it",
        icon="ellipse",
        checkable=True,
        known_as="roi region of interest mean statistics circle",
    ),
    _action(
        "measure.copy",
        "&Copy measurements",
        keys=("Ctrl+Shift+C",),
        tip="All of the case with their statistics, as a table for a spreadsheet",
        separated=True,
    ),
    _action("measure.remove", "Re&move", tip="Take the chosen measurement away; Delete while measuring"),
    _action("measure.list", "Measurement &list…", tip="The list of what was measured on this case", separated=True),
)
