"""An image that a case lacks, estimated from its others, so that networks which know all of them can be asked.

Each voxel of the brain is told by a small network from what the other images show there and, smoothed, around it, and
from where it lies: FLAIR from T1, T1ce and T2, for instance, where water is dark and oedema is not. No detail comes of
it that the others do not have, and none of what only contrast agent shows.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from brainseg_gui.imaging.box import Box, box_around
from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.brain import brain_mask
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.models.dense import DenseFile, DenseNetwork
from brainseg_gui.progress import Progress

Floats = NDArray[np.float32]

_AROUND_MM = (1.0, 2.0, 4.0, 8.0)  # standard deviations
_COARSE_MM = 2.0  # what is smoothed by as much is looked at on voxels of this size
_PLACES = 4  # depth, distance from the middle, and along the other two axes
_CHUNK = 16_384  # voxels at once: what a processor keeps at hand
_LEAST_SPREAD = 1e-6


def inputs_of(others: int) -> int:
    """How many numbers of a voxel are looked at where there are so many other images."""
    return others * (1 + len(_AROUND_MM)) + _PLACES


def file_of(others: int) -> DenseFile:
    """What the file of an estimator from so many images has to be."""
    remedy = "Install the program, or put the model folder there, again"
    return DenseFile(inputs_of(others), 1, "estimates an image from the others", remedy)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The brain of a case, and what is known of each of its voxels.

    Parameters
    ----------
    box
        Around the brain.
    brain
        Within the box.
    grid
        Of the case.
    """

    box: Box
    brain: Mask
    grid: Grid

    @classmethod
    def of(cls, volumes: Mapping[Modality, Volume]) -> Surroundings:
        """The brain that some images show.

        Raises
        ------
        ModelError
            If they show none.
        """
        shown = [(volume, volume.stored) for volume in volumes.values()]
        brain = brain_mask(shown, "any modality unlike the corners")
        box = box_around(brain)
        if box is None:
            raise ValueError("a brain has voxels")
        return cls(box, brain[box], next(iter(volumes.values())).grid)

    def standardised(self, volume: Volume) -> Floats:
        """An image less its median in the brain, over the range of its middle half, 0 outside; within the box."""
        image = np.asarray(volume.stored[self.box], np.float32)
        low, middle, high = np.percentile(image[self.brain], (25, 50, 75))
        scaled = (image - middle) / max(high - low, _LEAST_SPREAD)
        return np.where(self.brain, scaled, np.float32(0)).astype(np.float32)

    def inputs(self, images: Sequence[Floats]) -> Floats:
        """What is known of each voxel of the brain, (N, `inputs_of`)."""
        columns = [column for image in images for column in self._seen(image)]
        return np.stack([*columns, *self._places()], axis=1)

    def _seen(self, image: Floats) -> list[Floats]:
        """An image at each voxel of the brain, and its mean around it."""
        found = [image[self.brain]]
        for sigma in _AROUND_MM:
            every = self._every if sigma >= _COARSE_MM else (1, 1, 1)
            width = [sigma / (edge * step) for edge, step in zip(self.grid.spacing_mm, every, strict=True)]
            weights, values = (gaussian_filter(of[_one_in(every)], width, truncate=3) for of in (self._weights, image))
            mean = values / np.maximum(weights, np.float32(1e-3))
            found.append(np.asarray(mean[self._at(every)], np.float32))
        return found

    def _places(self) -> list[Floats]:
        """How deep in the brain each voxel lies, mm, and where, in parts of the brain's size."""
        sampling = [edge * step for edge, step in zip(self.grid.spacing_mm, self._every, strict=True)]
        padded = np.pad(self.brain[_one_in(self._every)], 1)  # beyond the box there is no brain
        depth = distance_transform_edt(padded, sampling=sampling)[1:-1, 1:-1, 1:-1].astype(np.float32)
        across, *others = (
            index.astype(np.float32) / max(size - 1, 1)
            for index, size in zip(self._found, self.brain.shape, strict=True)
        )
        return [depth[self._at(self._every)], np.abs(across - np.float32(0.5)), *others]

    @cached_property
    def _weights(self) -> Floats:
        return self.brain.astype(np.float32)

    @cached_property
    def _found(self) -> tuple[NDArray[np.intp], ...]:
        return np.nonzero(self.brain)

    @cached_property
    def _every(self) -> Voxel:
        """One voxel in so many along each axis lies `_COARSE_MM` from the next."""
        i, j, k = (max(1, round(_COARSE_MM / edge)) for edge in self.grid.spacing_mm)
        return i, j, k

    def _at(self, every: Voxel) -> tuple[NDArray[np.intp], ...]:
        """Where the voxels of the brain are among those that are taken one in so many."""
        if every == (1, 1, 1):
            return self._found
        return tuple(index // step for index, step in zip(self._found, every, strict=True))


def estimate(
    volumes: Mapping[Modality, Volume], others: Sequence[Modality], network: DenseNetwork
) -> Generator[Progress, None, Volume]:
    """The image that a network makes of the others.

    Parameters
    ----------
    volumes
        At least `others`, on one RAS grid.
    others
        In the order of the network's inputs.

    Yields
    ------
    Progress
        Voxels that are done.

    Returns
    -------
    Volume
        Positive in the brain, 0 outside; in no unit.

    Raises
    ------
    ModelError
        If the images show no brain.
    """
    shown = {modality: volumes[modality] for modality in others}
    yield Progress("estimating", 0.0)
    case = Surroundings.of(shown)
    inputs = case.inputs([case.standardised(volume) for volume in shown.values()])
    told = np.empty(len(inputs), np.float32)
    for start in range(0, len(inputs), _CHUNK):
        yield Progress("estimating", 0.7 + 0.3 * start / len(inputs))
        told[start : start + _CHUNK] = network.outputs(inputs[start : start + _CHUNK])[:, 0]
    first = next(iter(shown.values()))
    stored = np.zeros(first.grid.shape, np.float32, order="F")
    stored[case.box][case.brain] = told - told.min() + 1
    stored.flags.writeable = False
    return Volume(stored, first.grid, 1.0, 0.0, first.path)


def _one_in(every: Voxel) -> Box:
    i, j, k = (slice(None, None, step) for step in every)
    return i, j, k
