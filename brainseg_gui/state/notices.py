"""What is said to the person: one sentence at a time, wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from psygnal import Signal


@dataclass(frozen=True)
class Notice:
    """A sentence for the person, with what can be done about it.

    Parameters
    ----------
    what, remedy
        What happened; what to do.
    details
        More, shown on request (a traceback, a list).
    actions
        Text of a button -> id of the action that it triggers.
    problem
        Whether something went wrong (else it is only worth knowing).
    """

    what: str
    remedy: str = ""
    details: str = ""
    actions: tuple[tuple[str, str], ...] = ()
    problem: bool = True


class Notices:
    """What one window has to say now. The state of every window with a notice bar is one of these."""

    notice_changed = Signal()
    """There is something to say, or no longer."""

    def __init__(self) -> None:
        self._notice: Notice | None = None

    @property
    def notice(self) -> Notice | None:
        """What is to be said now."""
        return self._notice

    def say(self, notice: Notice | None) -> None:
        """Say something, or nothing any more."""
        if notice != self._notice:
            self._notice = notice
            self.notice_changed.emit()

    def say_too(self, notice: Notice) -> None:
        """Say something before what is being said already, and keep the answers of both."""
        said = self._notice
        if said is not None:
            details = "\n".join(part for part in (notice.remedy, notice.details, said.details) if part)
            both = (*said.actions, *(action for action in notice.actions if action not in said.actions))
            what = f"{notice.what}. {said.what}"
            notice = Notice(what, said.remedy or notice.remedy, details, both, notice.problem or said.problem)
        self.say(notice)
