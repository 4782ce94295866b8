from __future__ import annotations

import pytest

from brainseg_gui.annotation.tools.corners import corner_at, edge_at

TRIANGLE = ((0.0, 0.0, 5.0), (10.0, 0.0, 5.0), (10.0, 4.0, 5.0))
SPACING = (1.0, 3.0, 2.0)  # mm: a voxel to the front is three steps to the right


@pytest.mark.parametrize(
    ("at", "reach", "corner"),
    [
        ((10.0, 0.3, 5.0), 1.0, 1),
        ((10.0, 0.3, 5.0), 0.8, None),
        ((1.0, 0.0, 5.0), 1.0, 0),
        ((5.0, 0.0, 5.0), 2.0, None),
    ],
)
def test_the_nearest_corner_within_reach_in_mm(at: tuple[float, float, float], reach: float, corner: int) -> None:
    assert corner_at(TRIANGLE, at, SPACING, reach) == corner


@pytest.mark.parametrize(
    ("at", "reach", "edge"),
    [
        ((5.0, 0.2, 5.0), 0.7, 1),
        ((5.0, 0.2, 5.0), 0.5, None),
        ((10.5, 2.0, 5.0), 0.6, 2),
        ((5.0, 2.0, 5.0), 1.0, None),  # the side that is not closed yet is no edge
        ((-2.0, 0.0, 5.0), 1.0, None),  # beyond the end of the line
    ],
)
def test_the_nearest_edge_within_reach_in_mm(at: tuple[float, float, float], reach: float, edge: int) -> None:
    assert edge_at(TRIANGLE, at, SPACING, reach) == edge


def test_one_corner_has_no_edge() -> None:
    assert edge_at(TRIANGLE[:1], (0.0, 0.0, 5.0), SPACING, 9.0) is None
