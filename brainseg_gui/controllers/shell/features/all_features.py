"""The features of the program: a new one, with its panels, actions and controller, is one record in this room.

Those of a few lines stand here, the others in a module of their own. Except for `core_features`, their controllers are
made, and imported, when they are first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brainseg_gui.controllers.shell.features.comparing_features import COHORT, FIGURES, INTENSITIES, RATING, REPORT
from brainseg_gui.controllers.shell.features.console_feature import CONSOLE
from brainseg_gui.controllers.shell.features.core_features import (
    ANNOTATING,
    APPEARANCE,
    CORE_FEATURES,
    FILES,
    JOURNALS,
    MASKS,
    SEGMENTING,
)
from brainseg_gui.controllers.shell.features.core_panels import LAYERS
from brainseg_gui.controllers.shell.features.exporting_feature import COHORT_EXPORT
from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.controllers.shell.features.following_feature import FOLLOWING
from brainseg_gui.controllers.shell.features.learning_feature import LEARNING
from brainseg_gui.controllers.shell.features.measuring_feature import MEASURING
from brainseg_gui.controllers.shell.features.neighbours_feature import NEIGHBOURS
from brainseg_gui.controllers.shell.features.plug_in_tools_feature import tools_feature
from brainseg_gui.controllers.shell.features.preparing_feature import PREPARING
from brainseg_gui.controllers.shell.features.surfaces_feature import SURFACES
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.actions import Actions, with_added
from brainseg_gui.views.shell.panel_spec import PanelSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.annotating.dicom_export import DicomExportController
    from brainseg_gui.controllers.annotating.labels import LabelsController
    from brainseg_gui.controllers.segmenting.certainty import CertaintyController
    from brainseg_gui.controllers.segmenting.cohort_run import CohortRunController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
    from brainseg_gui.controllers.shell.plug_ins import PlugInsController
    from brainseg_gui.controllers.shell.preferences_form import PreferencesFormController
    from brainseg_gui.controllers.shell.tour import TourController
    from brainseg_gui.controllers.training.training import TrainingController
    from brainseg_gui.views.segmenting.probabilities_panel import ProbabilitiesPanel

# how sure the network was


def _probabilities_panel(session: Session, _actions: Actions) -> ProbabilitiesPanel:
    from brainseg_gui.views.segmenting.probabilities_panel import ProbabilitiesPanel

    return ProbabilitiesPanel(session)


def _certainty(controllers: ControllerSet) -> CertaintyController:
    from brainseg_gui.controllers.segmenting.certainty import CertaintyController

    return CertaintyController(
        controllers.session, controllers.window, controllers.preferences, controllers.window.panels[PROBABILITIES]
    )


def _introduce_certainty(_certainty: CertaintyController, others: ControllerSet) -> None:
    panel = others.window.panels[PROBABILITIES]
    panel.when_made(lambda made: made.segment_requested.connect(others[SEGMENTING].segment_with_probabilities))


PROBABILITIES = PanelSpec(
    "Probabilities", _probabilities_panel, behind="Layers", about_masks=True, shown_by="layers.probabilities"
)
CERTAINTY = Feature(
    _certainty,
    (PROBABILITIES,),
    (
        ActionSpec(
            "layers.probabilities",
            "Pr&obabilities…",
            "Layers",
            (),
            "How sure the network was, and how rightly",
            separated=True,
        ),
    ),
    introduce=_introduce_certainty,
)

# label schemes of one's own


def _labels(controllers: ControllerSet) -> LabelsController:
    from brainseg_gui.controllers.annotating.labels import LabelsController

    layers = controllers.window.panels[LAYERS]()
    return LabelsController(
        controllers.session, controllers.window, controllers.preferences, controllers[ANNOTATING], layers
    )


LABELS = Feature(
    _labels,
    actions=(
        ActionSpec(
            "layers.labels", "&Edit labels…", "Layers", (), "Names, numbers and colours of the labels; own schemes"
        ),
    ),
    commands={"layers.labels": lambda labels: labels.edit()},
)

# windows and dialogs of their own; their actions stand among those of their menus, in the table


def _training(controllers: ControllerSet) -> TrainingController:
    from brainseg_gui.controllers.training.training import TrainingController

    return TrainingController(
        controllers.session, controllers.window, controllers.preferences, controllers[SEGMENTING].models.use
    )


def _cohort_run(controllers: ControllerSet) -> CohortRunController:
    from brainseg_gui.controllers.segmenting.cohort_run import CohortRunController

    return CohortRunController(
        controllers.session,
        controllers.window,
        controllers.preferences,
        controllers[FILES],
        controllers[MASKS],
        controllers[SEGMENTING],
        lambda report: controllers[COHORT].show_report(report),
    )


def _dicom_export(controllers: ControllerSet) -> DicomExportController:
    from brainseg_gui.controllers.annotating.dicom_export import DicomExportController

    return DicomExportController(
        controllers.session, controllers.window, controllers.preferences, controllers[JOURNALS]
    )


def _preferences_form(controllers: ControllerSet) -> PreferencesFormController:
    from brainseg_gui.controllers.shell.preferences_form import PreferencesFormController

    return PreferencesFormController(
        controllers.session, controllers.window, controllers.preferences, controllers[APPEARANCE]
    )


def _tour(controllers: ControllerSet) -> TourController:
    from brainseg_gui.controllers.shell.tour import TourController

    return TourController(controllers.window, controllers.preferences)


def _plug_ins(controllers: ControllerSet) -> PlugInsController:
    from brainseg_gui.controllers.shell.plug_ins import PlugInsController

    return PlugInsController(controllers.session, controllers.window)


TRAINING = Feature(_training, commands={"train.open": lambda training: training.show()})
COHORT_RUN = Feature(_cohort_run, commands={"cases.run": lambda segmenting: segmenting.show()})
DICOM_EXPORT = Feature(
    _dicom_export,
    actions=(
        ActionSpec(
            "layers.export_dicom", "Export as &DICOM…", "Layers", (), "A segmentation, or contours for radiotherapy"
        ),
    ),
    commands={"layers.export_dicom": lambda export: export.choose()},
)
PREFERENCES_FORM = Feature(_preferences_form, commands={"file.preferences": lambda form: form.show()})
TOUR = Feature(_tour, commands={"help.tour": lambda tour: tour.show()})
PLUG_INS = Feature(
    _plug_ins,
    actions=(ActionSpec("help.plug_ins", "&Plug-ins…", "Help", (), "What other packages bring; switch it off"),),
    commands={"help.plug_ins": lambda plug_ins: plug_ins.show()},
)

FEATURES: tuple[Feature[Any], ...] = (
    *CORE_FEATURES,
    RATING,
    CERTAINTY,
    LABELS,
    INTENSITIES,
    MEASURING,
    FOLLOWING,
    PREPARING,
    SURFACES,
    TRAINING,
    LEARNING,
    COHORT,
    COHORT_RUN,
    FIGURES,
    REPORT,
    COHORT_EXPORT,
    DICOM_EXPORT,
    NEIGHBOURS,
    tools_feature(),
    CONSOLE,
    PREFERENCES_FORM,
    TOUR,
    PLUG_INS,
)

PANELS = tuple(spec for feature in FEATURES for spec in feature.panels)
ACTIONS = with_added(spec for feature in FEATURES for spec in feature.actions)
