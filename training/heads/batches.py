"""What the networks of heads are trained on, drawn from a folder of painted heads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from brainseg_gui.preparation.heads.field import BRIGHTEST, FloatArray
from training.errors import TrainingError
from training.synthesis.heads.pictures import Pictures, load_pictures

_GAMMA, _GAIN = 0.2, 0.15


class Row:
    """An endless row of pictures in random order; files that are painted meanwhile join it.

    Parameters
    ----------
    folder
        Of files that `training.synthesis.heads.pictures` wrote.
    seed
        Of the row, with the step that it begins at.
    kinds
        Which pictures are drawn; all when empty.
    """

    def __init__(self, folder: Path, seed: Sequence[int], kinds: Sequence[str] = ()) -> None:
        self._folder = folder
        self._rng = np.random.default_rng(seed)
        self._kinds = frozenset(kinds)

    def draw(self) -> tuple[FloatArray, FloatArray, str]:
        """An image, the share of brain in its voxels, and its kind; mirrored and its intensities changed at random."""
        pictures, number = self._pick()
        image = pictures.image[number].astype(np.float32) * np.float32(BRIGHTEST / 255.0)
        brain = pictures.brain[number].astype(np.float32) / np.float32(255.0)
        if self._rng.random() < 0.5:
            image, brain = image[::-1], brain[::-1]
        image = np.power(image, np.float32(np.exp(self._rng.uniform(-_GAMMA, _GAMMA))))
        image = np.clip(image * np.float32(np.exp(self._rng.uniform(-_GAIN, _GAIN))), 0.0, BRIGHTEST)
        return image, brain, pictures.kinds[number]

    def _pick(self) -> tuple[Pictures, int]:
        files = sorted(self._folder.glob("[0-9]*.npz"))
        if not files:
            raise TrainingError("there are no pictures", "Paint some first", self._folder)
        while True:
            pictures = load_pictures(files[int(self._rng.integers(len(files)))])
            number = int(self._rng.integers(len(pictures.kinds)))
            if not self._kinds or pictures.kinds[number] in self._kinds:
                return pictures, number
