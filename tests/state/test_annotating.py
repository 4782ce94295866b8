"""The annotation's state: every edit is heard of, counted, and known to be saved or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.rules import PaintRules
from brainseg_gui.annotation.slab import Area, LabelChange, Slab, Values
from brainseg_gui.annotation.tally import Tally
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.state.annotating.preview import Preview
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.layers.layers import Layer, LayerRole

ALL = (slice(0, 4), slice(0, 4), slice(0, 4))


@pytest.fixture
def layer() -> Layer:
    values = np.zeros((4, 4, 4), np.uint8)
    values[0] = 2
    labels = LabelMap(values, Grid((4, 4, 4), np.eye(4)), scheme_named("brats2020"))
    return Layer("annotation", LayerRole.ANNOTATION, labels)


@pytest.fixture
def annotating(layer: Layer) -> ActiveAnnotation:
    state = ActiveAnnotation()
    state.begin(Annotation(layer.labels), layer)
    return state


def corner(label: int) -> LabelChange:
    return Area((slice(0, 2), slice(0, 2), slice(0, 2)), np.ones((2, 2, 2), bool)).becomes(label)


def counted_anew(layer: Layer) -> list[int]:
    return replace(layer.labels).counts.tolist()


def test_an_edit_is_counted_told_and_shown(annotating: ActiveAnnotation, layer: Layer) -> None:
    heard: list[str] = []
    annotating.voxels_changed.connect(lambda slab: heard.append("voxels"))
    annotating.edited.connect(lambda edit: heard.append(edit.name))
    edit = annotating.edit(corner(4), "Brush ET", "brush")
    assert edit is not None
    assert heard == ["voxels", "Brush ET"]
    assert layer.labels.counts[[2, 4]].tolist() == [12, 8]  # four of the eight voxels were 2
    assert layer.labels.counts.tolist() == counted_anew(layer)


def test_an_edit_that_changes_nothing_is_none(annotating: ActiveAnnotation) -> None:
    heard: list[object] = []
    annotating.edited.connect(heard.append)
    assert annotating.edit(Area(ALL, np.zeros((4, 4, 4), bool)).becomes(4), "nothing", "brush") is None
    annotating.rules = PaintRules(locked=frozenset({0, 2}))
    assert annotating.edit(corner(4), "locked", "brush") is None
    assert heard == []


def test_undo_goes_back_to_what_was_saved(annotating: ActiveAnnotation, layer: Layer) -> None:
    annotating.mark_saved(Path("mask.nii.gz"), None)
    assert not annotating.unsaved
    annotating.edit(corner(1), "Brush NCR", "brush")
    assert annotating.unsaved
    annotating.undo()
    assert layer.saved_as == Path("mask.nii.gz")
    assert layer.labels.counts[2] == 16
    annotating.redo()
    assert annotating.unsaved
    assert layer.labels.counts[[1, 2]].tolist() == [8, 12]


def test_moving_through_the_history_counts_only_the_box_that_changed(
    annotating: ActiveAnnotation, layer: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes: list[Slab] = []
    refresh = Tally.refresh

    def watched(tally: Tally, values: Values, slab: Slab) -> bool:
        boxes.append(slab)
        return refresh(tally, values, slab)

    far = (slice(3, 4), slice(3, 4), slice(2, 4))
    annotating.edit(corner(1), "Brush NCR", "brush")
    annotating.edit(Area(far, np.ones((1, 1, 2), bool)).becomes(4), "Brush ET", "brush")
    monkeypatch.setattr(Tally, "refresh", watched)
    annotating.undo()
    assert boxes == [far]
    assert layer.labels.counts[[1, 2, 4]].tolist() == [8, 12, 0]
    for position, wanted in ((0, [0, 16, 0]), (2, [8, 12, 2])):
        annotating.jump(position)
        assert layer.labels.counts[[1, 2, 4]].tolist() == wanted
        assert layer.labels.counts.tolist() == counted_anew(layer)


def test_a_save_that_ends_after_the_next_stroke_saves_the_state_before_it(annotating: ActiveAnnotation) -> None:
    first = annotating.edit(corner(1), "Brush NCR", "brush")
    annotating.edit(corner(4), "Brush ET", "brush")
    annotating.mark_saved(Path("mask.nii.gz"), first)
    assert annotating.unsaved
    annotating.undo()
    assert not annotating.unsaved


def test_read_only_refuses_every_tool(layer: Layer) -> None:
    annotating = ActiveAnnotation()
    annotating.begin(Annotation(layer.labels), layer, "another window edits it")
    assert annotating.edit(corner(4), "Brush ET", "brush") is None
    annotating.undo()
    assert layer.labels.counts[4] == 0


def test_a_preview_changes_nothing_until_it_is_accepted(annotating: ActiveAnnotation, layer: Layer) -> None:
    annotating.propose(Preview("Grow ET", "grow", corner(4)))
    assert layer.labels.counts[4] == 0
    edit = annotating.accept()
    assert edit is not None
    assert edit.name == "Grow ET"
    assert layer.labels.counts[4] == 8
    assert annotating.preview is None
    assert annotating.accept() is None


def test_ending_puts_the_tool_down(annotating: ActiveAnnotation) -> None:
    annotating.options.tool = Tool.BRUSH
    annotating.end()
    assert annotating.options.tool is Tool.BROWSE
    assert not annotating.editable
    assert annotating.edit(corner(4), "Brush ET", "brush") is None
