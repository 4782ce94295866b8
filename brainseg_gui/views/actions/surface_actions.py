"""The actions of surfaces in 3-D."""

from __future__ import annotations

from brainseg_gui.views.actions.action_spec import ActionSpec

SURFACE_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "view.surfaces",
        "Surfaces in 3-&D",
        "View",
        ("Ctrl+5",),
        "Labels, lesions or errors as surfaces in the fourth quarter, in place of the table; again: the table",
        checkable=True,
        known_as="solid volume rendering mesh three dimensions",
    ),
    ActionSpec(
        "layers.export_surfaces",
        "Export s&urfaces…",
        "Layers",
        (),
        "STL, PLY or glTF of what is seen in 3-D, or its picture",
        known_as="stl ply gltf glb print mesh",
    ),
)
