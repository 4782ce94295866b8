"""Correcting the annotation from the list of errors: by what a compared layer says, or by a click at the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.slab import Area
from brainseg_gui.controllers.annotating.active_label import activate
from brainseg_gui.controllers.annotating.hand.copy_source import CopySource, copy_layer
from brainseg_gui.errors import BrainsegError
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.layers.layers import LayerRole
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.evaluation.metrics.disagreements import Disagreement
    from brainseg_gui.views.comparing.errors_panel import ErrorsPanel


class ErrorTaking(QObject):
    """Serves the buttons of the list while an annotation can be edited."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        errors: LazyPanel[ErrorsPanel],
    ) -> None:
        super().__init__(window)
        self._session, self._annotating = session, session.annotating
        self._panel: ErrorsPanel | None = None
        errors.when_made(self._listen)
        self._annotating.annotation_changed.connect(self._offer)
        session.errors.moved.connect(self._speak_of_region)

    def _listen(self, panel: ErrorsPanel) -> None:
        self._panel = panel
        panel.take_requested.connect(self.take)
        self._offer()

    def _offer(self) -> None:
        if self._panel is not None:
            self._panel.offer_taking(self._annotating.editable)

    def _speak_of_region(self) -> None:
        """With the click tool in the hand, the next click speaks of the region that is wrong at the place."""
        entry, annotation = self._session.errors.current, self._annotating.annotation
        if entry is None or annotation is None or self._annotating.options.tool is not Tool.CLICK:
            return
        from brainseg_gui.annotation.tools.clicks import number_joining  # a start waits for no tool

        try:
            label = number_joining(annotation.labels.scheme, entry.piece.region.key)
        except BrainsegError:
            return  # the scheme has no number for it
        if self._annotating.editable:
            activate(self._session, label)

    def take(self, piece: Disagreement, role: LayerRole) -> None:
        """Make the annotation, in one piece, what the reference or the prediction says; one edit."""
        layer = self._session.layers.reference if role is LayerRole.REFERENCE else self._session.layers.prediction
        if layer is self._annotating.layer:
            layer = copy_layer(self._session)
        if layer is None or not self._annotating.editable:
            return
        source = CopySource(self._session)
        if not source.take(layer) or source.values is None:
            return
        i, j, k = piece.box
        change = Area((i, j, k), piece.inside).copies(source.values)
        edit = self._annotating.edit(change, f"Take {piece.words} from {layer.name}", "take", layer=layer.name)
        if edit is None:
            self._session.say(Notice(f"The annotation already agrees with {layer.name} here", problem=False))
