"""Finding the disagreements of the two compared masks, and going from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap, Region, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.evaluation.metrics.disagreements import Disagreements
    from brainseg_gui.evaluation.metrics.slice_profile import SliceCounts
    from brainseg_gui.views.comparing.comparison_panel import ComparisonPanel
    from brainseg_gui.views.comparing.errors_panel import ErrorsPanel
    from brainseg_gui.views.slices.ortho_view import OrthoView

_PAUSE_MS = 800  # painting goes before looking for what is wrong
_SOON_MS = 60  # the mask is painted, and its Dice known, before this competes for the interpreter

Found: TypeAlias = "tuple[tuple[Disagreements, ...], Mapping[Modality, float]]"


class ErrorsController(QObject):
    """Keeps `session.errors` as the compared layers are; `N` and `Shift+N` walk through it."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        errors: LazyPanel[ErrorsPanel],
        comparison: LazyPanel[ComparisonPanel],
        pictures: LazyPanel[OrthoView],
    ) -> None:
        super().__init__(window)
        self._session = session
        self._comparison, self._pictures = comparison, pictures
        self._work = LatestJob(session, self, _SOON_MS)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._search)
        self._compared: tuple[Layer, Layer] | None = None
        self._pair: tuple[LabelMap, LabelMap] | None = None
        self._agreement_offered = False
        self._steps_wanted = 0  # as soon as the list is there
        errors.when_made(self._listen)
        session.layers.changed.connect(self._follow)
        session.layers.appearance_changed.connect(self._on_layer_changed)
        session.annotating.voxels_changed.connect(self._on_voxels_changed)
        session.viewing.events.agreement.connect(self._on_agreement_changed)
        session.viewing.events.crosshair.connect(self._forget_step)

    def _listen(self, panel: ErrorsPanel) -> None:
        panel.piece_chosen.connect(self._on_piece_chosen)
        panel.step_requested.connect(self.step)
        panel.region_chosen.connect(self._on_region_chosen)

    @property
    def commands(self) -> dict[str, Callable[[], None]]:
        """What each action does."""
        return {
            "layers.next_error": partial(self.step, 1),
            "layers.previous_error": partial(self.step, -1),
        }

    # finding

    def _on_layer_changed(self, _layer: Layer) -> None:
        self._follow()

    def _follow(self) -> None:
        """Look again when one of the two masks is another one, or is read by another scheme."""
        layers = self._session.layers
        reference, prediction = layers.reference, layers.prediction
        if reference is None or prediction is None or reference is prediction:
            if self._pair is not None:
                self._compared = self._pair = None
                self._pause.stop()
                self._work.stop()
                self._session.errors.clear()
            return
        pair = (reference.labels, prediction.labels)
        if self._pair is not None and all(a is b for a, b in zip(pair, self._pair, strict=True)):
            return
        same_layers = self._compared == (reference, prediction)
        self._compared, self._pair = (reference, prediction), pair
        self._agreement_offered &= same_layers
        self._session.errors.search(keep=same_layers)
        self._work.stop()
        if self._session.annotating.layer in (reference, prediction):
            self._pause.start()
        else:
            self._search()

    def _on_voxels_changed(self) -> None:
        """Wait until the strokes pause, on whatever layer: two threads would share one interpreter."""
        self._forget_step()
        if self._pause.isActive() or self._work.running:
            self._work.stop()
            self._pause.start()

    def _search(self) -> None:
        if self._pair is not None:
            at_rest = self._session.annotating.at_rest
            masks = at_rest(self._pair[0]), at_rest(self._pair[1])
            counted = partial(self._on_counted, masks)
            self._work.start(_count_slices(*masks), counted, self._session.errors.clear)

    def _on_counted(self, masks: tuple[LabelMap, LabelMap], slices: SliceCounts) -> None:
        self._session.errors.show_slices(slices)
        case = self._session.case
        if case is not None and self._pair is not None:
            self._work.start(_find(case, *masks), self._on_found, self._session.errors.clear)

    def _on_found(self, answer: Found) -> None:
        found, healthy = answer
        steps = self._steps_wanted
        self._session.errors.show(found, healthy)
        if steps:
            self.step(steps)

    # going

    def step(self, steps: int) -> None:
        """Look at the next or the previous one; when it is known, if nobody looks or works elsewhere meanwhile.

        A list of before the last edit names what is mended already: the new one is made at once, and waited for.
        """
        errors = self._session.errors
        if errors.searching:
            self._steps_wanted += steps
            self._comparison().show_page("Errors")
            if self._pause.isActive():
                self._pause.stop()
                self._search()
            return
        self._forget_step()
        if not errors.entries:
            self._session.say(Notice(*self._why_none(), problem=False))
            return
        errors.step(steps)
        self._reveal()
        self._comparison().show_page("Errors")

    def _forget_step(self) -> None:
        self._steps_wanted = 0

    def _why_none(self) -> tuple[str, str]:
        if self._pair is None:
            return "There are no two masks to compare", "Open a case with a reference and click Segment"
        if self._session.errors.region is None:
            return "The two masks agree in every voxel", ""
        return "The two masks agree here in every voxel", "Choose another region under Errors"

    def _on_piece_chosen(self, position: int) -> None:
        self._session.errors.go(position)
        self._reveal()

    def _reveal(self) -> None:
        """All planes to the piece; agreement is switched on once, and off again it stays off."""
        entry, viewing = self._session.errors.current, self._session.viewing
        if entry is None:
            return
        with viewing.together():
            viewing.crosshair = entry.piece.centre
            if viewing.agreement is not None or not self._agreement_offered:
                viewing.agreement = entry.piece.region
        self._agreement_offered = True
        self._pictures().reveal(entry.piece.centre)

    def _on_region_chosen(self, region: Region | None) -> None:
        self._session.errors.choose(region)
        if region is not None and self._session.viewing.agreement is not None:
            self._session.viewing.agreement = region

    def _on_agreement_changed(self, region: Region | None) -> None:
        """A list of one region follows the agreement that is shown; a list of all stays."""
        errors = self._session.errors
        if errors.region is not None and region in regions():
            errors.choose(region)

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._work.close()


def _count_slices(reference: LabelMap, prediction: LabelMap) -> Generator[Progress, None, SliceCounts]:
    from brainseg_gui.evaluation.metrics.slice_profile import count_slices

    yield Progress("counting slices", 0.0)
    return count_slices(reference, prediction)


def _find(case: Case, reference: LabelMap, prediction: LabelMap) -> Generator[Progress, None, Found]:
    from brainseg_gui.evaluation.metrics.disagreements import find_disagreements
    from brainseg_gui.evaluation.metrics.tissue import healthy_medians

    found = []
    for number, region in enumerate(regions()):
        yield Progress("finding disagreements", number / (len(regions()) + 1), region.key)
        found.append(find_disagreements(reference, prediction, region))
    yield Progress("finding disagreements", len(regions()) / (len(regions()) + 1), "healthy brain")
    return tuple(found), healthy_medians(case.volumes, reference, prediction)
