"""Counts per slice against masks worked out by hand, and against counting each slice."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.overlap import count
from brainseg_gui.evaluation.metrics.slice_profile import count_slices
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, label_region, regions

WT, TC, ET = regions()


def _pair(seed: int = 0) -> tuple[LabelMap, LabelMap]:
    random = np.random.default_rng(seed)
    shape = (9, 11, 7)
    grid = Grid(shape, np.diag([1.0, 2.0, 3.0, 1.0]))
    ours = random.choice([0, 1, 2, 4], shape).astype(np.uint8)
    theirs = random.choice([0, 1, 2, 3], shape).astype(np.uint8)
    ours[:2], theirs[:3], theirs[:, -2:] = 0, 0, 0
    return LabelMap(ours, grid, scheme_named("brats2020")), LabelMap(theirs, grid, scheme_named("brats2023"))


def test_a_row_of_slices_by_hand() -> None:
    grid = Grid((4, 2, 1), np.diag([1.0, 2.0, 3.0, 1.0]))
    ours, theirs = np.zeros((2, 4, 2, 1), np.uint8)
    ours[1], ours[2, 0] = 2, 2  # slice 1 full, slice 2 half
    theirs[1, 0], theirs[3] = 2, 2
    scheme = scheme_named("brats2020")
    profile = count_slices(LabelMap(ours, grid, scheme), LabelMap(theirs, grid, scheme)).profile(WT, 0)
    assert profile.both.tolist() == [0, 1, 0, 0]
    assert profile.missed.tolist() == [0, 1, 1, 0]
    assert profile.false.tolist() == [0, 0, 0, 2]
    assert profile.dice.tolist()[1:] == pytest.approx([2 / 3, 0.0, 0.0])
    assert np.isnan(profile.dice[0])
    assert profile.pixel_mm2 == 6.0


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("region", [WT, TC, ET, label_region("ED")], ids=lambda region: region.key)
def test_every_slice_counts_as_it_does_alone(axis: int, region: object) -> None:
    reference, prediction = _pair()
    profile = count_slices(reference, prediction).profile(region, axis)  # type: ignore[arg-type]
    ours, theirs = reference.mask(region), prediction.mask(region)  # type: ignore[arg-type]
    for index in range(reference.grid.shape[axis]):
        counts = count(ours.take(index, axis), theirs.take(index, axis))
        assert profile.both[index] == counts.both
        assert profile.missed[index] == counts.only_reference
        assert profile.false[index] == counts.only_prediction
        if counts.reference + counts.prediction:
            assert profile.dice[index] == pytest.approx(counts.dice)
    assert profile.reference.sum() == ours.sum()
    assert profile.prediction.sum() == theirs.sum()


def test_empty_masks_have_empty_slices() -> None:
    reference, _ = _pair()
    nothing = LabelMap(np.zeros_like(reference.values), reference.grid, reference.scheme)
    profile = count_slices(nothing, nothing).profile(WT, 2)
    assert profile.empty
    assert profile.both.tolist() == [0] * 7
    assert not count_slices(reference, nothing).profile(WT, 2).empty
