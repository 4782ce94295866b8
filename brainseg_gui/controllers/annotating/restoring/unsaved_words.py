"""How unsaved work is put into words: what a journal holds, and when it was written."""

from __future__ import annotations

import time
from collections.abc import Sequence

from brainseg_gui.annotation.journal.journal_replay import JournalNote


def offer_of(note: JournalNote) -> str:
    """What a journal of the open case holds, when it was written, and from what it was started."""
    return f"There is unsaved work on this case: {contents_of(note)}"


def contents_of(note: JournalNote) -> str:
    """How many edits, when the last one was made, and from what the first one was."""
    kind, _, name = note.header.start.partition(": ")
    called = "" if name == kind else f" {name}"  # most predictions are called just that
    start = {"empty": "an empty mask", "": "a mask"}.get(kind, f"the {kind}{called}")
    when = f"the last {moment_of(note)}" if note.edits else f"without edits, of {moment_of(note)}"
    return f"{count_of(note)}, {when}, started from {start}"


def others_of(notes: Sequence[JournalNote]) -> str:
    """Of which other cases there is unsaved work."""
    titles = list(dict.fromkeys(note.header.title for note in notes))
    if len({note.header.study for note in notes}) == 1:
        return f"brainseg has unsaved work of {titles[0]} ({count_of(notes[0])}, {moment_of(notes[0])})"
    return f"brainseg has unsaved work of {len({note.header.study for note in notes})} cases: {_listed(titles)}"


def count_of(note: JournalNote) -> str:
    """How many edits a journal holds."""
    return {0: "an annotation", 1: "1 edit"}.get(len(note.edits), f"{len(note.edits):,} edits")


def moment_of(note: JournalNote) -> str:
    """When its last edit was made."""
    made, today = time.localtime(note.made), time.localtime()
    day = "today" if made[:3] == today[:3] else f"on {time.strftime('%d %B %Y', made).lstrip('0')}"
    ahead = " by a clock that ran ahead" if note.made > time.time() + _CLOCKS_DIFFER_S else ""
    return f"{day} at {time.strftime('%H:%M', made)}{ahead}"


_NAMED = 3
_CLOCKS_DIFFER_S = 60.0


def _listed(titles: Sequence[str]) -> str:
    """The first names, and how many more."""
    shown, more = list(titles[:_NAMED]), len(titles) - _NAMED
    last = f"{more} more" if more > 0 else shown.pop() if len(shown) > 1 else ""
    return f"{', '.join(shown)} and {last}" if last else shown[0]
