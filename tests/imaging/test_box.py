"""Boxes around voxels, on masks in both orders of memory."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from brainseg_gui.imaging.box import box_around, grown


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_box_around_two_voxels(order: Literal["C", "F"]) -> None:
    mask = np.zeros((5, 6, 7), np.uint8, order=order)
    assert box_around(mask) is None
    mask[1, 2, 3] = mask[3, 2, 6] = 4
    assert box_around(mask) == np.s_[1:4, 2:3, 3:7]
    assert box_around(mask[::-1]) == np.s_[1:4, 2:3, 3:7]  # 5 voxels: 1 and 3 change places
    assert box_around(mask[:, ::-1, ::-1]) == np.s_[1:4, 3:4, 0:4]
    assert box_around(mask == 0) == np.s_[0:5, 0:6, 0:7]


def test_a_box_grows_within_the_grid() -> None:
    box = (slice(1, 4), slice(2, 3), slice(3, 7))
    assert grown(box, 1, (5, 6, 7)) == np.s_[0:5, 1:4, 2:7]
    assert grown(box, (0, 9, 2), (5, 6, 7)) == np.s_[1:4, 0:6, 1:7]
