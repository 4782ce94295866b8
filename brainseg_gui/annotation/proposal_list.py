"""A proposal taken apart: place by place, lesion by lesion, region by region, or slice by slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from brainseg_gui.annotation.proposal import Piece, Proposal
from brainseg_gui.annotation.slab import Area, Mask, Values, area_of, slice_slab
from brainseg_gui.annotation.tools.components import components_of
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.numbering import slice_words
from brainseg_gui.imaging.plane import Plane


class Division(Enum):
    """What is accepted or rejected at once."""

    PLACES = "place"
    LESIONS = "lesion"
    REGIONS = "region"
    SLICES = "slice"


@dataclass(frozen=True, eq=False)
class Part:
    """One thing to decide.

    Parameters
    ----------
    title
        Short name, such as ``lesion 2`` or ``slice 73``.
    piece
        Its voxels that differ.
    """

    title: str
    piece: Piece


def parts_of(
    proposal: Proposal, values: Values, division: Division, plane: Plane = Plane.AXIAL, smallest: int = 1
) -> tuple[Part, ...]:
    """What is still to be decided, the largest first; slices in their order.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    plane
        Direction of the slices.
    smallest
        Leave out parts with fewer voxels.
    """
    if division is Division.PLACES:
        pieces = proposal.pieces(values, smallest=smallest)
        return tuple(Part(f"place {n}", piece) for n, piece in enumerate(pieces, start=1))
    differs = proposal.differing(values)
    match division:
        case Division.LESIONS:
            found = sorted(_lesions(proposal, values, differs), key=lambda area: -area.voxels)
            areas = [(f"lesion {n}", area) for n, area in enumerate(found, start=1)]
        case Division.REGIONS:
            areas = _named((region.key, area_of(proposal.differing(values, region))) for region in regions())
        case _:
            areas = _named(_slices(differs, plane))
    return tuple(Part(title, proposal.piece(area, values)) for title, area in areas if area.voxels >= smallest)


def everything_of(proposal: Proposal, values: Values) -> Area | None:
    """All voxels that differ and were not rejected."""
    return area_of(proposal.differing(values))


def part_at(parts: Sequence[Part], voxel_ijk: tuple[int, int, int]) -> int | None:
    """Place in the list of the part that holds a voxel."""
    for index, part in enumerate(parts):
        local = [v - s.start for v, s in zip(voxel_ijk, part.piece.area.slab, strict=True)]
        inside = all(0 <= v < n for v, n in zip(local, part.piece.area.mask.shape, strict=True))
        if inside and part.piece.area.mask[local[0], local[1], local[2]]:
            return index
    return None


def _lesions(proposal: Proposal, values: Values, differs: Mask) -> Iterator[Area]:
    """What differs in each connected part of the two masks together: lesions that only one of them has, too."""
    lesions = components_of((values > 0) | (proposal.prediction > 0))
    for number in range(1, lesions.count + 1 if lesions is not None else 1):
        area = lesions.area(number) if lesions is not None else None
        inside = area_of(area.mask & differs[area.slab], area.slab) if area is not None else None
        if inside is not None:
            yield inside


def _slices(differs: Mask, plane: Plane) -> Iterator[tuple[str, Area | None]]:
    others = tuple(axis for axis in range(3) if axis != plane.axis)
    for slice_index in np.flatnonzero(differs.any(axis=others)).tolist():
        slab = slice_slab(differs.shape, plane.axis, slice_index)
        yield slice_words(slice_index), area_of(differs[slab], slab)


def _named(areas: Iterator[tuple[str, Area | None]]) -> list[tuple[str, Area]]:
    return [(title, area) for title, area in areas if area is not None]
