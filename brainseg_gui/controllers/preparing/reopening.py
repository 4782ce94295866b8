"""A prepared case that is opened from disk: the panel shows what it was made of, as if it had been made just now."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.errors import CaseError
from brainseg_gui.preparation.reopened import RawLook, Reopened, reopened
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session


class Reopening(QObject):
    """Looks for the raw series of the open case.

    Parameters
    ----------
    found
        Gets what was found of a case that is still open.
    """

    def __init__(self, session: Session, parent: QObject, found: Callable[[Reopened], None]) -> None:
        super().__init__(parent)
        self._session, self._found = session, found
        self._looking = LatestJob(session, self)

    def look(self, begun: Future[RawLook] | None = None) -> None:
        """Look, where the open case may be a prepared one; what was looked for before is given up.

        Parameters
        ----------
        begun
            The look that opening the case began, which tells the same.
        """
        case = self._session.case
        if case is None or self._session.previewing or case.source.volumes:
            self._looking.stop()
        else:
            self._looking.start(_looked_for(case.source.folder, begun), self._on_found)

    def close(self) -> None:
        """Stop, when the program ends."""
        self._looking.close()

    def _on_found(self, answer: Reopened | None) -> None:
        case = self._session.case
        if answer is None or case is None or case.source.folder != answer.folder or self._session.preparing.running:
            return
        self._found(answer)


def _looked_for(folder: Path, begun: Future[RawLook] | None) -> Generator[Progress, None, Reopened | None]:
    """None where there is no record that can be used: the images are those of any case then."""
    try:
        return (yield from reopened(folder, begun))
    except CaseError:
        return None
