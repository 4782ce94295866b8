"""How the weights move: the learning rate over the run, and the optimiser."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from brainseg_gui.runs.config import Compute, Optimiser

POLYNOMIAL_POWER = 0.9  # as in nnU-Net (Isensee et al., Nature Methods 2021)
SGD_MOMENTUM = 0.99  # likewise, with Nesterov


class LearningRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A linear warm-up, then constant, half a cosine, or ``(1 - t)^0.9``, down to 0 at the last step.

    Parameters
    ----------
    highest
        Learning rate after the warm-up.
    kind
        ``constant``, ``cosine`` or ``polynomial``.
    warmup_steps
        Steps until the highest is reached.
    total_steps
        Steps of the whole run; 0 when nobody knows: the learning rate then stays constant.
    """

    def __init__(self, highest: float, kind: str, warmup_steps: int, total_steps: int) -> None:
        self.highest = highest
        self.kind = kind if total_steps else "constant"
        self.warmup_steps = min(warmup_steps, max(total_steps - 1, 0)) if total_steps else warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: Any) -> Any:
        """Learning rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        warm = (step + 1.0) / float(max(self.warmup_steps, 1))
        falling = max(self.total_steps - self.warmup_steps, 1)
        done = ops.clip((step - self.warmup_steps) / float(falling), 0.0, 1.0)
        factor = ops.ones_like(step)
        if self.kind == "cosine":
            factor = 0.5 * (1.0 + ops.cos(np.pi * done))
        elif self.kind == "polynomial":
            factor = ops.power(1.0 - done, POLYNOMIAL_POWER)
        return self.highest * ops.where(step < self.warmup_steps, ops.minimum(warm, 1.0), factor)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the schedule."""
        return {
            "highest": self.highest,
            "kind": self.kind,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }


def build_schedule(config: Optimiser, total_steps: int) -> LearningRate:
    """The learning rate of a run over its steps."""
    return LearningRate(config.learning_rate, config.schedule, config.warmup_steps, total_steps)


def build_optimiser(config: Optimiser, compute: Compute, total_steps: int) -> Any:
    """The optimiser that a configuration asks for, with its schedule and, if asked, a moving average of the weights."""
    arguments: dict[str, Any] = {
        "learning_rate": build_schedule(config, total_steps),
        "global_clipnorm": config.clip_norm or None,
        "use_ema": compute.average_weights > 0,
        "ema_momentum": compute.average_weights or 0.99,
    }
    if config.kind == "adam":
        return keras.optimizers.Adam(**arguments)
    if config.kind == "adamw":
        return keras.optimizers.AdamW(weight_decay=config.weight_decay, **arguments)
    decay = config.weight_decay or None
    return keras.optimizers.SGD(momentum=SGD_MOMENTUM, nesterov=True, weight_decay=decay, **arguments)
