"""The study of the open case: its digest, and the right to write annotations of it."""

from __future__ import annotations

from brainseg_gui.annotation.journal.journal_folder import JournalFolder
from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.journal.study_lock import StudyLock
from brainseg_gui.imaging.case import Case
from brainseg_gui.state.session import Session


class OpenStudy:
    """Who annotates a study holds its lock in this window; the digest is worked out once."""

    def __init__(self, session: Session, folder: JournalFolder) -> None:
        self._session, self._folder = session, folder
        self._known: tuple[Case, str] | None = None
        self._lock: StudyLock | None = None

    def digest(self) -> str:
        """Digest of the open case; known before it is asked for, mostly."""
        case = self._session.case
        if case is None:
            raise RuntimeError("no case is open")
        if self._known is None or self._known[0] is not case:
            self._known = case, study_digest(case)
        return self._known[1]

    @property
    def known_digest(self) -> str:
        """Digest of the open case, if it is known already; else empty."""
        return self._known[1] if self._known is not None and self._known[0] is self._session.case else ""

    def know(self, case: Case, digest: str) -> None:
        """Take a digest that a thread worked out."""
        self._known = case, digest

    @property
    def lock(self) -> StudyLock | None:
        """The lock, if this window holds it."""
        return self._lock

    @property
    def held_elsewhere(self) -> bool:
        """Whether another computer holds the lock."""
        return self._folder.held_elsewhere(self.digest())

    def take(self, *, take_over: bool = False) -> StudyLock:
        """Take the right to write annotations, if this window does not have it yet.

        Raises
        ------
        LockedError, JournalError
            As `JournalFolder.lock`.
        """
        if self._lock is None:
            self._lock = self._folder.lock(self.digest(), take_over=take_over)
        return self._lock

    def release(self) -> None:
        """Leave that right to others."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
