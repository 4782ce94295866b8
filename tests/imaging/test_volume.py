"""The background of a volume and the box of what is not, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Array, Grid
from brainseg_gui.imaging.volume import Volume, corner_value


def volume_of(stored: Array) -> Volume:
    return Volume(stored, Grid(stored.shape, np.eye(4)), 1.0, 0.0, Path("a.nii"))


def test_the_corners_decide_and_say_how_clearly() -> None:
    stored = np.full((3, 4, 5), 9, np.int16)
    stored[[0, -1], :, 0] = 7  # four of the eight corners
    stored[0, 0, -1] = 7
    value, agreeing = corner_value(stored)
    assert (value, value.dtype, agreeing) == (7, np.int16, 5)
    assert corner_value(stored.transpose(2, 0, 1)[::-1])[1] == 5
    assert volume_of(stored).background == 7.0


@pytest.mark.parametrize(("shape", "corners"), [((3, 4, 1), 4), ((1, 1, 5), 2), ((1, 1, 1), 1)])
def test_a_volume_of_one_slice_has_fewer_corners(shape: tuple[int, int, int], corners: int) -> None:
    stored = np.full(shape, -3, np.float32)
    assert corner_value(stored) == (-3, corners)
    assert volume_of(stored).background == -3.0


def test_the_content_is_found_on_every_second_voxel_with_one_of_room() -> None:
    stored = np.zeros((10, 12, 9), np.uint8)
    assert volume_of(stored).content == np.s_[0:10, 0:12, 0:9]
    stored[4, 2:9, 8] = 1  # of these the second voxels 4, of 2 to 8, and 8
    assert volume_of(stored).content == np.s_[3:6, 1:10, 7:9]
