"""The way of the button: what it tells beside the classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.segment import segment_volumes
from brainseg_gui.progress import run_to_end


class Certain:
    """A network that calls everything background."""

    bytes_per_voxel = 1.0
    fixed_shape = None

    def predict(self, batch: np.ndarray) -> np.ndarray:
        result = np.zeros_like(batch)
        result[..., 0] = 1.0
        return result

    def free_bytes(self) -> float:
        return np.inf

    def move_to_cpu(self) -> bool:
        return False


@pytest.mark.parametrize(("voxels", "litres"), [(16, ""), (20, "4.1 litres")])
def test_a_head_is_told_from_a_brain(voxels: int, litres: str) -> None:
    """Cubes of 8 mm voxels: 2,097 and 4,096 ml."""
    passport = default_model().passport
    grid = Grid((24, 24, 24), np.diag([8.0, 8.0, 8.0, 1.0]))
    stored = np.zeros(grid.shape, np.int16, order="F")
    inside = stored[2 : 2 + voxels, 2 : 2 + voxels, 2 : 2 + voxels]
    inside[:] = np.random.default_rng(0).integers(100, 200, inside.shape)
    volumes = {modality: Volume(stored, grid, 1.0, 0.0, Path("x.nii")) for modality in passport.modalities}
    outcome = run_to_end(segment_volumes(volumes, passport, Certain(), np.zeros(grid.shape, np.uint8, order="F")))
    assert [litres in note and "Strip the skull" in note for note in outcome.notes] == [True] * bool(litres)


def test_a_missing_modality_is_a_blank_channel() -> None:
    passport = replace(default_model().passport, may_be_missing={Modality.T2: "WT about .02 lower"})
    grid = Grid((24, 24, 24), np.diag([4.0, 4.0, 4.0, 1.0]))
    seen: list[np.ndarray] = []

    class Watching(Certain):
        def predict(self, batch: np.ndarray) -> np.ndarray:
            seen.append(batch)
            return super().predict(batch)

    stored = np.zeros(grid.shape, np.int16, order="F")
    stored[4:20, 4:20, 4:20] = np.random.default_rng(0).integers(100, 200, (16, 16, 16))
    volumes = {m: Volume(stored, grid, 1.0, 0.0, Path("x.nii")) for m in passport.modalities if m is not Modality.T2}
    classes = np.zeros(grid.shape, np.uint8, order="F")
    run_to_end(segment_volumes(volumes, passport, Watching(), classes))
    filled = [bool(seen[0][..., channel].any()) for channel in range(4)]
    assert filled == [modality is not Modality.T2 for modality in passport.modalities]
