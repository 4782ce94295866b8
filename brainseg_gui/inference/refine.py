"""The tissues told again by a second network, on a finer grid, near what the first one found.

Two stages, as the cascade of Isensee et al., nnU-Net (Nature Methods 2021), with another division of the work: how much
of a voxel is tumour stays the word of the first network, which sees the whole brain; which tissue that is becomes the
word of the second, which sees its detail.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from brainseg_gui.errors import BrainsegError, EngineError, ModelError
from brainseg_gui.imaging.box import Box, box_around
from brainseg_gui.imaging.connected import connected, sizes_of
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.probabilities import CERTAIN
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.grid_choice import choose_network_grid, orient_spacing
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.infer import Batch, Predictor, infer
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.models.steps import WeakComponents
from brainseg_gui.inference.network_grid import NetworkGrid, from_axes, to_axes
from brainseg_gui.inference.postprocess import where_not_background
from brainseg_gui.inference.preprocess import Prepared, prepare_part
from brainseg_gui.inference.separable import apply_along_axes
from brainseg_gui.progress import Progress, scaled

_PREPARED = 0.3  # of the work
_FAINTEST = 1e-6  # keeps the share of a tissue finite where the finer network is sure of the background


@runtime_checkable
class Refinable(Protocol):
    """A `Predictor` that may come with a finer one."""

    @property
    def finer(self) -> Predictor | None:
        """The finer network."""


@dataclass(frozen=True, eq=False)
class Refined:
    """What two networks say together.

    Parameters
    ----------
    probabilities
        (1, …, channels) in the passport's axes.
    prepared
        Where they lie, and what the first network got.
    notes
        Sentences about fallbacks.
    """

    probabilities: Batch
    prepared: Prepared
    notes: tuple[str, ...] = ()


def refine(
    volumes: Mapping[Modality, Volume], passport: Passport, network: Predictor, first: Refined
) -> Generator[Progress, None, Refined]:
    """Let the finer network of a model tell the tissues again.

    Nothing changes where the first network sees no tumour. All modalities are there: the finer network was trained with
    all of them. Where it cannot run, the first one's word stays, and a note says why.

    Parameters
    ----------
    volumes
        Of the case.
    passport
        Of the model.
    network
        The finer network.
    first
        What the first one says.

    Yields
    ------
    Progress
        `done` counts within this stage.
    """
    where = passport.finer
    if where is None:
        return first
    grid = first.prepared.network_grid
    # (1, …, C) in the passport's axes -> (I, J, K, C) without padding
    coarse = from_axes(first.probabilities[0], passport.axes)[grid.inside_padding]
    region = coarse[..., _channels_of(where.near, passport)].sum(axis=-1)
    spacing_mm = orient_spacing(next(iter(volumes.values())).grid.spacing_mm, passport.orientation)
    voxel_ml = float(np.prod([edge * step for edge, step in zip(spacing_mm, grid.steps, strict=True)])) / 1000
    near = box_around(_that_stays(region >= where.from_probability, passport, where.near, voxel_ml))
    if near is None:
        return first
    try:
        return (
            yield from _told_again(
                volumes, passport.seen_by(where), network, first, grid.box_voxels_near(near), where.margin_mm
            )
        )
    except (ModelError, EngineError, MemoryError) as error:
        why = error.what if isinstance(error, BrainsegError) else "the memory is too small"
        return replace(first, notes=(*first.notes, f"The finer network was left out: {why}"))


def _channels_of(region: str, passport: Passport) -> list[int]:
    meanings = next(known.meanings for known in regions() if known.key == region)
    return [number for number, name in enumerate(passport.output.channels) if name in meanings]


def _that_stays(mask: Mask, passport: Passport, region: str, voxel_ml: float) -> Mask:
    """Without the components of a region that the model's rules take away for their size: a speck far from a tumour
    would make the box of both many times larger."""
    least = [
        (step.below_ml, step.connectivity)
        for step in passport.postprocess
        if isinstance(step, WeakComponents) and (step.region, step.becomes) == (region, 0)
    ]
    for below_ml, connectivity in least:
        numbers, count = connected(mask, connectivity)
        large = sizes_of(numbers, count) * voxel_ml >= below_ml
        large[0] = False
        mask = large[numbers]
    return mask


def _told_again(
    volumes: Mapping[Modality, Volume],
    finer: Passport,
    network: Predictor,
    first: Refined,
    target: Box,
    margin_mm: float,
) -> Generator[Progress, None, Refined]:
    case, known = next(iter(volumes.values())).grid, first.prepared
    spacing_mm = orient_spacing(case.spacing_mm, finer.orientation)
    grid = choose_network_grid(finer, case.shape, spacing_mm, known.brain, like=known.network_grid)
    box = _box_on(grid, target, [margin_mm / own for own in spacing_mm])
    image = yield from scaled(prepare_part(volumes, finer, grid, known.brain, box), 0.0, _PREPARED)
    batch = _as_batch(image, finer)
    answers, notes = yield from scaled(infer(batch, finer, network), _PREPARED, 1.0)
    # (1, …, C) in the passport's axes -> (I, J, K, C) of the box
    tissues = from_axes(answers[0], finer.axes)[tuple(slice(part.stop - part.start) for part in box)]
    whole = _on_finer_grid(first, finer, grid)
    _tell_tissues(whole[grid.inside_padding][box], tissues, finer)
    # (I, J, K, C) -> (1, …, C) in the passport's axes
    return Refined(to_axes(whole, finer.axes)[None], replace(known, network_grid=grid), (*first.notes, *notes))


def _box_on(grid: NetworkGrid, target: Box, margin: Sequence[float]) -> Box:
    """The voxels of a network's grid that cover voxels of the case's box, grown by a margin in voxels of the case."""
    found = []
    for part, more, step, count in zip(target, margin, grid.steps, grid.resampled, strict=True):
        low, high = int((part.start - more) / step), int(np.ceil((part.stop - 1 + more) / step)) + 1
        found.append(slice(max(low, 0), min(high, count)))
    i, j, k = found
    return i, j, k


def _as_batch(image: Batch, passport: Passport) -> Batch:
    """(I, J, K, C) to (1, …, C) in the passport's axes, padded at its ends to multiples of the divisor."""
    ends = [(0, -length % passport.divisor) for length in image.shape[:3]]
    return np.ascontiguousarray(to_axes(np.pad(image, (*ends, (0, 0))), passport.axes)[None])


def _on_finer_grid(first: Refined, passport: Passport, finer_grid: NetworkGrid) -> Batch:
    """What the first network says, on the finer grid, (I, J, K, C); background where it is certain of that."""
    channels = passport.output.channels
    whole = np.zeros((*finer_grid.padded, len(channels)), np.float32, order="F")  # each channel is by itself in memory
    whole[..., channels.index("background")] = 1
    seen = where_not_background(first.probabilities, first.prepared, passport, at_most=CERTAIN)
    if seen is not None:
        box = _box_on(finer_grid, seen.target, (0.0, 0.0, 0.0))
        matrices = first.prepared.network_grid.onto(finer_grid, box)
        for number in range(len(channels)):
            channel = np.asfortranarray(seen.probabilities[..., number])
            whole[finer_grid.inside_padding][(*box, number)] = apply_along_axes(channel, matrices)
    return whole


def _tell_tissues(said: Batch, tissues: Batch, passport: Passport) -> None:
    """Share what is tumour among the tissues as another network does, in place; both (I, J, K, C) of a box."""
    background = passport.output.channels.index("background")
    others = [n for n in range(len(passport.output.channels)) if n != background]
    shares = np.maximum(tissues[..., others], _FAINTEST)
    said[..., others] = shares * ((1 - said[..., background]) / shares.sum(axis=-1))[..., None]
