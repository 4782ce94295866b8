from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.models.passport import LINEAR, LINEAR_IN_BRAIN, Output
from brainseg_gui.inference.network_grid import NetworkGrid, to_axes
from brainseg_gui.inference.postprocess import (
    keep_large_components,
    map_back,
    needs_confidence,
    postprocess,
    rename_small_region,
    rename_weak_components,
)
from brainseg_gui.inference.preprocess import Prepared
from brainseg_gui.inference.segment import segment_volumes
from brainseg_gui.progress import run_to_end
from tests.inference.orientation import orient_back

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
    keep_large_components(classes, steps.Components(connectivity, at_least, fraction), 0.001)  # type: ignore[arg-type]
    assert np.count_nonzero(classes) == left
    assert classes[0, 0, 0] == 1


def test_components_in_ml_do_not_depend_on_the_grid() -> None:
    for voxel_ml, left in ((0.001, 9), (0.008, 12)):  # 3 voxels are 0.003 ml, or 0.024 ml
        classes = two_lumps()
        keep_large_components(classes, steps.Components(26, 0.024, 0.9, "ml"), voxel_ml)
        assert np.count_nonzero(classes) == left


@pytest.mark.parametrize(
    ("below", "unit", "became"),
    [(5, "voxels", 2), (4, "voxels", 3), (0.033, "ml", 2), (0.032, "ml", 3)],  # 4 voxels of 0.008 ml
)
def test_small_region(below: float, unit: steps.SizeUnit, became: int) -> None:
    classes = np.zeros((4, 4, 4), np.uint8)
    classes[0, 0] = 3
    rename_small_region(classes, steps.SmallRegion(3, below, 2, unit), 0.008)
    assert classes[0, 0].tolist() == [became] * 4


@pytest.mark.parametrize(
    ("below_ml", "probability", "left"),
    [
        (0.0, 0.0, [4, 2, 1]),
        (0.002, 0.0, [4, 2]),  # the single voxel is smaller than 2 voxels of 0.001 ml
        (0.003, 0.0, [4]),
        (0.0, 0.7, [4, 1]),  # means .8, .6 and .9
        (0.002, 0.7, [4]),
        (0.0, 0.95, []),
    ],
)
def test_weak_components_become_another_label(below_ml: float, probability: float, left: list[int]) -> None:
    classes = np.full((9, 2, 2), 2, np.uint8)
    confidence = np.full(classes.shape, 0.99, np.float32, order="F")  # laid out otherwise than the classes
    for where, sure in ((np.s_[0, :, :], [0.9, 0.9, 0.7, 0.7]), (np.s_[3, 0, :], [0.7, 0.5]), (np.s_[6, 1, 1], 0.9)):
        classes[where] = 3
        confidence[where] = np.reshape(sure, confidence[where].shape)
    step = steps.WeakComponents("ET", 26, below_ml, probability, 1)
    rename_weak_components(classes, step, 0.001, confidence)
    found = [int((classes[n] == 3).sum()) for n in (0, 3, 6)]
    assert [n for n in found if n] == left
    assert int((classes == 1).sum()) == 7 - sum(left)
    assert int((classes == 2).sum()) == 36 - 7


def test_a_weak_core_takes_its_enhancing_part_along() -> None:
    classes = np.zeros((6, 1, 1), np.uint8)
    classes[:, 0, 0] = (1, 3, 2, 1, 1, 3)
    rename_weak_components(classes, steps.WeakComponents("TC", 6, 0.003, 0.0, 2), 0.001, None)
    assert classes[:, 0, 0].tolist() == [2, 2, 2, 1, 1, 3]


def test_a_rule_about_probabilities_needs_them() -> None:
    sure, small = steps.WeakComponents("ET", 26, 0.0, 0.5, 1), steps.WeakComponents("ET", 26, 0.1, 0.0, 1)
    assert needs_confidence((small, sure))
    assert not needs_confidence((small, steps.SmallRegion(3, 2, 1)))
    with pytest.raises(ValueError, match="probabilities"):
        postprocess(np.full((2, 2, 2), 3, np.uint8), (sure,), 0.001)


def test_postprocess_runs_the_passports_steps_in_order() -> None:
    rules = (steps.Components(26, 4, 0.9), steps.SmallRegion(3, 2, 1))
    classes = two_lumps()
    postprocess(classes, rules, 0.001)
    assert np.bincount(classes.ravel(), minlength=4).tolist() == [512 - 9, 2, 7, 0]
    nothing = np.zeros((3, 3, 3), np.uint8)
    postprocess(nothing, rules, 0.001)
    assert not nothing.any()


@pytest.mark.parametrize("axes", ["IJKC", "KIJC"])
@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAR"])
@pytest.mark.parametrize("step", [1.0, 2.0, 1.3])
def test_map_back_equals_interpolating_everything(axes: str, orientation: str, step: float) -> None:
    """The short cut (looking near the tumour only) gives what interpolating the whole box gives."""
    case_shape = (20, 22, 18)
    oriented = {"RAS": (20, 22, 18), "LPS": (20, 22, 18), "SAR": (18, 22, 20)}[orientation]
    network_grid = NetworkGrid.of_box((2, 1, 3), (15, 14, 13)).with_steps((step,) * 3).with_padding(4, both_sides=True)
    shape = network_grid.resampled
    random = np.random.default_rng(4)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    logits = random.standard_normal((*shape, 4))
    logits[..., 0] += 6 * np.sqrt((grid**2).sum(axis=0)) - 3  # background far from the middle
    inside = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    padded = np.zeros((*network_grid.padded, 4), np.float32)
    padded[network_grid.inside_padding] = inside
    brain = random.random(network_grid.shape) > 0.2
    prepared = Prepared(np.zeros(0, np.float32), network_grid, brain)
    passport = replace(
        default_model().passport,
        axes=axes,
        orientation=orientation,
        output=Output("softmax", CHANNELS, LINEAR_IN_BRAIN),
    )
    classes = np.zeros(case_shape, np.uint8)
    map_back(to_axes(padded, axes)[None], prepared, passport, classes)

    positions = [np.minimum(np.arange(n) / step, m - 1) for n, m in zip(network_grid.shape, shape, strict=True)]
    full = inside
    for axis, where in enumerate(positions):
        low = np.minimum(where.astype(int), shape[axis] - 2)
        weight = (where - low).reshape([-1 if a == axis else 1 for a in range(4)])
        full = np.take(full, low, axis) * (1 - weight) + np.take(full, low + 1, axis) * weight
    expected = np.zeros(oriented, np.uint8)
    expected[network_grid.box] = full.argmax(axis=-1) * brain
    assert np.count_nonzero(expected) > 50
    difference = classes != orient_back(expected, orientation)
    assert np.count_nonzero(difference) == 0


def test_channels_in_another_order_keep_their_meaning() -> None:
    network_grid = NetworkGrid.of_box((0, 0, 0), (1, 1, 3))
    output = Output("softmax", ("ET", "background", "NCR"), LINEAR)
    passport = replace(default_model().passport, output=output)
    probabilities = np.array([[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]], np.float32).reshape(1, 1, 1, 3, 3)
    classes, confidence = np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1, 3), np.float32)
    map_back(probabilities, Prepared(probabilities, network_grid, None), passport, classes, confidence)
    assert classes.ravel().tolist() == [3, 0, 1]
    assert confidence.ravel().tolist() == pytest.approx([0.9, 0.8, 0.8])


class Unsure:
    """A network that gives enhancing tumour the same probability everywhere."""

    bytes_per_voxel = 0.0
    fixed_shape = None

    def __init__(self, probability: float) -> None:
        self._row = np.array([0.05, 0.15, 0.8 - probability, probability], np.float32)

    def predict(self, batch: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self._row, (*batch.shape[:4], 4)).copy()

    def free_bytes(self) -> float:
        return float("inf")

    def move_to_cpu(self) -> bool:
        return False


@pytest.mark.parametrize(("probability", "label"), [(0.7, 3), (0.5, 1)])
def test_the_way_of_the_button_knows_how_sure_the_network_is(
    probability: float, label: int, tmp_path: Path, toy_case: Callable[..., Path]
) -> None:
    case = run_to_end(read_case(find_case(toy_case(tmp_path))))
    passport = replace(default_model().passport, postprocess=(steps.WeakComponents("ET", 26, 0.0, 0.6, 1),))
    classes = np.zeros(case.grid.shape, np.uint8, order="F")
    run_to_end(segment_volumes(case.volumes, passport, Unsure(probability), classes))
    assert np.unique(classes).tolist() == [0, label]
