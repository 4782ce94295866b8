"""Core far from enhancement becomes oedema, unless enhancement encloses it."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.inference.models import steps
from brainseg_gui.inference.postprocess import postprocess

RULE = steps.FarCore(beyond_mm=4.0, gap_mm=2.0, where_enhancing_ml=0.05, becomes=2)


def ball(shape: tuple[int, int, int], centre: tuple[float, ...], radius: float) -> np.ndarray:
    offsets = np.indices(shape) - np.reshape(centre, (3, 1, 1, 1))
    return np.asarray(np.square(offsets).sum(axis=0) <= radius**2)


def ring() -> np.ndarray:
    """A shell of radius 10 to 12 around a core, with a hole of a few voxels, and more core outside."""
    classes = np.zeros((60, 40, 40), np.uint8)
    classes[ball(classes.shape, (20, 20, 20), 12)] = 3
    classes[ball(classes.shape, (20, 20, 20), 10)] = 1
    classes[30:34, 19:22, 19:22] = 1
    classes[34:56, 16:24, 16:24] = 1
    return classes


@pytest.mark.parametrize(("spacing", "first_far"), [((1.0, 1.0, 1.0), 36), ((2.0, 2.0, 2.0), 34)])
def test_what_a_ring_encloses_stays_and_what_lies_far_outside_becomes_oedema(
    spacing: tuple[float, ...], first_far: int
) -> None:
    classes = ring()
    inside = ball(classes.shape, (20, 20, 20), 9)
    postprocess(classes, (RULE,), float(np.prod(spacing)) / 1000, spacing_mm=spacing)
    assert (classes[inside] == 1).all()  # its middle is 10 voxels from the ring
    assert (classes[44:56, 16:24, 16:24] == 2).all()
    assert (classes[30:33, 19:22, 19:22] == 1).all()  # the gap in the ring
    # along (·, 17, 17) the ring ends at 31, nothing is at 32 and 33, and up to 4 mm from the ring the core stays
    assert classes[31:56, 17, 17].tolist() == [3, 0, 0] + [1] * (first_far - 34) + [2] * (56 - first_far)
    assert (classes == 3).sum() == (ring() == 3).sum()


def test_the_rule_needs_enhancement_enough() -> None:
    classes = ring()
    classes[classes == 3] = 2
    classes[0, 0, :40] = 3  # 0.04 ml
    before = classes.copy()
    postprocess(classes, (RULE,), 0.001)
    assert (classes == before).all()


def test_distances_are_in_mm() -> None:
    classes = np.zeros((40, 10, 10), np.uint8)
    classes[:4] = 3
    classes[4:40] = 1
    postprocess(classes, (RULE,), 0.001, spacing_mm=(2.0, 1.0, 0.5))
    column = classes[:, 5, 5]
    assert (column[4:6] == 1).all()  # 2 and 4 mm away
    assert (column[6:] == 2).all()


def test_a_lesion_without_enhancement_keeps_its_core() -> None:
    classes = np.zeros((60, 20, 20), np.uint8)
    classes[:4], classes[4:26] = 3, 1
    classes[30:50, 4:16, 4:16] = 1  # another lesion, farther than 4 mm from all enhancement
    before = classes.copy()
    postprocess(classes, (RULE,), 0.001)
    assert (classes[30:50] == before[30:50]).all()
    assert (classes[10:26] == 2).all()
    classes = before.copy()
    classes[26:30] = 2  # one lesion now
    postprocess(classes, (RULE,), 0.001)
    assert (classes[30:50, 4:16, 4:16] == 2).all()


def test_a_neighbour_that_enhances_keeps_no_core_of_another_lesion() -> None:
    classes = np.zeros((60, 20, 20), np.uint8)
    classes[:4], classes[4:26] = 3, 1
    classes[27:50] = 3  # 2 mm beyond the end of the first
    postprocess(classes, (RULE,), 0.001)
    assert (classes[10:26] == 2).all()


def test_a_lesion_without_any_enhancement_is_left_alone_whatever_the_threshold() -> None:
    classes = np.zeros((60, 20, 20), np.uint8)
    classes[:4], classes[4:20], classes[30:50] = 3, 1, 1
    rule = steps.FarCore(beyond_mm=4.0, gap_mm=2.0, where_enhancing_ml=0.0, becomes=2)
    postprocess(classes, (rule,), 0.001)
    assert (classes[30:50] == 1).all()
    assert (classes[10:20] == 2).all()


def test_what_enhances_in_one_lesion_does_not_count_for_another() -> None:
    classes = np.zeros((60, 20, 20), np.uint8)
    classes[:2], classes[2:20] = 3, 1
    classes[30:50] = 1
    classes[40, 10, :10] = 3  # 0.01 ml, too little for the rule
    before = classes.copy()
    postprocess(classes, (RULE,), 0.001)
    assert (classes[30:] == before[30:]).all()
    assert (classes[10:20] == 2).all()
