"""Connected components, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.imaging.connected import connected, sizes_of


@pytest.mark.parametrize(
    ("connectivity", "count", "sizes"), [(6, 3, [0, 1, 1, 2]), (18, 2, [0, 2, 2]), (26, 1, [0, 4])]
)
def test_faces_edges_and_corners(connectivity: int, count: int, sizes: list[int]) -> None:
    mask = np.zeros((4, 4, 4), bool)
    mask[0, 0, 0] = True
    mask[0, 1, 1] = True  # across an edge
    mask[1, 2, 2] = mask[2, 2, 2] = True  # across a corner, and a face
    numbers, found = connected(mask, connectivity)
    assert found == count
    assert sizes_of(numbers, found).tolist() == sizes
    assert ((numbers > 0) == mask).all()


@pytest.mark.parametrize(("connectivity", "count"), [(6, 2), (18, 1), (26, 1)])
def test_a_flat_mask_has_four_or_eight_neighbours(connectivity: int, count: int) -> None:
    assert connected(np.eye(2, dtype=bool), connectivity)[1] == count


def test_nothing_has_no_component() -> None:
    numbers, count = connected(np.zeros((2, 3, 4), bool))
    assert (count, sizes_of(numbers, count).tolist(), numbers.any()) == (0, [0], False)
