"""What is said and asked about the journal: read-only annotations, and journals that cannot be written."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.journal.journal_fields import JournalError
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.state.session import Notice
from brainseg_gui.views.widgets.question import Question

EDITABLE_AGAIN = Notice("The annotation can be edited now", problem=False)
WRITTEN_AGAIN = Notice("The journal is written again: every edit is safe", problem=False)


def read_only(why: str, *, held_elsewhere: bool, at_risk: bool = False) -> Notice:
    """Why an annotation cannot be edited, and what can be done.

    Parameters
    ----------
    held_elsewhere
        Another computer holds the lock: only a person can know whether brainseg still runs there.
    at_risk
        There are edits that no file holds: a copy of them can be saved.
    """
    actions: tuple[tuple[str, str], ...] = (("Try again", "journal.retry"),)
    if held_elsewhere:
        actions += (("Take over…", "journal.take_over"),)
    if at_risk:
        actions += (("Save a copy…", "file.save_as"),)
    return Notice(why, "Close the other window and try again, or look at it here", actions=actions)


def failing(error: Exception) -> Notice:
    """Edits are at risk."""
    notice = notice_of(error, (("Save now", "file.save"),))
    if isinstance(error, JournalError):  # the name of the file says nothing to anyone
        notice = replace(notice, what=f"{error.what[0].upper()}{error.what[1:]}")
    return notice


def take_over_question(window: QWidget) -> Question:
    """The question before the lock of another computer is broken; its answer is "take over" or "cancel"."""
    return Question(
        window,
        "Take this annotation over?",
        "Only do so when brainseg no longer runs on the other computer: its window can keep no edits afterwards.",
        (("take over", "Take over"), ("cancel", "Cancel")),
    )
