"""What is kept of the open case, so that a click costs no pass of the large network.

The features are what the last layer of a network for tumours sees, its probabilities, and the prepared images, all on
its own grid. They depend on the case alone, not on the mask or the click.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around, grown
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.infer import Batch
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network_grid import NetworkGrid, from_axes
from brainseg_gui.inference.options import INFERRING
from brainseg_gui.inference.preprocess import Prepared, prepare
from brainseg_gui.inference.refine import Refinable, Refined, refine
from brainseg_gui.progress import Progress, scaled

_PREPARED, _INFERRED = 0.4, 0.6
_SEEN = 0.5  # of the probability that a voxel is any tissue
_MARGIN = 2  # voxels around those, on the finer grid


@dataclass(frozen=True, eq=False)
class FineTissues:
    """What a finer network tells the tissues to be, near what the first one found.

    Parameters
    ----------
    probabilities
        Of the classes, float16, (i, j, k, 4), in `box` of the finer grid; told of what is tumour alone.
    network_grid, box
        The finer grid, and the part of it.
    """

    probabilities: NDArray[np.float16]
    network_grid: NetworkGrid
    box: Box


@dataclass(frozen=True, eq=False)
class CaseFeatures:
    """Features of a case.

    Parameters
    ----------
    values
        float16, (I, J, K, C) on the network's grid: its last features, its probabilities, the prepared images.
    network_grid
        Where that lies in the case.
    brain
        Voxels of the network grid's box that are brain; None where the passport does not ask.
    tissues
        None where no finer network told them.
    """

    values: NDArray[np.float16]
    network_grid: NetworkGrid
    brain: Mask | None
    tissues: FineTissues | None = None


class FeatureNetwork(Protocol):
    """A network that also gives what its last layer sees."""

    def predict_with_features(self, batch: Batch) -> tuple[Batch, Batch]:
        """(1, …, C) to probabilities, (1, …, channels), and features, (1, …, F)."""


def features_of(
    volumes: Mapping[Modality, Volume], passport: Passport, network: FeatureNetwork
) -> Generator[Progress, None, CaseFeatures]:
    """Features of a case's volumes.

    Parameters
    ----------
    volumes
        On one RAS grid.
    passport
        Of the network; its axes are ``IJKC`` and its orientation RAS.
    network
        The network.

    Yields
    ------
    Progress
        `done` counts within this work.

    Raises
    ------
    ModelError
        If the images do not fit the passport.
    MemoryError
        If the memory is too small for one pass over the whole brain.
    """
    prepared = yield from scaled(prepare(volumes, passport), 0.0, _PREPARED)
    yield Progress(INFERRING, _PREPARED, "looking at the whole brain")
    probabilities, last = network.predict_with_features(prepared.batch)
    inside = prepared.network_grid.inside_padding
    # each (1, …, C) -> (I, J, K, C), joined to (I, J, K, features · classes · modalities)
    parts = [part[0][inside].astype(np.float16) for part in (last, probabilities, prepared.batch)]
    values = np.concatenate(parts, axis=-1)
    told = yield from scaled(_tissues(volumes, passport, network, probabilities, prepared), _INFERRED, 1.0)
    return CaseFeatures(values, prepared.network_grid, prepared.brain, told)


def _tissues(
    volumes: Mapping[Modality, Volume], passport: Passport, network: FeatureNetwork, said: Batch, prepared: Prepared
) -> Generator[Progress, None, FineTissues | None]:
    """What the finer network of a model says, as when it segments; None without one, or where it cannot run."""
    finer = network.finer if isinstance(network, Refinable) else None
    if finer is None or any(modality not in volumes for modality in passport.modalities):
        return None
    refined = yield from refine(volumes, passport, finer, Refined(said, prepared))
    grid = refined.prepared.network_grid
    if grid is prepared.network_grid:
        return None
    # (1, …, C) in the passport's axes -> (I, J, K, C) without padding
    probabilities = from_axes(refined.probabilities[0], passport.axes)[grid.inside_padding]
    near = box_around(probabilities[..., passport.output.channels.index("background")] < 1 - _SEEN)
    if near is None:
        return None
    box = grown(near, _MARGIN, grid.resampled)
    return FineTissues(probabilities[box].astype(np.float16), grid, box)
