"""The actions that open a case in other programs."""

from __future__ import annotations

from functools import partial

from brainseg_gui.views.actions.action_spec import ActionSpec

_action = partial(ActionSpec, menu="File", topic="Open in", known_as="external editor exchange")
_OPEN = "The case and its mask; what is saved there comes back as a layer"

NEIGHBOUR_ACTIONS: tuple[ActionSpec, ...] = (
    _action("file.open_in_slicer", "3D &Slicer", tip=_OPEN),
    _action("file.open_in_itk-snap", "&ITK-SNAP", tip=_OPEN),
    _action("file.where_is_slicer", "&Where is 3D Slicer…", tip="Choose the program", separated=True),
    _action("file.where_is_itk-snap", "W&here is ITK-SNAP…", tip="Choose the program"),
)
