"""Which case comes when."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data.cache import CachedCase
from training.data.order import CaseOrder


def entries(*names: str) -> list[CachedCase]:
    return [CachedCase(Path(name), name, (8, 8, 8)) for name in names]


def names(order: CaseOrder, count: int, attempt: int = 0) -> list[str]:
    return [order.entry(number, attempt).case_id for number in range(count)]


def test_every_case_comes_once_before_any_comes_again() -> None:
    row = names(CaseOrder(entries("a", "b", "c"), seed=1), 12)
    rounds = [row[n : n + 3] for n in range(0, 12, 3)]
    assert all(sorted(part) == ["a", "b", "c"] for part in rounds)
    assert len({tuple(part) for part in rounds}) > 1


@pytest.mark.parametrize("share", [0.25, 0.3, 0.5, 0.9])
def test_further_cases_are_evenly_strewn_and_both_sets_keep_their_turns(share: float) -> None:
    row = names(CaseOrder(entries("a", "b", "c"), entries("x", "y", "z", "w"), share, seed=2), 400)
    further = [name for name in row if name in "xyzw"]
    own = [name for name in row if name in "abc"]
    assert len(further) == pytest.approx(400 * share, abs=1)
    for start in range(0, 360, 20):
        assert sum(name in "xyzw" for name in row[start : start + 20]) == pytest.approx(20 * share, abs=1)
    assert all(sorted(own[n : n + 3]) == ["a", "b", "c"] for n in range(0, len(own) - 2, 3))
    assert all(sorted(further[n : n + 4]) == ["w", "x", "y", "z"] for n in range(0, len(further) - 3, 4))


def test_a_share_of_no_further_cases_is_none() -> None:
    assert names(CaseOrder(entries("a", "b"), (), 0.5, seed=3), 20) == names(CaseOrder(entries("a", "b"), seed=3), 20)


def test_attempts_go_through_all_cases_of_both_sets() -> None:
    order = CaseOrder(entries("a", "b"), entries("x", "y", "z"), 0.5, seed=4)
    assert len(order) == 5
    for number in range(6):
        assert {order.entry(number, attempt).case_id for attempt in range(5)} == set("abxyz")
