"""Predictions that no file holds, of cases that were left: they come back when the case is opened again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.file_mark import Stamp
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole


@dataclass(frozen=True, eq=False)
class _PackedLayer:
    """A layer without its voxels, and of these the box that holds all labels: a tenth of a grid, or less."""

    layer: Layer
    box: Box | None
    values: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class LeftCase:
    """A case that was left with predictions in no file.

    Parameters
    ----------
    source, stamps
        Its files, and how they were when they were read.
    missed
        Whether a person would miss its predictions: no annotation that somebody worked on took their place.
    """

    source: CaseSource
    stamps: Mapping[Path, Stamp]
    missed: bool
    kept: Sequence[_PackedLayer]


class UnsavedPredictions:
    """By case, for as long as the program runs."""

    def __init__(self) -> None:
        self._cases: dict[Path, LeftCase] = {}

    def __len__(self) -> int:
        """How many there are, of all cases that are not open."""
        return sum(len(left.kept) for left in self._cases.values())

    @property
    def missed(self) -> tuple[LeftCase, ...]:
        """The cases that were left with something that a person would miss."""
        return tuple(left for left in self._cases.values() if left.missed)

    def keep(self, case: Case, layers: Iterable[Layer]) -> None:
        """Keep what networks made and no file holds, as the case is left."""
        there = list(layers)
        kept = [_keep(layer) for layer in there if layer.role is LayerRole.PREDICTION and layer.saved_as is None]
        missed = not any(layer.is_work for layer in there)
        self._cases.pop(case.source.identity, None)
        if kept:
            self._cases[case.source.identity] = LeftCase(case.source, case.stamps, missed, kept)

    def take(self, case: Case) -> list[Layer]:
        """What was kept of a case, as it was; nothing where its images were written anew, or lie on another grid."""
        kept = self.layers_of(case)
        self._cases.pop(case.source.identity, None)
        return kept

    def layers_of(self, case: Case) -> list[Layer]:
        """As `take`, but they stay kept."""
        left = self._cases.get(case.source.identity)
        kept = left.kept if left is not None and left.stamps == case.stamps else ()
        return [_layer_of(one, case) for one in kept if one.layer.labels.grid.same_as(case.grid)]

    def forget(self, source: CaseSource) -> None:
        """They are in files now."""
        self._cases.pop(source.identity, None)


def _keep(layer: Layer) -> _PackedLayer:
    values, labels = layer.labels.values, layer.labels
    box = box_around(values)
    own = values[box].copy(order="K") if box is not None else values[:0, :0, :0].copy()
    hollow = LabelMap(values[:0, :0, :0].copy(), labels.grid, labels.scheme)
    return _PackedLayer(replace(layer, labels=hollow, probabilities=None), box, own)


def _layer_of(kept: _PackedLayer, case: Case) -> Layer:
    values = np.zeros(case.grid.shape, dtype=np.uint8, order="F")
    if kept.box is not None:
        values[kept.box] = kept.values
    return replace(kept.layer, labels=LabelMap(values, case.grid, kept.layer.labels.scheme))
