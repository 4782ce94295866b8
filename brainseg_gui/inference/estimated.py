"""An image that a case lacks, estimated from its others, so that networks which know all of them can be asked.

Each voxel of the brain is told by a small network from what the other images show there, around it (their means, and
how much they vary) and on the other side of the head, and from where it lies: FLAIR from T1, T1ce and T2, for instance,
where water is dark and oedema is not. No detail comes of it that the others do not have, and none of what only contrast
agent shows.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
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

_AROUND_MM = (1.0, 2.0, 4.0, 8.0, 16.0)  # standard deviations of what is looked at around a voxel
_UNEVEN_MM = (2.0, 4.0)  # and of where it is looked at how much the image varies
_ACROSS_MM = (4.0, 8.0)  # and at what lies at the same place of the other side
_EACH: Voxel = (1, 1, 1)
_COARSE_MM = 2.0  # what is smoothed by as much is looked at on voxels of this size
_PLACES = ("depth", "aside", "along", "up")  # mm, and from the middle and along the others in parts of the brain
_CHUNK = 16_384  # voxels at once: what a processor keeps at hand
_FARTHEST = 10.0  # of a standardised image, in ranges of the middle half
_LEAST_SPREAD = 1e-6


def inputs_of(others: int) -> int:
    """How many numbers of a voxel are looked at where there are so many other images."""
    return len(names_of_inputs(others))


def names_of_inputs(others: int) -> tuple[str, ...]:
    """What they are, in order, such as ``mean 4``, in mm, for each image and ``depth`` after all."""
    means = [f"mean {sigma:g}" for sigma in _AROUND_MM]
    uneven = [f"uneven {sigma:g}" for sigma in _UNEVEN_MM]
    across = [f"across {sigma:g}" for sigma in _ACROSS_MM]
    return ("itself", *means, *uneven, *across) * others + _PLACES


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
        """An image less its median in the brain, over the range of its middle half, limited, 0 outside; within the
        box."""
        image = np.asarray(volume.stored[self.box], np.float32)
        low, middle, high = np.percentile(image[self.brain], (25, 50, 75))
        scaled = (image - middle) / max(high - low, _LEAST_SPREAD)
        return np.where(self.brain, np.clip(scaled, -_FARTHEST, _FARTHEST), np.float32(0)).astype(np.float32)

    def seen(self, images: Sequence[Floats]) -> SeenVoxels:
        """What is known of the voxels when standardised images are looked at."""
        maps = [one for image in images for one in self._maps(image)]
        return SeenVoxels(np.flatnonzero(self.brain), self.brain.shape, (*maps, self._depth()))

    def _maps(self, image: Floats) -> list[_VoxelMap]:
        """An image, its mean around each voxel, how much it varies there, and its mean on the other side."""
        means = {sigma: self._mean(image, sigma) for sigma in _AROUND_MM}
        squares = {sigma: self._mean(np.square(image), sigma) for sigma in _UNEVEN_MM}
        uneven = [
            replace(one, values=np.sqrt(np.maximum(one.values - np.square(means[sigma].values), 0)))
            for sigma, one in squares.items()
        ]
        across = [replace(means[sigma], mirrored=True) for sigma in _ACROSS_MM]
        return [_VoxelMap(np.ascontiguousarray(image)), *means.values(), *uneven, *across]

    def _mean(self, image: Floats, sigma: float) -> _VoxelMap:
        """Of the brain around each voxel."""
        every = self._every if sigma >= _COARSE_MM else _EACH
        width = [sigma / (edge * step) for edge, step in zip(self.grid.spacing_mm, every, strict=True)]
        values = gaussian_filter(image[_one_in(every)], width, truncate=3)
        return _VoxelMap(np.ascontiguousarray(values / self._weight(sigma, every, width), np.float32), every)

    def _weight(self, sigma: float, every: Voxel, width: Sequence[float]) -> Floats:
        """How much of what is around each voxel is brain."""
        if sigma not in self._weights:
            brain = self.brain[_one_in(every)].astype(np.float32)
            self._weights[sigma] = np.maximum(gaussian_filter(brain, width, truncate=3), np.float32(1e-3))
        return self._weights[sigma]

    def _depth(self) -> _VoxelMap:
        """How deep in the brain each voxel lies, mm."""
        sampling = [edge * step for edge, step in zip(self.grid.spacing_mm, self._every, strict=True)]
        padded = np.pad(self.brain[_one_in(self._every)], 1)  # beyond the box there is no brain
        depth = distance_transform_edt(padded, sampling=sampling)[1:-1, 1:-1, 1:-1]
        return _VoxelMap(np.ascontiguousarray(depth, np.float32), self._every)

    @cached_property
    def _weights(self) -> dict[float, Floats]:
        """By standard deviation, once they were asked for."""
        return {}

    @cached_property
    def _every(self) -> Voxel:
        """One voxel in so many along each axis lies `_COARSE_MM` from the next."""
        i, j, k = (max(1, round(_COARSE_MM / edge)) for edge in self.grid.spacing_mm)
        return i, j, k


@dataclass(frozen=True, eq=False)
class _VoxelMap:
    """A number of each voxel of a box, kept of one voxel in `every` along each axis.

    Parameters
    ----------
    mirrored
        It is that of the voxel as far from the other end of the first axis: the other side of the head.
    """

    values: Floats
    every: Voxel = _EACH
    mirrored: bool = False


@dataclass(frozen=True, eq=False)
class SeenVoxels:
    """What is known of each voxel of a brain.

    Parameters
    ----------
    voxels
        Of the brain, as positions in the flattened box.
    shape
        Of the box.
    maps
        What is known, but for where a voxel lies.
    """

    voxels: NDArray[np.intp]
    shape: Voxel
    maps: tuple[_VoxelMap, ...]

    def inputs(self, chosen: slice | NDArray[np.intp]) -> Floats:
        """Of some of `voxels`, (N, `inputs_of`)."""
        places = np.unravel_index(self.voxels[chosen], self.shape)
        kept = {(one.every, one.mirrored): one.values.shape for one in self.maps}
        where = {how: self._where(places, *how, shape) for how, shape in kept.items()}
        columns = [one.values.reshape(-1)[where[one.every, one.mirrored]] for one in self.maps]
        across, *along = (
            index.astype(np.float32) / max(size - 1, 1) for index, size in zip(places, self.shape, strict=True)
        )
        return np.stack([*columns, np.abs(across - np.float32(0.5)), *along], axis=1)

    def _where(
        self, places: Sequence[NDArray[np.intp]], every: Voxel, mirrored: bool, shape: Sequence[int]
    ) -> NDArray[np.intp]:
        """Positions in a flattened map."""
        i, *others = places
        own = (self.shape[0] - 1 - i if mirrored else i, *others)
        coarse = tuple(index // step for index, step in zip(own, every, strict=True))
        return np.asarray(np.ravel_multi_index(coarse, tuple(shape)))


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
    seen = case.seen([case.standardised(volume) for volume in shown.values()])
    count = len(seen.voxels)
    told = np.empty(count, np.float32)
    for start in range(0, count, _CHUNK):
        yield Progress("estimating", 0.5 + 0.5 * start / count)
        chunk = slice(start, start + _CHUNK)
        told[chunk] = network.outputs(seen.inputs(chunk))[:, 0]
    first = next(iter(shown.values()))
    stored = np.zeros(first.grid.shape, np.float32, order="F")
    stored[case.box][case.brain] = told - told.min() + 1
    stored.flags.writeable = False
    return Volume(stored, first.grid, 1.0, 0.0, first.path)


def _one_in(every: Voxel) -> Box:
    i, j, k = (slice(None, None, step) for step in every)
    return i, j, k
