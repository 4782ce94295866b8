"""The root of the state: the open case and everything known about it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from brainseg_gui.errors import printable
from brainseg_gui.evaluation.metrics.comparison import Comparison
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.labels import LabelMap, LabelScheme, Region
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.window import Window, auto_window
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.state.comparing.error_list import ErrorList
from brainseg_gui.state.layers.case_needs import CaseNeeds
from brainseg_gui.state.layers.case_states import CaseStates
from brainseg_gui.state.layers.layers import Layer, LayerRole, Layers, OverlayStyle
from brainseg_gui.state.layers.mask_destination import MaskDestination
from brainseg_gui.state.layers.unsaved_predictions import UnsavedPredictions
from brainseg_gui.state.notices import Notice as Notice
from brainseg_gui.state.notices import Notices
from brainseg_gui.state.segmenting.cohort_run import CohortRun
from brainseg_gui.state.segmenting.segmenting import Segmenting
from brainseg_gui.state.slices.viewing import Viewing
from brainseg_gui.state.work import Work

if TYPE_CHECKING:
    from brainseg_gui.imaging.scalar_map import ScalarMap
    from brainseg_gui.state.comparing.intensities import Intensities
    from brainseg_gui.state.comparing.rating import Rating
    from brainseg_gui.state.following.following import Following
    from brainseg_gui.state.measuring.measuring import Measuring
    from brainseg_gui.state.preparing.preparing import Preparing
    from brainseg_gui.state.segmenting.certainty import CertaintyState
    from brainseg_gui.state.surfaces.seen_surfaces import SeenSurfaces


class Session(Notices):
    """What is open. Only the GUI thread writes here."""

    case_changed = Signal()
    """Another case is open (or none), or a preview of one that is being read is shown."""

    cohort_changed = Signal()
    """The list of cases, or which of them is open, changed."""

    comparison_changed = Signal()
    """The scores of the two compared layers changed."""

    overlay_changed = Signal()
    """Another quantity, or none, is drawn over the images."""

    def __init__(self) -> None:
        super().__init__()
        self.viewing = Viewing()
        self.layers = Layers()
        self.unsaved_predictions = UnsavedPredictions()
        self.opening = Work()
        self.saving = Work()
        self.output = MaskDestination()
        self.reporting = Work()
        self.segmenting = Segmenting()
        self.cohort_run = CohortRun()
        self.annotating = ActiveAnnotation()
        self.case_states = CaseStates()
        self.case_needs = CaseNeeds()
        self.errors = ErrorList()
        self._case: Case | None = None
        self._numbering: LabelScheme | None = None
        self._preview: Case | None = None
        self._before_preview: tuple[Voxel, dict[Modality, Window]] | None = None
        self._cohort: tuple[CaseSource, ...] = ()
        self._comparison: Comparison | None = None
        self._overlay: ScalarMap | None = None
        self.viewing.events.agreement.connect(self._on_agreement_changed)
        self.layers.renamed.connect(self._on_renamed)

    # of features that a start does not wait for: made, and imported, when first asked for

    @cached_property
    def rating(self) -> Rating:
        """Several masks of the open case."""
        from brainseg_gui.state.comparing.rating import Rating

        return Rating()

    @cached_property
    def certainty(self) -> CertaintyState:
        """How sure the network was."""
        from brainseg_gui.state.segmenting.certainty import CertaintyState

        return CertaintyState()

    @cached_property
    def intensities(self) -> Intensities:
        """Intensities inside each label."""
        from brainseg_gui.state.comparing.intensities import Intensities

        return Intensities()

    @cached_property
    def measuring(self) -> Measuring:
        """The measurements of the open case."""
        from brainseg_gui.state.measuring.measuring import Measuring

        return Measuring()

    @cached_property
    def following(self) -> Following:
        """The patient whose visits are followed."""
        from brainseg_gui.state.following.following import Following

        return Following()

    @cached_property
    def preparing(self) -> Preparing:
        """The raw examination that is prepared."""
        from brainseg_gui.state.preparing.preparing import Preparing

        return Preparing()

    @cached_property
    def solid(self) -> SeenSurfaces:
        """What is seen in 3-D."""
        from brainseg_gui.state.surfaces.seen_surfaces import SeenSurfaces

        return SeenSurfaces()

    # what is open

    @property
    def case(self) -> Case | None:
        """The open case."""
        return self._case

    @property
    def scheme(self) -> LabelScheme:
        """How new masks of the open case are numbered: as its reference is read now, which people may correct."""
        if self._case is None:
            raise RuntimeError("no case is open")
        references = (layer for layer in self.layers if layer.role is LayerRole.REFERENCE)
        own = next(references, None)
        return own.labels.scheme if own is not None else self._numbering or self._case.scheme

    def number_as(self, scheme: LabelScheme) -> None:
        """Number new masks of the open case so, where it has no reference to be numbered as."""
        self._numbering = scheme

    @property
    def displayed(self) -> Case | None:
        """What the views show: the case being read, as far as it is read, else the open one."""
        return self._preview or self._case

    @property
    def previewing(self) -> bool:
        """Whether `displayed` is still being read."""
        return self._preview is not None

    @property
    def cohort(self) -> tuple[CaseSource, ...]:
        """The cases of the open cohort; empty when a single case is open."""
        return self._cohort

    @property
    def comparison(self) -> Comparison | None:
        """Scores of the two compared layers, or None while there are not two."""
        return self._comparison

    @property
    def overlay(self) -> ScalarMap | None:
        """The quantity that is drawn over the images instead of filled masks, or None."""
        return self._overlay

    @property
    def with_probabilities(self) -> Layer | None:
        """The layer whose probabilities are looked at: the compared prediction, else the newest that kept any."""
        chosen = [self.layers.prediction, *reversed(list(self.layers))]
        return next((layer for layer in chosen if layer is not None and layer.probabilities is not None), None)

    @property
    def worked_on(self) -> Layer | None:
        """The mask that a person has in mind: the annotation, else the compared prediction, else the reference."""
        return self.annotating.layer or self.layers.prediction or self.layers.reference

    def preview(self, partial: Case) -> None:
        """Show what is read so far of another case; the open one stays open behind it."""
        viewing = self.viewing
        first = self._preview is None or self._preview.source != partial.source
        if self._preview is None:
            self._before_preview = viewing.crosshair, viewing.windows
        self.annotating.hidden = True
        # Together: no view may take a slice of one case at the crosshair of another.
        with viewing.together():
            viewing.windows = viewing.windows | self._windows_for(partial)
            self._preview = partial
            if first:
                viewing.crosshair = partial.grid.centre
        self.case_changed.emit()

    def _windows_for(self, case: Case) -> dict[Modality, Window]:
        """Windows of a case: those that its preview shows, else by the brain's percentiles."""
        shown = self._preview.volumes if self._preview is not None and self._preview.source == case.source else {}
        return {m: self.viewing.windows[m] if m in shown else auto_window(v) for m, v in case.volumes.items()}

    def end_preview(self) -> None:
        """Go back to the open case: the other one could not be read, or was cancelled."""
        if self._preview is None:
            return
        self.annotating.hidden = False
        with self.viewing.together():
            self._preview = None
            if self._before_preview is not None:
                self.viewing.crosshair, self.viewing.windows = self._before_preview
        self.case_changed.emit()

    def open(self, case: Case, windows: Mapping[Modality, Window] | None = None) -> None:
        """Open a case in place of the one before.

        Parameters
        ----------
        windows
            Windows that were set for this case the last time.
        """
        self.set_overlay(None)
        self.annotating.end()
        self.annotating.hidden = False
        self.measuring.open(())
        self.following.put_beside(None)
        if self._case is not None:
            self.unsaved_predictions.keep(self._case, self.layers)
        self.layers.clear()
        viewing = self.viewing
        with viewing.together():
            remembered = {m: w for m, w in (windows or {}).items() if m in case.volumes}
            viewing.windows = self._windows_for(case) | remembered
            self._preview = None
            self._case, self._numbering = case, None
            self.saving.outcome = ""  # it was about another case
            if viewing.modality not in case.volumes:
                viewing.modality = next(iter(case.volumes))
            viewing.crosshair = _first_look(case.reference, case.grid)
            viewing.agreement, viewing.hidden = None, frozenset()  # nobody looks for what is not drawn
        self.case_changed.emit()
        if case.reference is not None and case.source.reference is not None:
            path = case.source.reference
            layer = Layer("reference", LayerRole.REFERENCE, case.reference, printable(path.name), saved_as=path)
            layer.style = OverlayStyle.OUTLINE
            self.layers.add(layer)
        for prediction in self.unsaved_predictions.take(case):
            self.layers.add(prediction)

    def add_layer(self, layer: Layer, *, compared: bool = True) -> None:
        """Add a layer (see `Layers.add`); if it is the first and the crosshair was never moved, look at its tumour."""
        self._look_first_at(layer)
        self.layers.add(layer, compared=compared)

    def add_prediction(self, layer: Layer) -> None:
        """As `add_layer`, of what a network made just now (see `Layers.add_prediction`)."""
        self._look_first_at(layer)
        self.layers.add_prediction(layer)

    def _look_first_at(self, layer: Layer) -> None:
        untouched = self._case is not None and self.viewing.crosshair == self._case.grid.centre
        if self._case is not None and untouched and not len(self.layers):
            self.viewing.crosshair = _first_look(layer.labels, self._case.grid)

    def set_cohort(self, cohort: tuple[CaseSource, ...]) -> None:
        """Show a list of cases."""
        if cohort != self._cohort:
            self._cohort = cohort
            self.cohort_changed.emit()

    def set_comparison(self, comparison: Comparison | None) -> None:
        """Show other scores."""
        self._comparison = comparison
        self.comparison_changed.emit()

    def set_overlay(self, overlay: ScalarMap | None) -> None:
        """Draw another quantity over the images, or none; the agreement of two masks makes room for it."""
        if overlay is not self._overlay:
            self._overlay = overlay
            if overlay is not None:
                self.viewing.agreement, self.viewing.masks_visible = None, True
            self.overlay_changed.emit()

    def _on_renamed(self, layer: Layer, before: str) -> None:
        """What was chosen by its name is chosen still."""
        options, operating = self.annotating.options, self.annotating.operating
        if options.copy_from == before:
            options.copy_from = layer.name
        if operating.layer == before:
            operating.layer = layer.name

    def _on_agreement_changed(self, region: Region | None) -> None:
        if region is not None:
            self.set_overlay(None)


def _first_look(labels: LabelMap | None, grid: Grid) -> Voxel:
    """Where to look first: the slice with most tumour, else the middle."""
    if labels is None or not labels.values.any():
        return grid.centre
    filled = labels.values > 0
    k = int(filled.sum(axis=(0, 1)).argmax())
    i, j = (round(float(np.flatnonzero(filled[:, :, k].any(axis=axis)).mean())) for axis in (1, 0))
    return i, j, k
