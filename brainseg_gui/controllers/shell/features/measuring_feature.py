"""Measuring, as a feature of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.core_features import ANNOTATING, JOURNALS, UNDER_WAY
from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.measure_actions import MEASURE_ACTIONS
from brainseg_gui.views.shell.panel_spec import PanelSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.measuring.measuring import MeasuringController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
    from brainseg_gui.views.measuring.measurements_panel import MeasurementsPanel


def _panel(session: Session, actions: Actions) -> MeasurementsPanel:
    from brainseg_gui.views.measuring.measurements_panel import MeasurementsPanel

    return MeasurementsPanel(session, actions)


def _controller(controllers: ControllerSet) -> MeasuringController:
    from brainseg_gui.controllers.measuring.measuring import MeasuringController

    window, journals = controllers.window, controllers[JOURNALS]
    return MeasuringController(
        controllers.session,
        window,
        window.actions_table,
        window.panels[MEASUREMENTS],
        window.pictures,
        partial(window.panels.show, MEASUREMENTS.title),
        controllers.preferences.measurements,
        lambda: journals.study.known_digest,
        journals.study.know,
    )


def _introduce(controller: MeasuringController, others: ControllerSet) -> None:
    others[UNDER_WAY].measuring = controller
    others[ANNOTATING].undoing.know_measuring(others.session.measuring)


def _take(controller: MeasuringController, kind: str) -> None:
    from brainseg_gui.annotation.measuring.mark import MarkKind

    controller.take(MarkKind(kind))


MEASUREMENTS = PanelSpec("Measurements", _panel, behind="Layers", about_masks=True, shown_by="measure.list")
MEASURING = Feature(
    _controller,
    (MEASUREMENTS,),
    MEASURE_ACTIONS,
    {
        "measure.ruler": lambda controller: _take(controller, "ruler"),
        "measure.angle": lambda controller: _take(controller, "angle"),
        "measure.ellipse": lambda controller: _take(controller, "ellipse"),
        "measure.copy": lambda controller: controller.copy(),
        "measure.remove": lambda controller: controller.remove_chosen(),
    },
    _introduce,
)
