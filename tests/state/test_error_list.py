"""The list of errors: order, steps, and what survives a change."""

from __future__ import annotations

import math

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.disagreements import Disagreements, find_disagreements
from brainseg_gui.evaluation.metrics.slice_profile import count_slices
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.comparing.error_list import ErrorList, ErrorOrder

WT, TC, ET = regions()
HEALTHY = {Modality.FLAIR: 100.0}


def _pair() -> tuple[LabelMap, LabelMap]:
    """Missed: an ET lesion of 4×4×4 and an oedema of 2×9×1 (thin). False: an oedema of 3×3×3."""
    grid = Grid((30, 20, 12), np.eye(4))
    ours, theirs = np.zeros((2, *grid.shape), np.uint8)
    ours[2:6, 2:6, 2:6] = 4
    ours[10:12, 2:11, 2] = 2
    theirs[20:23, 4:7, 4:7] = 2
    ours[26:29, 12:19, 5:10] = theirs[26:29, 12:19, 5:10] = 2
    scheme = scheme_named("brats2020")
    return LabelMap(ours, grid, scheme), LabelMap(theirs, grid, scheme)


def _found() -> tuple[Disagreements, ...]:
    return tuple(find_disagreements(*_pair(), region) for region in regions())


@pytest.fixture
def errors() -> ErrorList:
    errors = ErrorList()
    errors.show(_found(), HEALTHY)
    return errors


def _rows(errors: ErrorList) -> list[tuple[int, str, int]]:
    return [(entry.rank, entry.piece.region.key, entry.piece.voxels) for entry in errors.entries]


def test_all_regions_by_what_each_costs_its_own(errors: ErrorList) -> None:
    # TC and ET: nothing of 64 voxels is found, so correcting it gains 1. WT: 18 missed voxels cost more than
    # 27 false ones, 2·123/337 − 2·105/319 against 2·105/292 − 2·105/319
    assert _rows(errors) == [(1, "TC", 64), (2, "ET", 64), (3, "WT", 64), (4, "WT", 18), (5, "WT", 27)]


def test_one_region(errors: ErrorList) -> None:
    errors.choose(WT)
    assert _rows(errors) == [(1, "WT", 64), (2, "WT", 18), (3, "WT", 27)]
    errors.choose(None)
    assert len(errors.entries) == 5


def test_steps_go_round(errors: ErrorList) -> None:
    errors.choose(WT)
    places = []
    for steps in (1, 1, 1, 1, -1, -1):
        errors.step(steps)
        places.append(errors.position)
    assert places == [0, 1, 2, 0, 2, 1]


def test_backwards_from_nowhere_is_the_last(errors: ErrorList) -> None:
    errors.step(-1)
    assert errors.position == 4


def test_steps_follow_the_order_that_is_shown_and_sorting_keeps_the_place(errors: ErrorList) -> None:
    errors.choose(WT)
    errors.step(1)
    looked_at = errors.current
    errors.sort(ErrorOrder.DEPTH, descending=False)
    assert [entry.piece.depth_mm for entry in errors.entries] == [1.0, 2.0, 2.0]
    assert [entry.rank for entry in errors.entries] == [2, 1, 3]
    assert errors.current is looked_at
    assert errors.position == 1
    errors.step(1)
    assert errors.current is not None
    assert errors.current.rank == 3
    errors.sort(ErrorOrder.VOLUME, descending=True)
    assert [entry.piece.voxels for entry in errors.entries] == [64, 27, 18]


def test_what_is_looked_at_stays_in_another_list_of_the_same_layers(errors: ErrorList) -> None:
    errors.step(1)
    errors.step(1)
    before = errors.current
    errors.show(_found(), HEALTHY)
    assert before is not None
    assert errors.current is not None
    assert errors.current is not before
    assert (errors.position, errors.current.piece.region) == (1, ET)
    errors.step(1)
    assert errors.position == 2


def test_steps_go_on_where_an_error_was_mended(errors: ErrorList) -> None:
    for _ in range(4):
        errors.step(1)
    assert _rows(errors)[3] == (4, "WT", 18)
    errors.show(_with_the_thin_one_mended(), HEALTHY)
    assert errors.current is None
    errors.show(_with_the_thin_one_mended(), HEALTHY)  # of a search that was asked for meanwhile
    errors.step(1)
    assert errors.current is not None
    assert errors.current.piece.voxels == 27
    errors.step(1)
    assert errors.position == 0


def _with_most_of_the_lesion_mended(centre: tuple[int, int, int]) -> tuple[Disagreements, ...]:
    """Of the missed lesion one voxel is left, where it was looked at."""
    ours, theirs = _pair()
    theirs.values[2:6, 2:6, 2:6] = 4
    theirs.values[centre] = 0
    return tuple(find_disagreements(ours, theirs, region) for region in regions())


def test_what_stands_before_the_rest_of_a_mended_error_is_not_passed_over(errors: ErrorList) -> None:
    errors.choose(WT)
    errors.step(1)
    assert errors.current is not None
    found = _with_most_of_the_lesion_mended(errors.current.piece.centre)
    errors.show(found, HEALTHY)
    assert [voxels for *_, voxels in _rows(errors)] == [27, 18, 1]
    assert errors.position == 2, "it is looked at still"
    errors.show(found, HEALTHY)  # after another edit
    errors.step(1)
    assert errors.position == 0
    errors.step(1)
    assert errors.position == 1
    errors.sort(ErrorOrder.VOLUME, descending=False)
    errors.step(1)
    assert errors.position == 2, "what is looked at stays in another order"


def test_steps_back_from_the_rest_of_an_error_lead_before_where_it_stood(errors: ErrorList) -> None:
    errors.choose(WT)
    errors.step(1)
    assert errors.current is not None
    errors.show(_with_most_of_the_lesion_mended(errors.current.piece.centre), HEALTHY)
    errors.step(-1)
    assert errors.position == 2, "the ends meet"


def test_steps_back_from_where_an_error_was_mended(errors: ErrorList) -> None:
    for _ in range(4):
        errors.step(1)
    errors.show(_with_the_thin_one_mended(), HEALTHY)
    errors.step(-1)
    assert errors.position == 2


def test_after_the_last_error_was_mended_the_first_is_next(errors: ErrorList) -> None:
    errors.step(-1)
    ours, theirs = _pair()
    theirs.values[20:23, 4:7, 4:7] = 0
    errors.show(tuple(find_disagreements(ours, theirs, region) for region in regions()), HEALTHY)
    errors.step(1)
    assert errors.position == 0


def _with_the_thin_one_mended() -> tuple[Disagreements, ...]:
    ours, theirs = _pair()
    theirs.values[10:12, 2:11, 2] = 2
    return tuple(find_disagreements(ours, theirs, region) for region in regions())


def test_words_are_for_the_crosshair_that_is_still_there(errors: ErrorList) -> None:
    errors.step(1)
    assert errors.current is not None
    assert errors.words_at(errors.current.piece.centre) == "missed lesion, TC · 1 of 5"
    assert errors.words_at((0, 0, 0)) == ""


def test_a_search_keeps_the_list_only_where_it_is_told_to(errors: ErrorList) -> None:
    errors.search(keep=True)
    assert errors.searching
    assert len(errors.entries) == 5
    errors.search(keep=False)
    assert errors.searching
    assert errors.entries == ()
    assert errors.found == ()
    errors.show(_found(), HEALTHY)
    assert not errors.searching


def test_clearing_takes_everything_away(errors: ErrorList) -> None:
    heard: list[str] = []
    errors.slices_changed.connect(lambda: heard.append("slices"))
    errors.show_slices(count_slices(*_pair()))
    errors.clear()
    assert heard == ["slices", "slices"]
    assert (errors.entries, errors.slices, errors.healthy) == ((), None, {})
    assert math.isnan(errors.dice_of(WT))
    errors.step(1)
    assert errors.current is None


def test_dice_and_remainder_are_of_what_is_listed(errors: ErrorList) -> None:
    assert errors.dice_of(ET) == 0.0
    assert errors.left_out == (0, 0.0)
    cut = tuple(find_disagreements(*_pair(), region, limit=1) for region in regions())
    errors.show(cut, HEALTHY)
    assert errors.left_out[0] == 2
    assert errors.left_out[1] == pytest.approx(0.045)
    errors.choose(ET)
    assert errors.left_out == (0, 0.0)
