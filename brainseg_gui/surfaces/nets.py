"""The surface of a mask, by surface nets (Gibson, "Constrained elastic surface nets", MICCAI 1998).

Each cube of eight voxel centres that the border runs through holds one point, first amid the border's crossings of the
cube's edges; each crossing is a quad of the four cubes around it. Then the points are smoothed (Taubin, "A signal
processing approach to fair surface design", SIGGRAPH 1995: every second step undoes the shrinking), none leaving its
cube. What small pieces lose by that is given back: each encloses as much as its voxels, a voxel alone is still seen.
Against marching cubes of a blurred mask (measured on balls): radii of 8, 4 and 2 voxels enclose 0.99 to 1.01 of the
voxels' volume instead of 0.96, 0.85 and 0.43; areas are within 2 % from 8 voxels on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.grid import Affine, Voxel
from brainseg_gui.surfaces.mesh import Mesh, Quads

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ROUNDS = 10
"""Of smoothing: the steps of voxels are gone, the turns of a tumour's border are not."""
_INWARD, _OUTWARD = 0.5, -0.53
_REACH = 0.5  # voxels, along each axis
_LARGE = 1500  # points: a larger piece loses less than 1 % of its volume
_TIMES, _STEP = 3, 0.4  # how often a smaller one is corrected, by how many voxels at most


Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def surface_of(mask: Bools, affine: Affine, rounds: int = ROUNDS) -> Mesh:
    """The closed surface around a mask; of nothing, a mesh without points.

    Parameters
    ----------
    mask
        (I, J, K); what touches the edge of the grid is closed there.
    affine
        From voxels to mm.
    rounds
        Of smoothing.
    """
    return mesh_of(smooth_net(mask, rounds=rounds), affine)


@dataclass(frozen=True, eq=False)
class SmoothNet:
    """A net whose points are smoothed, before small pieces get back what they lost by it.

    Parameters
    ----------
    points, cubes
        Each point and the middle of its cube, in voxels, (points, 3).
    quads
        Four points each, anticlockwise as seen from outside of voxels whose axes are right-handed.
    """

    points: Floats
    quads: Quads
    cubes: Floats


def smooth_net(mask: Bools, start: Voxel = (0, 0, 0), rounds: int = ROUNDS) -> SmoothNet:
    """The smoothed net of a mask whose first voxel is `start`."""
    box = box_around(mask)
    if box is None:
        nothing = np.zeros((0, 3))
        return SmoothNet(nothing, np.zeros((0, 4), np.int32), nothing)
    points, quads, cubes = _net(np.pad(mask[box], 1))
    first = np.array([part.start + begin - 1.0 for part, begin in zip(box, start, strict=True)])  # 1: what was padded
    return SmoothNet(_smoothed(points, _links(quads, len(points)), cubes, rounds) + first, quads, cubes + first)


def mesh_of(net: SmoothNet, affine: Affine) -> Mesh:
    """The surface in mm, small pieces as large as their voxels are."""
    quads = net.quads
    if not len(quads):
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 4), np.int32))
    voxel_ijk = _as_large(net.points, quads, net.cubes)
    if np.linalg.det(affine[:3, :3]) < 0:
        quads = quads[:, ::-1]
    return Mesh((voxel_ijk @ affine[:3, :3].T + affine[:3, 3]).astype(np.float32), np.ascontiguousarray(quads))


def _net(mask: Bools) -> tuple[Floats, Quads, Floats]:
    """Points in voxels, quads, and the middle of each point's cube."""
    cubes = tuple(n - 1 for n in mask.shape)
    found = [_crossings(mask, axis, cubes) for axis in range(3)]
    around, middles = (np.concatenate(part) for part in zip(*found, strict=True))
    place, quads = _renumbered(around, int(np.prod(cubes)))
    flat = quads.ravel()
    count = np.bincount(flat)
    sums = [np.bincount(flat, np.repeat(middles[:, axis], 4)) for axis in range(3)]
    middle = np.stack(np.unravel_index(place, cubes), axis=1).astype(np.float64) + 0.5
    return np.stack(sums, axis=1) / count[:, None], quads, middle


def _crossings(mask: Bools, axis: int, cubes: tuple[int, ...]) -> tuple[NDArray[np.intp], Floats]:
    """Edges along an axis that the border crosses: the four cubes around each, in turn, and its middle."""
    before = (slice(None),) * axis
    first, second = mask[(*before, slice(None, -1))], mask[(*before, slice(1, None))]
    differ = np.ascontiguousarray(first != second)
    edges = np.stack(np.unravel_index(np.flatnonzero(differ), differ.shape), axis=1)
    steps = np.array([cubes[1] * cubes[2], cubes[2], 1])
    across, along = steps[(axis + 1) % 3], steps[(axis + 2) % 3]
    here = edges @ steps
    around = np.stack([here - across - along, here - along, here, here - across], axis=1)
    entering = ~first[tuple(edges.T)]
    around[entering] = around[entering, ::-1]
    middles = edges.astype(np.float64)
    middles[:, axis] += 0.5
    return around, middles


def _renumbered(around: NDArray[np.intp], cubes: int) -> tuple[NDArray[np.intp], Quads]:
    """The cubes that hold a point, and the quads by the numbers of these."""
    used = np.zeros(cubes, dtype=bool)
    used[around.ravel()] = True
    place = np.flatnonzero(used)
    number = np.zeros(cubes, dtype=np.int32)
    number[place] = np.arange(place.size, dtype=np.int32)
    return place, number[around]


def _links(quads: Quads, points: int) -> csr_array:
    """Which points share a side of a quad, each with its share in the mean of its neighbours."""
    from scipy.sparse import csr_array

    one, other = quads.ravel(), quads[:, [1, 2, 3, 0]].ravel()
    ends = np.concatenate([one, other]), np.concatenate([other, one])
    linked = csr_array((np.ones(ends[0].size), ends), shape=(points, points))
    linked.sum_duplicates()
    neighbours = np.diff(linked.indptr)
    linked.data = np.repeat(1.0 / np.maximum(neighbours, 1), neighbours)
    return linked


def _smoothed(points: Floats, linked: csr_array, cubes: Floats, rounds: int) -> Floats:
    for _ in range(rounds):
        for step in (_INWARD, _OUTWARD):
            points = points + step * (linked @ points - points)
        points = np.clip(points, cubes - _REACH, cubes + _REACH)
    return points


def _as_large(points: Floats, quads: Quads, cubes: Floats) -> Floats:
    """Move the points of small pieces along their normals until each encloses what its voxels do, as its cubes tell."""
    piece = _pieces(quads, len(points))
    small = np.flatnonzero((np.bincount(piece) < _LARGE)[piece])
    if not len(small):
        return points
    number = np.full(len(points), -1, np.int32)
    number[small] = np.arange(len(small), dtype=np.int32)
    numbered = number[quads]
    moved = points.copy()
    moved[small] = _grown(points[small], numbered[numbered[:, 0] >= 0], cubes[small], piece[small])
    return moved


def _grown(points: Floats, quads: Quads, cubes: Floats, piece: NDArray[np.intp]) -> Floats:
    """Small pieces, each as large as its cubes."""
    whose, count = piece[quads[:, 0]], int(piece.max()) + 1
    wanted, _ = _sizes(cubes, quads, whose, count)
    for _ in range(_TIMES):
        volume, area = _sizes(points, quads, whose, count)
        by = np.clip((wanted - volume) / np.maximum(area, 1e-6), -_STEP, _STEP)
        points = points + by[piece][:, None] * Mesh(points.astype(np.float32), quads).normals
    return points


def _pieces(quads: Quads, points: int) -> NDArray[np.intp]:
    """The piece that each point is of: what quads hold together, each of them linked to its four points."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count = len(quads)
    starts = np.minimum(np.arange(0, 4 * (count + points) + 1, 4, dtype=np.int32), np.int32(4 * count))
    shape = (count + points, count + points)
    _, piece = connected_components(
        csr_array((np.ones(4 * count), quads.ravel() + np.int32(count), starts), shape), directed=False
    )
    return piece[count:].astype(np.intp)


def _sizes(points: Floats, quads: Quads, whose: NDArray[np.intp], count: int) -> tuple[Floats, Floats]:
    """Volume and area of each piece, in voxels."""
    first, second, third, fourth = points[quads].transpose(1, 0, 2)
    across = np.cross(third - first, fourth - second)  # of a quad: of its diagonals
    sixfold = np.einsum("ij,ij->i", first, np.cross(second, third) + np.cross(third, fourth))
    areas = np.linalg.norm(across, axis=1) / 2
    volume, area = (np.bincount(whose, part, count).astype(np.float64) for part in (sixfold / 6, areas))
    return volume, area
