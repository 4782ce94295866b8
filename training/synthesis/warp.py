"""Placing an anatomy on the study's grid: flip, affine, smooth diffeomorphism, mass effect.

Everything is one pull-back, target voxel -> source voxel, so that tissues are interpolated once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from .anatomy import Anatomy
from .fields import FloatArray, Shape, apply_along_axes, smooth_noise, spline_basis

STEP_MM = 4
"""Distance between the nodes of the displacement lattice."""
_SQUARINGS = 6


@dataclass(frozen=True)
class HeadPosePriors:
    """How far a pose may go from the anatomy as it is.

    Parameters
    ----------
    pitch_deg
        Rise of the brain's long axis that every anatomy is turned to; 14 to 19 in BraTS cases.
    rotation_deg
        Largest further turn about each axis.
    brain_ml
        Range of the envelope's volume, of which the scale follows.
    stretch
        Largest relative deviation of one axis' scale from the others'.
    warp_mm, warp_scale_mm
        Standard deviation and width of the warp.
    floor_mm
        Empty space below the brain.
    """

    pitch_deg: float = 16.5
    rotation_deg: float = 5.0
    brain_ml: tuple[float, float] = (1200.0, 1600.0)
    stretch: float = 0.025
    warp_mm: float = 1.8
    warp_scale_mm: float = 42.0
    floor_mm: float = 4.0


@dataclass(frozen=True)
class HeadPose:
    """Where a brain stands on the grid.

    Parameters
    ----------
    matrix
        3×3: offsets from the target's centre to offsets from the source's, both in mm.
    source_centre
        Voxel of the anatomy that the centre of the target box looks at.
    shape
        Shape of the target box (I, J, K), which the brain fills.
    displacement
        Added to target positions before the matrix, every `STEP_MM`: (3, i, j, k), in mm.
    spacing_mm
        Edge of a target voxel; those of the anatomy measure 1 mm.
    """

    matrix: npt.NDArray[np.float64]
    source_centre: npt.NDArray[np.float64]
    shape: Shape
    displacement: FloatArray
    spacing_mm: float = 1.0

    def lattice(self) -> FloatArray:
        """Source voxel under each node of the lattice: (3, i, j, k)."""
        return self._pull(_nodes_mm(self.displacement) + self.displacement)

    def coordinates(self) -> FloatArray:
        """Source voxel under each target voxel: (3, I, J, K)."""
        bases = [spline_basis(count, STEP_MM / self.spacing_mm) for count in self.shape]
        moved = np.stack([apply_along_axes(bases, part) for part in self.displacement])  # (3, i, j, k) -> (3, I, J, K)
        return self._pull(_identity(self.shape) * np.float32(self.spacing_mm) + moved)

    def target_of(self, source_voxel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Target voxel that looks closest to a source voxel, to the nearest lattice node, then refined."""
        nodes = self.lattice()
        distance = np.square(nodes - source_voxel.reshape(3, 1, 1, 1).astype(np.float32)).sum(axis=0)
        node = np.unravel_index(int(np.argmin(distance)), distance.shape)
        offset = source_voxel - nodes[:, node[0], node[1], node[2]]
        target_mm = np.array(node) * STEP_MM - STEP_MM + np.linalg.solve(self.matrix, offset)
        return np.asarray(target_mm / self.spacing_mm)

    def _pull(self, target_mm: FloatArray) -> FloatArray:
        centre = (np.array(self.shape, np.float32) - 1.0) / 2.0 * np.float32(self.spacing_mm)
        offset = target_mm - centre.reshape(3, 1, 1, 1)
        source = np.tensordot(self.matrix.astype(np.float32), offset, axes=1)
        return np.asarray(source + self.source_centre.reshape(3, 1, 1, 1), np.float32)


def draw_head_pose(rng: np.random.Generator, anatomy: Anatomy, priors: HeadPosePriors, grid_shape: Shape,
                   spacing_mm: float = 1.0) -> HeadPose:  # fmt: skip
    """Draw flip, rotation, scale and warp; the box holds the turned brain and fits the grid."""
    size = np.cbrt(1000.0 * rng.uniform(*priors.brain_ml) / anatomy.hull.sum())
    scale = size * (1.0 + priors.stretch * rng.uniform(-1, 1, 3))
    angles = priors.rotation_deg * rng.uniform(-1, 1, 3)
    angles[0] += priors.pitch_deg - anatomy.pitch_deg
    forward = rotation(np.radians(angles)) @ np.diag(scale)
    if rng.random() < 0.5:
        forward = forward @ np.diag((-1.0, 1.0, 1.0))
    voxels = np.argwhere(anatomy.hull)
    centre = (voxels.min(axis=0) + voxels.max(axis=0)) / 2.0
    reach = (voxels[::7] - centre) @ forward.T
    low, high = reach.min(axis=0), reach.max(axis=0)
    room = (grid_shape[0], grid_shape[1], grid_shape[2] - int(priors.floor_mm / spacing_mm))
    box = np.minimum(np.ceil((high - low + 2 * priors.warp_mm + 4) / spacing_mm), room).astype(int)
    middle = np.array([*(low + high)[:2] / 2, high[2] + priors.warp_mm + 2 - box[2] * spacing_mm / 2])
    inverse = np.linalg.inv(forward).astype(np.float64)
    shape: Shape = (int(box[0]), int(box[1]), int(box[2]))
    warp = diffeomorphism(rng, shape, priors.warp_mm, priors.warp_scale_mm, spacing_mm)
    return HeadPose(inverse, centre + inverse @ middle, shape, warp, spacing_mm)


def diffeomorphism(rng: np.random.Generator, shape: Shape, size_mm: float, scale_mm: float,
                   spacing_mm: float = 1.0) -> FloatArray:  # fmt: skip
    """Displacement on the lattice: the exponential of a smooth stationary velocity field.

    Scaling and squaring after Arsigny et al., MICCAI 2006 (LNCS 4190:924-931).

    Returns
    -------
    ndarray of shape (3, i, j, k)
        Millimetres every `STEP_MM`, one node beyond each edge.
    """
    nodes: Shape = tuple(spline_basis(count, STEP_MM / spacing_mm).shape[1] for count in shape)
    field = np.stack([smooth_noise(rng, nodes, scale_mm / STEP_MM / 2.0) for _ in range(3)])
    field *= np.float32(size_mm / STEP_MM / 2**_SQUARINGS)
    for _ in range(_SQUARINGS):
        field = field + _sample_vector(field, _identity(nodes) + field)
    return np.asarray(field * np.float32(STEP_MM), np.float32)


def with_mass_effect(pose: HeadPose, hull_mm: FloatArray, centre: npt.NDArray[np.float64],
               radius_mm: float, strength: float, reach_mm: float) -> HeadPose:  # fmt: skip
    """Mass effect: tissue that stood where the tumour is moves outwards, less with distance, not at the skull.

    Parameters
    ----------
    hull_mm
        Distance to the brain's envelope at the nodes of the lattice.
    centre
        Target voxel of the tumour's middle.
    strength
        Share of the tumour's radius by which its edge displaces tissue, below 1 for a bijection.
    """
    centre_mm = centre * pose.spacing_mm
    offset = _nodes_mm(pose.displacement) - centre_mm.reshape(3, 1, 1, 1).astype(np.float32)
    distance = np.sqrt(np.square(offset).sum(axis=0)) + 1e-3
    beyond = np.clip(distance - radius_mm, 0.0, None)
    push = strength * np.minimum(distance, radius_mm) * np.exp(-beyond / reach_mm)
    push *= np.clip(hull_mm / 18.0, 0.0, 1.0)
    pull = np.asarray(-offset / distance * push, np.float32)
    behind = _sample_vector(pose.displacement, _identity(pull.shape[1:]) + pull / np.float32(STEP_MM))
    return replace(pose, displacement=np.asarray(pull + behind, np.float32))


def sample_at_nodes(pose: HeadPose, channel: FloatArray) -> FloatArray:
    """A channel of the anatomy at the nodes of the lattice."""
    return sample(channel, pose.lattice())


def rotation(angles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """3×3 matrix of turns about the first, second and third axis, in radians."""
    result = np.eye(3)
    for axis, angle in enumerate(angles):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[j, i] = np.sin(angle)
        turn[i, j] = -turn[j, i]
        result = turn @ result
    return result


def _nodes_mm(displacement: FloatArray) -> FloatArray:
    """Position of the lattice's nodes from the box's first voxel: (3, i, j, k)."""
    return np.asarray(_identity(displacement.shape[1:]) * STEP_MM - STEP_MM, np.float32)


def _identity(shape: tuple[int, ...]) -> FloatArray:
    return np.indices(shape, dtype=np.float32)


def sample(volume: FloatArray, coordinates: FloatArray) -> FloatArray:
    """Linear interpolation of a volume at voxel coordinates, (3, ...) -> (...)."""
    sampled = ndimage.map_coordinates(volume, coordinates, output=np.float32, order=1, mode="nearest")
    return np.asarray(sampled, np.float32)


def _sample_vector(field: FloatArray, coordinates: FloatArray) -> FloatArray:
    return np.stack([sample(part, coordinates) for part in field])
