"""A prediction as a proposal: what differs from the annotation, piece by piece, and taking it over.

The prediction must be in the annotation's numbers (`algebra.translated`). Taking something over is a `LabelChange` that
copies its voxels; rejecting changes nothing but remembers the voxels, so that they are not shown again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, LabelChange, Mask, Values, area_of
from brainseg_gui.annotation.tools.components import ConnectedComponents, components_of
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import LabelScheme, Region


@dataclass(frozen=True, eq=False)
class Piece:
    """A connected part of what differs, or a lesion of the prediction.

    Parameters
    ----------
    area
        Its voxels.
    voxels
        How many.
    centre
        The piece's voxel that is nearest to its middle: where to look.
    added, removed, renamed
        Voxels that the prediction would add to the annotation, clear in it, or give another label.
    """

    area: Area
    voxels: int
    centre: Voxel
    added: int
    removed: int
    renamed: int


class Proposal:
    """A prediction that is looked through.

    Parameters
    ----------
    prediction
        In the annotation's numbers, uint8, (I, J, K).
    scheme
        What the numbers mean.
    """

    def __init__(self, prediction: Values, scheme: LabelScheme) -> None:
        self._prediction = prediction
        self._scheme = scheme
        self._rejected: Mask = np.zeros(prediction.shape, dtype=bool, order="F")

    @property
    def prediction(self) -> Values:
        """The voxels that are proposed, (I, J, K)."""
        return self._prediction

    def differing(self, values: Values, region: Region | None = None) -> Mask:
        """Where the prediction differs from the annotation and was not rejected, (I, J, K).

        Parameters
        ----------
        values
            The annotation.
        region
            Only where they differ on being in this region; None for any difference of labels.
        """
        differs: Mask = values != self._prediction
        if region is not None:
            inside = self._scheme.look_up(region)
            differs = inside[values] ^ inside[self._prediction]
        return differs & ~self._rejected

    def pieces(self, values: Values, region: Region | None = None, *, smallest: int = 1) -> tuple[Piece, ...]:
        """What differs, as 26-connected pieces, the largest first.

        Parameters
        ----------
        smallest
            Leave out pieces with fewer voxels.
        """
        return self._ranked(components_of(self.differing(values, region)), values, smallest)

    def lesions(self, values: Values, region: Region | None = None, *, smallest: int = 1) -> tuple[Piece, ...]:
        """The prediction's own 26-connected parts, the largest first, whether or not the annotation has them."""
        inside = self._prediction > 0 if region is None else self._scheme.look_up(region)[self._prediction]
        return self._ranked(components_of(inside), values, smallest)

    def accept(self, area: Area) -> LabelChange:
        """The prediction's labels for the voxels of an area: a piece, a lesion, or what a brush swept."""
        return area.copies(self._prediction)

    def accept_all(self, values: Values) -> LabelChange | None:
        """The prediction's labels wherever they differ and were not rejected."""
        area = area_of(self.differing(values))
        return None if area is None else self.accept(area)

    def reject(self, area: Area) -> None:
        """Do not show the voxels of an area again."""
        self._rejected[area.slab] |= area.mask

    def reconsider(self) -> None:
        """Show again what was rejected."""
        self._rejected[...] = False

    def piece(self, area: Area, values: Values) -> Piece:
        """An area with its counts, and where to look."""
        return self._piece(area, values)

    def _ranked(self, parts: ConnectedComponents | None, values: Values, smallest: int) -> tuple[Piece, ...]:
        if parts is None:
            return ()
        numbers = np.flatnonzero(parts.sizes >= max(smallest, 1))
        ranked = numbers[np.argsort(-parts.sizes[numbers], kind="stable")]
        return tuple(self._piece(parts.area(number), values) for number in ranked.tolist())

    def _piece(self, area: Area, values: Values) -> Piece:
        before, after = values[area.slab][area.mask], self._prediction[area.slab][area.mask]
        added = int(np.count_nonzero((before == 0) & (after > 0)))
        removed = int(np.count_nonzero((before > 0) & (after == 0)))
        renamed = int(np.count_nonzero((before > 0) & (after > 0) & (before != after)))
        return Piece(area, before.size, _middle(area), added, removed, renamed)


def _middle(area: Area) -> Voxel:
    """The voxel of an area that is nearest to the mean of all of them, in the slice along k that has most."""
    fullest = int(np.count_nonzero(area.mask, axis=(0, 1)).argmax())
    places: NDArray[np.int64] = np.argwhere(area.mask[:, :, fullest])
    i, j = places[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()].tolist()
    return area.slab[0].start + i, area.slab[1].start + j, area.slab[2].start + fullest
