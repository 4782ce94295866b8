"""The patch around a hint: on whatever grid the case lies, an answer that changes nothing changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.hints import Hint, distance_mm
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.clicks.patch import EDGE, patch_around, patch_input, refined_regions
from brainseg_gui.inference.network_grid import NetworkGrid

SHAPE = (112, 96, 60)
START = (5, 3, 2)
CHANNELS = 2
Triple = tuple[float, float, float]
GRIDS = {"as the network's": (1.0, 1.0, 1.0), "1 mm": (2.0, 2.0, 2.0), "odd": (1.7, 2.3, 0.8)}
BALL = (60, 50, 30)


def features_on(steps: tuple[float, float, float]) -> CaseFeatures:
    i, j, k = (length - first - 3 for length, first in zip(SHAPE, START, strict=True))
    grid = NetworkGrid.of_box(START, (i, j, k)).with_steps(steps)
    values = np.random.default_rng(0).normal(size=(*grid.resampled, CHANNELS)).astype(np.float16)
    return CaseFeatures(values, grid, np.ones((i, j, k), bool))


def ball(radius: float) -> NDArray[np.bool_]:
    return distance_mm([BALL], whole_box(SHAPE), (1.0, 1.0, 1.0)) <= radius


def regions() -> dict[str, NDArray[np.bool_]]:
    return {"WT": ball(14), "TC": ball(9), "ET": ball(4)}


@pytest.mark.parametrize("steps", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("at", [BALL, (0, 0, 0), (111, 95, 59), (60, 3, 55)], ids=str)
def test_an_answer_of_zero_leaves_the_mask_as_it_is(steps: Triple, at: tuple[int, int, int]) -> None:
    features, present = features_on(steps), regions()
    speckled = present["ET"] & (np.indices(SHAPE).sum(axis=0) % 2 == 0)  # finer than the network's grid
    present["ET"] = speckled
    patch = patch_around(Hint("ET", True, (at,)), features.network_grid)
    answer = np.zeros((1, EDGE, EDGE, EDGE, 3), np.float32)
    found = refined_regions(answer, features, patch, present, adds=True)
    for region, mask in found.items():
        assert (mask == present[region][patch.case]).all()


@pytest.mark.parametrize("steps", GRIDS.values(), ids=GRIDS)
def test_what_the_network_is_sure_of_arrives_on_the_case_grid(steps: tuple[float, float, float]) -> None:
    features = features_on(steps)
    empty = dict.fromkeys(("WT", "TC", "ET"), np.zeros(SHAPE, bool))
    patch = patch_around(Hint("WT", True, (BALL,)), features.network_grid)
    answer = np.full((1, EDGE, EDGE, EDGE, 3), -20, np.float32)
    places = np.stack(np.meshgrid(*(np.arange(p.start, p.stop) for p in patch.network), indexing="ij"), axis=-1)
    inside = ((places * steps + START - BALL) ** 2).sum(axis=-1) <= 10**2
    i, j, k = inside.shape
    answer[0, :i, :j, :k, 0][inside] = 20
    found = refined_regions(answer, features, patch, empty, adds=True)
    wanted = ball(10)[patch.case]
    overlap = 2 * np.count_nonzero(found["WT"] & wanted) / (np.count_nonzero(found["WT"]) + np.count_nonzero(wanted))
    assert overlap > 0.94
    assert not found["TC"].any()


def test_regions_stay_within_each_other_whatever_the_network_says() -> None:
    features, present = features_on((2.0, 2.0, 2.0)), regions()
    patch = patch_around(Hint("ET", True, (BALL,)), features.network_grid)
    answer = np.random.default_rng(1).normal(0, 12, (1, EDGE, EDGE, EDGE, 3)).astype(np.float32)
    for adds in (True, False):
        found = refined_regions(answer, features, patch, present, adds)
        assert not (found["ET"] & ~found["TC"]).any()
        assert not (found["TC"] & ~found["WT"]).any()


def test_nothing_is_added_outside_of_the_brain() -> None:
    features, present = features_on((2.0, 2.0, 2.0)), regions()
    assert features.brain is not None
    features.brain[:] = False
    patch = patch_around(Hint("WT", True, (BALL,)), features.network_grid)
    found = refined_regions(np.full((1, EDGE, EDGE, EDGE, 3), 20, np.float32), features, patch, present, adds=True)
    assert (found["WT"] == present["WT"][patch.case]).all()


def test_the_network_sees_features_regions_and_hints() -> None:
    features, present = features_on((2.0, 2.0, 2.0)), regions()
    hints = [Hint("TC", False, ((60, 40, 30),)), Hint("ET", True, (BALL,))]
    patch = patch_around(hints[-1], features.network_grid)
    given = patch_input(features, patch, present, hints, (1.0, 1.0, 1.0))[0]
    assert given.shape == (EDGE, EDGE, EDGE, CHANNELS + 9)
    i, j, k = (part.stop - part.start for part in patch.network)
    assert (given[:i, :j, :k, :CHANNELS] == features.values[patch.network].astype(np.float32)).all()
    assert not given[:, :, k:].any()  # the grid is 28 voxels high
    at = tuple(round((v - s) / 2) - p.start for v, s, p in zip(BALL, START, patch.network, strict=True))
    assert (given[at][CHANNELS : CHANNELS + 3] == 1).all()
    yes, no = given[at][CHANNELS + 3 : CHANNELS + 6], given[at][CHANNELS + 6 :]
    assert (yes > 0.9).all()
    assert no[0] == 0  # “not core” says nothing of the whole tumour
    assert (no[1:] > 0).all()
    assert (no[1:] < 0.2).all()  # it was said 10 mm away
