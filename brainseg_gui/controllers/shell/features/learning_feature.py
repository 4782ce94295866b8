"""Learning from corrected cases, as a feature of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.core_features import SEGMENTING
from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.views.actions.action_spec import ActionSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
    from brainseg_gui.controllers.training.learning import LearningController


def _learning(controllers: ControllerSet) -> LearningController:
    from brainseg_gui.controllers.training.learning import LearningController, NetworkInUse

    segment = controllers[SEGMENTING]
    network = NetworkInUse(lambda: segment.network[1:] if segment.network is not None else None, segment.models.use)
    show_training = controllers.window.actions_table["train.open"].trigger
    session, window, preferences = controllers.session, controllers.window, controllers.preferences
    return LearningController(session, window, preferences, network, show_training)


LEARNING = Feature(
    _learning,
    actions=(
        ActionSpec(
            "train.learn",
            "&Learn from corrected cases…",
            "Train",
            (),
            "Train on the cases that are done, compare with the network in use, and promote the better one",
            known_as="active learning fine-tune annotate promote",
        ),
    ),
    commands={"train.learn": lambda learning: learning.show()},
)
