"""An annotation that was asked for while Segment is at work begins with what it finds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from brainseg_gui.state.session import Notice, Session

WAITS = "The annotation begins as soon as Segment has found its prediction"


class AwaitedPrediction(QObject):
    """Begins once, as soon as there is a prediction; not where something else was begun meanwhile, or it failed.

    Parameters
    ----------
    begin
        Begins with what is most likely wanted.
    """

    def __init__(self, session: Session, parent: QObject, begin: Callable[[], object]) -> None:
        super().__init__(parent)
        self._session, self._begin = session, begin
        self._waits = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._begin_with_it)
        session.case_changed.connect(self._forget)
        session.annotating.annotation_changed.connect(self._forget)
        session.segmenting.events.running.connect(self._on_running)

    def wait(self) -> bool:
        """Wait if there is no prediction and Segment is at work on one; returns whether it does, and says so."""
        layers = self._session.layers
        self._waits = self._session.segmenting.running and layers.to_correct is None
        if self._waits:
            reference = (("Start from the reference", "annotate.start_reference"),) if layers.reference else ()
            actions = (*reference, ("Start empty", "annotate.start_empty"))
            self._session.say(Notice(WAITS, actions=actions, problem=False))
        return self._waits

    def _forget(self) -> None:
        if self._waits:
            self._waits = False
            self._unsay()

    def _on_running(self, running: bool) -> None:
        if self._waits and not running:
            self._soon.start()  # the prediction is added after the work has ended

    def _begin_with_it(self) -> None:
        if self._waits:
            self._forget()
            if self._session.layers.to_correct is not None:
                self._begin()

    def _unsay(self) -> None:
        if self._session.notice is not None and self._session.notice.what == WAITS:
            self._session.say(None)
