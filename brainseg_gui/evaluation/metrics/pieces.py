"""Taking a mask apart: connected components, how deep each voxel lies in it, and bites told from thin rims.

What a prediction misses all round a tumour is one connected shell, however many separate mistakes it is made of. So
a component that touches agreement is cut: every place that is deeper than a rim is a *bite*, with what lies near it;
the rest is *rim*. Each voxel belongs to exactly one piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.threads import query_threads
from brainseg_gui.imaging.connected import Numbers, connected

RIM_MM = 2.0
"""Less deep than this is a rim: about as far as two people differ who draw the same border."""

_REACH = 1.5  # a bite is what lies within so many rim depths of its deep core
_SPARSE = 12  # one question to a tree costs as much as the distance transform of so many voxels
_CRUMB_VOXELS = 27  # rims smaller than one full neighbourhood go to the bite beside them

Spacing = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Pieces:
    """The voxels of a mask, each with its piece.

    Parameters
    ----------
    voxels
        Indices, (n, 3).
    piece
        Number of each voxel's piece, from 0, (n,).
    depth_mm
        Distance of each voxel's centre to the nearest centre outside the mask, (n,). Outside the volume is outside.
    attached
        Per piece: whether its component touches (26-connected) a voxel of `beside`.
    """

    voxels: NDArray[np.intp]
    piece: NDArray[np.intp]
    depth_mm: NDArray[np.float64]
    attached: NDArray[np.bool_]

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Voxels of each piece."""
        return np.bincount(self.piece, minlength=self.attached.size)


def pieces_of(mask: NDArray[np.bool_], beside: NDArray[np.bool_], spacing_mm: Spacing) -> Pieces:
    """Pieces of a mask.

    Parameters
    ----------
    mask
        What is taken apart, (I, J, K); crop it to what it holds before, with one voxel of room.
    beside
        Voxels of the same shape; only components that touch them are cut into bites and rims.
    spacing_mm
        Edges of a voxel.
    """
    component = _numbers(mask)[mask] - 1
    voxels = np.argwhere(mask)
    depth = _depth_mm(mask, voxels, spacing_mm)
    attached = np.zeros(int(component.max(initial=-1)) + 1, dtype=bool)
    attached[component[_touches(beside, voxels)]] = True
    piece = _cut(mask, voxels, component, depth, attached, spacing_mm)
    owner = np.zeros(int(piece.max(initial=-1)) + 1, dtype=np.intp)
    owner[piece] = component
    return Pieces(voxels, piece, depth, attached[owner])


def _numbers(mask: NDArray[np.bool_]) -> Numbers:
    return connected(np.ascontiguousarray(mask))[0]


def _depth_mm(mask: NDArray[np.bool_], voxels: NDArray[np.intp], spacing_mm: Spacing) -> NDArray[np.float64]:
    """Distance of each voxel of the mask to the outside, exact either way."""
    from scipy.ndimage import distance_transform_edt

    room = np.pad(mask, 1)
    if len(voxels) * _SPARSE < mask.size:
        return _to_shell_mm(room, voxels, spacing_mm)
    distance: NDArray[np.float64] = distance_transform_edt(room, sampling=spacing_mm)
    return distance[room]


def _to_shell_mm(room: NDArray[np.bool_], voxels: NDArray[np.intp], spacing_mm: Spacing) -> NDArray[np.float64]:
    """As `_depth_mm`, asked only for the voxels of the mask, `room` being the padded mask.

    The nearest voxel outside always has a face neighbour inside, because a step from it towards the one that asks
    comes closer; so only these are searched.
    """
    shell = np.zeros_like(room)
    for axis in range(room.ndim):
        ahead, behind = [slice(None)] * room.ndim, [slice(None)] * room.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        shell[tuple(ahead)] |= room[tuple(behind)]
        shell[tuple(behind)] |= room[tuple(ahead)]
    shell &= ~room
    if len(voxels) == 0:
        return np.empty(0)
    edges_mm = np.asarray(spacing_mm)
    return _nearest((np.argwhere(shell) - 1) * edges_mm, voxels * edges_mm)[1]


def _touches(beside: NDArray[np.bool_], voxels: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which voxels have one of `beside` among their 26 neighbours."""
    room = np.pad(beside, 1)
    flat = room.ravel()
    places = np.ravel_multi_index(tuple((voxels + 1).T), room.shape)
    touching = np.zeros(len(voxels), dtype=bool)
    for i, j, k in product((-1, 0, 1), repeat=3):
        touching |= flat[places + (i * room.shape[1] + j) * room.shape[2] + k]
    return touching


def _cut(
    mask: NDArray[np.bool_],
    voxels: NDArray[np.intp],
    component: NDArray[np.intp],
    depth_mm: NDArray[np.float64],
    attached: NDArray[np.bool_],
    spacing_mm: Spacing,
) -> NDArray[np.intp]:
    """Number of the piece of each voxel; components that are not both rim and bite stay whole."""
    rim_mm = max(RIM_MM, 2 * min(spacing_mm))  # coarse voxels are deep by themselves
    deep = (depth_mm >= rim_mm) & attached[component]
    if not deep.any():
        return component
    cut = np.zeros(attached.size, dtype=bool)
    cut[component[deep]] = True
    core, shallow = _numbered(mask.shape, voxels[deep]), np.flatnonzero(cut[component] & ~deep)
    # the core voxel nearest to a shallow one has a shallow face neighbour: the inner ones need not be searched
    edge = np.flatnonzero(depth_mm[deep] < rim_mm + max(spacing_mm))
    places_mm = voxels * np.asarray(spacing_mm)
    nearest, distance_mm = _nearest(places_mm[deep][edge], places_mm[shallow])
    nearest = edge[nearest]
    mine = component[deep][nearest] == component[shallow]
    far = np.flatnonzero(~mine | (distance_mm > _REACH * rim_mm))
    rim = _numbered(mask.shape, voxels[shallow[far]])
    crumb = (np.bincount(rim)[rim] < _CRUMB_VOXELS) & mine[far]
    far, rim = far[~crumb], rim[~crumb]
    # numbers above all components: first the rims, then the bites
    piece = component.copy()
    piece[deep] = attached.size + len(shallow) + core
    piece[shallow] = piece[deep][nearest]
    piece[shallow[far]] = attached.size + rim
    return _compact(piece)


def _numbered(shape: tuple[int, ...], voxels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Component of each of some voxels, from 0."""
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(voxels.T)] = True
    return np.asarray(_numbers(mask)[tuple(voxels.T)], dtype=np.intp) - 1


def _nearest(
    points_mm: NDArray[np.float64], asking_mm: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    from scipy.spatial import KDTree

    tree = KDTree(points_mm, leafsize=16, balanced_tree=False, compact_nodes=False)
    distance_mm, index = tree.query(asking_mm, workers=query_threads())
    return np.asarray(index, dtype=np.intp), np.asarray(distance_mm, dtype=np.float64)


def _compact(numbers: NDArray[np.intp]) -> NDArray[np.intp]:
    """The same groups, numbered from 0 without gaps."""
    used = np.bincount(numbers) > 0
    return (np.cumsum(used) - 1)[numbers]
