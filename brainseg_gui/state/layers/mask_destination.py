"""Where new masks go: beside the images, or into a folder that mirrors the cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.annotation.saving.mask_paths import OutputTree


@dataclass
class MaskDestination:
    """The person's choice; it holds for all cases until another is made.

    Parameters
    ----------
    tree
        The folder that mirrors the cases; None: masks go beside the images.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    tree: OutputTree | None = None
