"""Exporting the list of cases, as a feature of the window; its action stands in the table of menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainseg_gui.controllers.shell.features.core_features import SEGMENTING
from brainseg_gui.controllers.shell.features.feature import Feature

if TYPE_CHECKING:
    from brainseg_gui.controllers.layers.cohort_export import CohortExportController
    from brainseg_gui.controllers.shell.features.controller_set import ControllerSet
    from brainseg_gui.preparation.heads.finder import BrainFinder


def _cohort_export(controllers: ControllerSet) -> CohortExportController:
    from brainseg_gui.controllers.layers.cohort_export import CohortExportController

    segmenting = controllers[SEGMENTING]

    def finder() -> BrainFinder | None:
        from brainseg_gui.api.brain_finder import finder_of

        return finder_of(segmenting.network[0], start=False) if segmenting.network is not None else None

    return CohortExportController(controllers.session, controllers.window, controllers.preferences, finder)


COHORT_EXPORT = Feature(_cohort_export, commands={"cases.export": lambda export: export.show()})
