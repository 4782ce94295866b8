"""The networks that see heads, as whoever prepares gets them."""

from __future__ import annotations

from dataclasses import dataclass

from brainseg_gui.preparation.heads.skull import Predict


@dataclass(frozen=True)
class BrainFinder:
    """The network that tells where the brain is, its name, and the network that tells contrasts, if there is one."""

    predict: Predict
    network: str
    contrast: Predict | None = None
