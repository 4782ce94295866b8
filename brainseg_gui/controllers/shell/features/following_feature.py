"""Following a patient over visits, as a feature of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.core_features import ANNOTATING, FILES, PROPOSING
from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.actions.follow_actions import FOLLOW_ACTIONS
from brainseg_gui.views.shell.panel_spec import PanelSpec, Side

if TYPE_CHECKING:
    from brainseg_gui.controllers.following.following import FollowingController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
    from brainseg_gui.views.following.measures_panel import MeasuresPanel
    from brainseg_gui.views.following.time_line import TimeLinePanel


def _time_line(session: Session, actions: Actions) -> TimeLinePanel:
    from brainseg_gui.views.following.time_line import TimeLinePanel

    return TimeLinePanel(session, actions)


def _measures(session: Session, actions: Actions) -> MeasuresPanel:
    from brainseg_gui.views.following.measures_panel import MeasuresPanel

    return MeasuresPanel(session, actions)


def _controller(controllers: ControllerSet) -> FollowingController:
    from brainseg_gui.controllers.following.following import FollowingController

    window = controllers.window
    return FollowingController(
        controllers.session,
        window,
        controllers.preferences,
        controllers[FILES],
        window.panels[TIME_LINE],
        window.panels[VISIT_MEASURES],
        window.pictures,
        partial(window.panels.show, VISIT_MEASURES.title),
    )


def _introduce(controller: FollowingController, others: ControllerSet) -> None:
    following, window = others.session.following, others.window
    others[ANNOTATING].undoing.know_following(following)
    controller.carrying.annotate = others[ANNOTATING].begin
    controller.carrying.propose = others[PROPOSING].look_through
    following.line_changed.connect(lambda: window.follow(following.line))


TIME_LINE = PanelSpec("Time line", _time_line, Side.TOP, headed=True, shown_by="follow.time_line")
VISIT_MEASURES = PanelSpec("Measures", _measures, behind="Layers", occasional=True, shown_by="follow.measures")
FOLLOWING = Feature(
    _controller,
    (TIME_LINE, VISIT_MEASURES),
    FOLLOW_ACTIONS,
    {
        "file.open_patient": lambda following: following.choose(),
        "follow.list": lambda following: following.follow_list(),
        "follow.measure": lambda following: following.measure(),
        "follow.baseline": lambda following: following.measures.count_from_here(),
        "follow.carry": lambda following: following.carrying.carry_nearest(),
        "follow.report": lambda following: following.report.choose(),
    },
    _introduce,
)
