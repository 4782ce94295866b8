"""Scored cases: a comparison, the pooled numbers beside it, and how the masks were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.comparison import Comparison, compare
from brainseg_gui.evaluation.distances import with_distances
from brainseg_gui.evaluation.masks import ChosenSchemes, read_pair
from brainseg_gui.evaluation.pairing import Pair, Unpaired
from brainseg_gui.evaluation.pooled import Extent, Pooled, pooled
from brainseg_gui.evaluation.rules import RuleSet
from brainseg_gui.imaging.labels import regions
from brainseg_gui.progress import run_to_end

SMALLEST_COHORT = 10  # fewer cases: the table, no headline


@dataclass(frozen=True)
class CaseReport:
    """The comparison of one pair, and how its masks were read."""

    pair: Pair
    comparison: Comparison
    pooled: Mapping[Extent, Pooled]
    reference_scheme: str
    prediction_scheme: str
    reference_note: str
    prediction_note: str


@dataclass(frozen=True)
class CohortReport:
    """The cases that were scored, and those that could not be."""

    cases: tuple[CaseReport, ...]
    unpaired: tuple[Unpaired, ...] = ()
    failed: tuple[Unpaired, ...] = ()

    @property
    def mean_dice(self) -> Mapping[str, float] | None:
        """Mean Dice of WT, TC and ET over the cases; None for fewer than ten."""
        if len(self.cases) < SMALLEST_COHORT:
            return None
        return {region.key: fmean(case.comparison.row(region.key).dice for case in self.cases) for region in regions()}


def score_pair(pair: Pair, chosen: ChosenSchemes, rules: RuleSet) -> CaseReport:
    """Read and compare one pair.

    Raises
    ------
    ImageError, GridMismatchError
        If a mask cannot be read, or the two lie on different grids.
    """
    masks = read_pair(pair, chosen)
    try:
        comparison = compare(masks.reference, masks.prediction)
        measured = run_to_end(with_distances(comparison, masks.reference, masks.prediction, rules))
    except BrainsegError as error:
        raise type(error)(error.what, error.remedy, pair.prediction) from error
    scores = {extent: pooled(masks.reference, masks.prediction, extent) for extent in Extent}
    return CaseReport(
        pair,
        measured,
        {extent: score for extent, score in scores.items() if score is not None},
        masks.reference.scheme.name,
        masks.prediction.scheme.name,
        masks.reference_note,
        masks.prediction_note,
    )
