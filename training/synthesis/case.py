"""One synthetic patient: anatomy, tumour, contrast and scan put together, and written as BraTS writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import nibabel as nib
import numpy as np
import numpy.typing as npt

from .acquisition import AcquisitionPriors, scan
from .anatomy import Anatomy
from .contrast import MODALITIES, ContrastPriors, paint
from .fields import Shape
from .growth import grow
from .tumour import Tumour, TumourParameters, TumourPriors, draw_seed, draw_tumour
from .warp import Brain, PlacementPriors, draw_placement, place, push_aside, sample_at_nodes

Scalar = TypeVar("Scalar", bound=np.generic)

BRATS_SHAPE: Shape = (240, 240, 155)
_BRATS_NUMBER = np.array([0, 1, 2, 4], np.uint8)
"""Class 0 background, 1 NCR, 2 ED, 3 ET -> number in BraTS 2017 to 2021."""


@dataclass(frozen=True)
class SynthesisPriors:
    """Everything that a synthetic patient is drawn from."""

    placement: PlacementPriors = field(default_factory=PlacementPriors)
    tumour: TumourPriors = field(default_factory=TumourPriors)
    contrast: ContrastPriors = field(default_factory=ContrastPriors)
    acquisition: AcquisitionPriors = field(default_factory=AcquisitionPriors)


@dataclass(frozen=True)
class SyntheticCase:
    """Four modalities and the exact mask, axes (I, J, K) = LPS, 1 mm.

    Parameters
    ----------
    images
        int16 volumes by modality: t1, t1ce, t2, flair; 0 outside the brain, at least 1 inside.
    mask
        uint8: 1 necrotic or non-enhancing core, 2 oedema, 4 enhancing.
    affine
        Voxel (i, j, k) to world RAS in mm, as BraTS 2017 to 2021 stores it.
    anatomy, seed
        What made the case.
    """

    images: Mapping[str, npt.NDArray[np.int16]]
    mask: npt.NDArray[np.uint8]
    affine: npt.NDArray[np.float64]
    anatomy: str
    seed: int

    def volume_ml(self, *numbers: int) -> float:
        """Volume of some labels together."""
        return float(np.isin(self.mask, numbers).sum()) / 1000.0


def synthesise(anatomy: Anatomy, seed: int, priors: SynthesisPriors | None = None,
               shape: Shape = BRATS_SHAPE) -> SyntheticCase:  # fmt: skip
    """Make one patient; the same anatomy, seed and priors give the same voxels.

    Parameters
    ----------
    anatomy
        The brain to start from.
    seed
        Seed of every draw.
    priors
        Ranges to draw from; the defaults when None.
    shape
        Grid of the study at 1 mm; a brain that is too tall loses its lower end.
    """
    priors = priors or SynthesisPriors()
    rng = np.random.default_rng(seed)
    parameters = draw_tumour(rng, priors.tumour)
    brain, centre = _brain_with_room(rng, anatomy, parameters, priors, shape)
    tumour = grow(rng, brain, parameters, centre)
    mask = brain.hull_mm > rng.uniform(-0.5, 1.5)
    images = scan(rng, paint(rng, brain, tumour, priors.contrast), mask, priors.acquisition)
    tumour = replace(tumour, classes=tumour.classes * mask)
    return _on_grid(images, tumour, shape, priors.placement.floor, anatomy.name, seed)


def _brain_with_room(
    rng: np.random.Generator, anatomy: Anatomy, parameters: TumourParameters, priors: SynthesisPriors, shape: Shape
) -> tuple[Brain, npt.NDArray[np.float64]]:
    """The placed brain, its tissue pushed aside by the tumour, and the voxel of the tumour's middle."""
    placement = draw_placement(rng, anatomy, priors.placement, shape)
    seed_voxel = draw_seed(rng, anatomy, parameters.radius_mm)
    centre = placement.target_of(seed_voxel)
    hull_mm = sample_at_nodes(placement, anatomy.hull_mm)
    reach_mm = rng.uniform(18.0, 32.0)
    placement = push_aside(placement, hull_mm, centre, parameters.radius_mm, parameters.mass_effect, reach_mm)
    return place(anatomy, placement), centre


def _on_grid(
    images: list[npt.NDArray[np.int16]], tumour: Tumour, shape: Shape, floor: int, name: str, seed: int
) -> SyntheticCase:
    """Set the box into the grid, centred left to right and front to back, and turn RAS into LPS."""
    box = images[0].shape
    start = ((shape[0] - box[0]) // 2, (shape[1] - box[1]) // 2, min(floor, shape[2] - box[2]))
    where = tuple(slice(a, a + count) for a, count in zip(start, box, strict=True))

    def embed(volume: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        grid = np.zeros(shape, volume.dtype)
        grid[where] = volume
        return np.ascontiguousarray(grid[::-1, ::-1])

    stored = {modality: embed(image) for modality, image in zip(MODALITIES, images, strict=True)}
    return SyntheticCase(stored, embed(_BRATS_NUMBER[tumour.classes]), brats_affine(shape), name, seed)


def brats_affine(shape: Shape) -> npt.NDArray[np.float64]:
    """The affine of BraTS 2017 to 2021: LPS, origin 0 in x and z, last voxel's row at y = 0."""
    affine = np.diag((-1.0, -1.0, 1.0, 1.0))
    affine[1, 3] = shape[1] - 1.0
    return affine


def write_case(case: SyntheticCase, folder: Path, case_id: str) -> None:
    """Write `<case_id>_t1.nii.gz` and so on, and `<case_id>_seg.nii.gz`, into a folder that may be new."""
    folder.mkdir(parents=True, exist_ok=True)
    for modality, image in case.images.items():
        _write(image, case.affine, folder / f"{case_id}_{modality}.nii.gz")
    _write(case.mask, case.affine, folder / f"{case_id}_seg.nii.gz")


def _write(volume: npt.NDArray[np.generic], affine: npt.NDArray[np.float64], path: Path) -> None:
    image = nib.Nifti1Image(volume, affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
