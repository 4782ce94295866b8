"""Between which volumes a region lies, worked out by hand from a row of voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.models.passport import LINEAR, LINEAR_IN_BRAIN, Output, Passport
from brainseg_gui.inference.network_grid import NetworkGrid
from brainseg_gui.inference.postprocess import map_back, postprocess
from brainseg_gui.inference.preprocess import Prepared
from brainseg_gui.inference.sure_volumes import sure_volumes

CHANNELS = ("background", "NCR", "ED", "ET")
ROW = (
    (0.05, 0.00, 0.05, 0.90),  # surely enhancing
    (0.10, 0.30, 0.00, 0.60),  # surely core, enhancing perhaps
    (0.15, 0.05, 0.75, 0.05),  # surely tumour, oedema
    (0.50, 0.00, 0.40, 0.10),  # drawn as background, tumour perhaps
    (0.70, 0.00, 0.10, 0.20),  # tumour perhaps, enhancing perhaps
    (0.90, 0.00, 0.10, 0.00),  # not unlikely background
)
ML = 0.5


def _passport(**changes: object) -> Passport:
    output = Output("softmax", CHANNELS, LINEAR)
    return replace(default_model().passport, axes="IJKC", orientation="RAS", output=output, postprocess=(), **changes)


def _volumes(passport: Passport, row: tuple[tuple[float, ...], ...] = ROW, brain: object = None) -> object:
    grid = NetworkGrid.of_box((0, 0, 0), (len(row), 1, 1))
    prepared = Prepared(np.zeros(0, np.float32), grid, brain)
    probabilities = np.array(row, np.float32).reshape(1, len(row), 1, 1, -1)
    drawn = np.zeros((len(row), 1, 1), np.uint8)
    map_back(probabilities, prepared, passport, drawn)
    ruled = drawn.copy()
    postprocess(ruled, passport.postprocess, ML)
    return sure_volumes(probabilities, prepared, passport, drawn, ruled, ML)


def test_what_is_likely_and_what_is_not_unlikely_is_counted() -> None:
    # WT .95 .90 .85 .50 .30 .10; TC .90 .90 .10 .10 .20 0; ET .90 .60 .05 .10 .20 0
    assert _volumes(_passport()) == {"WT": (1.5, 2.5), "TC": (1.0, 1.5), "ET": (0.5, 1.5)}


def test_what_a_rule_changed_belongs_where_the_rule_put_it() -> None:
    rule = steps.SmallRegion(3, 3, 2)  # fewer than three voxels of ET are oedema
    found = _volumes(replace(_passport(), postprocess=(rule,)))
    assert found == {"WT": (1.5, 2.5), "TC": (0.0, 0.5), "ET": (0.0, 0.5)}


def test_outside_of_the_brain_is_no_tumour() -> None:
    brain = np.array([False, True, True, True, True, True]).reshape(6, 1, 1)
    output = Output("softmax", CHANNELS, LINEAR_IN_BRAIN)
    found = _volumes(replace(_passport(), output=output), brain=brain)
    assert found == {"WT": (1.0, 2.0), "TC": (0.5, 1.0), "ET": (0.0, 1.0)}


def test_channels_of_regions_hold_one_another() -> None:
    output = Output("sigmoid", ("WT", "TC", "ET"), LINEAR, becomes=("ED", "NCR", "ET"))
    row = ((0.95, 0.90, 0.90), (0.90, 0.90, 0.60), (0.50, 0.10, 0.00))
    assert _volumes(replace(_passport(), output=output), row) == {"WT": (1.0, 1.5), "TC": (1.0, 1.0), "ET": (0.5, 1.0)}


@pytest.mark.parametrize("unsure", [0.0, 0.15])
def test_where_nothing_is_seen_all_volumes_are_none(unsure: float) -> None:
    found = _volumes(_passport(), ((1 - unsure, 0.0, unsure, 0.0),) * 4)
    assert found == dict.fromkeys(("WT", "TC", "ET"), (0.0, 0.0))


def test_of_a_coarser_network_one_voxel_for_each_of_its_own_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ball with a soft border, on a network's grid of 2 mm: nearly the volumes that all voxels of 1 mm give."""
    grid = NetworkGrid.of_box((3, 2, 1), (41, 43, 45)).with_steps((2.0, 2.0, 2.0))
    middle, places = (np.array(grid.resampled) - 1) / 2, np.indices(grid.resampled)
    radius = np.sqrt(((places - middle.reshape(3, 1, 1, 1)) ** 2).sum(axis=0))
    likely = 1 / (1 + np.exp((radius - 7) / 0.8))
    probabilities = np.stack([1 - likely, 0 * likely, likely, 0 * likely], axis=-1).astype(np.float32)[None]
    prepared, passport = Prepared(np.zeros(0, np.float32), grid, None), _passport()
    drawn = np.zeros((48, 48, 48), np.uint8)
    map_back(probabilities, prepared, passport, drawn)
    sampled = sure_volumes(probabilities, prepared, passport, drawn, drawn, 0.001)["WT"]
    monkeypatch.setattr("brainseg_gui.inference.sure_volumes.int", lambda _: 1, raising=False)
    every = sure_volumes(probabilities, prepared, passport, drawn, drawn, 0.001)["WT"]
    assert sampled == pytest.approx(every, rel=0.04)
    assert every[0] < np.count_nonzero(drawn) * 0.001 < every[1]
    assert sampled != every
