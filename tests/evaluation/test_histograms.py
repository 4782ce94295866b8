"""Histograms: every label by itself, the rest of the brain, ranges that one bright voxel does not spoil."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.histograms import BINS, REST, label_histograms
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import run_to_end

GRID = Grid((20, 20, 20), np.eye(4))


@pytest.fixture
def mask() -> LabelMap:
    """ED in one slab, ET in another."""
    values = np.zeros(GRID.shape, np.uint8)
    values[5:8, 4:16, 4:16] = 2
    values[8:10, 4:16, 4:16] = 4
    return LabelMap(values, GRID, scheme_named("brats2020"))


def volume(stored: np.ndarray, slope: float = 1.0, intercept: float = 0.0) -> Volume:
    return Volume(stored.astype(np.int16), GRID, slope, intercept, Path("toy.nii.gz"))


def brain() -> np.ndarray:
    """100 in a cube, 0 around it."""
    image = np.zeros(GRID.shape)
    image[3:17, 3:17, 3:17] = 100
    return image


def test_each_label_and_the_rest(mask: LabelMap) -> None:
    image = brain()
    image[mask.values == 2] = 300
    image[mask.values == 4] = 500
    found = run_to_end(label_histograms({Modality.FLAIR: volume(image)}, mask))[Modality.FLAIR]
    assert [histogram.meaning for histogram in found.labels] == ["ED", "ET", REST]
    ed, et, rest = found.labels
    assert (ed.voxels, et.voxels) == (3 * 144, 2 * 144)
    assert rest.voxels == 14**3 - 5 * 144  # without the air
    assert [histogram.quartiles[1] for histogram in found.labels] == [300, 500, 100]
    for histogram in found.labels:
        assert histogram.shares.shape == (BINS,)
        assert histogram.shares.sum() == pytest.approx(1)
        place = int(histogram.shares.argmax())
        assert found.edges[place] <= histogram.quartiles[1] <= found.edges[place + 1]


def test_slope_and_intercept_make_intensities(mask: LabelMap) -> None:
    image = brain()
    image[mask.values == 2] = 300
    found = run_to_end(label_histograms({Modality.T1: volume(image, 0.5, -10.0)}, mask))[Modality.T1]
    assert found.labels[0].quartiles == (140, 140, 140)


def test_one_bright_voxel_does_not_stretch_the_range(mask: LabelMap) -> None:
    image = brain()
    image[mask.values == 2] = 300
    image[16, 16, 16] = 30000
    found = run_to_end(label_histograms({Modality.T1: volume(image)}, mask))[Modality.T1]
    assert found.edges[-1] < 400
    assert found.labels[-1].beyond == pytest.approx(1 / found.labels[-1].voxels)


def test_a_mask_without_labels_leaves_the_brain() -> None:
    empty = LabelMap(np.zeros(GRID.shape, np.uint8), GRID, scheme_named("brats2020"))
    found = run_to_end(label_histograms({Modality.T1: volume(brain())}, empty))[Modality.T1]
    assert [histogram.meaning for histogram in found.labels] == [REST]
    assert np.isfinite(found.edges).all()
    assert (np.diff(found.edges) > 0).all()


def test_every_modality_has_its_own_range(mask: LabelMap) -> None:
    volumes = {Modality.T1: volume(brain()), Modality.T2: volume(10 * brain())}
    found = run_to_end(label_histograms(volumes, mask))
    assert list(found) == [Modality.T1, Modality.T2]
    assert found[Modality.T2].edges[-1] > 5 * found[Modality.T1].edges[-1]
