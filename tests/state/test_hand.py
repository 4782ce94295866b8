"""What the hand holds: scribbles, and what is told when an annotation is put aside."""

from __future__ import annotations

import numpy as np

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.slab import Area
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labels import LabelMap, scheme_named
from brainseg_gui.state.annotating.annotating import Annotating
from brainseg_gui.state.annotating.scribbles import BACKGROUND, Scribbles
from brainseg_gui.state.layers.layers import Layer, LayerRole

GRID = Grid((4, 4, 4), np.eye(4))
SCHEME = scheme_named("brats2020")


def corner() -> Area:
    return Area((slice(0, 2), slice(0, 2), slice(0, 2)), np.ones((2, 2, 2), bool))


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
    layer = Layer("annotation", LayerRole.ANNOTATION, labels)
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
    first, second = (Layer(name, LayerRole.ANNOTATION, labels) for name in ("first", "second"))
    annotating.begin(Annotation(labels), first)
    assert heard == []
    annotating.begin(Annotation(labels), second)
    assert heard == [first]
