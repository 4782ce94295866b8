"""Scoring one pair of masks: everything that is known of a case, as plain values."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, replace

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.cohorts.worst import worst_point
from brainseg_gui.evaluation.masks import ChosenSchemes, MaskPair, read_pair
from brainseg_gui.evaluation.metrics.comparison import Comparison, RegionScore, compare
from brainseg_gui.evaluation.metrics.distances import with_distances
from brainseg_gui.evaluation.metrics.pooled import PooledVoxels, pooled
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.evaluation.records.pair import Pair
from brainseg_gui.evaluation.records.report import CaseReport, LesionEntry, RegionEntry
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import run_to_end


def score_pair(
    pair: Pair,
    chosen: ChosenSchemes,
    rules: RuleSet,
    model: str = "prediction",
    regrid: RegridPolicy = RegridPolicy.STRICT,
) -> CaseReport:
    """Read and compare one pair.

    Parameters
    ----------
    regrid
        What may be done with a prediction that lies on another grid than its reference.

    Raises
    ------
    ImageError, GridMismatchError
        If a mask cannot be read, or the two lie on different grids.
    """
    start = time.perf_counter()
    masks = read_pair(pair, chosen, regrid)
    try:
        comparison = compare(masks.reference, masks.prediction)
        measured = run_to_end(with_distances(comparison, masks.reference, masks.prediction, rules))
    except BrainsegError as error:
        raise type(error)(error.what, error.remedy, pair.prediction) from error
    report = report_of(pair, masks, measured, model)
    return replace(report, seconds=time.perf_counter() - start)


def report_of(pair: Pair, masks: MaskPair, comparison: Comparison, model: str) -> CaseReport:
    """A comparison with everything else that a report tells of its case."""
    scores = {extent.value: pooled(masks.reference, masks.prediction, extent) for extent in PooledVoxels}
    return CaseReport(
        model=model,
        case_id=pair.case_id,
        reference=pair.reference,
        prediction=pair.prediction,
        images=pair.images,
        reference_scheme=masks.reference.scheme.name,
        prediction_scheme=masks.prediction.scheme.name,
        reference_note=masks.reference_note,
        prediction_note=masks.prediction_note,
        rules=comparison.rules.title if comparison.rules is not None else "",
        voxel_ml=masks.reference.grid.voxel_ml,
        regions=tuple(_entry(row) for row in comparison.rows),
        pooled={
            extent: asdict(score.prediction) | {"all_background": asdict(score.all_background)}
            for extent, score in scores.items()
            if score is not None
        },
        worst=worst_point(masks.reference, masks.prediction),
        doubts=masks.doubts,
        suggested=masks.suggested,
        stated=masks.stated,
        labels=masks.reference.present(),
        patient=pair.patient,
    )


def _entry(row: RegionScore) -> RegionEntry:
    lesions, numbers = row.lesions, {key: measure.value(row) for key, measure in MEASURES.items()}
    if lesions is None:
        return RegionEntry(row.region.key, row.region.title, numbers)
    entries = tuple(LesionEntry(lesion.voxels, lesion.found, lesion.dice, lesion.hd95_mm) for lesion in lesions.lesions)
    false_sizes = dict(sorted(Counter(lesions.false_voxels).items(), reverse=True))
    return RegionEntry(row.region.key, row.region.title, numbers, entries, false_sizes, lesions.left_out)
