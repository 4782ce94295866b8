"""The source recipe's pooled metrics, always beside what a prediction of nothing but background scores.

They pool all voxels and the four one-hot classes, background included. Nearly every voxel is background in both
masks, so any prediction looks excellent: on a real BraTS 2021 case *nothing but background* scores a dice_coeff
of .992 and an IoU of .984 over the recipe's crop (.994 and .987 over the whole volume). They are here to be
comparable with what the recipe reports, never to judge a segmentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.comparison import check_same_grid
from brainseg_gui.evaluation.metrics.overlap import joint_table
from brainseg_gui.imaging.labels import NETWORK_CLASSES, LabelMap, LabelScheme

EPSILON = 1e-6
RECIPE_SHAPE = (240, 240, 155)
# (6:-5, 8:-8, 8:-8) of the (D, H, W) arrays of the recipe, as it cuts a RAS volume stored LPS
RECIPE_CROP = (slice(8, -8), slice(8, -8), slice(6, -5))

_CLASS_OF = {"NCR": 1, "NET": 1, "CC": 1, "ED": 2, "ET": 3}


class PooledVoxels(Enum):
    """Which voxels are pooled."""

    WHOLE_VOLUME = "whole_volume"
    RECIPE_CROP = "recipe_crop"

    @property
    def title(self) -> str:
        """Name for people."""
        return "whole volume" if self is PooledVoxels.WHOLE_VOLUME else "the recipe's crop"


@dataclass(frozen=True)
class PooledScore:
    """The recipe's three numbers for one prediction."""

    dice_coeff: float
    iou: float
    mean_iou: float


@dataclass(frozen=True)
class Pooled:
    """The recipe's numbers of a prediction, and of an all-background prediction on the same case."""

    extent: PooledVoxels
    prediction: PooledScore
    all_background: PooledScore


def pooled(
    reference: LabelMap, prediction: LabelMap, extent: PooledVoxels = PooledVoxels.WHOLE_VOLUME
) -> Pooled | None:
    """Score a prediction as the source recipe does.

    Parameters
    ----------
    extent
        The whole volume, or the voxels that the recipe keeps: of 240×240×155 it trains and scores 224×224×144.

    Returns
    -------
    Pooled or None
        None when the crop is asked for and the volume is not 240×240×155, or a mask does not tell tissues apart.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.

    Notes
    -----
    With one-hot y and ŷ over voxels and classes, ε = 1e-6: ``dice_coeff = (2 Σ yŷ + ε) / (Σ y + Σ ŷ + ε)``,
    ``iou = (Σ yŷ + ε) / (Σ y + Σ ŷ - Σ yŷ + ε)``, and ``mean_iou`` the mean of the latter over the four classes
    taken one by one (a class in neither mask counts 1). Cavities and unknown numbers count as background, which
    is where the recipe's four classes leave them.
    """
    check_same_grid(reference, prediction)
    if not (reference.scheme.tells_apart and prediction.scheme.tells_apart):
        return None
    values = reference.values, prediction.values
    if extent is PooledVoxels.RECIPE_CROP:
        if reference.values.shape != RECIPE_SHAPE:
            return None
        values = values[0][RECIPE_CROP], values[1][RECIPE_CROP]
    table = class_table(joint_table(*values), reference.scheme, prediction.scheme)
    background = np.zeros_like(table)
    background[:, 0] = table.sum(axis=1)
    return Pooled(extent, pooled_score(table), pooled_score(background))


def class_table(table: NDArray[np.int64], reference: LabelScheme, prediction: LabelScheme) -> NDArray[np.int64]:
    """A joint table of numbers, (256, 256), summed up by network class, (4, 4)."""
    return network_class_table(reference).T @ table @ network_class_table(prediction)


def network_class_table(scheme: LabelScheme) -> NDArray[np.int64]:
    """Class of every number for the recipe's network, one-hot, (256, 4)."""
    classes = [_CLASS_OF.get(scheme.meaning_of(value), 0) for value in range(256)]
    return np.eye(len(NETWORK_CLASSES), dtype=np.int64)[classes]


def pooled_score(table: NDArray[np.int64]) -> PooledScore:
    """The recipe's numbers from the joint counts of the four classes, (4, 4), reference along the rows."""
    both = np.diagonal(table).astype(np.float64)
    sums = (table.sum(axis=1) + table.sum(axis=0)).astype(np.float64)
    per_class = (both + EPSILON) / (sums - both + EPSILON)
    return PooledScore(
        dice_coeff=float((2 * both.sum() + EPSILON) / (sums.sum() + EPSILON)),
        iou=float((both.sum() + EPSILON) / (sums.sum() - both.sum() + EPSILON)),
        mean_iou=float(per_class.mean()),
    )
