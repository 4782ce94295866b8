"""A measure: 1 where two masks have the same volume, 0 where one of them is empty (Taha and Hanbury 2015)."""

from brainseg_gui.evaluation.metrics.comparison import RegionScore


def volume_similarity(score: RegionScore) -> float:
    """Volumetric similarity of a region."""
    total = score.reference_ml + score.prediction_ml
    return 1 - abs(score.reference_ml - score.prediction_ml) / total if total else 1.0
