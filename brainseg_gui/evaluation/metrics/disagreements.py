"""Where two masks disagree, piece by piece, ranked by what each piece costs the score.

A *missed lesion* is a component (26-connected) of the reference without a predicted voxel in it, a *false lesion* a
component of the prediction without a reference voxel in it. All other disagreement lies along a border that both
masks have: *missed parts* and *false parts*, the components of what is missed or false that touch agreement, cut
into bites and rims (`pieces`). Together the pieces are the whole symmetric difference, and each voxel of it belongs
to one piece: with every piece corrected the Dice is 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.comparison import check_same_grid, is_scored, region_table
from brainseg_gui.evaluation.metrics.overlap import Counts, count, union_box
from brainseg_gui.evaluation.metrics.pieces import RIM_MM, Pieces, pieces_of
from brainseg_gui.imaging.box import Box, grown
from brainseg_gui.imaging.grid import Array, Grid, Voxel
from brainseg_gui.imaging.labels import LabelMap, Region

LIMIT = 300
"""Pieces that a list holds; how many more there are, and how much they are, is said beside it."""


class DisagreementKind(Enum):
    """What is wrong with a piece; the value is its name for people."""

    MISSED_LESION = "missed lesion"
    FALSE_LESION = "false lesion"
    MISSED_PART = "missed part"
    FALSE_PART = "false part"

    @property
    def missed(self) -> bool:
        """In the reference and not in the prediction; else the other way round."""
        return self in (DisagreementKind.MISSED_LESION, DisagreementKind.MISSED_PART)


@dataclass(frozen=True, eq=False)
class Disagreement:
    """One piece.

    Parameters
    ----------
    kind, region
        What is wrong, and in which region.
    voxels, ml
        Size.
    centre
        The deepest voxel of the piece; of equally deep ones the one nearest to the piece's middle.
    depth_mm
        Depth of that voxel: the distance of its centre to the nearest voxel outside the disagreement, in mm. A rim
        of one voxel is as deep as the voxel's shortest edge.
    box
        The piece's box in the grid.
    inside
        Which voxels of the box are the piece's, boolean.
    cost
        By how much the region's Dice grows when this piece alone is corrected (`dice_gain`).
    """

    kind: DisagreementKind
    region: Region
    voxels: int
    ml: float
    centre: Voxel
    depth_mm: float
    box: Box
    inside: NDArray[np.bool_]
    cost: float

    @property
    def rim(self) -> bool:
        """Whether it is thin: nowhere deeper than two readers differ."""
        return self.depth_mm < RIM_MM

    @property
    def words(self) -> str:
        """Its kind for people; a thin part is a rim."""
        if self.rim and self.kind in (DisagreementKind.MISSED_PART, DisagreementKind.FALSE_PART):
            return "missed rim" if self.kind.missed else "false rim"
        return self.kind.value

    def taken_from(self, values: Array) -> Array:
        """The piece's values in an array of the whole grid, (voxels,)."""
        taken: Array = values[self.box][self.inside]
        return taken


@dataclass(frozen=True, eq=False)
class Disagreements:
    """The pieces of one region, the most expensive first.

    Parameters
    ----------
    region
        The region.
    dice
        Its Dice as it is.
    pieces
        At most `LIMIT` of them.
    left_out, left_out_ml
        How many further, cheaper pieces there are, and what they measure together.
    """

    region: Region
    dice: float
    pieces: tuple[Disagreement, ...]
    left_out: int = 0
    left_out_ml: float = 0.0

    def __iter__(self) -> Iterator[Disagreement]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)


def dice_gain(counts: Counts, voxels: int, *, missed: bool) -> float:
    """By how much the Dice 2b / (r + p) grows when one piece of n voxels is corrected.

    Adding a missed piece to the prediction gives 2 (b + n) / (r + p + n), taking a false one away
    2 b / (r + p − n); the gain is the difference to the Dice before. When nothing is left in either mask the Dice
    is 1. Gains do not add up exactly: every correction changes what the next one is worth.
    """
    if missed:
        after = Counts(counts.both + voxels, counts.only_reference - voxels, counts.only_prediction)
    else:
        after = Counts(counts.both, counts.only_reference, counts.only_prediction - voxels)
    return after.dice - counts.dice


def find_disagreements(reference: LabelMap, prediction: LabelMap, region: Region, limit: int = LIMIT) -> Disagreements:
    """The pieces in which two masks differ on a region; none where one of them does not tell its tissue apart.

    Everything is computed in the boxes that hold what is missed and what is false.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    check_same_grid(reference, prediction)
    if not is_scored(region, reference.scheme, prediction.scheme):
        return Disagreements(region, math.nan, ())
    box = union_box(reference.values, prediction.values)
    ours: NDArray[np.bool_] = region_table(reference.scheme, region)[reference.values[box]]
    theirs: NDArray[np.bool_] = region_table(prediction.scheme, region)[prediction.values[box]]
    counts, both = count(ours, theirs), ours & theirs
    corner = np.array([part.start for part in box])
    found = [
        _Half.of(wrong, both, corner, reference.grid, counts, missed)
        for wrong, missed in ((ours & ~theirs, True), (theirs & ~ours, False))
    ]
    return _ranked(found, region, counts, reference.grid, limit)


@dataclass(frozen=True, eq=False)
class _Half:
    """What is missed, or what is false: its pieces in voxels of the whole grid, and the gain of each."""

    pieces: Pieces
    gains: NDArray[np.float64]
    missed: bool

    @staticmethod
    def of(
        wrong: NDArray[np.bool_],
        both: NDArray[np.bool_],
        corner: NDArray[np.intp],
        grid: Grid,
        counts: Counts,
        missed: bool,
    ) -> _Half:
        box = grown(union_box(wrong, wrong), 1, wrong.shape)
        shift = corner + [part.start for part in box]
        inner = pieces_of(wrong[box], both[box], grid.spacing_mm)
        pieces = Pieces(inner.voxels + shift, inner.piece, inner.depth_mm, inner.attached)
        sizes = pieces.sizes
        # pieces of one size gain the same: each size is worked out once
        each, place = np.unique(sizes, return_inverse=True)
        gains = np.array([dice_gain(counts, int(size), missed=missed) for size in each], dtype=np.float64)
        return _Half(pieces, gains[place], missed)


def _ranked(halves: Iterable[_Half], region: Region, counts: Counts, grid: Grid, limit: int) -> Disagreements:
    missed, false = halves
    gains = np.concatenate([missed.gains, false.gains])
    order = np.argsort(-gains, kind="stable")
    pieces: list[Disagreement | None] = [None] * min(limit, gains.size)
    first = 0
    for half in (missed, false):
        kept = np.flatnonzero((order[:limit] >= first) & (order[:limit] < first + half.gains.size))
        for rank, piece in zip(kept, _described(half, order[kept] - first, region, grid), strict=True):
            pieces[rank] = piece
        first += half.gains.size
    sizes = np.concatenate([missed.pieces.sizes, false.pieces.sizes])
    rest_ml = float(sizes[order[limit:]].sum()) * grid.voxel_ml
    listed = tuple(piece for piece in pieces if piece is not None)
    return Disagreements(region, counts.dice, listed, gains.size - len(listed), rest_ml)


def _described(half: _Half, wanted: NDArray[np.intp], region: Region, grid: Grid) -> Iterator[Disagreement]:
    """The wanted pieces of a half, in their order."""
    voxel_ml = grid.voxel_ml
    for number, (voxels, centre, depth_mm) in zip(wanted, _gathered(half.pieces, wanted), strict=True):
        low, high = voxels.min(axis=0), voxels.max(axis=0) + 1
        inside = np.zeros(high - low, dtype=bool)
        inside[tuple((voxels - low).T)] = True
        i, j, k = centre.tolist()
        yield Disagreement(
            kind=_kind(half.missed, bool(half.pieces.attached[number])),
            region=region,
            voxels=len(voxels),
            ml=len(voxels) * voxel_ml,
            centre=(i, j, k),
            depth_mm=depth_mm,
            box=(slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2]))),
            inside=inside,
            cost=float(half.gains[number]),
        )


def _gathered(pieces: Pieces, wanted: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], float]]:
    """Voxels, centre and depth of the wanted pieces: one sort for all, however many others there are."""
    place = np.full(pieces.attached.size, -1)
    place[wanted] = np.arange(wanted.size)
    kept = np.flatnonzero(place[pieces.piece] >= 0)
    owner = place[pieces.piece[kept]]
    voxels, depth = pieces.voxels[kept], pieces.depth_mm[kept]
    order = np.argsort(owner.astype(np.min_scalar_type(wanted.size)), kind="stable")
    sizes = np.bincount(owner, minlength=wanted.size)
    for end, size in zip(np.cumsum(sizes), sizes, strict=True):
        mine = order[end - size : end]
        deepest = mine[depth[mine] == depth[mine].max()]
        off_middle = np.square(voxels[deepest] - voxels[mine].mean(axis=0)).sum(axis=1)
        centre = deepest[off_middle.argmin()]
        yield voxels[mine], voxels[centre], float(depth[centre])


def _kind(missed: bool, attached: bool) -> DisagreementKind:
    if attached:
        return DisagreementKind.MISSED_PART if missed else DisagreementKind.FALSE_PART
    return DisagreementKind.MISSED_LESION if missed else DisagreementKind.FALSE_LESION
