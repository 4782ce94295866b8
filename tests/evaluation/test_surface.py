"""HD95 and surface Dice on masks whose distances can be counted."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.metrics.surface import surface_distances, surface_of

RULES_2020, RULES_2023 = rules_named("brats2020"), rules_named("brats2023")
CUBIC = (1.0, 1.0, 1.0)


def box(shape: tuple[int, int, int], *ends: tuple[int, int]) -> np.ndarray:
    """A mask that is true in one box."""
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(slice(*end) for end in ends)] = True
    return mask


def test_single_voxels_are_as_far_apart_as_their_centres() -> None:
    reference = box((9, 9, 9), (1, 2), (1, 2), (1, 2))
    prediction = box((9, 9, 9), (4, 5), (5, 6), (1, 2))
    # 3 voxels of 2 mm along i, 4 voxels of 1 mm along j: √(36 + 16)
    distances = surface_distances(reference, prediction, (2.0, 1.0, 5.0))
    assert distances.hd95_mm(RULES_2023) == pytest.approx(np.sqrt(52))
    assert distances.surface_dice(7.0) == 0.0
    assert distances.surface_dice(7.3) == 1.0


def test_empty_masks_follow_the_rules() -> None:
    empty, voxel = np.zeros((3, 3, 3), dtype=bool), box((3, 3, 3), (1, 2), (1, 2), (1, 2))
    nothing = surface_distances(empty, empty, CUBIC)
    assert (nothing.hd95_mm(RULES_2023), nothing.surface_dice(1)) == (0.0, 1.0)
    for pair in ((empty, voxel), (voxel, empty)):
        distances = surface_distances(*pair, CUBIC)
        assert distances.hd95_mm(RULES_2020) == 373.13
        assert distances.hd95_mm(RULES_2023) == 374.0
        assert distances.surface_dice(1000) == 0.0


def test_the_inside_is_no_surface_and_the_border_of_the_volume_is() -> None:
    # a 5×5×5 cube that fills the volume: all but the 3×3×3 inside are surface
    assert np.count_nonzero(surface_of(np.ones((5, 5, 5), dtype=bool))) == 125 - 27


def test_the_95th_percentile_forgives_one_outlier_in_a_hundred() -> None:
    reference = box((40, 12, 3), (0, 10), (0, 10), (1, 2))  # 100 surface voxels: a plate one voxel thick
    prediction = reference.copy()
    prediction[30, 0, 1] = True  # 1 of 101, 21 mm from the plate
    distances = surface_distances(reference, prediction, CUBIC)
    assert distances.from_prediction.max() == 21.0
    assert distances.hd95_mm(RULES_2023) == 0.0
    assert distances.surface_dice(1.0) == pytest.approx(200 / 201)


def test_the_larger_direction_counts() -> None:
    reference = box((30, 3, 3), (0, 20), (1, 2), (1, 2))
    prediction = box((30, 3, 3), (0, 1), (1, 2), (1, 2))
    distances = surface_distances(reference, prediction, CUBIC)
    # from the prediction: 0. From the reference 0, 1, … 19: the 95th percentile is 0.95 · 19
    assert distances.hd95_mm(RULES_2023) == pytest.approx(18.05)


@pytest.mark.parametrize("seed", range(20))
def test_distances_equal_a_distance_transform(seed: int) -> None:
    """Against scipy's exact Euclidean transform, on anisotropic random masks that touch the border."""
    from scipy.ndimage import binary_erosion, distance_transform_edt, gaussian_filter

    rng = np.random.default_rng(seed)
    spacing = tuple(rng.uniform(0.5, 4.0, 3))
    reference, prediction = (gaussian_filter(rng.normal(size=(18, 15, 12)), 2) > 0.02 for _ in range(2))
    distances = surface_distances(reference, prediction, spacing)
    surfaces = [mask & ~binary_erosion(mask) for mask in (reference, prediction)]
    expected = distance_transform_edt(~surfaces[1], sampling=spacing)[surfaces[0]]
    np.testing.assert_allclose(np.sort(distances.from_reference), np.sort(expected), atol=1e-9)
    expected = distance_transform_edt(~surfaces[0], sampling=spacing)[surfaces[1]]
    np.testing.assert_allclose(np.sort(distances.from_prediction), np.sort(expected), atol=1e-9)


@pytest.mark.parametrize(("said", "threads"), [("", -1), ("1", 1), ("4", 4), ("0", -1), ("many", -1)])
def test_a_process_of_many_queries_with_one_thread(said: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from brainseg_gui.evaluation.metrics.threads import query_threads

    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert query_threads() == threads
