"""What is counted while training: the source article's pooled metrics, and Dice per region.

The article's metrics pool all voxels and classes, background included: a prediction of *nothing but background* scores
about .99 by them. They are here to be comparable with what it reports, never to judge a network; the validation of
whole cases does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from brainseg_gui.imaging.labels import NETWORK_CLASSES, Region, regions

EPSILON = 1e-6


def dice_coeff(y_true: Any, y_pred: Any) -> Any:
    """``(2 Σ yŷ + ε) / (Σ y + Σ ŷ + ε)`` over voxels, classes and batch; y one-hot, ŷ probabilities, ε = 1e-6."""
    y_true = ops.cast(y_true, y_pred.dtype)
    both = ops.sum(y_true * y_pred)
    return (2.0 * both + EPSILON) / (ops.sum(y_true) + ops.sum(y_pred) + EPSILON)


def dice_loss(y_true: Any, y_pred: Any) -> Any:
    """``1 - dice_coeff``."""
    return 1.0 - dice_coeff(y_true, y_pred)


def iou(y_true: Any, y_pred: Any) -> Any:
    """``(Σ yŷ + ε) / (Σ y + Σ ŷ - Σ yŷ + ε)`` over voxels, classes and batch."""
    return _iou(y_true, y_pred, axis=None)


def mean_iou(y_true: Any, y_pred: Any) -> Any:
    """Mean of `iou` over the classes taken one by one."""
    return ops.mean(_iou(y_true, y_pred, axis=(0, 1, 2, 3)))


def _iou(y_true: Any, y_pred: Any, axis: tuple[int, ...] | None) -> Any:
    y_true = ops.cast(y_true, y_pred.dtype)
    both = ops.sum(y_true * y_pred, axis=axis)
    union = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) - both
    return (both + EPSILON) / (union + EPSILON)


class RegionDice(keras.metrics.Metric):  # type: ignore[misc]
    """Dice of one region between the most probable classes and the truth, over all voxels since the last reset.

    Of patches, pooled: it tells that training goes on. The scores of whole cases come from validation.

    Parameters
    ----------
    region
        WT, TC or ET.
    channels
        Meaning of each output channel of the network.
    """

    def __init__(self, region: Region, channels: Sequence[str] = NETWORK_CLASSES, **arguments: Any) -> None:
        super().__init__(name=f"dice_{region.key.lower()}", **arguments)
        self._inside = np.array([channel in region.meanings for channel in channels], np.float32)
        self._both = self.add_weight(name="both", initializer="zeros")
        self._total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch."""
        inside = ops.convert_to_tensor(self._inside)
        truth = ops.take(inside, ops.argmax(y_true, axis=-1))
        prediction = ops.take(inside, ops.argmax(y_pred, axis=-1))
        self._both.assign_add(ops.sum(truth * prediction))
        self._total.assign_add(ops.sum(truth) + ops.sum(prediction))

    def result(self) -> Any:
        """``2|A∩B| / (|A| + |B|)``; 1 where the region is nowhere."""
        return ops.where(self._total > 0, 2.0 * self._both / ops.maximum(self._total, 1.0), 1.0)


def build_metrics(channels: Sequence[str] = NETWORK_CLASSES, *, article: bool) -> list[Any]:
    """Accuracy and Dice per region, and the article's pooled metrics if asked for."""
    dice = [RegionDice(region, channels) for region in regions()]
    accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    return [accuracy, *([dice_coeff, dice_loss, iou, mean_iou] if article else []), *dice]
