"""How the open case is being looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.imaging.colours import USUAL, ColourSet
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import Region
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.imaging.window import Window


class ViewLayout(Enum):
    """How the middle of the window is divided."""

    PLANES = "planes"
    MODALITIES = "modalities"
    COMPARE = "compare"
    VISITS = "visits"


@dataclass
class Viewing:
    """Crosshair, modality, windows and overlays; every field emits when it really changes.

    Parameters
    ----------
    crosshair
        Voxel (i, j, k) of the RAS grid in which all planes meet.
    modality
        Modality shown where a view has none of its own.
    windows
        Window per modality of the open case. Replace the mapping, do not write into it.
    layout, plane
        Division of the middle, and the plane that the modality and compare layouts show.
    convention
        Radiological or neurological.
    masks_visible, opacity
        Whether masks are shown at all, and how strongly they are filled, 0 to 1.
    hidden
        Keys of the meanings that are not shown.
    colours
        The set that labels are drawn in.
    smooth
        Interpolate zoomed images; masks always keep their voxels' edges.
    crosshair_visible
        Draw the crosshair.
    file_index
        Tell voxels by the file's own index (from 0, along its stored axes) instead of their number.
    peek
        While true, the reference stands in for the prediction (held key).
    blink
        While true, the visit beside the open one stands in its place (held key).
    agreement
        Region whose agreement is drawn instead of the masks, or None.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    crosshair: Voxel = (0, 0, 0)
    modality: Modality = Modality.T1CE
    windows: dict[Modality, Window] = field(default_factory=dict)
    layout: ViewLayout = ViewLayout.PLANES
    plane: Plane = Plane.AXIAL
    convention: DisplayConvention = DisplayConvention.RADIOLOGICAL
    masks_visible: bool = True
    opacity: float = 0.3
    hidden: frozenset[str] = frozenset()
    colours: ColourSet = USUAL
    smooth: bool = True
    crosshair_visible: bool = True
    file_index: bool = False
    peek: bool = False
    blink: bool = False
    agreement: Region | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Change several fields; those who watch hear of each, once, when all are changed."""
        with ExitStack() as stack:
            for name in self.events:
                stack.enter_context(self.events[name].paused(lambda first, last: (last[0], first[1])))
            yield

    def set_window(self, modality: Modality, window: Window) -> None:
        """Change the window of one modality."""
        self.windows = {**self.windows, modality: window}

    def toggle_meaning(self, meaning: str) -> None:
        """Show or hide one label."""
        self.hidden = self.hidden ^ {meaning}
