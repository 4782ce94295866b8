"""What a proposal would really do."""

from __future__ import annotations

import numpy as np

from brainseg_gui.annotation.effect import effect_of, effect_words
from brainseg_gui.annotation.rules import PaintOver, PaintRules
from brainseg_gui.annotation.slab import LabelChange
from brainseg_gui.imaging.box import whole_box


def change(labels: object, *, paint_over: bool = True) -> LabelChange:
    """A proposal for all of a row of six voxels."""
    row = np.asarray(labels, dtype=np.uint8)
    row = row.reshape(6, 1, 1) if row.ndim else row
    return LabelChange(whole_box((6, 1, 1)), np.ones((6, 1, 1), bool), row, paint_over)


BEFORE = np.array([0, 0, 1, 1, 2, 2], np.uint8).reshape(6, 1, 1)


def test_added_removed_and_renamed_are_counted_apart() -> None:
    effect = effect_of(change([1, 0, 0, 2, 2, 1]), BEFORE, PaintRules())
    assert effect is not None
    assert effect.counts == (1, 1, 2)
    assert effect.change.slab[0] == slice(0, 6)
    assert effect.change.mask.ravel().tolist() == [True, False, True, True, False, True]


def test_the_rules_cut_a_proposal_down() -> None:
    locked = PaintRules(locked=frozenset({1}))
    effect = effect_of(change([2, 2, 2, 2, 2, 2]), BEFORE, locked)
    assert effect is not None
    assert effect.counts == (2, 0, 0)
    background = PaintRules(over=PaintOver.BACKGROUND)
    effect = effect_of(change(2), BEFORE, background)
    assert effect is not None
    assert effect.change.slab[0] == slice(0, 2)
    assert effect_of(change([0, 0, 2, 2, 2, 2], paint_over=False), BEFORE, locked) is None


def test_a_proposal_of_what_is_there_changes_nothing() -> None:
    assert effect_of(change(BEFORE.ravel()), BEFORE, PaintRules()) is None
    assert effect_of(None, BEFORE, PaintRules()) is None


def test_small_changes_are_told_in_voxels() -> None:
    effect = effect_of(change([1, 1, 0, 1, 2, 1]), BEFORE, PaintRules())
    assert effect is not None
    assert effect_words(effect, 0.001) == "adds 2 voxels, removes 1 voxel, renames 1 voxel"
    assert effect_words(effect, 0.05) == "adds 0.1 ml, removes 0.05 ml, renames 0.05 ml"
    assert effect_words(effect, 1000.0) == "adds 2,000.0 ml, removes 1,000.0 ml, renames 1,000.0 ml"
