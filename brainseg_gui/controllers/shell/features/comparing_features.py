"""Comparing masks, as features of the window: several of one case, intensities, a cohort, figures and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.core_features import FILES, MASKS
from brainseg_gui.controllers.shell.features.feature import Feature
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.action_spec import ActionSpec
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.shell.panel_spec import PanelSpec

if TYPE_CHECKING:
    from brainseg_gui.controllers.comparing.case_report import CaseReportController
    from brainseg_gui.controllers.comparing.cohort import CohortController
    from brainseg_gui.controllers.comparing.figures import FiguresController
    from brainseg_gui.controllers.comparing.intensities import IntensitiesController
    from brainseg_gui.controllers.comparing.rating import RatingController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
    from brainseg_gui.views.comparing.histograms_panel import HistogramsPanel
    from brainseg_gui.views.comparing.raters_panel import RatersPanel

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

# dialogs of their own; their actions stand among those of their menus, in the table


def _cohort(controllers: ControllerSet) -> CohortController:
    from brainseg_gui.controllers.comparing.cohort import CohortController

    return CohortController(
        controllers.session, controllers.window, controllers.preferences, controllers[FILES], controllers[MASKS]
    )


def _figures(controllers: ControllerSet) -> FiguresController:
    from brainseg_gui.controllers.comparing.figures import FiguresController

    return FiguresController(controllers.session, controllers.window, controllers.preferences)


def _report(controllers: ControllerSet) -> CaseReportController:
    from brainseg_gui.controllers.comparing.case_report import CaseReportController

    return CaseReportController(controllers.session, controllers.window, controllers.preferences)


COHORT = Feature(_cohort, commands={"file.cohort_results": lambda cohort: cohort.show()})
FIGURES = Feature(_figures, commands={"file.figure": lambda figures: figures.choose()})
REPORT = Feature(_report, commands={"file.report": lambda report: report.choose()})
