"""Operations on whole labels and between layers.

All of them answer with a `LabelChange` to which locks apply, but not the rule "paint over only these": they name their
labels themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

import numpy as np

from brainseg_gui.annotation.slab import LabelChange, Mask, Values, area_of
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.labels import LabelMap, LabelScheme


class Operation(Enum):
    """What becomes of a label, given another mask."""

    UNION = "union"
    INTERSECTION = "intersection"
    DIFFERENCE = "difference"
    EXCLUSIVE = "either, not both"


def combined(values: Values, label: int, other: Mask, operation: Operation) -> LabelChange | None:
    """A label united with, cut to, or cut by a mask; None when nothing would change.

    Parameters
    ----------
    values
        The annotation, (I, J, K).
    label
        The label that changes. Voxels that it loses become background.
    other
        A label of the annotation (``values == 2``) or of another layer, or a region of one
        (`LabelMap.mask`), boolean, (I, J, K).
    """
    mine = values == label
    match operation:
        case Operation.UNION:
            wanted = mine | other
        case Operation.INTERSECTION:
            wanted = mine & other
        case Operation.DIFFERENCE:
            wanted = mine & ~other
        case Operation.EXCLUSIVE:
            wanted = mine ^ other
    area = area_of(wanted ^ mine)
    if area is None:
        return None
    labels = np.where(wanted[area.slab], np.uint8(label), np.uint8(0))
    return LabelChange(area.slab, area.mask, labels, paint_over=False)


def relabelled(values: Values, label: int, becomes: int) -> LabelChange | None:
    """All voxels of one label as another; 0 clears it."""
    return mapped(values, {label: becomes})


def swapped(values: Values, one: int, other: int) -> LabelChange | None:
    """Two labels exchanged."""
    return mapped(values, {one: other, other: one})


def merged(values: Values, labels: Iterable[int], becomes: int) -> LabelChange | None:
    """Several labels as one."""
    return mapped(values, dict.fromkeys(labels, becomes))


def mapped(values: Values, becomes: Mapping[int, int]) -> LabelChange | None:
    """Every voxel whose label is a key of `becomes` as the label it names; None when nothing would change."""
    table = np.arange(256, dtype=np.uint8)
    for label, target in becomes.items():
        table[label] = target
    moved = (table != np.arange(256))[values]
    area = area_of(moved)
    return None if area is None else LabelChange(area.slab, area.mask, table[values[area.slab]], paint_over=False)


def replaced(values: Values, other: Values) -> LabelChange | None:
    """Another array in place of the annotation (a layer, a mask from a file); None when they are equal."""
    box = box_around(values != other)
    if box is None:
        return None
    return LabelChange(box, values[box] != other[box], other[box], paint_over=False)


def translated(labels: LabelMap, scheme: LabelScheme) -> Values:
    """The voxels of a layer in the numbers of another scheme, by what they mean, (I, J, K).

    Raises
    ------
    BrainsegError
        If a number has no meaning in the layer's scheme, or its meaning has no number in the other.
    """
    if dict(labels.scheme.labels) == dict(scheme.labels):
        return labels.values
    table = np.zeros(256, dtype=np.uint8)
    for value in labels.present():
        if value not in labels.scheme.labels:
            raise BrainsegError(
                f"the number {value} means nothing in the label scheme {labels.scheme.title}",
                "Choose the layer's scheme first",
            )
        table[value] = scheme.value_for(labels.scheme.meaning_of(value))
    return table[labels.values]
