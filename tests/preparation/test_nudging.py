"""A series that a hand put in its place: the numbers, the search from there, and what a preparation makes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.nudging import places_kept, read_nudged
from brainseg_gui.preparation.prepare_place import PreparationRequest, PreparedExamination, prepare_place
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.preparation.registration.motion import Alignment, displacement_mm
from brainseg_gui.preparation.registration.pose import Pose
from brainseg_gui.preparation.registration.register import judge, refine
from brainseg_gui.preparation.steps import agreement
from brainseg_gui.preparation.steps.work import PlacedSeries, Space, Wishes
from brainseg_gui.progress import run_to_end
from tests.preparation.heads import T1CE, T2, brain_points, grid_of, head
from tests.preparation.test_prepared_case import save
from tests.preparation.test_raw_examination import examined
from tests.preparation.test_registration import motion

FIXED = grid_of((48, 58, 54), (3.4, 3.6, 3.6))
OBLIQUE = grid_of((52, 62, 34), (3.4, 3.4, 6.0), motion((4, -7, 11), (20, -30, 8)))
HAND = Pose((4.0, -7.0, 12.0), (3.0, -5.0, 8.0))


def test_a_pose_says_how_a_series_is_moved() -> None:
    middle = np.array([*OBLIQUE.to_world((25.5, 30.5, 16.5)), 1.0])
    moved = np.linalg.inv(HAND.to_series(OBLIQUE))
    assert (moved @ middle)[:3] == pytest.approx(middle[:3] + np.array([3, -5, 8]))
    right = np.array([10, 0, 0, 0])
    quarter = np.linalg.inv(Pose((0, 0, 90)).to_series(OBLIQUE))  # looking down, from the right to the front
    assert (quarter @ (middle + right))[:3] == pytest.approx(middle[:3] + np.array([0, 10, 0]))


def test_a_pose_and_its_motion_are_one() -> None:
    found = Pose.of(HAND.to_series(OBLIQUE), OBLIQUE)
    assert (*found.turn_deg, *found.shift_mm) == pytest.approx((*HAND.turn_deg, *HAND.shift_mm))
    assert np.allclose(Pose().to_series(OBLIQUE), np.eye(4))


@pytest.mark.parametrize("axis", range(3))
def test_a_step_turns_about_the_axis_of_the_patient_whatever_was_turned_before(axis: int) -> None:
    step = tuple(5.0 * (axis == n) for n in range(3))
    before, after = (np.linalg.inv(one.to_series(OBLIQUE))[:3, :3] for one in (HAND, HAND.turned(axis, 5.0)))
    assert np.allclose(after @ before.T, motion(step, (0, 0, 0))[:3, :3])
    assert HAND.turned(axis, 5.0).shift_mm == HAND.shift_mm
    assert HAND.shifted(axis, 2.0).shift_mm[axis] == HAND.shift_mm[axis] + 2.0
    back = HAND.turned(axis, 5.0).turned(axis, -5.0)
    assert back.turn_deg == pytest.approx(HAND.turn_deg)


def test_what_was_put_nearly_right_is_made_exact() -> None:
    fixed, truth = head(FIXED, T1CE, seed=1), motion((0, 0, 150), (3, 4, 5))  # no search from where it lies finds that
    moving = head(OBLIQUE, T2, truth, seed=2)
    hand = motion((4, -3, 157), (-3, 9, 1))
    found = run_to_end(refine(fixed, moving, hand))
    assert displacement_mm(hand, truth, brain_points()) > 8.0
    assert displacement_mm(found.to_series, truth, brain_points()) < 1.5
    assert found.information - found.chance > 0.1


def test_a_motion_that_was_chosen_is_judged_like_one_that_was_found() -> None:
    fixed, moving = head(FIXED, T1CE, seed=1), head(FIXED, T2, seed=2)
    right, wrong = (judge(fixed, moving, pose.to_series(FIXED)) for pose in (Pose(), Pose(shift_mm=(0, 0, 170))))
    assert not right.problem
    assert right.information > wrong.information
    assert wrong.shift_mm == pytest.approx(170)
    assert "of the reference's head" in wrong.problem
    assert np.array_equal(wrong.to_series, Pose(shift_mm=(0, 0, 170)).to_series(FIXED))


def test_a_hand_may_turn_a_series_as_far_as_the_head_was_turned() -> None:
    """A search that ends there is not believed; a person who looks at it knows."""
    fixed, far = head(FIXED, T1CE, seed=1), motion((110, 0, 0), (0, 0, 0))
    found = judge(fixed, head(FIXED, T2, far, seed=2), far)
    assert found.rotation_deg == pytest.approx(110)
    assert not found.problem
    misfit = judge(fixed, head(FIXED, T2, seed=2), Pose(shift_mm=(0, 0, 170)).to_series(FIXED)).problem
    assert misfit.endswith("Move it nearer and refine it again, or leave it out")


# --- in a preparation

WISHES = Wishes(Space.REFERENCE)
FOUND = Alignment(np.eye(4), problem="it covers 3% of the reference's head. Leave it out")
BY_HAND = replace(
    FOUND, to_series=motion((3, -2, 5), (4, -3, 6)), rotation_deg=6.2, shift_mm=8.0, problem="", found=FOUND
)


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An examination with a series that is not found, and that is looked for at its first preparation only."""
    place = tmp_path / "raw" / "Jane"
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T1CE), place / "t1_gd.nii.gz")
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 9.0)), T2), place / "ax_t2.nii.gz")
    lost = iter([FOUND])

    def register(_fixed: object, _moving: object) -> object:
        return next(lost)
        yield

    monkeypatch.setattr(agreement, "register", register)
    return place


def prepared(raw: Path, placed: PlacedSeries | None = None, wishes: Wishes = WISHES) -> PreparedExamination:
    request = PreparationRequest(raw.parent.parent / "out", wishes, placed=placed, overwrite=True)
    return run_to_end(prepare_place(raw, request, None))


def by_hand(done: PreparedExamination) -> PlacedSeries:
    placed = done.preparation.placed
    assert placed is not None
    t2 = next(one for one in done.preparation.series if one.modality is Modality.T2)
    return replace(placed, alignments={**placed.alignments, t2.header.path: BY_HAND})


def placed_t2(done: PreparedExamination) -> Alignment:
    return next(one.alignment for one in done.preparation.series if one.modality is Modality.T2)


def test_what_a_hand_placed_is_kept_in_the_record_with_what_was_found(raw: Path) -> None:
    first = prepared(raw)
    assert first.work is not None
    assert "lies where its files place it" in first.work.doubts[1]
    done = prepared(raw, by_hand(first))
    assert done.work is not None
    assert not [doubt for doubt in done.work.doubts if doubt.startswith("T2")]
    assert "T2 was put by hand: turned by 6.2° and moved by 8.0 mm" in done.work.done[1].sentences
    found = placed_t2(done)
    assert found.found is not None
    assert np.array_equal(found.to_series, BY_HAND.to_series)
    assert found.found.problem == FOUND.problem
    entry = json.loads((done.folder / RECORD).read_text())["series"]
    assert {one["modality"]: one["registration"]["nudged_by_hand"] for one in entry} == {"t1ce": False, "t2": True}
    assert not np.array_equal(
        done.work.prepared[Modality.T2].intensities(), first.work.prepared[Modality.T2].intensities()
    )


def test_where_a_search_ended_that_was_not_believed_is_kept_in_the_record(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = motion((0, 0, 60), (4, -3, 6))

    def register(_fixed: object, _moving: object) -> object:
        return Alignment(far, rotation_deg=60, problem="it would have to be turned by 60°", refused=far)
        yield

    monkeypatch.setattr(agreement, "register", register)
    first = prepared(raw)
    record = read_preparation(first.folder)
    assert record.not_registered == (Modality.T2,) == run_to_end(read_case(find_case(first.folder))).not_registered
    found = placed_t2(replace(first, preparation=record))
    assert found.is_still
    assert found.refused is not None
    assert np.array_equal(found.refused, far)
    assert read_preparation(prepared(raw, by_hand(first)).folder).not_registered == ()
    assert run_to_end(read_case(find_case(first.folder))).not_registered == ()


def test_what_is_said_to_lie_right_counts_as_put_by_hand(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def register(_fixed: object, _moving: object) -> object:
        return Alignment(np.eye(4), problem="it covers 3% of the reference's head")
        yield

    monkeypatch.setattr(agreement, "register", register)
    first = prepared(raw)
    assert read_preparation(first.folder).not_registered == (Modality.T2,)
    nudged = run_to_end(read_nudged(examined(raw), first.preparation))
    t2 = nudged.series[Modality.T2]
    assert not nudged.is_changed
    assert t2.may_stand
    kept = run_to_end(places_kept(nudged.with_series(Modality.T2, replace(t2, stands=True))))
    done = prepared(raw, kept)
    assert read_preparation(done.folder).not_registered == ()
    assert placed_t2(done).by_hand
    assert placed_t2(done).is_still
    assert "lies where its files place it" not in " ".join(done.preparation.doubts)


def test_what_a_hand_placed_stays_when_the_rest_is_done_again(raw: Path) -> None:
    done = prepared(raw, by_hand(prepared(raw)))
    assert prepared(raw).work is None
    assert prepared(raw, by_hand(done)).work is None
    again = prepared(raw, wishes=replace(WISHES, strip=False))
    assert again.work is not None
    assert placed_t2(again).by_hand


def test_a_hand_says_nothing_of_a_series_whose_files_changed(raw: Path) -> None:
    prepared(raw, by_hand(prepared(raw)))
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 8.0)), T2), raw / "ax_t2.nii.gz")
    with pytest.raises(RuntimeError, match="StopIteration"):  # it is looked for again
        prepared(raw)


def test_a_hand_can_be_taken_back(raw: Path) -> None:
    first = prepared(raw)
    prepared(raw, by_hand(first))
    back = prepared(raw, first.preparation.placed)
    assert back.work is not None
    assert not placed_t2(back).by_hand
    assert "lies where its files place it" in back.work.doubts[1]


def test_a_broken_record_does_not_bar_a_new_preparation(raw: Path) -> None:
    first = prepared(raw)
    (first.folder / RECORD).write_text('{"format": "brainseg preparation 1"}')
    with pytest.raises(RuntimeError, match="StopIteration"):
        prepared(raw)
