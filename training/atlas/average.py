"""An average head of several people's label maps: affine, made in rounds, and mirrored so that it has no side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainseg_gui.anatomy.affine import RegistrationPicture, affine_between
from brainseg_gui.anatomy.atlas import TOP, Atlas, Structure, structures
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.preparation.registration.pyramid import coarser, itk_mask, placed
from brainseg_gui.progress import run_to_end
from training.synthesis.anatomy import MARGIN, brain_corners, read_labels

_SPACING_MM = 3.0
_CORNERS_MM = np.array([[-81.0, -114.0, -75.0], [81.0, 84.0, 90.0]])
_WORKING_MM = 3.0
_RIM_MM = 6.0  # around a brain, so that its edge counts
_ROUNDS = 3
_SMOOTH_MM = 1.0  # of a mask of 1 mm before it is seen at 3 mm
# From MNI152 to the average of the 20 label maps, found by registering their picture to that template affinely.
FRAME = np.array([
    [0.9527, 0.0119, 0.0089, -0.1158],
    [-0.0035, 0.9311, -0.1593, 16.5325],
    [-0.0131, 0.1900, 0.8568, 2.3730],
    [0.0, 0.0, 0.0, 1.0],
])  # fmt: skip


@dataclass(frozen=True, eq=False)
class AtlasPerson:
    """One label map: FreeSurfer's numbers, 0 where there is no brain, axes (I, J, K) = RAS at 1 mm."""

    labels: npt.NDArray[np.int16]

    @property
    def grid(self) -> Grid:
        """Its middle lies at the origin."""
        i, j, k = self.labels.shape
        affine = np.eye(4)
        affine[:3, 3] = -(np.array((i, j, k)) - 1) / 2
        return Grid((i, j, k), affine)

    def mask(self, numbers: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Where any of some numbers is."""
        return np.isin(self.labels, numbers)

    @property
    def brain(self) -> npt.NDArray[np.bool_]:
        """All structures of the atlas."""
        return self.mask([number for one in structures() for side in one.numbers for number in side])

    @property
    def picture(self) -> npt.NDArray[np.float32]:
        """What is seen of it, as on the atlas's template."""
        seen = np.zeros(int(self.labels.max()) + 1, np.float32)
        for one in structures():
            for side in one.numbers:
                seen[[number for number in side if number < len(seen)]] = one.bright
        return seen[self.labels]


def read_person(path: Path) -> AtlasPerson:
    """A label map in any orientation, cut to the brain."""
    labels = read_labels(path)
    low, high = brain_corners(labels)
    padded = np.pad(labels, MARGIN)[tuple(slice(a, b + 2 * MARGIN + 1) for a, b in zip(low, high, strict=True))]
    return AtlasPerson(np.where((padded > 0) & (padded < 500), padded, 0))


def align(people: Sequence[AtlasPerson]) -> list[Affine]:
    """For each person, 4×4 from the atlas's world to theirs."""
    pictures = [_picture(one.picture, one.brain, one.grid) for one in people]
    template, grid = pictures[0], atlas_grid()
    moves: list[Affine] = []
    for _ in range(_ROUNDS):
        moves = [run_to_end(affine_between(template, picture)) for picture in pictures]
        middle = np.linalg.inv(np.mean(moves, axis=0))
        moves = [move @ middle for move in moves]  # of average size, however the round began
        mean = np.mean([_on(one.picture, one, move, grid) for one, move in zip(people, moves, strict=True)], axis=0)
        shares = [_on(one.brain.astype(np.float32), one, move, grid) for one, move in zip(people, moves, strict=True)]
        template = _picture(mean, np.mean(shares, axis=0) >= 0.5, grid)
    return [move @ FRAME for move in moves]


def counted(person: AtlasPerson, move: Affine) -> npt.NDArray[np.float32]:
    """How much of each voxel of the atlas each structure fills, mirrored person included, (structures, I, J, K)."""
    grid = atlas_grid()
    rows = [_both_ways(person, move, structure, grid) for structure in structures()]
    return np.stack(rows)


def atlas_of(counts: Sequence[npt.NDArray[np.float32]]) -> Atlas:
    """The atlas of some people."""
    levels = np.rint(np.mean(counts, axis=0) * TOP).astype(np.uint8)
    return Atlas(levels, atlas_grid(), structures())


def atlas_grid() -> Grid:
    """Upright voxels, one row of them in the midplane."""
    i, j, k = (np.rint(np.diff(_CORNERS_MM, axis=0)[0] / _SPACING_MM).astype(int) + 1).tolist()
    affine = np.diag([_SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = _CORNERS_MM[0]
    return Grid((i, j, k), affine)


def _both_ways(person: AtlasPerson, move: Affine, structure: Structure, grid: Grid) -> npt.NDArray[np.float32]:
    """Of a paired structure the right one and the left one mirrored, else the one and its mirror image."""
    sides = structure.numbers if structure.is_paired else (structure.numbers[0], structure.numbers[0])
    left, right = (_on(_smooth(person.mask(numbers)), person, move, grid) for numbers in sides)
    return np.asarray((right + left[::-1]) / 2, np.float32)


def _smooth(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(mask.astype(np.float32), _SMOOTH_MM))


def _on(values: npt.NDArray[np.float32], person: AtlasPerson, move: Affine, grid: Grid) -> npt.NDArray[np.float32]:
    return sampled(values, person.grid, Grid(grid.shape, move @ grid.affine), 0.0)


def _picture(values: npt.NDArray[np.float32], brain: npt.NDArray[np.bool_], grid: Grid) -> RegistrationPicture:
    from scipy.ndimage import binary_dilation

    image = coarser(placed(values, grid), _WORKING_MM)
    around = binary_dilation(brain, iterations=max(1, round(_RIM_MM / grid.spacing_mm[0])))
    mask = coarser(itk_mask(around, grid), _WORKING_MM)
    voxels = np.argwhere(brain[::3, ::3, ::3]) * 3
    return RegistrationPicture(image, mask, voxels @ grid.affine[:3, :3].T + grid.affine[:3, 3])
