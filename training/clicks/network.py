"""The small network that answers a click: what is kept of the case in, a change of the present regions out."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from brainseg_gui.imaging.hints import NESTED_REGIONS
from brainseg_gui.inference.clicks.patch import EDGE

REGIONS = len(NESTED_REGIONS)
HINTS = 2 * REGIONS
_FILTERS = (16, 32, 48)


def click_network(features: int) -> Any:
    """A U-Net of three levels whose last layer begins at zero: untrained, it leaves every mask as it is.

    Parameters
    ----------
    features
        Channels that are kept of the case; the present regions and the hints come after them.
    """
    given = keras.Input((EDGE, EDGE, EDGE, features + REGIONS + HINTS), name="patch")
    skips, tensor = [], given
    for level, count in enumerate(_FILTERS):
        strides = 1 if level == 0 else 2
        tensor = _convolved(tensor, count, f"down_{level}_1", strides)
        tensor = _convolved(tensor, count, f"down_{level}_2")
        skips.append(tensor)
    for level in reversed(range(len(_FILTERS) - 1)):
        up = layers.UpSampling3D(2, name=f"larger_{level}")(tensor)
        up = layers.Conv3D(_FILTERS[level], 1, name=f"narrower_{level}")(up)
        tensor = _convolved(layers.Add(name=f"join_{level}")([up, skips[level]]), _FILTERS[level], f"up_{level}")
    change = layers.Conv3D(REGIONS, 1, kernel_initializer="zeros", dtype="float32", name="change")(tensor)
    return keras.Model(given, change, name="clicks")


def _convolved(tensor: Any, filters: int, name: str, strides: int = 1) -> Any:
    tensor = layers.Conv3D(filters, 3, strides, padding="same", name=name)(tensor)
    return layers.LeakyReLU(0.01, name=f"{name}_activation")(tensor)


def click_loss(wanted: Any, found: Any) -> Any:
    """One minus the mean Dice of the regions, and cross-entropy that counts most where a hint asks for a change.

    Parameters
    ----------
    wanted
        The regions (…, 3), their logits before (…, 3), and the weight of each voxel (…, 1).
    found
        The change of the logits, (…, 3).
    """
    truth, before, weight = wanted[..., :REGIONS], wanted[..., REGIONS : 2 * REGIONS], wanted[..., 2 * REGIONS :]
    found = ops.sigmoid(before + found)
    axes = (1, 2, 3)
    both = ops.sum(weight * truth * found, axes)
    total = ops.sum(weight * (truth + found), axes)
    overlap = (2 * both + 20.0) / (total + 20.0)
    sure = ops.clip(found, 1e-6, 1 - 1e-6)
    entropy = -(truth * ops.log(sure) + (1 - truth) * ops.log(1 - sure))
    return 1 - ops.mean(overlap) + ops.sum(weight * entropy) / ops.sum(weight * ops.ones_like(entropy)) * 4.0
