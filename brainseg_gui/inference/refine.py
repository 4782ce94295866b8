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
from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.infer import Batch, Predictor, infer
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network_grid import NetworkGrid, from_axes, to_axes
from brainseg_gui.inference.postprocess import NotBackground, where_not_background
from brainseg_gui.inference.preprocess import Prepared, orient_spacing, prepare
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
        Where they lie.
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

    Nothing changes where the first network sees no tumour, and where a modality is missing: the finer network was
    trained with all of them. Where it cannot run, the first one's word stays, and a note says why.

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
    complete = all(modality in volumes for modality in passport.modalities)
    if passport.finer is None or not complete:
        return first
    likely = passport.finer.from_probability
    near = where_not_background(first.probabilities, first.prepared, passport, at_most=1 - likely)
    if near is None:
        return first
    try:
        return (yield from _told_again(volumes, passport, network, first, near))
    except (ModelError, EngineError, MemoryError) as error:
        why = error.what if isinstance(error, BrainsegError) else "the memory is too small"
        return replace(first, notes=(*first.notes, f"The finer network was left out: {why}"))


def _told_again(
    volumes: Mapping[Modality, Volume], passport: Passport, network: Predictor, first: Refined, near: NotBackground
) -> Generator[Progress, None, Refined]:
    finer, where = passport.of_finer, passport.finer
    if finer is None or where is None:
        raise RuntimeError("the model has no finer network")
    prepared = yield from scaled(prepare(volumes, finer), 0.0, _PREPARED)
    spacing_mm = orient_spacing(next(iter(volumes.values())).grid.spacing_mm, passport.orientation)
    box = _box_on(prepared.network_grid, near.target, [where.margin_mm / own for own in spacing_mm])
    batch = _cut(prepared, box, finer)
    answers, notes = yield from scaled(infer(batch, finer, network), _PREPARED, 1.0)
    # (1, …, C) in the passport's axes -> (I, J, K, C) of the box
    tissues = from_axes(answers[0], finer.axes)[tuple(slice(part.stop - part.start) for part in box)]
    probabilities = _merged(near.probabilities, tissues, first.prepared.network_grid, prepared.network_grid, box, finer)
    return Refined(probabilities, prepared, (*first.notes, *notes))


def _box_on(grid: NetworkGrid, target: Box, margin: Sequence[float]) -> Box:
    """The voxels of a network's grid that cover voxels of the case's box, grown by a margin in voxels of the case."""
    found = []
    for part, more, step, count in zip(target, margin, grid.steps, grid.resampled, strict=True):
        low, high = int((part.start - more) / step), int(np.ceil((part.stop - 1 + more) / step)) + 1
        found.append(slice(max(low, 0), min(high, count)))
    i, j, k = found
    return i, j, k


def _cut(prepared: Prepared, box: Box, passport: Passport) -> Batch:
    """The box of a prepared image, (1, …, C) in the passport's axes, padded at its ends to multiples of the divisor."""
    # (1, …, C) -> (I, J, K, C) without padding
    image = from_axes(prepared.batch[0], passport.axes)[prepared.network_grid.inside_padding][box]
    ends = [(0, -length % passport.divisor) for length in image.shape[:3]]
    return np.ascontiguousarray(to_axes(np.pad(image, (*ends, (0, 0))), passport.axes)[None])


def _merged(
    coarse: Batch, fine: Batch, grid: NetworkGrid, finer_grid: NetworkGrid, box: Box, passport: Passport
) -> Batch:
    """Background of the first network and shares of the tissues of the second, on the second one's grid.

    Parameters
    ----------
    coarse
        Of the first network on its grid without padding, (I, J, K, C).
    fine
        Of the second in the box of its grid, (I', J', K', C).

    Returns
    -------
    ndarray
        (1, …, C) in the passport's axes; background outside of the box.
    """
    background = passport.output.channels.index("background")
    tissues = [n for n in range(len(passport.output.channels)) if n != background]
    whole = np.zeros((*finer_grid.padded, len(passport.output.channels)), np.float32)
    whole[..., background] = 1
    inside = whole[finer_grid.inside_padding][box]
    inside[..., background] = apply_along_axes(np.asfortranarray(coarse[..., background]), grid.onto(finer_grid, box))
    tumour = 1 - inside[..., background]
    shares = np.maximum(fine[..., tissues], _FAINTEST)
    inside[..., tissues] = shares * (tumour / shares.sum(axis=-1))[..., None]
    return to_axes(whole, passport.axes)[None]  # (I, J, K, C) -> (1, …, C)
