"""How sure the network was: which of its probabilities is drawn, and how well they are calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

if TYPE_CHECKING:
    from brainseg_gui.evaluation.metrics.calibration import Calibration


NOTHING = ""
ENTROPY = "entropy"

QUANTITIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "WT": ("P(WT)", ("NCR", "ED", "ET")),
    "TC": ("P(TC)", ("NCR", "ET")),
    "background": ("P(background)", ("background",)),
    "NCR": ("P(NCR)", ("NCR",)),
    "ED": ("P(ED)", ("ED",)),
    "ET": ("P(ET)", ("ET",)),
    ENTROPY: ("Entropy", ()),
}
"""What can be drawn: key -> title and the classes whose probabilities are summed."""


@dataclass
class CertaintyState:
    """What the panel of probabilities shows; every field emits when it really changes.

    Parameters
    ----------
    shown
        Key of the quantity that is drawn over the images, or `NOTHING`.
    rounded
        Draw probabilities rounded to 0 or 1, as the article behind the seed recipe does.
    region
        Key of the region whose calibration is shown.
    calibrations
        Reliability per region that the reference tells apart, by key; empty without probabilities or without a
        reference.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    shown: str = NOTHING
    rounded: bool = False
    region: str = "WT"
    calibrations: tuple[tuple[str, Calibration], ...] = ()

    def calibration(self) -> Calibration | None:
        """The reliability of the chosen region."""
        return dict(self.calibrations).get(self.region)
