"""From a case's volumes to the network's input, step by step as the passport says.

Each step is a small function on one volume; `prepare` runs them. Everything happens inside the first step's box, so
that the air around the head costs nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.grid import Array
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.brain import brain_mask
from brainseg_gui.inference.grid_choice import choose_network_grid, orient_spacing
from brainseg_gui.inference.image_steps import (
    Mask,
    add_laplacian,
    gaussian,
    mean_and_deviation,
    min_max,
    pad,
    percentiles,
    standardised,
    to_range,
    zscore,
)
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network_grid import NetworkGrid, orient, to_axes
from brainseg_gui.inference.options import PREPARING
from brainseg_gui.inference.separable import Image, apply_along_axes
from brainseg_gui.progress import Progress

_POLL_S = 0.05
_OF_THE_GRID = (steps.BrainCrop, steps.FixedCrop, steps.Resample, steps.Pad)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the network gets.

    Parameters
    ----------
    batch
        float32, (1, …, C) in the passport's axes.
    network_grid
        Where it lies.
    brain
        Voxels of the box that are brain by the passport's rule, in its orientation; None when no step and no rule of
        the output asks for it.
    """

    batch: NDArray[np.float32]
    network_grid: NetworkGrid
    brain: Mask | None


def prepare(volumes: Mapping[Modality, Volume], passport: Passport) -> Generator[Progress, None, Prepared]:
    """Turn volumes into the network's input.

    Parameters
    ----------
    volumes
        Modalities of the passport, on one RAS grid; those that may be missing may be.
    passport
        What to do.

    Yields
    ------
    Progress
        `done` counts within this stage.

    Raises
    ------
    ModelError
        If the crop leaves nothing, or the images hold no brain.
    """
    oriented = {m: orient(volumes[m].stored, passport.orientation) for m in passport.modalities if m in volumes}
    yield Progress(PREPARING, 0.0, "finding the brain")
    brain = None
    if needs_brain(passport):
        brain = brain_mask([(volumes[m], image) for m, image in oriented.items()], brain_rule(passport))
    spacing_mm = orient_spacing(next(iter(volumes.values())).grid.spacing_mm, passport.orientation)
    network_grid = choose_network_grid(passport, next(iter(oriented.values())).shape, spacing_mm, brain)
    if brain is not None:
        brain = np.asfortranarray(brain[network_grid.box])
    shape = to_axes(np.empty(network_grid.padded), passport.axes).shape
    batch = np.zeros((1, *shape, len(passport.modalities)), np.float32)
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="prepare") as pool:
        waiting = {
            pool.submit(_fill_channel, batch, n, volumes[m], oriented[m], passport, network_grid, brain)
            for n, m in enumerate(passport.modalities)
            if m in oriented
        }
        yield from _as_they_finish(waiting)
    return Prepared(batch, network_grid, brain)


def _as_they_finish(waiting: set[Future[None]]) -> Generator[Progress, None, None]:
    total = len(waiting)
    try:
        while waiting:
            finished, waiting = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
            yield Progress(PREPARING, 1 - len(waiting) / total)
    finally:
        for future in waiting:
            future.cancel()


def _fill_channel(
    batch: NDArray[np.float32],
    channel: int,
    volume: Volume,
    oriented: Array,
    passport: Passport,
    network_grid: NetworkGrid,
    brain: Mask | None,
) -> None:
    image = prepare_image(volume, oriented, passport, network_grid, brain)
    # (I, J, K) -> one channel of (1, …, C)
    batch[0, ..., channel] = to_axes(image, passport.axes)


def prepare_image(
    volume: Volume, oriented: Array, passport: Passport, network_grid: NetworkGrid, brain: Mask | None
) -> Image:
    """Run the steps on one volume; returns the padded image along i, j, k."""
    image = _intensities(oriented[network_grid.box], volume)
    for step in passport.preprocess:
        match step:
            case steps.ZScore():
                image = zscore(image, brain, step)
            case steps.MinMax():
                image = min_max(image, step.decimals)
            case steps.Percentiles():
                image = percentiles(image, brain, step)
            case steps.Range():
                image = to_range(image, step)
            case steps.Gaussian():
                image = gaussian(image, step.sigma_voxels)
            case steps.Laplacian():
                image = add_laplacian(image, step.weight)
            case steps.Resample():
                image = apply_along_axes(image, network_grid.forward(step.filter_sigma_voxels))
            case steps.Pad():
                image = pad(image, network_grid, step.value)
            case _:  # the crop is the network grid's box
                continue
    return image


def _intensities(stored: Array, volume: Volume) -> Image:
    image: Image = stored.astype(np.float32, order="F")
    if (volume.slope, volume.intercept) != (1.0, 0.0):
        image *= np.float32(volume.slope)
        image += np.float32(volume.intercept)
    return image


def prepare_part(
    volumes: Mapping[Modality, Volume], passport: Passport, network_grid: NetworkGrid, brain: Mask | None, box: Box
) -> Generator[Progress, None, NDArray[np.float32]]:
    """What `prepare` gives in a box of the network's voxels, where the grid and the brain are known.

    Parameters
    ----------
    volumes
        All modalities of the passport, on one RAS grid.
    network_grid, brain
        As in `Prepared`.
    box
        Network voxels, padding not counted.

    Yields
    ------
    Progress
        `done` counts within this stage.

    Returns
    -------
    NDArray
        (I, J, K, C) of the box.
    """
    part = np.zeros((*(side.stop - side.start for side in box), len(passport.modalities)), np.float32, order="F")

    def fill(channel: int, volume: Volume) -> None:
        oriented = orient(volume.stored, passport.orientation)
        part[..., channel] = _part_of_image(volume, oriented, passport, network_grid, brain, box)

    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="prepare") as pool:
        waiting = {pool.submit(fill, n, volumes[m]) for n, m in enumerate(passport.modalities)}
        yield from _as_they_finish(waiting)
    return part


def _part_of_image(
    volume: Volume, oriented: Array, passport: Passport, network_grid: NetworkGrid, brain: Mask | None, box: Box
) -> Image:
    """`prepare_image` in a box; no more is made where voxels hang on each other by mean and deviation alone."""
    scores = [step for step in passport.preprocess if isinstance(step, steps.ZScore)]
    others = [step for step in passport.preprocess if not isinstance(step, (steps.ZScore, *_OF_THE_GRID))]
    same_grid = network_grid.steps == (1.0, 1.0, 1.0) and network_grid.resampled == network_grid.shape
    if others or len(scores) != 1 or scores[0].over != "brain" or brain is None or not brain.any() or not same_grid:
        return prepare_image(volume, oriented, passport, network_grid, brain)[network_grid.inside_padding][box]
    whole = oriented[network_grid.box]
    moments = mean_and_deviation(_intensities(whole.T[brain.T], volume))
    return standardised(_intensities(whole[box], volume), brain[box], scores[0], moments)


def needs_brain(passport: Passport) -> bool:
    """Whether anything asks where the brain is."""
    asks = any(isinstance(step, steps.BrainCrop) or _over_brain(step) for step in passport.preprocess)
    return asks or passport.output.only_in_brain


def _over_brain(step: steps.Step) -> bool:
    return isinstance(step, (steps.ZScore, steps.Percentiles)) and step.over == "brain"


def brain_rule(passport: Passport) -> steps.BrainRule:
    """Which voxels the passport calls brain."""
    rules = [step.brain for step in passport.preprocess if isinstance(step, steps.BrainCrop)]
    return rules[0] if rules else "any modality above 0"
