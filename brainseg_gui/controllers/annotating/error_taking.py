"""Correcting the annotation from the list of errors: where it is wrong, it becomes what a compared layer says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.slab import Area
from brainseg_gui.controllers.annotating.hand.copy_source import CopySource, copy_layer
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

    def _listen(self, panel: ErrorsPanel) -> None:
        self._panel = panel
        panel.take_requested.connect(self.take)
        self._offer()

    def _offer(self) -> None:
        if self._panel is not None:
            self._panel.offer_taking(self._annotating.editable)

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
