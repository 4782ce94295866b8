"""What is seen of the open case in 3-D, and from where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.imaging.plane import Plane
from brainseg_gui.surfaces.camera import Camera
from brainseg_gui.surfaces.surface import Surface


class SurfaceColouring(Enum):
    """What surfaces are told apart by; the value is its name for people."""

    LABELS = "Labels"
    LESIONS = "Lesions"
    ERRORS = "Errors"


@dataclass
class SeenSurfaces:
    """Every field emits when it really changes.

    Parameters
    ----------
    shown
        Whether surfaces stand in the fourth quarter of the window.
    colouring
        What they are told apart by.
    brain
        Whether the brain is drawn around them.
    cut
        Plane whose slice through the crosshair is shown; what lies before it is cut away. None for no cut.
    camera
        Where they are seen from.
    surfaces, shell
        What was made of the masks, and of the brain.
    note
        What is not seen and why, in a sentence; empty where nothing is missing.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    shown: bool = False
    colouring: SurfaceColouring = SurfaceColouring.LABELS
    brain: bool = True
    cut: Plane | None = None
    camera: Camera = field(default_factory=Camera)
    surfaces: tuple[Surface, ...] = ()
    shell: Surface | None = None
    note: str = ""

    @property
    def drawn(self) -> tuple[Surface, ...]:
        """The surfaces, with the brain where it is wanted."""
        return (*self.surfaces, self.shell) if self.brain and self.shell is not None else self.surfaces
