"""The tools of the annotation and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from brainseg_gui.annotation.tools.threshold import IntensityRange
from brainseg_gui.imaging.modality import Modality

BRUSH_MM = (0.5, 100.0)
KEYED_LABELS = 4
"""So many labels, the first ones, have a key each."""
"""Smallest and largest brush."""


class Tool(Enum):
    """What the left mouse button does over a slice."""

    BROWSE = "browse"
    BRUSH = "brush"
    LASSO = "lasso"
    FILL = "fill"
    SEEDS = "seeds"
    COPY = "copy"
    CLICK = "click"


@dataclass(frozen=True)
class ToolTraits:
    """What a person reads of a tool, and which settings it has.

    Parameters
    ----------
    title, tip, icon, known_as
        Of its action, whose letter in the menu follows the ampersand; its key is its number in `Tool`, of the first
        seven.
    mouse
        What the buttons do, for the panel.
    mouse_erasing
        The same while *Erase* is on; empty: it makes no difference.
    in_3d
        Words of its setting that works through the slices; empty: it has none.
    ranged
        Whether it can be held to a range of intensities.
    """

    title: str
    tip: str
    icon: str
    known_as: str
    mouse: str
    mouse_erasing: str = ""
    in_3d: str = ""
    ranged: bool = False


_CLICK_KEYS = "Drag: scribble. Shift+drag: box\nReturn: accept, Esc: drop\nZ: take back the last click"

TRAITS: Mapping[Tool, ToolTraits] = {
    Tool.BROWSE: ToolTraits(
        "&Browse",
        "Left: crosshair. Right drag: zoom",
        "crosshair",
        "navigate crosshair pan",
        "Left: crosshair\nRight drag, Ctrl+wheel: zoom",
    ),
    Tool.BRUSH: ToolTraits(
        "B&rush",
        "Left: paint. Right: erase. Shift+click: straight line. Shift+wheel: size",
        "brush",
        "paint draw pen",
        "Left: paint, right: erase\nShift+click: straight line\nShift+wheel: size\nAlt+click: pick a label",
        "Left: erase, right: paint\nShift+click: straight line\nShift+wheel: size\nAlt+click: pick a label",
        "In 3-D",
        ranged=True,
    ),
    Tool.LASSO: ToolTraits(
        "&Lasso and polygon",
        "Drag: lasso. Clicks: corners of a polygon; Return or double click closes it. Right: cut",
        "lasso",
        "freehand contour outline",
        "Drag: lasso\nClicks: corners of a polygon\nReturn, double click: close it"
        "\nCorners: drag, Delete; edges: click\nRight button: cut",
        "Drag: cut with a lasso\nClicks: corners of what is cut\nReturn, double click: close it"
        "\nCorners: drag, Delete; edges: click\nRight button: add",
        "Cut through all slices",
        ranged=True,
    ),
    Tool.FILL: ToolTraits(
        "&Fill",
        "Left: fill the region under the mouse. Right: clear it",
        "bucket",
        "bucket paint flood",
        "Left: fill the region\nRight: clear the region",
        "Left: clear the region\nRight: fill the region",
        "In 3-D, through the slices",
        ranged=True,
    ),
    Tool.SEEDS: ToolTraits(
        "&Seeds",
        "Left: seeds of the label. Right: seeds where there is no tumour",
        "seeds",
        "grow scribble region growing",
        "Left: seeds of the label\nRight: seeds of “no tumour”\nShift+wheel: size",
        "Left: seeds of “no tumour”\nRight: seeds of the label\nShift+wheel: size",
        "In 3-D",
    ),
    Tool.COPY: ToolTraits(
        "&Copy from a layer",
        "Left: copy what the other layer says. Right: erase. Shift+wheel: size",
        "copy",
        "clone stamp prediction",
        "Left: copy the other layer\nRight: erase\nShift+wheel: size",
        "Left: erase\nRight: copy the other layer\nShift+wheel: size",
        "In 3-D",
        ranged=True,
    ),
    Tool.CLICK: ToolTraits(
        "Clic&k",
        "Left: here the label is missing. Right: here it is too much. The rest is found; Return accepts, Esc drops",
        "click",
        "smart correct interactive nninteractive refine scribble box",
        f"Left: missing here, right: too much\n{_CLICK_KEYS}",
        f"Left: too much here, right: missing\n{_CLICK_KEYS}",
    ),
}
"""One record for each tool: menus, keys, tool bar and panel are built from it."""


class Painting(Enum):
    """Which voxels of the brush's footprint are painted."""

    ALL = "all"
    IN_RANGE = "in range"
    FOLLOW_EDGES = "follow edges"


@dataclass
class ToolOptions:
    """The tool and its settings; every field emits when it really changes.

    Parameters
    ----------
    tool
        The tool in the hand.
    brush_mm
        Diameter of the brush.
    square, in_3d
        Square instead of round; a ball or cube instead of a disc in the plane. Fill and lasso follow `in_3d` too.
    painting
        Which voxels of the footprint are painted.
    intensities, modality
        Range of the painting "in range", and the modality whose intensities count.
    contrast
        How far intensities may differ for "follow edges" and fill by intensity, in standard deviations.
    by_intensity
        Fill spreads over similar intensities, instead of one label.
    erasing
        The left button erases, and the right one paints.
    copy_from
        Name of the layer that "copy" takes voxels from; empty for the newest prediction.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    tool: Tool = Tool.BROWSE
    brush_mm: float = 8.0
    square: bool = False
    in_3d: bool = False
    painting: Painting = Painting.ALL
    intensities: IntensityRange | None = None
    modality: Modality = Modality.FLAIR
    contrast: float = 2.5
    by_intensity: bool = False
    erasing: bool = False
    copy_from: str = ""

    @property
    def has_brush(self) -> bool:
        """Whether the tool in the hand has a size and a shape."""
        return self.tool in (Tool.BRUSH, Tool.SEEDS, Tool.COPY)

    def resize(self, steps: int) -> None:
        """Make the brush larger (positive) or smaller; as many steps back lead to the same size."""
        size = self.brush_mm
        for _ in range(abs(steps)):
            size += _step(size) if steps > 0 else -_step(size - 0.01)
        self.brush_mm = min(max(round(size, 1), BRUSH_MM[0]), BRUSH_MM[1])


def _step(brush_mm: float) -> float:
    """How much larger the next brush is: about a tenth of an ordinary one."""
    return next((step for below, step in ((8.0, 0.5), (20.0, 1.0), (40.0, 2.0)) if brush_mm < below), 5.0)
