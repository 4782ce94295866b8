"""The features of the program: a new one, with its panels, actions and controller, is one record here.

Controllers of those below are made, and imported, when they are first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brainseg_gui.controllers.shell.console_feature import CONSOLE
from brainseg_gui.controllers.shell.core_features import (
    ANNOTATING,
    APPEARANCE,
    CORE_FEATURES,
    FILES,
    JOURNALS,
    MASKS,
    SEGMENTING,
)
from brainseg_gui.controllers.shell.core_panels import LAYERS
from brainseg_gui.controllers.shell.feature import Feature
from brainseg_gui.controllers.shell.following_feature import FOLLOWING
from brainseg_gui.controllers.shell.learning_feature import LEARNING
from brainseg_gui.controllers.shell.measuring_feature import MEASURING
from brainseg_gui.controllers.shell.neighbours_feature import NEIGHBOURS
from brainseg_gui.controllers.shell.plug_in_tools_feature import tools_feature
from brainseg_gui.controllers.shell.preparing_feature import PREPARING
from brainseg_gui.controllers.shell.surfaces_feature import SURFACES
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.actions import Actions, with_added
from brainseg_gui.views.shell.panel_spec import PanelSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.annotating.dicom_export import DicomExportController
    from brainseg_gui.controllers.annotating.labels import LabelsController
    from brainseg_gui.controllers.comparing.case_report import CaseReportController
    from brainseg_gui.controllers.comparing.cohort import CohortController
    from brainseg_gui.controllers.comparing.figures import FiguresController
    from brainseg_gui.controllers.comparing.intensities import IntensitiesController
    from brainseg_gui.controllers.comparing.rating import RatingController
    from brainseg_gui.controllers.segmenting.certainty import CertaintyController
    from brainseg_gui.controllers.segmenting.cohort_run import CohortRunController
    from brainseg_gui.controllers.shell.controller_set import ControllerSet
    from brainseg_gui.controllers.shell.plug_ins import PlugInsController
    from brainseg_gui.controllers.shell.preferences_form import PreferencesFormController
    from brainseg_gui.controllers.shell.tour import TourController
    from brainseg_gui.controllers.training.training import TrainingController
    from brainseg_gui.views.comparing.histograms_panel import HistogramsPanel
    from brainseg_gui.views.comparing.raters_panel import RatersPanel
    from brainseg_gui.views.segmenting.probabilities_panel import ProbabilitiesPanel

# several masks of one case


def _raters_panel(session: Session, _actions: Actions) -> RatersPanel:
    from brainseg_gui.views.comparing.raters_panel import RatersPanel

    return RatersPanel(session)


def _rating(controllers: ControllerSet) -> RatingController:
    from brainseg_gui.controllers.comparing.rating import RatingController

    return RatingController(
        controllers.session,
        controllers.window,
        controllers.preferences,
        controllers.window.panels[RATERS],
        controllers.window.actions_table,
    )


RATERS = PanelSpec("Raters", _raters_panel, behind="Layers", about_masks=True, shown_by="layers.raters")
RATING = Feature(
    _rating,
    (RATERS,),
    (
        ActionSpec(
            "layers.raters",
            "Compare &raters…",
            "Layers",
            (),
            "Dice of every pair of masks, consensus, and how many say tumour",
            separated=True,
        ),
        ActionSpec("layers.majority", "Ma&jority of the masks", "Layers", (), "Add what most masks say as a layer"),
        ActionSpec("layers.staple", "S&TAPLE consensus", "Layers", (), "Add the most probable truth behind the masks"),
        ActionSpec(
            "layers.heat_map", "&Heat map of the masks", "Layers", ("H",), "Draw how many masks say so", "", True
        ),
    ),
    {
        "layers.majority": lambda rating: rating.add_majority(),
        "layers.staple": lambda rating: rating.add_staple(),
        "layers.heat_map": lambda rating: rating.toggle_heat_map(),
    },
)

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

# intensities inside each label


def _histograms_panel(session: Session, _actions: Actions) -> HistogramsPanel:
    from brainseg_gui.views.comparing.histograms_panel import HistogramsPanel

    return HistogramsPanel(session)


def _intensities(controllers: ControllerSet) -> IntensitiesController:
    from brainseg_gui.controllers.comparing.intensities import IntensitiesController

    return IntensitiesController(
        controllers.session, controllers.window, controllers.preferences, controllers.window.panels[HISTOGRAMS]
    )


HISTOGRAMS = PanelSpec("Histograms", _histograms_panel, behind="Layers", about_masks=True, shown_by="layers.histograms")
INTENSITIES = Feature(
    _intensities,
    (HISTOGRAMS,),
    (ActionSpec("layers.histograms", "H&istograms…", "Layers", (), "Intensities of the modalities inside each label"),),
)

# windows and dialogs of their own; their actions stand among those of their menus, in the table


def _training(controllers: ControllerSet) -> TrainingController:
    from brainseg_gui.controllers.training.training import TrainingController

    return TrainingController(
        controllers.session, controllers.window, controllers.preferences, controllers[SEGMENTING].models.use
    )


def _cohort(controllers: ControllerSet) -> CohortController:
    from brainseg_gui.controllers.comparing.cohort import CohortController

    return CohortController(
        controllers.session, controllers.window, controllers.preferences, controllers[FILES], controllers[MASKS]
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


def _figures(controllers: ControllerSet) -> FiguresController:
    from brainseg_gui.controllers.comparing.figures import FiguresController

    return FiguresController(controllers.session, controllers.window, controllers.preferences)


def _report(controllers: ControllerSet) -> CaseReportController:
    from brainseg_gui.controllers.comparing.case_report import CaseReportController

    return CaseReportController(controllers.session, controllers.window, controllers.preferences)


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
COHORT = Feature(_cohort, commands={"file.cohort_results": lambda cohort: cohort.show()})
COHORT_RUN = Feature(_cohort_run, commands={"cases.run": lambda segmenting: segmenting.show()})
FIGURES = Feature(_figures, commands={"file.figure": lambda figures: figures.choose()})
REPORT = Feature(_report, commands={"file.report": lambda report: report.choose()})
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
