"""What is coloured over a slice for the hand: scribbles, and the voxels in range."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.colours import overlay_table
from brainseg_gui.imaging.plane import Plane, take_slice
from brainseg_gui.state.annotating.scribbles import BACKGROUND
from brainseg_gui.state.annotating.tools import Painting
from brainseg_gui.state.session import Session

Drawn = tuple[NDArray[np.uint8], NDArray[np.uint8]]

_RANGE = np.zeros((256, 4), dtype=np.uint8)
_RANGE[1] = (204, 121, 167, 110)
_EDGE = np.zeros((256, 4), dtype=np.uint8)
_EDGE[1:] = (16, 18, 20, 255)
_NO_TUMOUR = (214, 218, 222, 235)
_SCRIBBLED = 0.92


def range_fill(session: Session, plane: Plane, slice_index: int) -> list[Drawn]:
    """The voxels in range, while the range is being chosen."""
    annotating, case = session.annotating, session.case
    options = annotating.options
    shown = annotating.hand.range_shown and options.painting is Painting.IN_RANGE
    volume = case.volumes.get(options.modality) if case is not None else None
    if not shown or volume is None or options.intensities is None or session.previewing:
        return []
    stored = take_slice(volume.stored, plane, slice_index, session.viewing.convention)
    intensities = stored.astype(np.float32) * np.float32(volume.slope) + np.float32(volume.intercept)
    inside = (intensities >= options.intensities.low) & (intensities <= options.intensities.high)
    return [(inside.astype(np.uint8), _RANGE)]


def scribble_fill(session: Session, plane: Plane, slice_index: int) -> tuple[list[Drawn], list[Drawn]]:
    """The scribbles, opaque, and the dark edge that tells them from masks."""
    annotating = session.annotating
    values, annotation = annotating.scribbles.values, annotating.annotation
    if values is None or annotation is None or session.previewing:
        return [], []
    marks = take_slice(values, plane, slice_index, session.viewing.convention)
    if not marks.any():
        return [], []
    table = overlay_table(annotation.labels.scheme, _SCRIBBLED, colours=session.viewing.colours).copy()
    table[BACKGROUND] = _NO_TUMOUR
    return [(marks, table)], [((marks > 0).astype(np.uint8), _EDGE)]
