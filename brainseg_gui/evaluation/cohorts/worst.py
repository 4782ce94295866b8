"""The place of a case at which two masks differ most: where to look first."""

from __future__ import annotations

from brainseg_gui.evaluation.metrics.comparison import scored_regions
from brainseg_gui.evaluation.metrics.disagreements import Disagreement, find_disagreements
from brainseg_gui.evaluation.records.report import WorstPoint
from brainseg_gui.imaging.labels import LabelMap


def worst_point(reference: LabelMap, prediction: LabelMap) -> WorstPoint | None:
    """The piece of disagreement that costs its region the most Dice, of WT, TC and ET.

    Returns
    -------
    WorstPlace or None
        None when the masks agree on all three.
    """
    pieces: list[Disagreement] = []
    for region in scored_regions(reference.scheme, prediction.scheme):
        pieces += find_disagreements(reference, prediction, region, limit=1)
    if not pieces:
        return None
    worst = max(pieces, key=lambda piece: piece.cost)
    return WorstPoint(worst.centre, worst.region.key, worst.words, worst.ml, worst.cost)
