"""The intensities inside the labels of one layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.layers.layers import Layer

if TYPE_CHECKING:
    from brainseg_gui.evaluation.metrics.histograms import ModalityHistograms


@dataclass
class Intensities:
    """What the panel of histograms shows; every field emits when it really changes.

    Parameters
    ----------
    layer
        The layer whose labels are looked at, or None for the first one.
    histograms
        Per modality; None while there is nothing to show.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    layer: Layer | None = None
    histograms: Mapping[Modality, ModalityHistograms] | None = None
