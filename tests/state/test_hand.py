"""What the hand holds: scribbles, and what is told when an annotation is put aside."""

from __future__ import annotations

import numpy as np

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.slab import Area
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.state.annotating.scribbles import BACKGROUND, Scribbles
from brainseg_gui.state.layers.layers import Layer, LayerRole

GRID = Grid((4, 4, 4), np.eye(4))
SCHEME = scheme_named("brats2020")


def corner() -> Area:
    return Area((slice(0, 2), slice(0, 2), slice(0, 2)), np.ones((2, 2, 2), bool))


def other_corner() -> Area:
    return Area((slice(2, 4), slice(2, 4), slice(2, 4)), np.ones((2, 2, 2), bool))


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


def seeds_of(annotating: ActiveAnnotation, area: Area) -> None:
    annotating.scribbles.paint(area.becomes(4), GRID, SCHEME)
    annotating.scribbles.finish()


def grow(annotating: ActiveAnnotation, area: Area) -> None:
    """Make an edit of the seeds, as the operation does."""
    edit = annotating.edit(area.becomes(4), "Grow from seeds", "grow_seeds")
    assert edit is not None
    annotating.scribbles.put_aside(edit)


def begun() -> ActiveAnnotation:
    annotating, labels = ActiveAnnotation(), LabelMap(np.zeros((4, 4, 4), np.uint8), GRID, SCHEME)
    annotating.begin(Annotation(labels), Layer("annotation", LayerRole.ANNOTATION, labels))
    return annotating


def marked(annotating: ActiveAnnotation) -> int:
    values = annotating.scribbles.values
    return 0 if values is None else int((values == 4).sum())


def test_seeds_are_there_again_when_what_grew_from_them_is_undone() -> None:
    annotating = begun()
    seeds_of(annotating, corner())
    grow(annotating, corner())
    assert marked(annotating) == 0
    annotating.undo()
    assert marked(annotating) == 8
    seeds_of(annotating, other_corner())
    annotating.redo()
    assert marked(annotating) == 0
    annotating.jump(0)
    assert marked(annotating) == 16, "with what was added to them"
    annotating.scribbles.undo()
    assert marked(annotating) == 8, "and with their own undo"


def test_each_growth_has_its_own_seeds() -> None:
    annotating = begun()
    seeds_of(annotating, corner())
    grow(annotating, corner())
    seeds_of(annotating, other_corner())
    seeds_of(annotating, corner())
    grow(annotating, other_corner())
    assert [undone_to(annotating, position) for position in (1, 0, 1, 2)] == [16, 8, 16, 0]


def undone_to(annotating: ActiveAnnotation, position: int) -> int:
    annotating.jump(position)
    return marked(annotating)


def test_seeds_that_have_not_grown_are_kept_by_undo() -> None:
    annotating = begun()
    seeds_of(annotating, corner())
    seeds_of(annotating, other_corner())
    grow(annotating, corner())
    seeds_of(annotating, corner())
    annotating.undo()
    assert marked(annotating) == 8
    annotating.redo()
    assert marked(annotating) == 8


def test_who_holds_a_stroke_may_finish_it_before_the_annotation_is_put_aside() -> None:
    labels = LabelMap(np.zeros((4, 4, 4), np.uint8), GRID, SCHEME)
    layer = Layer("annotation", LayerRole.ANNOTATION, labels)
    annotating = ActiveAnnotation()
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
    annotating, heard = ActiveAnnotation(), []
    annotating.ending.connect(lambda: heard.append(annotating.layer))
    first, second = (Layer(name, LayerRole.ANNOTATION, labels) for name in ("first", "second"))
    annotating.begin(Annotation(labels), first)
    assert heard == []
    annotating.begin(Annotation(labels), second)
    assert heard == [first]
