"""Operations on whole labels: tried out in a thread, shown before anything changes, accepted or dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.effect import effect_words
from brainseg_gui.annotation.slab import Slab
from brainseg_gui.controllers.annotating.active_label import paintable
from brainseg_gui.controllers.annotating.hand.copy_source import copy_layer
from brainseg_gui.controllers.annotating.hand.hand_tools import inside, label_name, why_idle
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.labels import LabelMap, Region
from brainseg_gui.progress import Progress
from brainseg_gui.state.annotating.operating import RANGES, SETTINGS, OperationKind, OperationStage
from brainseg_gui.state.annotating.preview import Preview
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.controllers.annotating.operation_work import OperationResult, Request
    from brainseg_gui.views.annotating.operations_panel import OperationsPanel
    from brainseg_gui.views.slices.ortho_view import OrthoView

_SOON_MS = 40  # dragging a slider begins no job per pixel
_SEEDS_SOON_MS = 300
_WITH_LABEL = (OperationKind.RELABEL, OperationKind.SWAP, OperationKind.MERGE)
_WITH_LAYER = (OperationKind.UNION, OperationKind.INTERSECT, OperationKind.SUBTRACT)
_REMEMBERED = ("distance_mm", "radius_mm", "smallest_ml", "smallest_voxels", "in_voxels")


class OperationsController(QObject):
    """Keeps the proposal as the settings, the rules and the annotation are, until it is accepted or dropped."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        operations: LazyPanel[OperationsPanel],
        actions: Actions,
        pictures: LazyPanel[OrthoView],
        show: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._session, self._preferences = session, preferences
        self._actions, self._pictures, self._show_panel = actions, pictures, show
        self._annotating, self._operating = session.annotating, session.annotating.operating
        self._soon = LatestJob(session, self, _SOON_MS)
        self._grower = LatestJob(session, self, _SEEDS_SOON_MS)
        self._accept_next = False
        self._restore()
        for work in (self._soon, self._grower):
            work.progressed.connect(self._on_progressed)
        operations.when_made(self._listen)
        for field in SETTINGS:
            getattr(self._operating.events, field).connect(self._try_out)
        for signal in (self._annotating.edited, self._annotating.moved, self._annotating.rules_changed):
            signal.connect(self._try_out)
        self._annotating.scribbles.changed.connect(self._on_scribbles_changed)
        self._annotating.annotation_changed.connect(self._on_annotation_changed)
        session.viewing.events.crosshair.connect(self._on_crosshair_changed)
        session.layers.changed.connect(self._on_layers_changed)
        self._operating.events.kind.connect(self._on_kind_changed)

    def _listen(self, panel: OperationsPanel) -> None:
        panel.accept_requested.connect(self.accept)
        panel.drop_requested.connect(self.drop)

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        kinds = (kind for kind in OperationKind if kind is not OperationKind.REMOVE_ISLAND)  # whose key means more
        return {f"operate.{kind.value}": partial(self.choose, kind) for kind in kinds}

    def choose(self, kind: OperationKind) -> None:
        """Try an operation out; chosen again, drop it."""
        operating = self._operating
        if not self._annotating.editable:
            self._check()
            self._say_why_not()
            return
        if operating.kind is kind and kind is not OperationKind.REMOVE_ISLAND:
            self.drop()
            return
        self._annotating.proposing.go(None)
        self._annotating.propose(None)
        self._look_under_mouse()
        self._choose_others(kind)
        operating.kind = kind
        if kind is OperationKind.SEEDS and not self._annotating.scribbles.any:
            self._annotating.options.tool = Tool.SEEDS
        self._show_panel()
        self._check()
        self._try_out()

    def accept(self) -> bool:
        """Carry the shown proposal out, now or as soon as it is known; returns whether there is an operation."""
        if self._operating.kind is None or not self._annotating.editable:
            return False
        if self._soon.running or self._grower.running:
            self._accept_next = True
            return True
        preview = self._annotating.preview
        if preview is None or preview.change is None:
            if self._operating.words:
                self._session.say(Notice(self._operating.words, problem=False))
            return True
        seeds = self._operating.kind is OperationKind.SEEDS
        self._end()
        edit = self._annotating.accept()
        if seeds and edit is not None:
            self._annotating.scribbles.put_aside(edit)
        return True

    def drop(self) -> bool:
        """Change nothing; returns whether there was an operation."""
        if self._operating.kind is None:
            return False
        self._end()
        self._annotating.propose(None)
        return True

    def close(self) -> None:
        """End the threads, when the program ends."""
        self._soon.close()
        self._grower.close()

    # trying out

    def _try_out(self, *_: object) -> None:
        """Work the proposal out again."""
        kind, annotation = self._operating.kind, self._annotating.annotation
        if kind is None or annotation is None:
            return
        self._accept_next = False  # that was about another proposal
        self._operating.fraction = 0.0
        self._operating.shown = OperationStage.WORKING
        work = self._grower if kind is OperationKind.SEEDS else self._soon
        from brainseg_gui.controllers.annotating.operation_work import work_of

        work.start(work_of(self._request(kind)), self._on_answered, self._on_failed)

    def _request(self, kind: OperationKind) -> Request:
        from brainseg_gui.controllers.annotating.operation_work import Request

        annotating, case = self._annotating, self._session.case
        annotation = annotating.annotation
        if annotation is None:
            raise RuntimeError("there is no annotation")
        seeds = annotating.scribbles.values if kind is OperationKind.SEEDS else None
        return Request(
            kind,
            replace(self._operating),
            annotation.snapshot(),
            annotating.rules,
            self._other(annotation.labels),
            seeds.copy(order="K") if seeds is not None else None,
            dict(case.volumes) if case is not None else None,
        )

    def _other(self, own: LabelMap) -> tuple[LabelMap, Region] | None:
        """What booleans combine with."""
        name = self._operating.layer
        layer = next((layer for layer in self._session.layers if layer.name == name), None)
        region = self._operating.region
        if region is None or (name and layer is None):
            return None
        return (layer.labels, region) if layer is not None else (own, region)

    def _on_answered(self, answer: OperationResult) -> None:
        operating, annotation, effect = self._operating, self._annotating.annotation, answer.effect
        if operating.kind is None or annotation is None:
            return
        if effect is not None:
            operating.words = effect_words(effect, annotation.labels.grid.voxel_ml)
            operating.shown = OperationStage.PROPOSED
        else:
            operating.words = self._why_unchanged(operating.kind, forbidden=answer.forbidden)
            operating.shown = OperationStage.UNCHANGED
        change = effect.change if effect is not None else None
        self._annotating.propose(Preview(answer.title, operating.kind.value, change, self._layer_of(operating.kind)))
        if self._accept_next:
            self._accept_next = False
            self.accept()

    def _why_unchanged(self, kind: OperationKind, *, forbidden: bool) -> str:
        if forbidden:
            return "The locks and paint rules leave nothing to change"
        annotation, active = self._annotating.annotation, self._annotating.rules.active
        counts = annotation.labels.counts if annotation is not None else None
        needed = kind not in (
            OperationKind.REMOVE_ISLAND,
            OperationKind.UNION,
            OperationKind.MERGE,
            OperationKind.SEEDS,
        )
        if needed and not self._operating.all_labels and counts is not None and not counts[active]:
            return f"Nothing to change: there is no {label_name(self._session, active)}"
        return "Nothing to change"

    def _layer_of(self, kind: OperationKind) -> str:
        """The layer that the edit takes voxels from, for the provenance."""
        return self._operating.layer if kind in _WITH_LAYER else ""

    def _on_failed(self) -> None:
        self._accept_next = False
        self._operating.words = ""
        self._operating.shown = OperationStage.FAILED
        self._annotating.propose(None)

    def _on_progressed(self, progress: Progress) -> None:
        self._operating.fraction = progress.done

    def _end(self) -> None:
        self._operating.kind = None

    def _on_kind_changed(self) -> None:
        """What is worked out for another operation is not wanted any more."""
        self._accept_next = False
        self._soon.stop()
        self._grower.stop()
        self._operating.shown, self._operating.words = OperationStage.NOTHING, ""
        self._check()

    # what changes meanwhile

    def _on_scribbles_changed(self, _slab: Slab) -> None:
        if self._operating.kind is OperationKind.SEEDS and self._annotating.scribbles.any:
            self._try_out()

    def _on_crosshair_changed(self) -> None:
        if self._operating.kind is OperationKind.REMOVE_ISLAND:
            self._operating.place = self._session.viewing.crosshair

    def _on_layers_changed(self) -> None:
        if self._operating.kind in _WITH_LAYER:
            self._try_out()

    def _on_annotation_changed(self) -> None:
        """An operation is for one annotation."""
        if self._operating.kind is not None:
            self._end()

    def _choose_others(self, kind: OperationKind) -> None:
        """Begin with another label and another layer that make sense."""
        operating, annotation = self._operating, self._annotating.annotation
        if annotation is None:
            return
        active = self._annotating.rules.active
        others = [label for label in paintable(annotation.labels.scheme) if label != active]
        if kind in _WITH_LABEL and operating.other not in others:
            operating.other = others[0] if others else 0
        names = {layer.name for layer in self._session.layers if layer is not self._annotating.layer}
        if kind in _WITH_LAYER and operating.layer not in names:
            layer = copy_layer(self._session)
            operating.layer = layer.name if layer is not None else ""

    def _look_under_mouse(self) -> None:
        """Take the plane of the view and the voxel under the mouse; without one, the crosshair's voxel."""
        pointer, case = self._annotating.hand.pointer, self._session.case
        view = next((view for view in self._pictures().views if view.underMouse()), None)
        plane = pointer.plane if pointer is not None else view.plane if view is not None else None
        if plane is not None:
            self._operating.plane = plane
        i, j, k = (round(v) for v in pointer.point_ijk) if pointer is not None else self._session.viewing.crosshair
        if case is not None and inside((i, j, k), case.grid.shape):
            self._operating.place = (i, j, k)

    # what is shown and remembered

    def _say_why_not(self) -> None:
        self._session.say(why_idle(self._session))

    def _check(self, *_: object) -> None:
        for kind in OperationKind:
            self._actions[f"operate.{kind.value}"].setChecked(self._operating.kind is kind)
        for field in _REMEMBERED:
            self._preferences.set(f"operate {field}", getattr(self._operating, field))

    def _restore(self) -> None:
        for field in _REMEMBERED:
            setattr(self._operating, field, self._preferences.get(f"operate {field}", getattr(self._operating, field)))
        for field, (low, high) in RANGES.items():
            setattr(self._operating, field, min(max(getattr(self._operating, field), low), high))
