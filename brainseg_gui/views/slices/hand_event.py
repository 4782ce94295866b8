"""What the hand does over a slice, when a tool is in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from brainseg_gui.state.annotating.hand import Pointer


class HandMove(Enum):
    """Kinds of mouse events."""

    PRESSED = "pressed"
    MOVED = "moved"
    RELEASED = "released"
    DOUBLE_CLICKED = "double-clicked"
    """The second press of a double click; no other press comes with it."""

    LOST = "lost"
    """The mouse went to somebody else before its button was released."""


@dataclass(frozen=True)
class HandEvent:
    """One mouse event over a slice.

    Parameters
    ----------
    move
        What happened.
    pointer
        Where; the point may lie outside the slice.
    right
        Whether the right button is meant, not the left one.
    shift, alt
        Keys that are held.
    pixel_mm
        Size of a pixel of the screen.
    """

    move: HandMove
    pointer: Pointer
    right: bool = False
    shift: bool = False
    alt: bool = False
    pixel_mm: float = 0.0
