"""Several masks side by side: which of them are compared with each other, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.state.layers.layers import Layer, Layers

if TYPE_CHECKING:
    from brainseg_gui.evaluation.metrics.raters import RaterMatrix


@dataclass(frozen=True, eq=False)
class RaterStudy:
    """Matrices of some layers.

    Parameters
    ----------
    layers
        What was compared, in the order of the matrices.
    matrices
        WT, TC and ET.
    """

    layers: tuple[Layer, ...]
    matrices: tuple[RaterMatrix, ...]

    def matrix(self, region: str) -> RaterMatrix:
        """The matrix of a region by its key."""
        return next(matrix for matrix in self.matrices if matrix.region.key == region)


@dataclass
class Rating:
    """What the panel of raters shows; every field emits when it really changes.

    Parameters
    ----------
    region
        Key of the region whose matrix is shown.
    left_out
        Layers that do not count as raters.
    study
        The newest matrices, or None while there are not two masks.
    heat_map
        Whether the count of masks is drawn over the images.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    region: str = "WT"
    left_out: frozenset[Layer] = frozenset()
    study: RaterStudy | None = None
    heat_map: bool = False

    def raters(self, layers: Layers) -> tuple[Layer, ...]:
        """The layers that count: not those made from others, not those left out."""
        return tuple(layer for layer in candidates(layers) if layer not in self.left_out)


def candidates(layers: Layers) -> tuple[Layer, ...]:
    """Layers that can be raters: a consensus is not one more opinion."""
    return tuple(layer for layer in layers if not layer.made_from)


def letter(index: int) -> str:
    """Short name of the first, second, … rater: A to Z, then A2, B2, …"""
    round_, index = divmod(index, 26)
    return chr(ord("A") + index) + (str(round_ + 1) if round_ else "")
