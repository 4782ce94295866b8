"""Opening a case in 3D Slicer or ITK-SNAP, as a feature of the window; its actions stand in the table of menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.core_features import MASKS
from brainseg_gui.controllers.shell.features.feature import Feature

if TYPE_CHECKING:
    from brainseg_gui.controllers.annotating.neighbours import NeighboursController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet


def _neighbours(controllers: ControllerSet) -> NeighboursController:
    from brainseg_gui.controllers.annotating.neighbours import NeighboursController

    session, window, preferences = controllers.session, controllers.window, controllers.preferences
    return NeighboursController(session, window, preferences, controllers[MASKS].add_mask)


NEIGHBOURS = Feature(
    _neighbours,
    commands={
        "cases.open_in_slicer": lambda neighbours: neighbours.open_in("slicer"),
        "cases.open_in_itk-snap": lambda neighbours: neighbours.open_in("itk-snap"),
        "cases.where_is_slicer": lambda neighbours: neighbours.choose_program("slicer"),
        "cases.where_is_itk-snap": lambda neighbours: neighbours.choose_program("itk-snap"),
    },
)
