from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainseg_gui.inference import steps
from brainseg_gui.inference.model_folder import default_model
from brainseg_gui.inference.passport import LINEAR, LINEAR_IN_BRAIN, Output
from brainseg_gui.inference.placement import Placement, orient_back, to_axes
from brainseg_gui.inference.postprocess import (
    bounding_box,
    keep_large_components,
    map_back,
    postprocess,
    rename_small_region,
)
from brainseg_gui.inference.preprocess import Prepared

CHANNELS = ("background", "NCR", "ED", "ET")


def two_lumps() -> np.ndarray:
    """A lump of 8 voxels (labels 1 and 2), one of 3, and one voxel that touches the first by its corner."""
    classes = np.zeros((8, 8, 8), np.uint8)
    classes[0:2, 0:2, 0:2] = 2
    classes[0, 0, 0] = 1
    classes[2, 2, 2] = 3
    classes[5:8, 7, 7] = 2
    return classes


@pytest.mark.parametrize(
    ("connectivity", "at_least", "fraction", "left"),
    [
        (26, 4, 0.9, 9),  # 9 and 3: the small one is neither large nor near the largest
        (26, 3, 0.9, 12),  # large enough in number
        (26, 100, 0.3, 12),  # 3 of 9 is more than 0.3 of the largest
        (26, 100, 0.9, 9),  # the largest always stays
        (18, 4, 0.9, 8),  # a corner joins at 26 only
        (6, 1, 0.9, 12),
    ],
)
def test_components(connectivity: int, at_least: int, fraction: float, left: int) -> None:
    classes = two_lumps()
    keep_large_components(classes, steps.Components(connectivity, at_least, fraction))  # type: ignore[arg-type]
    assert np.count_nonzero(classes) == left
    assert classes[0, 0, 0] == 1


@pytest.mark.parametrize(("below", "became"), [(5, 2), (4, 3)])
def test_small_region(below: int, became: int) -> None:
    classes = np.zeros((4, 4, 4), np.uint8)
    classes[0, 0] = 3
    rename_small_region(classes, steps.SmallRegion(3, below, 2))
    assert classes[0, 0].tolist() == [became] * 4


def test_postprocess_runs_the_passports_steps_in_order() -> None:
    passport = replace(
        default_model().passport,
        postprocess=(steps.Components(26, 4, 0.9), steps.SmallRegion(3, 2, 1)),
    )
    classes = two_lumps()
    postprocess(classes, passport)
    assert np.bincount(classes.ravel(), minlength=4).tolist() == [512 - 9, 2, 7, 0]
    nothing = np.zeros((3, 3, 3), np.uint8)
    postprocess(nothing, passport)
    assert not nothing.any()


def test_bounding_box() -> None:
    mask = np.zeros((5, 6, 7), bool)
    assert bounding_box(mask) is None
    mask[1, 2, 3] = mask[3, 2, 6] = True
    assert bounding_box(mask) == np.s_[1:4, 2:3, 3:7]


@pytest.mark.parametrize("axes", ["IJKC", "KIJC"])
@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAR"])
@pytest.mark.parametrize("step", [1.0, 2.0, 1.3])
def test_map_back_equals_interpolating_everything(axes: str, orientation: str, step: float) -> None:
    """The short cut (looking near the tumour only) gives what interpolating the whole box gives."""
    case_shape = (20, 22, 18)
    oriented = {"RAS": (20, 22, 18), "LPS": (20, 22, 18), "SAR": (18, 22, 20)}[orientation]
    placement = Placement.of_box((2, 1, 3), (15, 14, 13)).with_steps((step,) * 3).with_padding(4, both_sides=True)
    shape = placement.resampled
    random = np.random.default_rng(4)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    logits = random.standard_normal((*shape, 4))
    logits[..., 0] += 6 * np.sqrt((grid**2).sum(axis=0)) - 3  # background far from the middle
    inside = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    padded = np.zeros((*placement.padded, 4), np.float32)
    padded[placement.inside_padding] = inside
    brain = random.random(placement.shape) > 0.2
    prepared = Prepared(np.zeros(0, np.float32), placement, brain)
    passport = replace(
        default_model().passport,
        axes=axes,
        orientation=orientation,
        output=Output("softmax", CHANNELS, LINEAR_IN_BRAIN),
    )
    classes = np.zeros(case_shape, np.uint8)
    map_back(to_axes(padded, axes)[None], prepared, passport, classes)

    positions = [np.minimum(np.arange(n) / step, m - 1) for n, m in zip(placement.shape, shape, strict=True)]
    full = inside
    for axis, where in enumerate(positions):
        low = np.minimum(where.astype(int), shape[axis] - 2)
        weight = (where - low).reshape([-1 if a == axis else 1 for a in range(4)])
        full = np.take(full, low, axis) * (1 - weight) + np.take(full, low + 1, axis) * weight
    expected = np.zeros(oriented, np.uint8)
    expected[placement.box] = full.argmax(axis=-1) * brain
    assert np.count_nonzero(expected) > 50
    difference = classes != orient_back(expected, orientation)
    assert np.count_nonzero(difference) == 0


def test_channels_in_another_order_keep_their_meaning() -> None:
    placement = Placement.of_box((0, 0, 0), (1, 1, 3))
    output = Output("softmax", ("ET", "background", "NCR"), LINEAR)
    passport = replace(default_model().passport, output=output)
    probabilities = np.array([[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]], np.float32).reshape(1, 1, 1, 3, 3)
    classes = np.zeros((1, 1, 3), np.uint8)
    map_back(probabilities, Prepared(probabilities, placement, None), passport, classes)
    assert classes.ravel().tolist() == [3, 0, 1]
