"""Adding what takes time to a comparison: distances between surfaces, and lesions."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.comparison import Comparison, RegionScore, region_table
from brainseg_gui.evaluation.metrics.lesions import lesion_score
from brainseg_gui.evaluation.metrics.overlap import union_box
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.metrics.surface import surface_distances
from brainseg_gui.imaging.labels import LabelMap, Region
from brainseg_gui.progress import Progress

TOLERANCES_MM = (1.0, 2.0)


def with_distances(
    comparison: Comparison, reference: LabelMap, prediction: LabelMap, rules: RuleSet
) -> Generator[Progress, None, Comparison]:
    """The comparison with HD95, surface Dice and lesion-wise scores in every row.

    Everything is computed in the box that holds both masks.
    """
    box = union_box(reference.values, prediction.values)
    rows: list[RegionScore] = []
    for row in comparison.rows:
        yield Progress("measuring distances", len(rows) / len(comparison.rows), row.region.key)
        ours, theirs = _mask(reference, row.region, box), _mask(prediction, row.region, box)
        spacing = reference.grid.spacing_mm
        distances = surface_distances(ours, theirs, spacing)
        rows.append(
            replace(
                row,
                hd95_mm=distances.hd95_mm(rules),
                surface_dice=tuple(distances.surface_dice(tolerance) for tolerance in TOLERANCES_MM),
                lesions=lesion_score(ours, theirs, spacing, rules),
            )
        )
    return replace(comparison, rows=tuple(rows), rules=rules)


def _mask(labels: LabelMap, region: Region, box: tuple[slice, ...]) -> NDArray[np.bool_]:
    # in one memory order: a RAS view of a stored array runs the other way round, and mixing them is slow
    values = np.ascontiguousarray(labels.values[box])
    mask: NDArray[np.bool_] = region_table(labels.scheme, region)[values]
    return mask
