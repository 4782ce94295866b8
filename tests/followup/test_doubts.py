"""What a category rests on where lesions are too small to be measured, and how fast targets grow, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.diameters import Cross, Line
from brainseg_gui.followup.doubts import doubts_of
from brainseg_gui.followup.edits import BaselineChosen, TargetsChosen
from brainseg_gui.followup.identity import Change, LesionEvent
from brainseg_gui.followup.lesions import MeasuredLesion
from brainseg_gui.followup.moments import moment_on
from brainseg_gui.followup.pace import pace_words
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.results import results_of
from brainseg_gui.followup.volumes import VolumeRange
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


def test_what_surgery_took_out_is_no_response() -> None:
    """A cavity that the baseline has not: the lesion shrank by the knife."""
    found = record({1: lesion(20)}, {1: lesion(12)}, {1: lesion(14)}, {1: lesion(30)})
    cavity = {"RC": VolumeRange(6.0, 5.0, 7.0)}
    after = (found.visits[0], *(replace(visit, volumes=cavity) for visit in found.visits[1:]))
    cut = replace(found, visits=after)
    assert letters(cut) == ["BL", "PR", "PD", "PD"]
    assert list(doubts_of(cut)) == [1]  # progression is counted from the smallest sum, after surgery
    assert "the mask of v1 has a resection cavity that the baseline has not" in doubts_of(cut)[1]
    assert doubts_of(replace(found, visits=tuple(replace(visit, volumes=cavity) for visit in found.visits))) == {}
    assert doubts_of(cut.with_edit(BaselineChosen(1))) == {}


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
    assert pace_words(found, results, 2).endswith("1.00 ml, −50 % since v1 (−0.69 % a day, halving in 100 days)")
    assert pace_words(found, results, 3) == "Volume of the targets: 0.00 ml, −100 % since v2"


def test_a_new_lesion_is_progression_as_long_as_it_is_there() -> None:
    """It counted on one visit alone: then “stable” and “partial response” were told while it grew."""
    for criteria in ("rano2", "rano-hgg", "rano-bm"):
        found = record(
            {1: lesion(30)},
            {1: lesion(30), 2: lesion(16)},
            {1: lesion(30), 2: lesion(50)},
            {1: lesion(12), 2: lesion(60)},
            {1: lesion(12)},
            criteria=criteria,
            events=(LesionEvent(1, Change.NEW, (), (2,)), LesionEvent(4, Change.VANISHED, (2,))),
        )
        assert letters(found) == ["BL", "PD", "PD", "PD", "PR"], criteria
        assert [result.diameters.new for result in results_of(found)] == [(), (2,), (2,), (2,), ()]


def test_a_small_new_lesion_counts_from_when_it_can_be_measured_and_stays() -> None:
    new = (LesionEvent(1, Change.NEW, (), (2,)),)
    visits = [{1: lesion(20), 2: lesion(size)} for size in (6, 14, 8)]
    assert letters(record({1: lesion(20)}, *visits, events=new)) == ["BL", "SD", "PD", "PD"]


def test_a_tumour_that_comes_back_after_a_baseline_without_it_is_new() -> None:
    """Local recurrence after an operation: it was “not evaluable”, or stable beside another target."""
    back = (LesionEvent(1, Change.VANISHED, (1,)), LesionEvent(2, Change.RETURNED, (), (1,)))
    alone = record({1: lesion(30)}, {}, {1: lesion(40)}, events=back).with_edit(BaselineChosen(1))
    assert letters(alone) == ["NE", "BL", "PD"]
    beside = record({1: lesion(30), 2: lesion(15)}, {2: lesion(15)}, {1: lesion(40), 2: lesion(15)}, events=back)
    assert letters(beside.with_edit(BaselineChosen(1))) == ["NE", "BL", "PD"]


def test_what_split_before_the_baseline_is_apart_there() -> None:
    split = (LesionEvent(1, Change.SPLIT, (1,), (1, 2)),)
    visits = ({1: lesion(40)}, {1: lesion(22), 2: lesion(21)}, {1: lesion(22), 2: lesion(33)})
    found = record(*visits, events=split).with_edit(BaselineChosen(1)).with_edit(TargetsChosen((1,)))
    assert [result.targets for result in results_of(found)][1:] == [(1,), (1,)]
    assert letters(found) == ["NE", "BL", "SD"]
    from_the_first = record(*visits, events=split)
    assert [result.targets for result in results_of(from_the_first)] == [(1,), (1, 2), (1, 2)]


def test_lesions_that_are_no_targets_and_grow_are_a_doubt() -> None:
    found = record({1: lesion(30), 2: lesion(6)}, {1: lesion(20), 2: lesion(30)}, {1: lesion(20), 2: lesion(8)})
    assert letters(found) == ["BL", "PR", "PR"]
    assert doubts_of(found) == {1: "In doubt: lesions that are no targets grew, lesion 2 from 6.0 to 30.0 mm"}


def test_a_visit_that_tells_nothing_is_not_evaluated_and_no_nadir() -> None:
    """A mask without enhancing tumour gave a complete response, and the next visit progression."""
    found = record({1: lesion(30)}, {}, {1: lesion(30)}, {1: lesion(40)})
    visits = list(found.visits)
    visits[1] = replace(visits[1], not_evaluable="its mask does not tell enhancing tumour apart")
    barred = replace(found, visits=tuple(visits))
    assert letters(found) == ["BL", "CR", "PD", "PD"]
    assert letters(barred) == ["BL", "NE", "SD", "PD"]
    results = results_of(barred)
    assert results[1].diameters.reasons == ("its mask does not tell enhancing tumour apart",)
    assert results[2].diameters.nadir == 900
    assert results[1].volumes is None or results[1].volumes.category.letters == "NE"
    assert letters(replace(barred, edits=(BaselineChosen(1),)))[2:] == ["NE", "NE"]


def test_a_visit_without_a_mask_is_no_baseline() -> None:
    found = record({1: lesion(30)}, {1: lesion(30)})
    visits = (found.visits[0], replace(found.visits[1], mask=None, lesions={}))
    with pytest.raises(ValueError, match="no mask"):
        replace(found, visits=visits).with_edit(BaselineChosen(1))
