"""Surfaces in 3-D, as a feature of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.feature import Feature

if TYPE_CHECKING:
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
    from brainseg_gui.controllers.surfaces.surfaces import SurfacesController


def _controller(controllers: ControllerSet) -> SurfacesController:
    from brainseg_gui.controllers.surfaces.surfaces import SurfacesController

    window = controllers.window
    return SurfacesController(
        controllers.session,
        window,
        window.actions_table,
        controllers.preferences,
        window.pictures,
        window.focus.give_back_unless_typing,
    )


SURFACES = Feature(
    _controller,
    commands={
        "view.surfaces": lambda surfaces: surfaces.toggle(),
        "follow.surfaces": lambda surfaces: surfaces.show_lesions(),
        "layers.export_surfaces": lambda surfaces: surfaces.choose_export(),
    },
)
