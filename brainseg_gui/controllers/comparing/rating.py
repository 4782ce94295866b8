"""Several masks of one case: their matrices, their consensus, and how many say tumour where."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.evaluation.metrics.raters import (
    MajorityRule,
    agreement_count,
    compare_raters,
    majority,
    staple_consensus,
)
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.scalar_map import ScalarMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.comparing.rating import RaterStudy
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.views.comparing.raters_panel import RatersPanel

_PAUSE_MS = 120  # strokes of an annotation follow one another
_TOO_FEW = Notice("A consensus takes at least two masks", "Add masks of this case with File › Add mask…")

_Consensus = Callable[[list[LabelMap]], Generator[Progress, None, LabelMap]]


class RatingController(QObject):
    """Measures when the panel is seen or something is asked for; all of it on threads."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        raters: LazyPanel[RatersPanel],
        actions: Actions,
    ) -> None:
        super().__init__(window)
        self._session, self._actions = session, actions
        self._state = session.rating
        self._matrices, self._map = LatestJob(session, self, _PAUSE_MS), LatestJob(session, self, _PAUSE_MS)
        self._consensus = LatestJob(session, self)
        self._measured: tuple[LabelMap, ...] = ()
        self._drawn: tuple[object, ...] = ()
        self._own_map: ScalarMap | None = None
        self._panel: RatersPanel | None = None
        raters.when_made(self._listen)
        session.layers.changed.connect(self._on_layers_changed)
        session.layers.appearance_changed.connect(self._on_layers_changed)
        session.overlay_changed.connect(self._on_overlay_changed)
        events = self._state.events
        for field in (events.left_out, events.region, events.heat_map):
            field.connect(self._on_layers_changed)

    def _listen(self, panel: RatersPanel) -> None:
        self._panel = panel
        panel.majority_requested.connect(self.add_majority)
        panel.staple_requested.connect(self.add_staple)
        panel.heat_map_requested.connect(self.toggle_heat_map)
        panel.seen.connect(self._measure)
        self._measure()  # it may be seen already

    # matrices and the map of counts

    def toggle_heat_map(self) -> None:
        """Draw how many masks say tumour, or no longer."""
        if not self._state.heat_map and len(self._raters) < 2:
            self._synchronize_action()
            self._session.say(_TOO_FEW)
            return
        self._state.heat_map = not self._state.heat_map

    @property
    def _raters(self) -> tuple[Layer, ...]:
        return self._state.raters(self._session.layers)

    def _at_rest(self, layers: tuple[Layer, ...]) -> list[LabelMap]:
        """Their masks as threads may read them: strokes go on meanwhile."""
        return [self._session.annotating.at_rest(layer.labels) for layer in layers]

    def _synchronize_action(self) -> None:
        self._actions["layers.heat_map"].setChecked(self._state.heat_map)

    def _on_layers_changed(self, _change: object = None) -> None:
        self._synchronize_action()
        there = frozenset(self._session.layers)
        if not self._state.left_out <= there:
            self._state.left_out = self._state.left_out & there
            return
        self._measure()
        self._draw()

    def _measure(self) -> None:
        """Compare the masks, when somebody looks at the panel and they are not the same as before."""
        layers = self._raters
        masks = tuple(layer.labels for layer in layers)
        if len(masks) < 2:
            self._matrices.stop()
            self._measured, self._state.study = (), None
        elif self._panel is not None and self._panel.isVisible() and not _same(masks, self._measured):
            self._measured = masks
            self._matrices.start(_compare(layers, self._at_rest(layers)), partial(setattr, self._state, "study"))

    def _draw(self) -> None:
        """Keep the map of counts as the region and the masks are."""
        layers = self._raters
        if not self._state.heat_map or len(layers) < 2:
            self._map.stop()
            self._drawn = ()
            self._state.heat_map = False
            if self._own_map is not None and self._session.overlay is self._own_map:
                self._session.set_overlay(None)
            return
        wanted = (self._state.region, *(layer.labels for layer in layers))
        if not _same(wanted, self._drawn):
            self._drawn = wanted
            self._map.start(_count(self._at_rest(layers), self._state.region), self._on_counted)

    def _on_counted(self, counts: ScalarMap) -> None:
        self._own_map = counts
        self._session.set_overlay(counts)

    def _on_overlay_changed(self) -> None:
        """Something else is drawn: the button must not say that the counts are."""
        if self._state.heat_map and not self._map.running and self._session.overlay is not self._own_map:
            self._drawn = ()
            self._state.heat_map = False

    # consensus

    def add_majority(self, rule: MajorityRule = MajorityRule.TUMOUR_FIRST) -> None:
        """Add what most masks say, as a layer."""
        words = "majority" if rule is MajorityRule.TUMOUR_FIRST else "majority per label"
        self._add(words, partial(_majority, rule=rule))

    def add_staple(self) -> None:
        """Add the most probable truth behind the masks, as a layer."""
        self._add("STAPLE", _staple)

    def _add(self, words: str, make: _Consensus) -> None:
        layers, case = self._raters, self._session.case
        if len(layers) < 2 or case is None:
            self._session.say(_TOO_FEW)
            return
        names = tuple(layer.name for layer in layers)
        title = f"{words} of {len(layers)}"
        self._consensus.start(make(self._at_rest(layers)), lambda labels: self._on_made(case, title, names, labels))

    def _on_made(self, case: Case, title: str, names: tuple[str, ...], labels: LabelMap) -> None:
        if case is not self._session.case:
            return
        author = f"{title}: {', '.join(names)}"
        layer = Layer(title, LayerRole.PREDICTION, labels, author, style=OverlayStyle.OUTLINE, made_from=names)
        self._session.add_layer(layer)
        self._session.say(Notice(f"{layer.name} was added; it is not saved", problem=False))

    def close(self) -> None:
        """End the threads, when the program ends."""
        for jobs in (self._matrices, self._consensus, self._map):
            jobs.close()


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b or a == b for a, b in zip(one, other, strict=True))


def _compare(layers: tuple[Layer, ...], masks: list[LabelMap]) -> Generator[Progress, None, RaterStudy]:
    matrices = yield from compare_raters(masks)
    return RaterStudy(layers, matrices)


def _count(masks: list[LabelMap], region: str) -> Generator[Progress, None, ScalarMap]:
    yield Progress("counting masks", 0.0)
    return agreement_count(masks, next(r for r in regions() if r.key == region))


def _majority(masks: list[LabelMap], rule: MajorityRule) -> Generator[Progress, None, LabelMap]:
    yield Progress("majority", 0.0)
    labels = majority(masks, rule)
    _ = labels.counts  # here, so that the window need not count
    return labels


def _staple(masks: list[LabelMap]) -> Generator[Progress, None, LabelMap]:
    yield Progress("STAPLE", 0.0)
    labels, _ = staple_consensus(masks)
    _ = labels.counts
    return labels
