"""What the window of cohort results shows: what is to be scored, how far it is, and the scored cases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from psygnal import Signal

from brainseg_gui.evaluation.cohorts.statistics import CohortSummary
from brainseg_gui.evaluation.cohorts.summary import summary_of
from brainseg_gui.evaluation.metrics.rules import DEFAULT
from brainseg_gui.evaluation.records.report import REGION_KEYS, CohortReport
from brainseg_gui.state.notices import Notices
from brainseg_gui.state.work import Work

GUESSED = ""
"""Stands for a label scheme that is told from each mask."""

Summaries = Mapping[tuple[str, str], CohortSummary]
"""Dice by model and region."""


class CohortResults(Notices):
    """Only the GUI thread writes here."""

    asked_changed = Signal()
    """What is to be scored changed."""

    report_changed = Signal()
    """Other results are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.work = Work()
        self._reference: Path | None = None
        self._images: Path | None = None
        self._predictions: dict[str, Path] = {}
        self._rules = DEFAULT
        self._reference_scheme = self._prediction_scheme = GUESSED
        self._report: CohortReport | None = None
        self._summaries: Summaries = {}

    @property
    def reference(self) -> Path | None:
        """Folder of the references."""
        return self._reference

    @property
    def images(self) -> Path | None:
        """Folder of the cases; None where the images lie beside the references."""
        return self._images

    @property
    def predictions(self) -> Mapping[str, Path]:
        """Name of each model -> folder of its predictions."""
        return self._predictions

    @property
    def rules(self) -> str:
        """Name of the rule set."""
        return self._rules

    @property
    def reference_scheme(self) -> str:
        """Name of the label scheme of the references, or `GUESSED`."""
        return self._reference_scheme

    @property
    def prediction_scheme(self) -> str:
        """Name of the label scheme of the predictions, or `GUESSED`."""
        return self._prediction_scheme

    @property
    def report(self) -> CohortReport | None:
        """The results that are shown."""
        return self._report

    @property
    def summaries(self) -> Summaries:
        """Dice over the cases, by model and region."""
        return self._summaries

    @property
    def unavailable(self) -> str:
        """Why nothing can be scored now; empty when it can."""
        if self._reference is None:
            return "Choose the folder of the references"
        return "" if self._predictions else "Add a folder of predictions"

    def ask(
        self,
        *,
        reference: Path | None = None,
        images: Path | None = None,
        rules: str | None = None,
        reference_scheme: str | None = None,
        prediction_scheme: str | None = None,
    ) -> None:
        """Change what is to be scored; what is not named stays."""
        if reference_scheme is not None:
            self._reference_scheme = reference_scheme
        if prediction_scheme is not None:
            self._prediction_scheme = prediction_scheme
        self._reference = reference or self._reference
        self._images = images or self._images
        self._rules = rules or self._rules
        self.asked_changed.emit()

    def add_prediction(self, folder: Path) -> None:
        """Add a model, named by its folder; the name gets a number if it is taken by another folder."""
        if folder in self._predictions.values():
            return
        name, number = folder.name or str(folder), 2
        while name in self._predictions:
            name, number = f"{folder.name} {number}", number + 1
        self._predictions[name] = folder
        self.asked_changed.emit()

    def remove_prediction(self, name: str) -> None:
        """Take a model off the list."""
        self._predictions.pop(name, None)
        self.asked_changed.emit()

    def show(self, report: CohortReport, summaries: Summaries) -> None:
        """Show other results."""
        self._report, self._summaries = report, summaries
        self.report_changed.emit()


def summaries_of(report: CohortReport) -> Summaries:
    """Dice of WT, TC and ET over the cases of every model; takes a moment, so it is no property."""
    return {(model, key): summary_of(report, model, key, "dice") for model in report.models for key in REGION_KEYS}
