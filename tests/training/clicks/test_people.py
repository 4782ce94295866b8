"""Simulated people, on masks whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.imaging.hints import Hint
from training.clicks.people import Person, largest_error, next_hint, region_mask

SHAPE = (24, 20, 16)
TUMOUR = (slice(4, 18), slice(4, 16), slice(3, 13))
CORE = (slice(8, 14), slice(7, 13), slice(5, 11))


def truth() -> np.ndarray:
    classes = np.zeros(SHAPE, np.uint8)
    classes[TUMOUR] = 2
    classes[CORE] = 3
    classes[9:13, 8:12, 6:10] = 1
    return classes


def test_nothing_is_said_of_a_mask_that_is_right() -> None:
    assert next_hint(truth(), truth(), Person(), np.random.default_rng(0)) is None


def test_from_nothing_the_whole_of_a_region_is_missing() -> None:
    error = largest_error(np.zeros(SHAPE, np.uint8), truth())
    assert error is not None
    assert error.missing
    assert error.share == 1.0


def test_a_missed_core_counts_for_more_than_a_larger_rim_of_oedema() -> None:
    present = truth()
    present[CORE] = 2  # 216 voxels of core are missing, and TC and ET with them
    present[4] = 0  # 120 voxels of oedema
    present[18:20][:, 4:16, 3:13] = 2  # 240 voxels too much
    error = largest_error(present, truth())
    assert error is not None
    assert (error.region, error.missing) == ("TC", True)
    assert np.count_nonzero(error.mask) == 216


def test_what_is_too_much_is_clicked_away_where_it_is() -> None:
    present = truth()
    present[20:24, 0:4, 0:4] = 2
    hint = next_hint(present, truth(), Person(jitter=1.0), np.random.default_rng(1))
    assert hint is not None
    assert (hint.region, hint.adds) == ("WT", False)
    (i, j, k) = hint.voxels_ijk[0]
    assert i >= 20
    assert j < 4
    assert k < 4


def test_without_jitter_the_deepest_voxel_is_clicked() -> None:
    hint = next_hint(np.zeros(SHAPE, np.uint8), np.where(truth() > 0, 2, 0), Person(jitter=0), np.random.default_rng(0))
    assert hint is not None
    assert hint.voxels_ijk[0][2] in (7, 8)  # the thinnest axis: 3 to 12


def test_depth_is_counted_in_mm() -> None:
    wanted = np.zeros((9, 9, 9), np.uint8)
    wanted[1:8, 3:6, 3:6] = 2
    hint = next_hint(np.zeros_like(wanted), wanted, Person(jitter=0), np.random.default_rng(0), (0.2, 9.0, 9.0))
    assert hint is not None
    assert hint.voxels_ijk[0][0] == 4


@pytest.mark.parametrize("gesture", ["click", "scribble", "box"])
def test_every_gesture_says_the_truth(gesture: str) -> None:
    present = truth()
    present[CORE] = 0
    for seed in range(20):
        hint = next_hint(present, truth(), Person(0.7, 0.0, {gesture: 1.0}), np.random.default_rng(seed))
        assert hint is not None
        for region in ("WT", "TC", "ET"):
            said = hint.says(region)
            inside = region_mask(truth(), region)
            if said is not None and gesture != "box":
                assert all(inside[voxel] == said for voxel in hint.voxels_ijk)
        assert (hint.box is not None) == (gesture == "box")
        assert (len(hint.voxels_ijk) > 1) == (gesture == "scribble")


def test_a_box_holds_all_that_is_missing() -> None:
    present = truth()
    present[CORE] = 2
    hint = next_hint(present, truth(), Person(gestures={"box": 1.0}), np.random.default_rng(0))
    assert hint is not None
    assert hint.box is not None
    assert all(part.start < core.start and part.stop > core.stop for part, core in zip(hint.box, CORE, strict=True))


def test_some_people_are_wrong_now_and_then() -> None:
    present = np.zeros(SHAPE, np.uint8)
    person = Person(wrong=0.3)
    hints = [next_hint(present, truth(), person, np.random.default_rng(seed)) for seed in range(200)]
    wrong = sum(truth()[hint.voxels_ijk[0]] == 0 for hint in hints if hint is not None)
    assert 20 < wrong < 80  # some of the 60 that go astray hit the tumour


def test_what_a_hint_says_of_the_other_regions() -> None:
    at = ((1, 1, 1),)
    assert [Hint("ET", True, at).says(region) for region in ("WT", "TC", "ET")] == [True, True, True]
    assert [Hint("TC", True, at).says(region) for region in ("WT", "TC", "ET")] == [True, True, None]
    assert [Hint("TC", False, at).says(region) for region in ("WT", "TC", "ET")] == [None, False, False]
