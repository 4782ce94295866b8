"""What is offered of unsaved work: one notice at a time, for what was not put off."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.annotation.journal.journal_replay import JournalNote
from brainseg_gui.controllers.annotating.restoring.unsaved_words import offer_of, others_of
from brainseg_gui.controllers.faults.faults import SHOW_REPORT
from brainseg_gui.state.session import Notice, Session

_OFFERS = (("Restore", "journal.restore"), ("Not now", "journal.later"), ("Discard…", "journal.discard"))
_ONE_OTHER = (("Open and restore", "journal.open"), ("Not now", "journal.later"))
_SOME_OTHERS = (("Show…", "journal.list"), ("Not now", "journal.later"))


class WorkOffers:
    """The unsaved work that is known, and which of it is offered."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.here: tuple[JournalNote, ...] = ()  # of the open case
        self.elsewhere: tuple[JournalNote, ...] = ()
        self.offered: JournalNote | None = None
        self.tells_elsewhere = True  # once, at the start
        self._later: set[Path] = set()
        self._said: Notice | None = None

    @property
    def any(self) -> bool:
        """Whether there is unsaved work at all."""
        return bool(self.here or self.elsewhere)

    @property
    def shown(self) -> bool:
        """Whether the notice on the screen offers it."""
        return self._said is not None and self._session.notice is self._said

    def begin_case(self) -> None:
        """Another case is open: what was said was about the one before."""
        self.here, self.offered = (), None
        if self.shown:
            self._session.say(None)

    def offer_next(self) -> None:
        """Offer what waits of the open case; else what there is of others."""
        waiting = [note for note in self.here if note.path not in self._later]
        self.offered = waiting[0] if waiting else None
        if self.offered is not None:
            self._say(offer_of(self.offered), _OFFERS)
        elif self.elsewhere and self.tells_elsewhere:
            one = len({note.header.study for note in self.elsewhere}) == 1
            self._say(others_of(self.elsewhere), _ONE_OTHER if one else _SOME_OTHERS)

    def put_off(self) -> None:
        """Not now: the journals stay."""
        self._session.say(None)
        if self.offered is not None:
            self._later.add(self.offered.path)
            self.offer_next()
        else:
            self.tells_elsewhere = False

    def put_off_nothing(self) -> None:
        """Whatever was put off may be offered again."""
        self._later.clear()

    def forget(self, note: JournalNote) -> None:
        """It is restored or given up."""
        self.here = tuple(other for other in self.here if other.path != note.path)
        self.elsewhere = tuple(other for other in self.elsewhere if other.path != note.path)

    def _say(self, words: str, actions: tuple[tuple[str, str], ...]) -> None:
        said = self._session.notice  # what was said about the case is not lost
        details = "\n".join(part for part in (said.what, said.remedy, said.details) if part) if said else ""
        report = tuple(action for action in said.actions if action[1] == SHOW_REPORT) if said else ()
        if said and report:  # the work is there because the program ended unexpectedly
            words, actions = f"{said.what}. {words}", (*actions, *report)
        self._said = Notice(words, details=details, actions=actions, problem=False)
        self._session.say(self._said)
