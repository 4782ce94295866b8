"""Starting and ending an annotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.annotation import Annotation, Move
from brainseg_gui.annotation.rules import PaintRules
from brainseg_gui.annotation.tools.algebra import mapped, translated
from brainseg_gui.controllers.annotating.active_label import activate, paintable
from brainseg_gui.controllers.annotating.annotation_record import origin_of, sittings_before
from brainseg_gui.controllers.annotating.journal import JournalController
from brainseg_gui.controllers.annotating.label_moves import RENUMBERED, LabelMoves
from brainseg_gui.controllers.annotating.paint import PaintController
from brainseg_gui.controllers.annotating.tool_choice import ToolChoice
from brainseg_gui.controllers.annotating.undoing import UndoController
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.controllers.settings.person import person
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.layers.layers import Layer, LayerRole, annotation_name
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.layers.layers_panel import LayersPanel
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.annotation.tools.click_answers import RegionNetwork
    from brainseg_gui.controllers.annotating.awaited_prediction import AwaitedPrediction
    from brainseg_gui.views.slices.ortho_view import OrthoView

_FIRST_CHOICE = ("ET", "ED")


class AnnotateController(QObject):
    """One annotation of the open case at a time: begun from a layer or empty, and put aside."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        journals: JournalController,
        layers: LayersPanel,
        actions: Actions,
        pictures: LazyPanel[OrthoView],
        show: Callable[[], object],
        click_network: Callable[[], RegionNetwork | None],
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._annotating, self._journals, self._actions = session.annotating, journals, actions
        self.paint = PaintController(session, window, actions, pictures, click_network)
        self._offered: Layer | None = None
        self._choice = ToolChoice(session, window, preferences, actions, show)
        self._annotating.moved.connect(self._on_moved)
        self._annotating.annotation_changed.connect(self._show_state)
        self._awaited: AwaitedPrediction | None = None
        self.label_moves = LabelMoves(session, layers, self)
        self.undoing = UndoController(session, self.paint, actions, self.label_moves.bars, self)
        session.layers.changed.connect(self._on_layers_changed)
        session.case_changed.connect(self._show_state)
        session.layers.appearance_changed.connect(self._on_appearance_changed)
        layers.edit_requested.connect(self._on_edit_requested)
        journals.editable_again.connect(self.resume)
        self._show_state()
        self.undoing.show_names()

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            **self._choice.commands,
            **self.paint.commands,
            "annotate.start": self.toggle,
            "annotate.start_prediction": lambda: self.start(self._session.layers.to_correct),
            "annotate.start_reference": lambda: self.start(self._session.layers.reference),
            "annotate.start_empty": partial(self.start, None),
            "annotate.undo": self.undoing.undo,
            "annotate.take_back_click": self.undoing.take_back_click,
            "annotate.redo": self.undoing.redo,
        }

    def toggle(self) -> None:
        """Begin with what is most likely wanted, or put the annotation aside."""
        if self._annotating.annotation is not None:
            self.end()
        else:
            own = self._session.layers.annotation_of(person())
            self.begin()
            if own is not None:
                self._offer_prediction(own)
        self._show_state()

    def begin(self) -> None:
        """Go on with the person's own annotation, or begin with what is most likely wanted; one in hand stays."""
        layers = self._session.layers
        own = layers.annotation_of(person())
        if self._annotating.annotation is not None:
            return
        if own is not None:
            self.resume(own)
        elif not self._waits_for_prediction():
            self.start(layers.prediction or layers.reference)

    def _waits_for_prediction(self) -> bool:
        """Whether the annotation begins later, with what Segment is about to find."""
        if not self._session.segmenting.running:
            return False
        if self._awaited is None:
            from brainseg_gui.controllers.annotating.awaited_prediction import AwaitedPrediction

            self._awaited = AwaitedPrediction(self._session, self, self.begin)
        return self._awaited.wait()

    def _offer_prediction(self, own: Layer) -> None:
        """Say once what can be done with a prediction that came after the annotation."""
        newest = self._session.layers.to_correct
        if newest is None or newest in (own, self._offered) or newest.created < own.created:
            return
        self._offered = newest
        what = f"You go on with {own.name}; what {newest.name} says otherwise can be taken into it part by part"
        actions = (("Show the differences", "propose.next"), ("Begin anew from it", "annotate.start_prediction"))
        self._session.say(Notice(what, actions=actions, problem=False))

    def start(self, layer: Layer | None) -> Layer | None:
        """Begin an annotation as a layer of its own, on top of the others.

        Parameters
        ----------
        layer
            Where to start: its voxels are copied, in the numbers of the study's label scheme, and it stays as it
            is. None starts with an empty mask.

        Returns
        -------
        Layer or None
            The new layer; None when there is no case, or the layer's numbers cannot be translated.
        """
        case = self._session.case
        if case is None or self._session.previewing:
            self._session.say(Notice("An annotation is made on an open case", "Open a case first", problem=False))
            return None
        try:
            labels = _first_labels(case, layer, self._session.scheme)
        except BrainsegError as error:
            self._session.say(notice_of(error))
            return None
        if self._annotating.layer is not None:
            self._annotating.layer.visible = False  # another beginning, not more of the same
        made = Layer(annotation_name(person()), LayerRole.ANNOTATION, labels, person())
        if layer is not None and layer.role is not LayerRole.REFERENCE:
            layer.visible = False  # the same voxels twice would only look stronger
        self._session.add_layer(made)
        self.resume(made, layer)
        return made

    def resume(self, layer: Layer, start: Layer | None = None) -> None:
        """Go on with an annotation that is in the list of layers, with the history that it had.

        Parameters
        ----------
        start
            What a new one is a copy of.
        """
        record = self._journals.of(layer)
        annotation = record.annotation if record is not None else Annotation(layer.labels)
        before = layer if layer.file is not None or layer.saved_as is not None else start
        read_only = self._journals.keep(layer, annotation, origin_of(before), sittings_before(before))
        self._annotating.begin(annotation, layer, read_only)
        options, viewing = self._annotating.options, self._session.viewing
        options.modality, options.intensities, options.copy_from = viewing.modality, None, ""
        scheme = annotation.labels.scheme
        wanted = [value for key in _FIRST_CHOICE for value, meaning in scheme.labels.items() if meaning == key]
        activate(self._session, next(iter((*wanted, *paintable(scheme))), 1))
        options.tool = Tool.BROWSE if read_only else self._choice.last
        viewing.masks_visible = True
        layer.visible = True
        if read_only:
            self._journals.say_read_only()

    def end(self) -> None:
        """Put the annotation aside; its layer stays."""
        self._annotating.end()

    def close(self) -> None:
        """Keep what is in the hand."""
        self.paint.close()

    def _on_moved(self, move: Move) -> None:
        """Look at what changed, if it is not in sight; not where the images of another case are shown."""
        viewing = self._session.viewing
        if not self._session.previewing and not self._in_sight(move):
            viewing.crosshair = move.centre

    def _in_sight(self, move: Move) -> bool:
        viewing = self._session.viewing
        axes = {0, 1, 2} if viewing.layout is ViewLayout.PLANES else {viewing.plane.axis}
        if move.axis is not None and move.axis in axes:
            axes = {move.axis}  # where it was painted, it is seen best
        return any(move.slab[axis].start <= viewing.crosshair[axis] < move.slab[axis].stop for axis in axes)

    def _on_edit_requested(self, layer: Layer, copy: bool) -> None:
        """Edit a layer, or a copy; what somebody else drew stays as they left it, and so does its file."""
        others = layer.author not in ("", person())
        if layer is self._annotating.layer and not copy:
            return
        if not copy and not others:
            self.resume(layer)
        elif self.start(layer) is not None and not copy:
            what = f"You edit a copy: {layer.name} stays as {layer.author} left it"
            self._session.say(Notice(what, problem=False))

    def _on_appearance_changed(self, layer: Layer) -> None:
        """Go on under another label scheme, when an annotation is read by one, edited or put aside."""
        record, scheme = self._journals.of(layer), layer.labels.scheme
        if record is None or record.annotation.labels.scheme == scheme:
            return
        in_hand = layer is self._annotating.layer
        if in_hand:
            self.paint.finish()  # a polygon or stroke in the hand belongs to these voxels and to this history
        annotation = record.annotation
        other = Annotation(annotation.snapshot().with_scheme(scheme), annotation.history)
        active = annotation.rules.active
        other.rules = replace(annotation.rules, active=active if active in scheme.labels else min(scheme.labels))
        read_only = self._journals.keep(layer, other, record.start)  # it is kept already
        if in_hand:
            self._annotating.begin(other, layer, read_only)
            self._annotating.mark_unsaved()  # the note beside its file tells of another scheme
        else:
            layer.saved_as = None

    def renumber(self, becomes: Mapping[int, int], scheme: LabelScheme) -> None:
        """Let all voxels, and the label in the hand, follow their labels to other numbers; locks do not bar it.

        Parameters
        ----------
        scheme
            What the numbers mean then; the layer gets it from who calls this.
        """
        annotation = self._annotating.annotation
        if annotation is None or not self._annotating.editable:
            return
        self.paint.finish()
        rules, annotation.rules = annotation.rules, PaintRules()
        try:
            edit = self._annotating.edit(mapped(annotation.settled, becomes), RENUMBERED, "labels")
        finally:
            annotation.rules = rules
        if edit is not None:
            self.label_moves.remember(edit, annotation.labels.scheme, scheme)
        follow = partial(map, lambda label: becomes.get(label, label))
        (active,) = follow((rules.active,))
        locked, chosen = frozenset(follow(rules.locked)), frozenset(follow(rules.chosen))
        self._annotating.rules = replace(rules, active=active, locked=locked, chosen=chosen)

    def _on_layers_changed(self) -> None:
        self._show_state()
        if self._annotating.layer is not None and self._annotating.layer not in list(self._session.layers):
            self.end()

    def _show_state(self) -> None:
        layers, actions = self._session.layers, self._actions
        there = self._session.case is not None and not self._session.previewing
        actions["annotate.start"].setChecked(self._annotating.annotation is not None)
        actions["annotate.start"].setEnabled(there)
        actions["annotate.start_empty"].setEnabled(there)
        actions["annotate.start_prediction"].setEnabled(there and layers.to_correct is not None)
        actions["annotate.start_reference"].setEnabled(there and layers.reference is not None)


def _first_labels(case: Case, layer: Layer | None, scheme: LabelScheme) -> LabelMap:
    """Where an annotation begins, in the study's numbers; in its own where it is a reference, or says more."""
    if layer is None:
        return LabelMap(np.zeros(case.grid.shape, np.uint8, order="F"), case.grid, scheme)
    own = layer.labels.scheme
    merged = own.tells_apart and not scheme.tells_apart  # the study's mask names one tumour, the network its tissues
    scheme = own if layer.role is LayerRole.REFERENCE or merged else scheme
    return LabelMap(translated(layer.labels, scheme), case.grid, scheme)
