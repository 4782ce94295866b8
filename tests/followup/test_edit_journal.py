"""Changes of a follow-up come back to the lesion that they were made of, whatever it is numbered now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.diameters import Cross, Line
from brainseg_gui.followup.doubts import doubts_of
from brainseg_gui.followup.edit_journal import journal_entry, undo_entry, with_journal
from brainseg_gui.followup.edits import BaselineChosen, Edit, LineMoved, TargetsChosen, TreatmentNoted, VisitRemark
from brainseg_gui.followup.lesions import MeasuredLesion
from brainseg_gui.followup.moments import moment_on
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.plane import Plane

GRID = Grid((100, 100, 100), np.diag([1.0, 1.0, 2.0, 1.0]))
MOVED = Line((10.0, 20.0, 5.0), (32.0, 20.0, 5.0))


def lesion(at: float, mm: float) -> MeasuredLesion:
    line = Line((at, 20.0, 5.0), (at + mm, 20.0, 5.0))
    return MeasuredLesion(Cross(Plane.AXIAL, 5, line, line, mm, mm), 5, 1.0, "")


def record(*visits: Mapping[int, MeasuredLesion], criteria: str = "rano2") -> FollowUp:
    measured = [
        VisitMeasures(f"v{n}", moment_on(date(2021, 1, 1 + n)), GRID, Path(f"m{n}"), lesions)
        for n, lesions in enumerate(visits)
    ]
    return FollowUp("P", criteria_named(criteria), tuple(measured))


A, B = lesion(10, 20), lesion(60, 18)
BOTH = record({1: A, 2: B}, {1: A, 2: B})


def written(of: FollowUp, *edits: Edit | None) -> list[dict[str, Any]]:
    """The lines of a journal, through JSON."""
    lines = []
    for edit in edits:
        of = of.with_edit(edit) if edit is not None else of.without_last_edit()
        lines.append(journal_entry(edit, of) if edit is not None else undo_entry(of))
    return json.loads(json.dumps(lines))  # type: ignore[no-any-return]


EDITS = (TargetsChosen((1,)), LineMoved(1, 1, "longest", MOVED), VisitRemark(1, "near the scar", 2), BaselineChosen(0))


def test_changes_come_back_as_they_were() -> None:
    treatment = TreatmentNoted(date(2021, 2, 1), "radiotherapy")
    found, lost = with_journal(BOTH, written(BOTH, *EDITS, treatment))
    assert (found.edits, lost) == ((*EDITS, treatment), 0)


def test_a_lesion_that_has_another_number_now_keeps_its_changes() -> None:
    """A mask was corrected: the second largest lesion is the largest, and got the line and the choice of the other."""
    small = lesion(12, 15)
    found, lost = with_journal(record({1: B, 2: small}, {1: B, 2: small}), written(BOTH, *EDITS))
    assert lost == 0
    assert found.edits[:3] == (
        TargetsChosen((2,)),
        LineMoved(1, 2, "longest", MOVED),
        VisitRemark(1, "near the scar", 1),
    )


def test_what_is_nowhere_near_is_lost_and_told() -> None:
    found, lost = with_journal(record({1: B}, {1: B}), written(BOTH, *EDITS))
    assert (found.edits, lost) == ((VisitRemark(1, "near the scar", 1), BaselineChosen(0)), 2)


def test_lines_of_lesions_of_another_kind_wait_for_their_criteria() -> None:
    """A line across enhancing tumour cut the FLAIR lesion of that number to a third: a response."""
    lines = written(BOTH, *EDITS)
    flair = replace(BOTH, criteria=criteria_named("rano-lgg"))
    assert flair.criteria.kind.key != BOTH.criteria.kind.key
    found, lost = with_journal(flair, lines)
    assert (found.edits, lost) == ((BaselineChosen(0),), 0)
    assert with_journal(BOTH, lines)[0].edits == EDITS


def test_taking_back_counts_what_the_person_saw() -> None:
    lines = written(BOTH, EDITS[0], EDITS[2], None)
    assert with_journal(BOTH, lines)[0].edits == (EDITS[0],)
    only_a = record({1: A}, {1: A})  # B is gone: its remark fits no more, and somebody takes back the choice of A
    found, lost = with_journal(only_a, [*written(BOTH, EDITS[0], EDITS[2]), undo_entry(only_a)])
    assert (found.edits, lost) == ((), 1)
    flair = replace(BOTH, criteria=criteria_named("rano-lgg"))
    seen_with_flair = [*written(BOTH, *EDITS), undo_entry(flair)]  # there the baseline was all that could be taken back
    assert with_journal(BOTH, seen_with_flair)[0].edits == EDITS[:3]


def test_lines_of_earlier_versions_are_read() -> None:
    entry = journal_entry(EDITS[1], BOTH)
    old = {key: value for key, value in entry.items() if key not in ("kind", "places")}
    assert with_journal(BOTH, [old])[0].edits == (EDITS[1],)
    assert with_journal(BOTH, [*written(BOTH, EDITS[3]), {"undo": True}])[0].edits == ()


@pytest.mark.parametrize(
    "damage",
    [
        {"visit_name": "v9"},
        {"visit_name": 7},
        {"places": [1]},
        {"places": {"x": [0, 0, 0]}},
        {"places": {"1": "here"}},
        {"places": {"1": [1e400, 0, 0]}},
        {"places": {}},
        {"lesion": "one"},
        {"kind": None},
    ],
)
def test_what_makes_no_sense_is_lost_and_told(damage: dict[str, Any]) -> None:
    entry = journal_entry(EDITS[1], BOTH) | damage
    found, lost = with_journal(BOTH, [entry])
    assert (found.edits, lost) in (((), 1), ((), 0))


def test_a_line_that_is_dragged_along_the_other_is_a_doubt() -> None:
    """41 by 40 mm “across” in a lesion of 40 by 12: progression, and nothing objected."""
    turned = Line((10.0, 20.0, 5.0), (45.0, 30.0, 5.0))  # 35 by 10 mm
    found = record({1: A}, {1: A}).with_edit(LineMoved(1, 1, "across", turned))
    assert doubts_of(found)[1].endswith("the lines of lesion 1 are 16° apart")
    upright = Line((20.0, 12.0, 5.0), (20.0, 28.0, 5.0))
    assert 1 not in doubts_of(record({1: A}, {1: A}).with_edit(LineMoved(1, 1, "across", upright)))
