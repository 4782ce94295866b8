"""Preparing raw series, as a feature of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.core_features import FILES, SEGMENTING
from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.shell.panel_spec import PanelSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.preparing.preparing import PreparingController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
    from brainseg_gui.views.preparing.prepare_panel import PreparePanel


def _panel(session: Session, _actions: Actions) -> PreparePanel:
    from brainseg_gui.views.preparing.prepare_panel import PreparePanel

    return PreparePanel(session)


def _controller(controllers: ControllerSet) -> PreparingController:
    from brainseg_gui.controllers.preparing.preparing import PreparingController

    window, segmenting = controllers.window, controllers[SEGMENTING]
    return PreparingController(
        controllers.session,
        window,
        controllers.preferences,
        controllers[FILES],
        window.panels[PREPARE],
        partial(window.panels.show, PREPARE.title),
        partial(window.panels.leave, PREPARE.title),
        lambda: segmenting.network[0] if segmenting.network is not None else None,
        segmenting.segment,
        segmenting.cancel,
    )


_action = partial(ActionSpec, menu="Segment", topic="Prepare", known_as="dicom register skull strip scanner")
PREPARE = PanelSpec("Prepare", _panel, behind="Layers", occasional=True, shown_by="prepare.show")
PREPARING = Feature(
    _controller,
    (PREPARE,),
    (
        _action("file.prepare", "Prepare &raw series…", tip="DICOM or files of one examination, made a case"),
        _action("file.prepare_asked", "Prepare &what was dropped", tip="The raw series that were to be opened last"),
        _action("prepare.show", "&Series and steps…", tip="What each raw series is taken for, and how far it is"),
    ),
    {
        "file.prepare": lambda preparing: preparing.choose(),
        "file.prepare_asked": lambda preparing: preparing.look_at_asked(),
    },
)
