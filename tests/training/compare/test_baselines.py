from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from training.compare.baselines import BASELINES, closed, grown, opened, otsu, segment_by_thresholds

_, THREE = BASELINES
CENTRE = (20, 20, 20)
SHAPE = (40, 40, 40)
_Volumes = dict[Modality, Volume]


def test_otsu_parts_two_clumps_in_the_middle_of_the_gap() -> None:
    (threshold,) = otsu(np.array([0.0] * 60 + [1.0] * 40), 2)
    assert threshold == pytest.approx(0.5, abs=0.01)
    assert otsu(np.full(5, 3.0), 3) == (3.0, 3.0)


def test_otsu_maximises_the_variance_between_classes() -> None:
    """Against every threshold, by the definition."""
    values = np.concatenate([np.arange(0, 30), np.arange(20, 60, 2), np.arange(70, 90)]).astype(float)

    def between(parts: list[np.ndarray]) -> float:
        return sum(part.size * (part.mean() - values.mean()) ** 2 for part in parts if part.size)

    (threshold,) = otsu(values, 2)
    found = between([values[values <= threshold], values[values > threshold]])
    tried = np.linspace(-1, 90, 500)
    assert found == pytest.approx(max(between([values[values <= t], values[values > t]]) for t in tried), rel=1e-3)

    low, high = otsu(values, 3)
    found = between([values[values <= low], values[(values > low) & (values <= high)], values[values > high]])
    grid = np.linspace(-1, 90, 120)
    best = max(
        between([values[values <= a], values[(values > a) & (values <= b)], values[values > b]])
        for a in grid
        for b in grid[grid > a]
    )
    assert found == pytest.approx(best, rel=1e-3)


def test_growing_is_in_mm() -> None:
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 4] = True
    near = grown(mask, 2.0, (1.0, 2.0, 3.0))
    assert near.sum() == 5 + 2  # four neighbours along i, one on each side along j, none along k
    assert near[2:7, 4, 4].all()
    assert near[4, 3:6, 4].all()
    assert not grown(np.zeros((3, 3, 3), bool), 5.0, (1.0, 1.0, 1.0)).any()


def test_opening_removes_threads_and_closing_fills_cracks() -> None:
    mask = np.zeros((20, 12, 12), bool)
    mask[2:10, 2:10, 2:10] = True
    mask[10:18, 5, 5] = True  # a thread
    clean = opened(mask, 2.0, (1.0, 1.0, 1.0))
    assert not clean[13:].any()
    assert clean[6, 6, 6]
    cracked = mask.copy()
    cracked[5, 2:10, 2:10] = False
    assert closed(cracked, 2.0, (1.0, 1.0, 1.0))[5, 4:8, 4:8].all()


def patient(*, enhances: bool = True) -> _Volumes:
    """A ball of brain with fluid inside, a bright ball on FLAIR, in it a shell that takes up contrast agent."""
    grid = Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0]))
    i, j, k = np.indices(SHAPE)
    random = np.random.default_rng(0)

    def ball(centre: tuple[int, int, int], radius: float) -> np.ndarray:
        return (i - centre[0]) ** 2 + (j - centre[1]) ** 2 + (k - centre[2]) ** 2 < radius**2

    brain, fluid, tumour = ball(CENTRE, 18), ball((20, 12, 20), 5), ball((20, 27, 20), 7)
    shell = ball((20, 27, 20), 5) & ~ball((20, 27, 20), 3)
    volumes = {}
    for modality in (Modality.T1, Modality.T1CE, Modality.FLAIR):
        image = 100 + 3 * random.standard_normal(SHAPE)
        image[fluid] = 30
        if modality is Modality.FLAIR:
            image[tumour] = 200
        elif modality is Modality.T1CE and enhances:
            image[shell] += 120
        volumes[modality] = Volume(
            np.where(brain, image, 0).astype(np.float32), grid, 1.0, 0.0, Path(f"{modality.value}.nii")
        )
    return volumes


def test_thresholds_find_a_plain_tumour() -> None:
    classes = segment_by_thresholds(patient(), THREE)
    assert 0.9 < np.count_nonzero(classes) / np.count_nonzero(_tumour()) < 1.1
    assert classes[20, 27 + 4, 20] == 3  # the shell
    assert classes[20, 27, 20] == 1  # enclosed by it
    assert classes[20, 27 + 6, 20] == 2  # around it


def _tumour() -> np.ndarray:
    i, j, k = np.indices(SHAPE)
    return (i - 20) ** 2 + (j - 27) ** 2 + (k - 20) ** 2 < 49


def test_two_classes_part_fluid_from_the_rest_and_take_the_brain_for_a_tumour() -> None:
    """Why Otsu's plain threshold is a weak baseline: fluid is as far from tissue as a tumour is."""
    volumes = patient()
    flair = volumes[Modality.FLAIR]
    stored = flair.stored.copy()
    stored[_tumour()] = 112.0  # a faint one
    volumes[Modality.FLAIR] = Volume(stored, flair.grid, 1.0, 0.0, flair.path)
    whole = {b.name: np.count_nonzero(segment_by_thresholds(volumes, b)) for b in BASELINES}
    assert whole["otsu"] > 10 * np.count_nonzero(_tumour())


def test_only_the_fixed_threshold_leaves_a_tumour_without_enhancement() -> None:
    volumes = patient(enhances=False)
    assert not (segment_by_thresholds(volumes, THREE) == 3).any()


def test_a_baseline_does_not_depend_on_the_unit_of_the_intensities() -> None:
    volumes = patient()
    scaled = {m: Volume(v.stored * np.float32(37), v.grid, 1.0, 0.0, v.path) for m, v in volumes.items()}
    assert np.array_equal(segment_by_thresholds(volumes, THREE), segment_by_thresholds(scaled, THREE))
