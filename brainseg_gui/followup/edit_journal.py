"""What people changed about a follow-up as lines of a journal, by the images of the patient's first visit.

Visits are named in it, not counted: a visit that is found later does not shift what was said of the others.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui.followup.aligning.placements import best_modality
from brainseg_gui.followup.edits import Edit, TargetsChosen, TreatmentNoted
from brainseg_gui.followup.from_json import edit_of
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.to_json import edit_entry
from brainseg_gui.followup.visits import Visit
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.plain_files import open_file
from brainseg_gui.storage.line_journal import LineJournal

_SUFFIX = ".followup"
_HEAD_BYTES = 2**18  # of an image: its header, and voxels enough to tell it from all others
_DIGEST_BYTES = 20
_NAME = "visit_name"
UNDO: Mapping[str, Any] = {"undo": True}
"""The line that takes back what the last one before it did that is not taken back yet."""


def journal_of(folder: Path, visits: Sequence[Visit]) -> LineJournal:
    """The journal of a patient.

    Parameters
    ----------
    folder
        That of the annotations' journals.

    Raises
    ------
    OSError
        If the first visit's image cannot be read.
    CaseError
        If it has none.
    """
    first = visits[0]
    total = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    with open_file(first.source.modalities[best_modality(first)]) as stream:
        total.update(stream.read(_HEAD_BYTES))
    return LineJournal(folder / f"{total.hexdigest()}{_SUFFIX}")


def journal_entry(edit: Edit, record: FollowUp) -> dict[str, Any]:
    """A change as a line."""
    entry = edit_entry(edit)
    if not isinstance(edit, TargetsChosen | TreatmentNoted):
        entry[_NAME] = record.visits[edit.visit].name
    return entry


def with_journal(record: FollowUp, entries: Iterable[Mapping[str, Any]]) -> tuple[FollowUp, int]:
    """The follow-up as people left it, and how many changes fit it no more, such as those of a lesion that is gone."""
    numbers = {visit.name: number_of(index) for index, visit in enumerate(record.visits)}
    done: list[Edit | None] = []
    for entry in entries:
        if "undo" in entry:
            del done[-1:]
            continue
        done.append(None)
        with contextlib.suppress(KeyError, TypeError, ValueError):
            named = {**entry, "visit": numbers[entry[_NAME]]} if _NAME in entry else entry
            done[-1] = edit_of(named)
    lost = 0
    for edit in done:
        try:
            record = record.with_edit(edit) if edit is not None else record
            lost += edit is None
        except ValueError:
            lost += 1
    return record, lost
