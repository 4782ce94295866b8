"""What may be painted over, and locks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainseg_gui.annotation.rules import PaintOver, PaintRules, permitted

BEFORE = np.array([0, 1, 2, 4], dtype=np.uint8)
ALL = np.ones(4, dtype=bool)


@pytest.mark.parametrize(
    ("rules", "label", "expected"),
    [
        (PaintRules(2), 2, [1, 1, 1, 1]),
        (PaintRules(2, PaintOver.BACKGROUND), 2, [1, 0, 0, 0]),
        (PaintRules(2, PaintOver.CHOSEN, frozenset({1, 4})), 2, [0, 1, 0, 1]),
        (PaintRules(2, PaintOver.CHOSEN, frozenset({0, 1})), 2, [1, 1, 0, 0]),
        # erasing: everything; the active label; the active and the chosen ones
        (PaintRules(2), 0, [1, 1, 1, 1]),
        (PaintRules(2, PaintOver.BACKGROUND), 0, [1, 0, 1, 0]),
        (PaintRules(2, PaintOver.CHOSEN, frozenset({4})), 0, [0, 0, 1, 1]),
        # locks
        (PaintRules(2, locked=frozenset({1})), 2, [1, 0, 1, 1]),
        (PaintRules(2, locked=frozenset({1})), 0, [1, 0, 1, 1]),
        (PaintRules(2, locked=frozenset({2})), 2, [0, 0, 0, 0]),
        (PaintRules(2, locked=frozenset({0})), 2, [0, 1, 1, 1]),
        (PaintRules(2, locked=frozenset({0})), 0, [0, 0, 0, 0]),
    ],
)
def test_what_painting_and_erasing_may_change(rules: PaintRules, label: int, expected: list[int]) -> None:
    assert permitted(BEFORE, ALL, label, rules).astype(int).tolist() == expected
    # an array of labels follows the same rules as one label
    same = permitted(BEFORE, ALL, np.full(4, label, np.uint8), rules)
    assert same.astype(int).tolist() == expected


def test_only_what_was_proposed_changes() -> None:
    mask = np.array([True, False, True, False])
    assert permitted(BEFORE, mask, 2, PaintRules()).tolist() == [True, False, True, False]


def test_a_tool_may_leave_out_paint_over_but_never_the_locks() -> None:
    rules = PaintRules(2, PaintOver.BACKGROUND, locked=frozenset({4}))
    assert permitted(BEFORE, ALL, 2, rules, paint_over=False).tolist() == [True, True, True, False]


def test_locking_and_unlocking_a_label() -> None:
    rules = PaintRules().locking(4)
    assert rules.locked == {4}
    assert rules.locking(4, False).locked == frozenset()


@given(
    before=st.lists(st.integers(0, 5), min_size=1, max_size=30),
    label=st.integers(0, 5),
    active=st.integers(1, 5),
    over=st.sampled_from(PaintOver),
    chosen=st.frozensets(st.integers(0, 5)),
    locked=st.frozensets(st.integers(0, 5)),
)
def test_no_proposal_touches_a_locked_label(
    before: list[int], label: int, active: int, over: PaintOver, chosen: frozenset[int], locked: frozenset[int]
) -> None:
    values = np.array(before, dtype=np.uint8)
    allowed = permitted(values, np.ones(values.shape, bool), label, PaintRules(active, over, chosen, locked))
    assert not allowed[np.isin(values, sorted(locked))].any()
    assert label not in locked or not allowed.any()
