"""The networks of heads: one that finds the brain, one that tells the contrast. Backend-neutral Keras 3."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from brainseg_gui.preparation.heads.field import SHAPE
from brainseg_gui.runs.config import Network
from training.unet import patch_unet

BRAIN_NETWORK = Network(levels=4, filters=12, max_filters=96)
_FINISH = 8
"""Filters of the layers that draw the edge; without them it followed the patches, 6 mm wide."""
CONTRASTS = ("t1", "t1ce", "t2", "flair", "other")
_CONTRAST_FILTERS = (16, 24, 32)


def brain_network() -> Any:
    """Image on the field to background and brain: (64, 80, 80, 1) to (64, 80, 80, 2)."""
    return patch_unet(BRAIN_NETWORK, (*SHAPE, 1), classes=2, finish=_FINISH)


def contrast_network() -> Any:
    """Image and brain on the field to what it is, the same in every voxel: (64, 80, 80, 2) to (64, 80, 80, 5).

    Every network of the program gives as many voxels as it takes; this one sees the whole field and says one thing.
    """
    field = keras.Input((*SHAPE, 2), name="field")
    tensor = layers.Conv3D(_CONTRAST_FILTERS[0], 4, strides=4, activation="relu", name="patches")(field)
    for number, filters in enumerate(_CONTRAST_FILTERS):
        tensor = layers.Conv3D(filters, 3, padding="same", use_bias=False, name=f"look_{number}")(tensor)
        tensor = layers.GroupNormalization(8, name=f"look_{number}_norm")(tensor)
        tensor = layers.ReLU(name=f"look_{number}_activation")(tensor)
        if number < len(_CONTRAST_FILTERS) - 1:
            tensor = layers.MaxPooling3D(2, name=f"pool_{number}")(tensor)
    mean = layers.GlobalAveragePooling3D(keepdims=True, name="mean")(tensor)
    brightest = layers.GlobalMaxPooling3D(keepdims=True, name="brightest")(tensor)
    whole = layers.Concatenate(name="whole")([mean, brightest])
    scores = layers.Conv3D(len(CONTRASTS), 1, dtype="float32", name="scores")(whole)
    everywhere = layers.UpSampling3D(SHAPE, name="everywhere")(scores)
    return keras.Model(field, layers.Activation("softmax", dtype="float32", name="probabilities")(everywhere))
