"""How right the atlas is, by leaving out: each person is painted, moved, laid onto the atlas of the others, and asked.

A ball in the brain is painted over, as a tumour is, and is not looked at when the head is laid; it does not push.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_closing, distance_transform_edt, gaussian_filter
from scipy.spatial.transform import Rotation

from brainseg_gui.anatomy.atlas import Atlas, structures
from brainseg_gui.anatomy.location import TOUCHING_MM, locate
from brainseg_gui.anatomy.placing import place_in_atlas
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import run_to_end
from training.atlas.average import AtlasPerson, atlas_of

_LARGEST_DEG, _LARGEST_MM = 15.0, 20.0
_RADIUS_MM = (8.0, 22.0)
_LESIONS = 8
_POINTS = 20_000
_FLUID = -1
# How bright white matter, cortex, fluid and deep grey matter are, of T1, T2 and FLAIR: cases are laid by any of them.
_CONTRASTS = ((1.0, 0.65, 0.15, 0.8), (0.45, 0.65, 1.2, 0.5), (0.6, 0.8, 0.15, 0.75))


@dataclass(frozen=True)
class Answers:
    """What the atlas said of one person.

    Parameters
    ----------
    overlap
        Dice of the brains after laying.
    truth, said, sure
        At places of the brain: number of the structure (`_FLUID`: none), the likeliest one, and its probability.
    left_right
        Part of the places more than 5 mm from the midplane whose side is right.
    shares
        Per lesion, expected and true part in each structure.
    contact
        Per lesion, whether it touches a lateral ventricle, by the atlas and in truth.
    """

    overlap: float
    truth: npt.NDArray[np.int64]
    said: npt.NDArray[np.int64]
    sure: npt.NDArray[np.float32]
    sides: float
    shares: tuple[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]], ...]
    contact: tuple[tuple[bool, bool], ...]


def left_out(people: Sequence[AtlasPerson], counts: Sequence[npt.NDArray[np.float32]], index: int) -> Answers:
    """Ask the atlas of all others about one person."""
    atlas = atlas_of([each for number, each in enumerate(counts) if number != index])
    rng = np.random.default_rng((41, index))
    person, pose = people[index], _pose(rng)
    numbers = structure_numbers(person, atlas)
    brain = np.asarray(binary_closing(np.pad(numbers >= 0, 6), iterations=5)[6:-6, 6:-6, 6:-6])
    tumour = _ball(rng, numbers >= 0, 18.0)
    grid = Grid(person.grid.shape, pose @ person.grid.affine)
    volume = Volume(_painted(rng, person, brain, tumour, _CONTRASTS[index % 3]), grid, 1.0, 0.0, Path(f"{index}.nii"))
    place = run_to_end(place_in_atlas(volume, tumour, atlas))
    voxels = rng.permutation(np.argwhere(brain & ~tumour))[:_POINTS]
    points = voxels @ (place.to_atlas @ grid.affine)[:3, :3].T + (place.to_atlas @ grid.affine)[:3, 3]
    found, truth = atlas.at(points), numbers[tuple(voxels.T)]
    fluid = 1.0 - found.sum(axis=1)
    said = np.where(fluid > found.max(axis=1), _FLUID, found.argmax(axis=1))
    lesions = [_ball(rng, numbers >= 0, rng.uniform(*_RADIUS_MM)) for _ in range(_LESIONS)]
    asked = [_asked(one, numbers, grid, place.to_atlas, atlas) for one in lesions]
    return Answers(
        place.overlap,
        truth,
        said,
        np.maximum(found.max(axis=1), fluid),
        _sides_right(points, truth, atlas),
        tuple(shares for shares, _ in asked),
        tuple(contact for _, contact in asked),
    )


def structure_numbers(person: AtlasPerson, atlas: Atlas) -> npt.NDArray[np.int64]:
    """Number in `Atlas.names` of each voxel's structure, `_FLUID` where there is none."""
    numbers = np.full(person.labels.shape, _FLUID, np.int64)
    place = 0
    for structure in atlas.structures:
        for side in structure.numbers:
            numbers[person.mask(side)] = place
            place += 1
    return numbers


def _pose(rng: np.random.Generator) -> Affine:
    pose = np.eye(4)
    axis = rng.normal(size=3)
    turn = np.radians(rng.uniform(0, _LARGEST_DEG)) * axis / np.linalg.norm(axis)
    pose[:3, :3] = Rotation.from_rotvec(turn).as_matrix()
    pose[:3, 3] = rng.uniform(-_LARGEST_MM, _LARGEST_MM, 3)
    return pose


def _painted(
    rng: np.random.Generator, person: AtlasPerson, brain: npt.NDArray[np.bool_], tumour: npt.NDArray[np.bool_],
    contrast: tuple[float, float, float, float],
) -> npt.NDArray[np.float32]:  # fmt: skip
    """An image of a person without the skull: blurred, shaded, noisy."""
    white, cortex, fluid, deep = contrast
    image = np.full(brain.shape, fluid, np.float32)
    levels = {"white": white, "cortex": cortex, "ventricle": fluid, "third": fluid, "fourth": fluid, "stem": white}
    for one in structures():
        image[person.mask([number for side in one.numbers for number in side])] = levels.get(one.key, deep)
    image[tumour] = rng.uniform(0.2, 1.3)
    shading = gaussian_filter(rng.normal(size=brain.shape).astype(np.float32), 30)
    image = gaussian_filter(image, 0.6) * (1 + 0.15 * shading / max(float(np.abs(shading).max()), 1e-6))
    image += rng.normal(0, 0.04, brain.shape).astype(np.float32)
    return np.asarray(np.where(brain, np.clip(1000 * image, 1, None), 0), np.float32)


def _ball(rng: np.random.Generator, brain: npt.NDArray[np.bool_], radius: float) -> npt.NDArray[np.bool_]:
    """A ball about a place of the brain, as far as it lies in it."""
    middle = rng.permutation(np.argwhere(brain))[0]
    low = np.maximum(middle - int(radius) - 1, 0)
    box = tuple(slice(a, int(b) + int(radius) + 2) for a, b in zip(low, middle, strict=True))
    result = np.zeros_like(brain)
    away = np.indices(result[box].shape) + np.reshape(low - middle, (3, 1, 1, 1))
    result[box] = ((away**2).sum(axis=0) <= radius**2) & brain[box]
    return result


def _sides_right(points: npt.NDArray[np.float64], truth: npt.NDArray[np.int64], atlas: Atlas) -> float:
    """Of the places of paired structures, 5 mm and more from the midplane: how many are said to be on their side."""
    left = np.array([name.startswith("left ") for name in atlas.names])
    paired = left | np.array([name.startswith("right ") for name in atlas.names])
    asked = (truth >= 0) & paired[truth] & (np.abs(points[:, 0]) >= 5)
    return float(((points[:, 0] < 0) == left[truth])[asked].mean())


def _asked(
    lesion: npt.NDArray[np.bool_], numbers: npt.NDArray[np.int64], grid: Grid, to_atlas: Affine, atlas: Atlas
) -> tuple[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]], tuple[bool, bool]]:
    found = locate(lesion, grid, to_atlas, atlas)
    voxels = np.argwhere(lesion)
    matrix = to_atlas @ grid.affine
    expected = atlas.at(voxels @ matrix[:3, :3].T + matrix[:3, 3]).mean(axis=0)
    true = np.bincount(numbers[lesion][numbers[lesion] >= 0], minlength=len(atlas.names)) / len(voxels)
    ventricles = np.isin(numbers, [atlas.names.index(f"{side} lateral ventricle") for side in ("left", "right")])
    touches = bool(distance_transform_edt(~ventricles)[lesion].min() <= TOUCHING_MM)
    said = any("lateral ventricle" in name for name in found.touching)
    return (np.asarray(expected, np.float32), np.asarray(true, np.float32)), (said, touches)
