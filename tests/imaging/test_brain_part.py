"""Whether a mask is one of the brain: told without looking at every voxel of the image where it is small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.schemes.understanding import brain_part
from brainseg_gui.imaging.volume import Volume

GRID = Grid((10, 10, 20), np.eye(4))
HEAD = np.zeros(GRID.shape, np.int16)
HEAD[:, :, 4:16] = 100  # 1200 voxels


def _part(labelled: tuple[slice, slice, slice], label: int = 1) -> float:
    values = np.zeros(GRID.shape, np.uint8)
    values[labelled] = label
    labels = LabelMap(values, GRID, next(iter(label_schemes().values())))
    return brain_part(labels, {Modality.T1: Volume(HEAD, GRID, 1.0, 0.0, Path("t1.nii"))})


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Voxels of every piece of the image that is counted."""
    sizes: list[int] = []
    count = np.count_nonzero

    def note(values: np.ndarray) -> int:
        sizes.append(values.size)
        return int(count(values))

    monkeypatch.setattr(np, "count_nonzero", note)
    return sizes


def test_a_small_mask_is_told_from_the_middle_of_the_image(looked_at: list[int]) -> None:
    assert _part(np.s_[:5, :, 10:11]) == 0.0  # 50 voxels: a head of 150 is large enough for a tumour of that size
    assert looked_at == [100, 100]


def test_a_mask_of_the_brain_is_measured_against_all_of_the_head(looked_at: list[int]) -> None:
    assert _part(np.s_[:, :, 8:14]) == 600 / 1200
    assert sum(looked_at) == HEAD.size


@pytest.mark.parametrize(("slices", "part"), [(4, 0.0), (5, 500 / 1200)])
def test_the_limit_itself_is_no_brain(slices: int, part: float) -> None:
    """One label that covers a third of the head, or more."""
    assert _part(np.s_[:, :, 8 : 8 + slices]) == part


def test_a_mask_without_labels_is_none(looked_at: list[int]) -> None:
    assert _part(np.s_[:0, :0, :0]) == 0.0
    assert looked_at == []
