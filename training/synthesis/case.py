"""One synthetic patient: anatomy, tumour, contrast and scan put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .acquisition import scan
from .anatomy import Anatomy
from .brain import Brain, posed_brain
from .contrast import MODALITIES
from .fields import BoolArray, FloatArray, Shape, round_noise, smooth_noise
from .growth import grow
from .outline import draw_outline, draw_views, leave_skull
from .paint import paint
from .presets import SynthesisPriors
from .storage import Stored, draw_form, store
from .tumour import Tumour, TumourParameters, TumourPriors, draw_seed, draw_tumour, no_tumour
from .warp import draw_head_pose, sample_at_nodes, with_mass_effect

Scalar = TypeVar("Scalar", bound=np.generic)

BRATS_SHAPE: Shape = (240, 240, 155)
_BRATS_NUMBER = np.array([0, 1, 2, 4], np.uint8)
"""Class 0 background, 1 NCR, 2 ED, 3 ET -> number in BraTS 2017 to 2021."""


@dataclass(frozen=True)
class SyntheticCase:
    """Four modalities and the exact mask, axes (I, J, K) = LPS.

    Parameters
    ----------
    images
        int16 or float32 volumes by modality: t1, t1ce, t2, flair; 0 outside the brain.
    mask
        uint8: 1 necrotic or non-enhancing core, 2 oedema, 4 enhancing.
    affine
        Voxel (i, j, k) to world RAS in mm, as BraTS 2017 to 2021 stores it.
    anatomy, seed
        What made the case.
    """

    images: Mapping[str, Stored]
    mask: npt.NDArray[np.uint8]
    affine: npt.NDArray[np.float64]
    anatomy: str
    seed: int | Sequence[int]

    def volume_ml(self, *numbers: int) -> float:
        """Volume of some labels together."""
        return float(np.isin(self.mask, numbers).sum() * abs(np.linalg.det(self.affine))) / 1000.0


def brats_shape(spacing_mm: float) -> Shape:
    """The grid of BraTS at another spacing; it covers the same space, or a part of a voxel more."""
    i, j, k = (int(np.ceil(count / spacing_mm)) for count in BRATS_SHAPE)
    return i, j, k


def synthesise(anatomy: Anatomy, seed: int | Sequence[int], priors: SynthesisPriors | None = None,
               shape: Shape | None = None, spacing_mm: float = 1.0) -> SyntheticCase:  # fmt: skip
    """Make one patient; the same anatomy, seed, priors and grid give the same voxels.

    Parameters
    ----------
    anatomy
        The brain to start from.
    seed
        Seed of every draw; a pair such as (seed of the set, number of the case) will do.
    priors
        Ranges to draw from; those of the demonstration case when None.
    shape
        Grid of the study, BraTS' when None; a brain that is too tall loses its lower end.
    spacing_mm
        Edge of a voxel.
    """
    priors = priors or SynthesisPriors()
    shape = shape or brats_shape(spacing_mm)
    rng = np.random.default_rng(seed)
    kind = priors.tumours[0][1] if len(priors.tumours) == 1 else _draw_kind(rng, priors)
    parameters = draw_tumour(rng, kind) if kind is not None else None
    brain, centre = posed(rng, anatomy, parameters, priors, shape, spacing_mm)
    tumour = grow(rng, brain, parameters, centre) if parameters else no_tumour(brain.shape)
    images, seen = _images(rng, brain, tumour, priors)
    tumour = replace(tumour, classes=tumour.classes * seen)
    floor = int(priors.pose.floor_mm / spacing_mm)
    return _on_grid(images, tumour, brats_affine(shape, spacing_mm), shape, floor, anatomy.name, seed)


def _draw_kind(rng: np.random.Generator, priors: SynthesisPriors) -> TumourPriors | None:
    chances = [chance for chance, _ in priors.tumours]
    return priors.tumours[int(rng.choice(len(chances), p=chances))][1]


def posed(
    rng: np.random.Generator, anatomy: Anatomy, parameters: TumourParameters | None, priors: SynthesisPriors,
    shape: Shape, spacing_mm: float,
) -> tuple[Brain, npt.NDArray[np.float64]]:  # fmt: skip
    """The placed brain, its tissue pushed aside by the tumour, and the voxel of the tumour's middle."""
    make_noise = round_noise if priors.round_noise else smooth_noise
    pose = draw_head_pose(rng, anatomy, priors.pose, shape, spacing_mm)
    if parameters is None:
        return posed_brain(anatomy, pose, make_noise), np.zeros(3)
    centre = pose.target_of(draw_seed(rng, anatomy, parameters))
    hull_mm = sample_at_nodes(pose, anatomy.hull_mm)
    reach_mm = rng.uniform(18.0, 32.0)
    pose = with_mass_effect(pose, hull_mm, centre, parameters.radius_mm, parameters.mass_effect, reach_mm)
    return posed_brain(anatomy, pose, make_noise), centre


def _images(rng: np.random.Generator, brain: Brain, tumour: Tumour,
            priors: SynthesisPriors) -> tuple[list[Stored], BoolArray]:  # fmt: skip
    """Paint, scan and store the four modalities, and what of the brain at least one of them shows."""
    mask = draw_outline(rng, brain, priors.outline)
    painted = paint(rng, brain, tumour, priors.contrast, priors.lookalikes)
    mask = leave_skull(rng, brain, mask, painted, priors.outline)
    views = draw_views(rng, mask, priors.outline, brain.spacing_mm)
    form = draw_form(rng, priors.storage)
    shared_bias: FloatArray = brain.noise(rng, 45.0)
    stored = []
    for image, view, white_matter in zip(painted, views, priors.storage.white_matter, strict=True):
        scanned = scan(rng, image, brain, shared_bias, priors.acquisition)
        stored.append(store(rng, scanned, mask & view, form, white_matter))
    return stored, np.asarray(mask & np.any(views, axis=0))


def _on_grid(
    images: list[Stored], tumour: Tumour, affine: npt.NDArray[np.float64], shape: Shape, floor: int, name: str,
    seed: int | Sequence[int],
) -> SyntheticCase:  # fmt: skip
    """Set the box into the grid."""
    stored: dict[str, Stored] = {m: on_grid(image, shape, floor) for m, image in zip(MODALITIES, images, strict=True)}
    return SyntheticCase(stored, on_grid(_BRATS_NUMBER[tumour.classes], shape, floor), affine, name, seed)


def on_grid(volume: npt.NDArray[Scalar], shape: Shape, floor: int) -> npt.NDArray[Scalar]:
    """Set a box into a study's grid, centred left to right and front to back, and turn RAS into LPS."""
    box = volume.shape
    start = ((shape[0] - box[0]) // 2, (shape[1] - box[1]) // 2, min(floor, shape[2] - box[2]))
    grid = np.zeros(shape, volume.dtype)
    grid[tuple(slice(a, a + count) for a, count in zip(start, box, strict=True))] = volume
    return np.ascontiguousarray(grid[::-1, ::-1])


def brats_affine(shape: Shape, spacing_mm: float = 1.0) -> npt.NDArray[np.float64]:
    """The affine of BraTS 2017 to 2021: LPS, origin 0 in x and z, last voxel's row at y = 0."""
    affine = np.diag((-spacing_mm, -spacing_mm, spacing_mm, 1.0))
    affine[1, 3] = (shape[1] - 1.0) * spacing_mm
    return affine
