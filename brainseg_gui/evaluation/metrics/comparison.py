"""Comparing two label maps region by region, by what their numbers mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import GridMismatchError
from brainseg_gui.evaluation.metrics.overlap import Counts, joint_table
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.imaging.labels import (
    CORE,
    UNKNOWN,
    WHOLE,
    LabelMap,
    LabelScheme,
    Region,
    label_region,
    meanings,
    regions,
)

if TYPE_CHECKING:
    from brainseg_gui.evaluation.metrics.lesions import LesionScore

# What some schemes tell apart and others call by one number: the part of the core that does not enhance.


class Agreement(IntEnum):
    """What a voxel of an agreement map says."""

    NEITHER = 0
    BOTH = 1
    MISSED = 2
    FALSE = 3


@dataclass(frozen=True)
class RegionScore:
    """One row of a comparison.

    Parameters
    ----------
    region
        What is scored.
    counts
        Voxels of the two masks.
    reference_ml, prediction_ml
        Volumes.
    hd95_mm, surface_dice, lesions
        HD95, surface Dice at 1 and 2 mm, and lesion-wise scores; None until they are measured
        (`distances.with_distances`).
    """

    region: Region
    counts: Counts
    reference_ml: float
    prediction_ml: float
    hd95_mm: float | None = None
    surface_dice: tuple[float, ...] | None = None
    lesions: LesionScore | None = None

    @property
    def dice(self) -> float:
        """Dice of the region; both empty is 1, one empty is 0."""
        return self.counts.dice


@dataclass(frozen=True)
class Comparison:
    """WT, TC, ET, then every further label that occurs in one of the masks.

    Parameters
    ----------
    rows
        One per region or label.
    rules
        The rules that distances and lesions follow; None until they are measured.
    """

    rows: tuple[RegionScore, ...]
    rules: RuleSet | None = None

    def row(self, key: str) -> RegionScore:
        """The row of a region or label, by its key.

        Raises
        ------
        KeyError
            If there is none.
        """
        for row in self.rows:
            if row.region.key == key:
                return row
        raise KeyError(key)


def compare(reference: LabelMap, prediction: LabelMap) -> Comparison:
    """Score a prediction against a reference, one case, every region and label.

    The numbers of the two masks may differ: they are compared by what they mean in their own schemes. Nothing is
    pooled over regions or over the background.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    check_same_grid(reference, prediction)
    table = joint_table(reference.values, prediction.values)
    return compare_table(table, reference.scheme, prediction.scheme, reference.grid.voxel_ml)


def compare_table(
    table: NDArray[np.int64], reference_scheme: LabelScheme, prediction_scheme: LabelScheme, voxel_ml: float
) -> Comparison:
    """As `compare`, of a `joint_table` that was counted already, or is kept up to date while a mask is painted.

    Parameters
    ----------
    voxel_ml
        Volume of one voxel in ml.
    """
    rows = []
    for region in scored_regions(reference_scheme, prediction_scheme, table):
        counts = counts_of(table, region_table(reference_scheme, region), region_table(prediction_scheme, region))
        rows.append(RegionScore(region, counts, counts.reference * voxel_ml, counts.prediction * voxel_ml))
    return Comparison(tuple(rows))


def scored_regions(
    reference_scheme: LabelScheme, prediction_scheme: LabelScheme, table: NDArray[np.int64] | None = None
) -> tuple[Region, ...]:
    """What two masks can be compared by: WT alone where one of them does not tell the tissues apart.

    Parameters
    ----------
    table
        Their `joint_table`, for further labels that occur.
    """
    scored = tuple(region for region in regions() if is_scored(region, reference_scheme, prediction_scheme))
    further = _further_labels(reference_scheme, prediction_scheme, table) if table is not None else ()
    if len(scored) < len(regions()):  # numbers that nobody knows are told all the same: they are in no region
        further = tuple(region for region in further if UNKNOWN in region.meanings)
    return (*scored, *further)


def is_scored(region: Region, reference_scheme: LabelScheme, prediction_scheme: LabelScheme) -> bool:
    """Whether both masks tell a region apart."""
    return tells(reference_scheme, region) and tells(prediction_scheme, region)


def tells(scheme: LabelScheme, region: Region) -> bool:
    """Whether a mask tells a region apart: one of the whole tumour alone says nothing of its parts."""
    return WHOLE in region.meanings or scheme.tells_apart


def check_same_grid(reference: LabelMap, prediction: LabelMap) -> None:
    """Refuse two masks that do not share their voxels.

    Raises
    ------
    GridMismatchError
        Says how the grids differ.
    """
    difference = reference.grid.difference_to(prediction.grid)
    if difference:
        raise GridMismatchError(
            f"the prediction does not lie on the grid of the reference: {difference}",
            "Choose masks of the same study",
        )


def counts_of(
    table: NDArray[np.int64], reference_table: NDArray[np.bool_], prediction_table: NDArray[np.bool_]
) -> Counts:
    """Counts of one region from a `joint_table`, with the 256 booleans that say which numbers belong to it."""
    both = int(table[np.ix_(reference_table, prediction_table)].sum())
    reference = int(table[reference_table].sum())
    prediction = int(table[:, prediction_table].sum())
    return Counts(both, reference - both, prediction - both)


def region_table(scheme: LabelScheme, region: Region) -> NDArray[np.bool_]:
    """Table of 256 booleans: is this number in the region.

    As `LabelScheme.look_up`, and also for the region of the numbers that the scheme does not know.
    """
    table = scheme.look_up(region)
    if UNKNOWN in region.meanings:
        table |= [value > 0 and scheme.meaning_of(value) == UNKNOWN for value in range(256)]
    return table


def _further_labels(
    reference_scheme: LabelScheme, prediction_scheme: LabelScheme, table: NDArray[np.int64]
) -> Iterable[Region]:
    """Single labels that occur, without those that are a region already (ET)."""
    present = _meanings_in(reference_scheme, table.sum(axis=1)) | _meanings_in(prediction_scheme, table.sum(axis=0))
    present -= {meaning for region in regions() if len(region.meanings) == 1 for meaning in region.meanings}
    if _core_labels(reference_scheme) != _core_labels(prediction_scheme):
        merged = [meaning for meaning in CORE if meaning in present]
        if len(merged) > 1:
            yield Region("/".join(merged), "non-enhancing core", frozenset(merged))
            present -= set(merged)
    yield from (label_region(meaning) for meaning in meanings() if meaning in present)


def _meanings_in(scheme: LabelScheme, histogram: NDArray[np.int64]) -> set[str]:
    return {scheme.meaning_of(int(value)) for value in np.flatnonzero(histogram) if value}


def _core_labels(scheme: LabelScheme) -> set[str]:
    return {meaning for meaning in scheme.labels.values() if meaning in CORE}


def agreement(reference: LabelMap, prediction: LabelMap, region: Region) -> NDArray[np.uint8]:
    """Where two masks agree on a region, as `Agreement` values, (I, J, K).

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    check_same_grid(reference, prediction)
    return agreement_of(
        reference.values,
        prediction.values,
        region_table(reference.scheme, region),
        region_table(prediction.scheme, region),
    )


def agreement_of(
    reference_values: NDArray[np.uint8],
    prediction_values: NDArray[np.uint8],
    reference_table: NDArray[np.bool_],
    prediction_table: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """As `agreement`, of arrays of any shape (a slice) and the tables of `region_table`."""
    missed = reference_table.astype(np.uint8) * np.uint8(Agreement.MISSED)
    false = prediction_table.astype(np.uint8) * np.uint8(Agreement.FALSE)
    # 2 XOR 3 is 1, BOTH: the two tables need no third pass
    merged: NDArray[np.uint8] = missed[reference_values] ^ false[prediction_values]
    return merged


def volumes_ml(labels: LabelMap) -> Mapping[str, float]:
    """Volume in ml of WT, TC and ET, and of every label that occurs, by key."""
    histogram = labels.counts
    wanted = {region.key: region for region in regions()}
    present = _meanings_in(labels.scheme, histogram)
    wanted |= {key: label_region(key) for key in meanings() if key in present and key not in wanted}
    return {
        key: int(histogram[region_table(labels.scheme, region)].sum()) * labels.grid.voxel_ml
        for key, region in wanted.items()
    }
