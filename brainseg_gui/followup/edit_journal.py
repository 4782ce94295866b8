"""What people changed about a follow-up as lines of a journal, by the images of the patient's first visit.

Visits are named in it, not counted: a visit that is found later does not shift what was said of the others. Lesions are
told by their place, too: their numbers go by size, and another mask or other criteria number them otherwise.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainseg_gui.followup.aligning.placements import best_modality
from brainseg_gui.followup.edits import Edit, LineMoved, TargetsChosen, TreatmentNoted, VisitRemark
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
_NAME, _KIND, _PLACES = "visit_name", "kind", "places"
_NEAR_MM = 10.0  # of a lesion, or half its longest diameter: as far as its middle may have moved


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
    if isinstance(edit, TreatmentNoted):
        return entry
    visit = record.baseline if isinstance(edit, TargetsChosen) else edit.visit
    entry[_NAME] = record.visits[visit].name
    if lesions := _lesions_of(edit):
        entry[_KIND] = record.criteria.kind.key
        entry[_PLACES] = {str(number): _middle_mm(record, visit, number) for number in lesions}
    return entry


def undo_entry(record: FollowUp) -> dict[str, Any]:
    """The line that takes back the last change which fits these criteria and is not taken back yet."""
    return {"undo": True, _KIND: record.criteria.kind.key}


@dataclass
class _Line:
    """A change of the journal; `edit` is None where it does not fit what was measured."""

    edit: Edit | None
    kind: str  # of the lesions that it is about; empty where it is about none

    def counts_for(self, kind: str) -> bool:
        """Whether somebody who saw lesions of a kind saw this change."""
        return self.edit is not None and self.kind in ("", kind)


def with_journal(record: FollowUp, entries: Iterable[Mapping[str, Any]]) -> tuple[FollowUp, int]:
    """The follow-up as people left it, and how many changes fit it no more, such as those of a lesion that is gone.

    Changes about lesions of another kind (enhancing, FLAIR) wait for criteria that measure it.
    """
    here, lines, start = record.criteria.kind.key, list[_Line](), record
    for entry in entries:
        kind = str(entry.get(_KIND, ""))
        if "undo" in entry:
            taken = next((n for n in reversed(range(len(lines))) if lines[n].counts_for(kind or here)), None)
            if taken is not None:
                del lines[taken]
                record = _with_all(start, [line.edit for line in lines if line.counts_for(here)])
            continue
        edit = None
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
            edit = edit_of(_found_again(entry, record, look=kind in ("", here)))
            if kind in ("", here):
                record = record.with_edit(edit)
        lines.append(_Line(edit, kind))
    return record, sum(line.edit is None for line in lines)


def _with_all(record: FollowUp, edits: Iterable[Edit | None]) -> FollowUp:
    for edit in edits:
        with contextlib.suppress(ValueError):
            record = record.with_edit(edit) if edit is not None else record
    return record


def _lesions_of(edit: Edit) -> tuple[int, ...]:
    if isinstance(edit, TargetsChosen):
        return edit.lesions
    lesion = edit.lesion if isinstance(edit, LineMoved | VisitRemark) else None
    return (lesion,) if lesion is not None else ()


def _found_again(entry: Mapping[str, Any], record: FollowUp, *, look: bool) -> dict[str, Any]:
    """A line with the visit and the lesions as they are numbered now; `look`: whether such lesions were measured."""
    found = dict(entry)
    visits = {visit.name: index for index, visit in enumerate(record.visits)}
    visit = visits[entry[_NAME]] if _NAME in entry else -1
    if visit >= 0 and "visit" in entry:
        found["visit"] = number_of(visit)
    if look and _PLACES in entry:
        now = {int(number): _lesion_at(record, visit, int(number), place) for number, place in entry[_PLACES].items()}
        if "lesions" in entry:
            found["lesions"] = [now[int(number)] for number in entry["lesions"]]
        else:
            found["lesion"] = now[int(entry["lesion"])]
    return found


def _lesion_at(record: FollowUp, visit: int, number: int, place_mm: Sequence[float]) -> int:
    """The lesion that is where one was: that of the same number, else the nearest; `KeyError` if none is."""
    away = {lesion: math.dist(_middle_mm(record, visit, lesion), place_mm) for lesion in record.visits[visit].lesions}
    near = {
        lesion: mm
        for lesion, mm in away.items()
        if mm <= max(_NEAR_MM, record.visits[visit].lesions[lesion].cross.longest_mm / 2)
    }
    if not near:
        raise KeyError(number)
    return number if number in near else min(near, key=lambda lesion: (near[lesion], lesion))


def _middle_mm(record: FollowUp, visit: int, lesion: int) -> list[float]:
    """The middle of a lesion's longest diameter as measured, world (RAS, mm); in voxels where there is no grid."""
    here = record.visits[visit]
    line = here.lesions[lesion].cross.longest
    middle = [(one + other) / 2 for one, other in zip(line.start_ijk, line.end_ijk, strict=True)]
    if here.grid is None:
        return middle
    x, y, z = (here.grid.affine @ (*middle, 1.0))[:3].tolist()
    return [round(x, 2), round(y, 2), round(z, 2)]
