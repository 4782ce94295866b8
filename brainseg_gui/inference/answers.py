"""What becomes of a network's answers before they are probabilities: those of mirrored images, and its activation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.inference.models.passport import Output, Passport
from brainseg_gui.inference.sliding_window import Predict

Batch = NDArray[np.float32]


def mirrored(predict: Predict, passport: Passport) -> Predict:
    """A network that is asked about every mirror image along the passport's axes too; the answers' mean.

    As nnU-Net does it: along each axis, each pair, and all three, so that three axes cost eight passes.
    """
    axes = [1 + passport.axes.index(letter) for letter in passport.mirrored]
    flips = [chosen for count in range(1, len(axes) + 1) for chosen in combinations(axes, count)]
    if not flips:
        return predict

    def mean(batch: Batch) -> Batch:
        total = np.array(predict(batch), np.float32)
        for chosen in flips:
            total += np.flip(predict(np.ascontiguousarray(np.flip(batch, chosen))), chosen)
        total /= np.float32(1 + len(flips))
        return total

    return mean


def activated(answers: Batch, output: Output) -> Batch:
    """Probabilities of a network's answers, (1, …, channels): its activation is applied where it has none."""
    if not output.is_logits:
        return answers
    if output.activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-np.clip(answers, -_FAR, _FAR))), np.float32)
    raised = np.exp(answers - answers.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def with_odds(probabilities: Batch, output: Output, factor: float) -> Batch:
    """Probabilities whose odds of tumour against background are multiplied by a factor.

    The correction for a class that is called too rarely of Saerens et al., Neural Computation 2002, 14:21. What the
    tissues of the tumour are among each other stays.

    Parameters
    ----------
    probabilities
        (1, …, channels), in (0, 1).
    output
        What the channels mean.
    factor
        Above 0; 1 changes nothing.
    """
    if factor == 1:
        return probabilities
    if output.activation == "sigmoid":
        return np.asarray(probabilities * factor / (1 + (factor - 1) * probabilities), np.float32)
    weights = np.array([1.0 if name == NETWORK_CLASSES[0] else factor for name in output.channels], np.float32)
    raised = probabilities * weights
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


_FAR = 80.0  # exp does not overflow in float32
