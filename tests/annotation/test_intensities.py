"""Threshold painting, the brush that follows edges, and growing from seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from brainseg_gui.annotation.slab import Area
from brainseg_gui.annotation.tools import seeds
from brainseg_gui.annotation.tools.brush import Brush, sweep
from brainseg_gui.annotation.tools.threshold import IntensityRange, follow_edges, in_range, range_around
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress, run_to_end

VolumeOf = Callable[..., Volume]


def test_the_range_around_a_voxel_is_robust_and_scaled(volume_of: VolumeOf) -> None:
    stored = np.full((21, 21, 21), 100, np.int16)
    stored[::20, ::20, ::20] = 0
    stored[10, 10, 10] = 30_000  # a single odd voxel
    stored[8:13, 8:13, 8] = 110
    found = range_around(volume_of(stored, slope=2.0, intercept=-5.0), (10, 10, 10), 4.0)
    assert found.low == pytest.approx(195.0)
    assert found.high == pytest.approx(215.0)


def test_the_outside_of_the_head_does_not_widen_the_range(volume_of: VolumeOf) -> None:
    stored = np.zeros((12, 12, 12), np.int16)
    stored[6:] = 50
    stored[6:, :, ::2] = 60
    stored[[0, 0, 11, 11], [0, 11, 0, 11]] = 0
    found = range_around(volume_of(stored), (6, 6, 6), 3.0)
    assert (found.low, found.high) == (50.0, 60.0)


def test_threshold_painting_keeps_both_ends(volume_of: VolumeOf) -> None:
    volume = volume_of(np.arange(8, dtype=np.float32).reshape(8, 1, 1), slope=-1.0)
    area = in_range(Area(whole_box((8, 1, 1)), np.ones((8, 1, 1), bool)), volume, IntensityRange(-5.0, -2.0))
    assert np.flatnonzero(area.mask).tolist() == [2, 3, 4, 5]


def _edge(noise: float, grid: Grid, volume_of: VolumeOf) -> Volume:
    stored = np.full(grid.shape, 100.0)
    stored[20:] = 200.0
    return volume_of((stored + np.random.default_rng(0).normal(0, noise, grid.shape)).astype(np.float32))


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, None])
def test_the_adaptive_brush_stops_at_an_edge(
    plane: Plane | None, grid_of: Callable[..., Grid], volume_of: VolumeOf
) -> None:
    grid = grid_of((40, 40, 40))
    footprint = sweep(Brush(14, plane=plane), [(17, 20, 20)], grid)
    assert footprint is not None
    area = follow_edges(footprint, _edge(12.0, grid, volume_of), (17, 20, 20))
    painted, whole = area.on_grid(grid.shape), footprint.on_grid(grid.shape)
    assert not painted[20:].any()
    assert painted[:20].sum() >= 0.98 * whole[:20].sum()


def test_without_an_edge_the_adaptive_brush_paints_its_footprint(
    grid_of: Callable[..., Grid], volume_of: VolumeOf
) -> None:
    grid = grid_of((40, 40, 40))
    footprint = sweep(Brush(14), [(8, 20, 20)], grid)
    assert footprint is not None
    area = follow_edges(footprint, _edge(12.0, grid, volume_of), (8, 20, 20))
    assert area.voxels == footprint.voxels


def test_the_adaptive_brush_does_not_jump_over_a_wall(grid_of: Callable[..., Grid], volume_of: VolumeOf) -> None:
    stored = np.full((30, 30, 1), 100, np.int16)
    stored[15:17] = 900
    footprint = sweep(Brush(16, plane=Plane.AXIAL), [(12, 15, 0)], grid_of((30, 30, 1)))
    assert footprint is not None
    area = follow_edges(footprint, volume_of(stored), (12, 15, 0))
    assert area.slab[0].stop == 15


def test_a_cursor_beside_the_footprint_paints_nothing(grid_of: Callable[..., Grid], volume_of: VolumeOf) -> None:
    grid = grid_of((40, 40, 40))
    footprint = sweep(Brush(6), [(8, 20, 20)], grid)
    assert footprint is not None
    assert follow_edges(footprint, _edge(1.0, grid, volume_of), (30, 20, 20)).voxels == 0


def _two_balls(volume_of: VolumeOf) -> tuple[dict[Modality, Volume], np.ndarray]:
    """A tumour of two nested balls, seen differently on two modalities, with noise."""
    i, j, k = np.ogrid[:40, :40, :30]
    distance = np.sqrt((i - 20.0) ** 2 + (j - 20.0) ** 2 + (k - 15.0) ** 2)
    truth = np.where(distance < 5, 4, np.where(distance < 10, 2, 0)).astype(np.uint8)
    random = np.random.default_rng(0)
    looks = {Modality.FLAIR: {0: 300, 2: 600, 4: 620}, Modality.T1CE: {0: 400, 2: 380, 4: 800}}
    volumes = {}
    for modality, levels in looks.items():
        image = sum((np.where(truth == label, level, 0.0) for label, level in levels.items()), np.zeros(truth.shape))
        volumes[modality] = volume_of((image + random.normal(0, 40, truth.shape)).astype(np.int16))
    return volumes, truth


def _scribbles(truth: np.ndarray) -> np.ndarray:
    scribbled = np.zeros_like(truth)
    scribbled[18:23, 20, 15] = 4
    scribbled[20, 27:29, 13:17] = 2
    scribbled[4:36, 4, 15] = scribbled[4:36, 35, 15] = seeds.BACKGROUND_SEED
    return scribbled


def test_scribbles_grow_to_the_regions_that_they_lie_in(volume_of: VolumeOf) -> None:
    volumes, truth = _two_balls(volume_of)
    scribbled = _scribbles(truth)
    box = seeds.box_of_seeds(scribbled, (1.0, 1.0, 1.0), 12.0)
    assert box is not None
    grown = run_to_end(seeds.grow(volumes, scribbled, box))
    for label in (2, 4):
        found, wanted = grown.labels == label, truth[box] == label
        assert 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > 0.95
    total = sum(grown.probabilities[label] for label in (0, 2, 4))
    np.testing.assert_allclose(total, 1.0, atol=1e-5)
    sure = grown.probabilities[4][20 - box[0].start, 20 - box[1].start, 15 - box[2].start]
    assert sure > 0.99
    change = grown.change(truth)
    assert change is not None
    assert (change.labels[change.mask] != truth[change.slab][change.mask]).all()


def test_a_scribble_keeps_its_label(volume_of: VolumeOf) -> None:
    volumes, truth = _two_balls(volume_of)
    scribbled = _scribbles(truth)
    scribbled[0, 0, 0] = 2  # against all looks
    grown = run_to_end(seeds.grow(volumes, scribbled, whole_box(truth.shape)))
    assert grown.labels[0, 0, 0] == 2
    assert (grown.labels[scribbled == seeds.BACKGROUND_SEED] == 0).all()


def test_growing_can_be_cancelled_early_and_yields_progress(volume_of: VolumeOf) -> None:
    volumes, truth = _two_balls(volume_of)
    steps = list(seeds.grow(volumes, _scribbles(truth), whole_box(truth.shape)))
    assert len(steps) >= 7
    assert all(isinstance(step, Progress) and 0 <= step.done <= 1 for step in steps)
    assert [s.done for s in steps] == sorted(s.done for s in steps)


def test_one_kind_of_scribble_is_not_enough(volume_of: VolumeOf) -> None:
    volumes, truth = _two_balls(volume_of)
    scribbled = np.where(_scribbles(truth) == 2, 2, 0).astype(np.uint8)
    with pytest.raises(BrainsegError, match="two kinds"):
        run_to_end(seeds.grow(volumes, scribbled, whole_box(truth.shape)))
    assert seeds.box_of_seeds(np.zeros_like(truth), (1.0, 1.0, 1.0)) is None


def test_nearness_is_in_mm_without_any_likeness(volume_of: VolumeOf) -> None:
    # slices of 4 mm: two slices up (8 mm) are farther than seven voxels aside
    stored = np.full((15, 3, 5), 100, np.int16)
    stored[::14, ::2, ::4] = 0  # the corners are background
    flat = volume_of(stored, spacing=(1.0, 1.0, 4.0))
    scribbled = np.zeros(stored.shape, np.uint8)
    scribbled[7, 1, 0], scribbled[0, 1, 2] = 1, 2
    settings = seeds.SeedSettings(likeness=0.0, edges=0.0, smoothing_voxels=0.0)
    grown = run_to_end(seeds.grow({Modality.T1: flat}, scribbled, whole_box(stored.shape), settings))
    assert grown.labels[7, 1, 2] == 2
    assert grown.labels[10, 1, 2] == 1  # 8 mm and 3 aside against 10 aside
