"""What a category rests on where lesions are too small to be measured, and how fast targets grow, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.diameters import Cross, Line
from brainseg_gui.followup.doubts import doubts_of
from brainseg_gui.followup.edits import TargetsChosen
from brainseg_gui.followup.identity import Change, LesionEvent
from brainseg_gui.followup.lesions import MeasuredLesion
from brainseg_gui.followup.moments import moment_on
from brainseg_gui.followup.pace import pace_words
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.results import results_of
from brainseg_gui.imaging.plane import Plane

_LINE = Line((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))


def lesion(mm: float, ml: float = 1.0) -> MeasuredLesion:
    """A square lesion, measurable from 10 mm on."""
    return MeasuredLesion(Cross(Plane.AXIAL, 0, _LINE, _LINE, mm, mm), 5, ml, "" if mm >= 10 else "below 10 mm")


def record(
    *visits: dict[int, MeasuredLesion], criteria: str = "rano2", events: tuple[LesionEvent, ...] = ()
) -> FollowUp:
    """Visits named v0, v1, … that are a hundred days apart."""
    measured = [
        VisitMeasures(f"v{n}", moment_on(date(2021, 1, 1) + timedelta(100 * n)), None, Path(f"m{n}"), lesions)
        for n, lesions in enumerate(visits)
    ]
    return FollowUp("P", criteria_named(criteria), tuple(measured), events)


def letters(of: FollowUp) -> list[str]:
    return [result.diameters.category.letters for result in results_of(of)]


def test_growth_from_what_was_too_small_is_in_doubt() -> None:
    found = record({1: lesion(20)}, {1: lesion(2)}, {1: lesion(8)}, {1: lesion(15)})
    assert letters(found) == ["BL", "PR", "PD", "PD"]
    doubts = doubts_of(found)
    assert doubts.keys() == {2, 3}  # that it shrank below what is measured is no doubt
    assert doubts[2].endswith("not measurable, lesion 1 at v1 (below 10 mm); lesion 1 at v2 (below 10 mm)")
    assert doubts[3].endswith("lesion 1 at v1 (below 10 mm)")


def test_growth_of_what_is_measured_is_in_no_doubt() -> None:
    assert doubts_of(record({1: lesion(20), 2: lesion(4)}, {1: lesion(12), 2: lesion(3)}, {1: lesion(20)})) == {}


def test_a_target_that_is_back_and_large_is_in_no_doubt() -> None:
    found = record({1: lesion(20)}, {}, {1: lesion(15)})
    assert letters(found) == ["BL", "CR", "PD"]
    assert doubts_of(found) == {}
    assert doubts_of(record({1: lesion(20)}, {}, {1: lesion(5)})).keys() == {2}


def test_targets_that_a_person_chose_too_small_leave_every_category_in_doubt() -> None:
    found = record({1: lesion(20), 2: lesion(6)}, {1: lesion(20), 2: lesion(6)}).with_edit(TargetsChosen((2,)))
    assert letters(found) == ["BL", "SD"]
    assert doubts_of(found)[1].endswith("lesion 2 at v0 (below 10 mm)")


def test_a_new_lesion_is_in_doubt_while_it_is_too_small() -> None:
    new = LesionEvent(1, Change.NEW, after=(2,))
    for criteria, mm, category, doubtful in (
        ("rano-hgg", 6, "PD", True),  # any new lesion counts
        ("rano-hgg", 12, "PD", False),
        ("rano2", 6, "SD", False),  # a measurable one does
        ("rano2", 12, "PD", False),
    ):
        found = record({1: lesion(20)}, {1: lesion(20), 2: lesion(mm)}, criteria=criteria, events=(new,))
        assert letters(found)[1] == category
        assert (1 in doubts_of(found)) is doubtful


def test_the_pace_is_that_since_the_visit_before() -> None:
    found = record({1: lesion(20, 1.0)}, {1: lesion(25, 2.0)}, {1: lesion(20, 1.0)}, {})
    results = results_of(found)
    assert pace_words(found, results, 0) == "Volume of the targets: 1.00 ml"
    # ln 2 in a hundred days
    assert pace_words(found, results, 1).endswith("2.00 ml, +100 % since v0 (+0.69 % a day, doubling in 100 days)")
    assert pace_words(found, results, 2).endswith("1.00 ml, -50 % since v1 (-0.69 % a day, halving in 100 days)")
    assert pace_words(found, results, 3) == "Volume of the targets: 0.00 ml, -100 % since v2"
