"""Return, Backspace and Esc: keys that mean whatever is under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from brainseg_gui.controllers.annotating.operations import OperationsController
from brainseg_gui.controllers.annotating.paint import PaintController
from brainseg_gui.controllers.annotating.proposal import ProposalController
from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.segmenting.segment import SegmentController
from brainseg_gui.state.annotating.operating import OperationKind
from brainseg_gui.state.session import Session

if TYPE_CHECKING:
    from brainseg_gui.controllers.measuring.measuring import MeasuringController


class UnderWayController:
    """Finds out what such a key is about: what is in the hand, what is previewed, what runs, then what is said."""

    def __init__(
        self,
        paint: PaintController,
        operations: OperationsController,
        proposal: ProposalController,
        files: FilesController,
        segment: SegmentController,
        session: Session,
    ) -> None:
        self._paint, self._operations, self._proposal = paint, operations, proposal
        self._files, self._segment, self._session = files, segment, session
        self.measuring: MeasuringController | None = None  # since somebody measures

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            "annotate.close_outline": self.confirm,
            "operate.remove_island": self.remove_here,
            "segment.cancel": self.cancel,
        }

    def remove_here(self) -> None:
        """Remove a measurement, the corner of an open polygon, else the island under the mouse."""
        measures = self.measuring is not None and self.measuring.remove_here()
        if not (measures or self._paint.remove_corner()):
            self._operations.choose(OperationKind.REMOVE_ISLAND)

    def confirm(self) -> None:
        """Accept what is previewed; while a polygon is drawn, close it."""
        if self._paint.busy or not (self._operations.accept() or self._proposal.accept()):
            self._paint.accept()

    def cancel(self) -> None:
        """Drop what is in the hand or previewed, else stop what runs, else close what is being said."""
        if not self._session.previewing and self._dropped():  # behind a case that is read nobody sees what would go
            return
        if not (self._session.opening.running or self._session.segmenting.running):
            self._session.say(None)
        self._files.cancel()
        self._segment.cancel()

    def _dropped(self) -> bool:
        """Drop what is in the hand or previewed; returns whether there was anything."""
        if self.measuring is not None and self.measuring.cancel():
            return True
        return self._paint.cancel() or self._operations.drop() or self._proposal.leave()
