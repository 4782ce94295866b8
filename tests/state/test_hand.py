"""What the hand holds: sizes of the brush, scribbles, and what is told when an annotation is put aside."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.slab import Area
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labels import LabelMap, scheme_named
from brainseg_gui.state.annotating import BRUSH_MM, Annotating, Tool, ToolOptions
from brainseg_gui.state.layers import Layer, Role
from brainseg_gui.state.scribbles import BACKGROUND, Scribbles

GRID = Grid((4, 4, 4), np.eye(4))
SCHEME = scheme_named("brats2020")


def corner() -> Area:
    return Area((slice(0, 2), slice(0, 2), slice(0, 2)), np.ones((2, 2, 2), bool))


@pytest.mark.parametrize("start", [0.5, 7.5, 8.0, 19.0, 20.0, 38.0, 40.0, 95.0])
def test_as_many_steps_back_lead_to_the_same_size(start: float) -> None:
    options = ToolOptions(brush_mm=start)
    options.resize(1)
    assert options.brush_mm > start
    options.resize(-1)
    assert options.brush_mm == start


def test_the_brush_has_a_smallest_and_a_largest_size() -> None:
    options = ToolOptions()
    options.resize(-200)
    assert options.brush_mm == BRUSH_MM[0]
    options.resize(200)
    assert options.brush_mm == BRUSH_MM[1]


def test_sizes_emit_once_per_turn() -> None:
    options, heard = ToolOptions(brush_mm=8.0), []
    options.events.brush_mm.connect(lambda new: heard.append(new))
    options.resize(3)
    assert heard == [11.0]


def test_tools_with_a_brush() -> None:
    assert [tool for tool in Tool if ToolOptions(tool=tool).has_brush] == [Tool.BRUSH, Tool.SEEDS, Tool.COPY]


def test_scribbles_are_undone_and_redone_and_cleared() -> None:
    scribbles, heard = Scribbles(), []
    scribbles.changed.connect(heard.append)
    assert scribbles.values is None
    scribbles.paint(corner().becomes(4), GRID, SCHEME)
    assert scribbles.any
    scribbles.finish()
    scribbles.paint(corner().becomes(BACKGROUND), GRID, SCHEME)
    scribbles.finish()
    assert scribbles.values is not None
    assert scribbles.values[0, 0, 0] == BACKGROUND
    scribbles.undo()
    assert scribbles.values[0, 0, 0] == 4
    assert scribbles.redoable
    scribbles.redo()
    assert scribbles.values[0, 0, 0] == BACKGROUND
    assert len(heard) == 4
    scribbles.clear()
    assert scribbles.values is None
    assert not scribbles.any
    assert heard[-1] == (slice(0, 4), slice(0, 4), slice(0, 4))
    scribbles.clear()
    assert len(heard) == 5


def test_a_scribble_in_progress_can_be_dropped() -> None:
    scribbles = Scribbles()
    scribbles.paint(corner().becomes(4), GRID, SCHEME)
    scribbles.cancel()
    assert not scribbles.any
    assert scribbles.values is not None
    assert not scribbles.values.any()


def test_who_holds_a_stroke_may_finish_it_before_the_annotation_is_put_aside() -> None:
    labels = LabelMap(np.zeros((4, 4, 4), np.uint8), GRID, SCHEME)
    layer = Layer("annotation", Role.ANNOTATION, labels)
    annotating = Annotating()
    annotating.begin(Annotation(labels), layer)
    heard: list[object] = []
    annotating.edited.connect(lambda edit: heard.append(edit.name))
    annotating.ending.connect(lambda: annotating.finish("Brush ET", "brush"))
    annotating.paint(corner().becomes(4))
    annotating.scribbles.paint(corner().becomes(4), GRID, SCHEME)
    annotating.end()
    assert heard == ["Brush ET"]
    assert layer.labels.counts[4] == 8
    assert annotating.scribbles.values is None


def test_beginning_another_puts_the_first_aside() -> None:
    labels = LabelMap(np.zeros((4, 4, 4), np.uint8), GRID, SCHEME)
    annotating, heard = Annotating(), []
    annotating.ending.connect(lambda: heard.append(annotating.layer))
    first, second = (Layer(name, Role.ANNOTATION, labels) for name in ("first", "second"))
    annotating.begin(Annotation(labels), first)
    assert heard == []
    annotating.begin(Annotation(labels), second)
    assert heard == [first]
