"""The networks of heads: one that finds the brain, one that tells the contrast. Backend-neutral Keras 3."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from brainseg_gui.inference.models.head_model import CONTRASTS
from brainseg_gui.preparation.heads.field import SHAPE
from brainseg_gui.preparation.heads.shells import SHARES
from brainseg_gui.runs.config import Network
from training.network.unet import patch_unet

BRAIN_NETWORK = Network(levels=4, filters=12, max_filters=96)
_FINISH = 8
"""Filters of the layers that draw the edge; without them it followed the patches, 6 mm wide."""

_HIDDEN, _NOISE = 32, 0.2


def brain_network() -> Any:
    """Image on the field to background and brain: (64, 80, 80, 1) to (64, 80, 80, 2)."""
    return patch_unet(BRAIN_NETWORK, (*SHAPE, 1), classes=2, finish=_FINISH)


def contrast_network() -> Any:
    """How bright the shells around the brain's edge are, to what an image is: one voxel (1, 1, 1, 60) to (1, 1, 1, 5).

    A network of convolutions over the field stayed at chance for 160 steps of eight pictures; this one learns at once.
    """
    shares = keras.Input((1, 1, 1, SHARES), name="shares")
    hidden = layers.Conv3D(_HIDDEN, 1, activation="relu", name="hidden")(shares)
    scores = layers.Conv3D(len(CONTRASTS), 1, dtype="float32", name="scores")(hidden)
    return keras.Model(shares, layers.Activation("softmax", dtype="float32", name="probabilities")(scores))


def disturbed(network: Any) -> Any:
    """The same layers with noise and dropout before each, to fit a `contrast_network`."""
    shares = keras.Input(network.input_shape[1:])
    tensor = layers.Dropout(0.2)(layers.GaussianNoise(_NOISE)(shares))
    tensor = layers.Dropout(0.3)(network.get_layer("hidden")(tensor))
    return keras.Model(shares, network.get_layer("probabilities")(network.get_layer("scores")(tensor)))
