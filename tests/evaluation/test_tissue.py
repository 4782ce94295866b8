"""How bright a piece is, beside healthy brain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.evaluation.metrics.disagreements import find_disagreements
from brainseg_gui.evaluation.metrics.tissue import PieceIntensity, brightness, healthy_medians
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume

SHAPE = (12, 12, 12)
GRID = Grid(SHAPE, np.eye(4))


def test_brightness_is_told_in_intensities_of_the_header() -> None:
    stored = np.zeros(SHAPE, np.int16)
    stored[1:11, 1:11, 1:11] = 100
    stored[4:6, 4:6, 4:6] = 250
    volume = Volume(stored, GRID, 2.0, 10.0, Path("flair.nii"))
    values = np.zeros(SHAPE, np.uint8)
    values[4:6, 4:6, 4:6] = 2
    scheme = scheme_named("brats2020")
    reference, nothing = LabelMap(values, GRID, scheme), LabelMap(np.zeros_like(values), GRID, scheme)
    healthy = healthy_medians({Modality.FLAIR: volume}, reference, nothing)
    assert healthy == {Modality.FLAIR: 210.0}  # neither the air nor the marked voxels
    (piece,) = find_disagreements(reference, nothing, regions()[0])
    inside = brightness(volume, healthy[Modality.FLAIR], piece)
    assert inside.mean == 510.0
    assert inside.ratio == pytest.approx(510 / 210)


def test_a_ratio_is_not_told_where_it_says_nothing() -> None:
    assert PieceIntensity(1.5, -0.2).ratio is None
    assert PieceIntensity(1.5, float("nan")).ratio is None


def test_without_healthy_brain_there_is_no_median() -> None:
    volume = Volume(np.zeros(SHAPE, np.int16), GRID, 1.0, 0.0, Path("flair.nii"))
    nothing = LabelMap(np.zeros(SHAPE, np.uint8), GRID, scheme_named("brats2020"))
    assert np.isnan(healthy_medians({Modality.FLAIR: volume}, nothing, nothing)[Modality.FLAIR])
