"""Kept probabilities: what interpolating everything gives, in the right place, and the mask's class on top."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.imaging.probabilities import TOP
from brainseg_gui.inference.certainty import keep_probabilities
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.engine.shared_block import SharedBlock
from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
from brainseg_gui.inference.models.passport import LINEAR, LINEAR_IN_BRAIN, Output
from brainseg_gui.inference.network_grid import NetworkGrid, to_axes
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.inference.postprocess import map_back
from brainseg_gui.inference.preprocess import Prepared
from brainseg_gui.inference.separable import Banded
from brainseg_gui.progress import run_to_end
from tests.inference.orientation import orient_back

MakeCase = Callable[..., Case]
SHAPES = {"RAS": (20, 22, 18), "LPS": (20, 22, 18), "SAR": (18, 22, 20)}  # oriented, of a case of 20×22×18


def _dense(matrix: Banded) -> NDArray[np.float32]:
    """All of a banded matrix, (rows, columns)."""
    whole = np.zeros(matrix.shape, np.float32)
    for rows, columns, block in matrix.blocks:
        whole[rows, columns] = block
    return whole


@pytest.mark.parametrize("only_in_brain", [False, True])
@pytest.mark.parametrize("orientation", list(SHAPES))
@pytest.mark.parametrize(("axes", "step"), [("IJKC", 1.0), ("KIJC", 1.0), ("KIJC", 2.0), ("IJKC", 1.3)])
def test_kept_is_what_interpolating_everything_gives(
    axes: str, orientation: str, step: float, only_in_brain: bool
) -> None:
    network_grid = NetworkGrid.of_box((2, 1, 3), (15, 14, 13)).with_steps((step,) * 3).with_padding(4, both_sides=True)
    random = np.random.default_rng(4)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in network_grid.resampled], indexing="ij"))
    logits = random.standard_normal((*network_grid.resampled, 4))
    logits[..., 0] += 12 * np.sqrt((grid**2).sum(axis=0)) - 3  # certainly background far from the middle
    inside = (np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)).astype(np.float32)
    padded = np.zeros((*network_grid.padded, 4), np.float32)
    padded[network_grid.inside_padding] = inside
    brain = random.random(network_grid.shape) > 0.2
    prepared = Prepared(np.zeros(0, np.float32), network_grid, brain)
    channels = ("ET", "background", "ED", "NCR")  # not the order of the classes
    output = Output("softmax", channels, LINEAR_IN_BRAIN if only_in_brain else LINEAR)
    passport = replace(default_model().passport, axes=axes, orientation=orientation, output=output)
    probabilities = to_axes(padded, axes)[None]
    classes, levels = np.zeros((20, 22, 18), np.uint8), np.zeros((4, 20, 22, 18), np.uint8)
    map_back(probabilities, prepared, passport, classes)
    box = keep_probabilities(probabilities, prepared, passport, classes, levels)

    expected = np.zeros((4, *SHAPES[orientation]), np.float32)
    expected[0] = 1
    everything = np.zeros((4, *network_grid.shape))
    for channel, name in enumerate(channels):
        value = inside[..., channel]
        matrices = network_grid.backward([slice(0, n) for n in value.shape], [slice(0, n) for n in network_grid.shape])
        for axis, matrix in enumerate(matrices):
            if matrix is not None:
                value = np.moveaxis(np.tensordot(_dense(matrix), value, (1, axis)), 0, axis)
        everything[NETWORK_CLASSES.index(name)] = value
    if only_in_brain:
        everything[:, ~brain] = np.array([[1], [0], [0], [0]])
    expected[:, *network_grid.box] = everything
    ras = np.stack([orient_back(volume, orientation) for volume in expected])

    whole = np.zeros_like(levels)
    whole[0] = TOP
    whole[:, *box] = levels[:, *box]
    assert np.abs(whole - TOP * ras).max() < 2
    assert (whole.sum(axis=0, dtype=int) == TOP).all()
    np.testing.assert_array_equal(whole.argmax(axis=0), classes)
    assert levels[:, *box].size < 0.9 * levels.size  # cropped


def test_certain_everywhere_keeps_one_voxel() -> None:
    probabilities = np.zeros((1, 4, 4, 4, 4), np.float32)
    probabilities[..., 0] = 1
    prepared = Prepared(np.zeros(0, np.float32), NetworkGrid.of_box((0, 0, 0), (4, 4, 4)), None)
    passport = replace(default_model().passport, axes="IJKC", output=Output("softmax", NETWORK_CLASSES, LINEAR))
    levels = np.zeros((4, 4, 4, 4), np.uint8)
    box = keep_probabilities(probabilities, prepared, passport, np.zeros((4, 4, 4), np.uint8), levels)
    assert levels[:, *box].ravel().tolist() == [TOP, 0, 0, 0]


def test_the_same_network_serves_with_and_without() -> None:
    keeping = SegmentOptions("cpu", "float32", keep_probabilities=True)
    assert keeping.of_network == SegmentOptions("cpu", "float32")


def test_a_block_has_room_only_where_it_is_asked_for(make_case: MakeCase) -> None:
    case = make_case((5, 6, 7))
    plain, roomy = (SharedBlock.create(case.volumes, case.grid, classes) for classes in (0, 4))
    try:
        assert plain.levels is None
        assert roomy.layout.size == plain.layout.size + 4 * 210
        other = SharedBlock.attach(roomy.layout)
        other.levels[2, 1, 3, 5] = 9  # type: ignore[index]
        levels = roomy.levels
        assert levels is not None
        assert levels.shape == (4, 5, 6, 7)
        assert levels[2, 1, 3, 5] == levels.sum() == 9
        assert roomy.mask.sum() == 0
    finally:
        plain.unlink()
        roomy.unlink()


@pytest.mark.engine
def test_the_engine_brings_them_back_when_asked(engine: Engine, model_folders: Path, make_case: MakeCase) -> None:
    case, model = make_case(), read_model_folder(model_folders / "brightness")  # its passport has no clean-up
    without = run_to_end(engine.segment(case, model, SegmentOptions("cpu", "float32")))
    assert without.probabilities is None
    pid = engine.pid
    options = SegmentOptions("cpu", "float32", keep_probabilities=True)
    result = run_to_end(engine.segment(case, model, options))
    assert engine.pid == pid
    assert set(result.seconds) == {"preparing", "inferring", "mapping back"}  # not loaded again
    np.testing.assert_array_equal(result.classes, without.classes)
    kept = result.probabilities
    assert kept is not None
    assert (kept.levels.sum(axis=0, dtype=int) == TOP).all()
    outside = result.classes.copy()
    outside[kept.box] = 0
    assert not outside.any()
    np.testing.assert_array_equal(kept.classes(), result.classes[kept.box])
