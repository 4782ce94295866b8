"""What training makes small. `keras.ops` only, so that every backend runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from brainseg_gui.imaging.labels import NETWORK_CLASSES, regions
from brainseg_gui.runs.config import Loss

SMOOTH = 1.0  # voxels; keeps the Dice of a region that is nowhere finite, and 1 where nothing is predicted
_SPATIAL = (1, 2, 3)

Sum = Callable[[Any], Any]


def build_loss(config: Loss, channels: Sequence[str] = NETWORK_CLASSES) -> Any:
    """The loss that a configuration asks for.

    Parameters
    ----------
    config
        Kind and weights.
    channels
        Meaning of each output channel of the network.
    """
    if config.kind == "crossentropy":
        return keras.losses.CategoricalCrossentropy(name="crossentropy")
    return RegionDiceCrossentropy(channels, config.dice_weight, config.batch_dice)


def region_matrix(channels: Sequence[str] = NETWORK_CLASSES) -> NDArray[np.float32]:
    """Which channels make up WT, TC and ET: (channels, 3), 0 or 1."""
    return np.array([[channel in region.meanings for region in regions()] for channel in channels], np.float32)


class RegionDiceCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy plus one minus the mean soft Dice of WT, TC and ET.

    With probabilities p and one-hot truth t of a region, summed over voxels (and over the batch where `batch_dice`),
    ``Dice = (2 Σ p·t + 1) / (Σ p + Σ t + 1)``. Regions instead of labels and Dice over the batch follow Isensee et
    al., nnU-Net for Brain Tumor Segmentation (BrainLes 2020): small regions are scored as the challenge scores them,
    and a patch without tumour does not swing the loss.

    Parameters
    ----------
    channels
        Meaning of each output channel.
    dice_weight
        Weight of the Dice part.
    batch_dice
        Sum over the batch instead of patch by patch.
    """

    def __init__(
        self,
        channels: Sequence[str] = NETWORK_CLASSES,
        dice_weight: float = 1.0,
        batch_dice: bool = True,
        name: str = "region_dice_crossentropy",
        **arguments: Any,
    ) -> None:
        super().__init__(name=name, **arguments)
        self.channels = tuple(channels)
        self.dice_weight = dice_weight
        self.batch_dice = batch_dice
        self.over_processes: Sum = _alone  # where several processes share a batch, the sum over all of them
        self._regions = region_matrix(channels)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Loss per sample, (batch,); the Dice of the batch is the same number for all of them."""
        crossentropy = ops.mean(keras.losses.categorical_crossentropy(y_true, y_pred), axis=_SPATIAL)
        dice = ops.mean(soft_dice(y_true, y_pred, self._regions, self.batch_dice, self.over_processes), axis=-1)
        return crossentropy + self.dice_weight * (1.0 - dice)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the loss."""
        own = {"channels": self.channels, "dice_weight": self.dice_weight, "batch_dice": self.batch_dice}
        return {**super().get_config(), **own}


def _alone(value: Any) -> Any:
    return value


def soft_dice(
    y_true: Any, y_pred: Any, matrix: NDArray[np.float32], batch_dice: bool, over_processes: Sum = _alone
) -> Any:
    """Soft Dice of regions, (1 or batch, regions); see `RegionDiceCrossentropy`."""
    axes = (0, *_SPATIAL) if batch_dice else _SPATIAL
    # (B, X, Y, Z, channels) -> (B, X, Y, Z, regions): channels that exclude each other add up
    truth, prediction = ops.matmul(y_true, matrix), ops.matmul(y_pred, matrix)
    # (B, X, Y, Z, regions) -> (regions,) of the batch, or (B, regions)
    both = ops.sum(truth * prediction, axis=axes)
    total = ops.sum(truth, axis=axes) + ops.sum(prediction, axis=axes)
    if batch_dice:
        both, total = over_processes(both), over_processes(total)
    dice = (2.0 * both + SMOOTH) / (total + SMOOTH)
    return ops.expand_dims(dice, 0) if batch_dice else dice  # (regions,) -> (1, regions)
