"""Lesions over visits: which is which, and what is told of splits, mergers, new ones and those that are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from brainseg_gui.followup.criteria import lesion_kinds
from brainseg_gui.followup.identity import Change, Identities, follow
from brainseg_gui.followup.lesions import LesionMap, lesions_of
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap

ET = 3
Box = tuple[int, int, int, int]  # first and last row, first and last column: boxes 6 voxels high


def _visit(*boxes: Box, affine: np.ndarray[Any, Any] | None = None) -> LesionMap:
    values = np.zeros((40, 40, 10), dtype=np.uint8)
    for a, b, c, d in boxes:
        values[a:b, c:d, 2:8] = ET
    grid = Grid(values.shape, np.eye(4) if affine is None else affine)
    return lesions_of(LabelMap(values, grid, scheme_named("brats2023")), lesion_kinds()["enhancing"])


def _followed(*visits: Sequence[Box]) -> Identities:
    return follow([_visit(*boxes) for boxes in visits])


def _told(found: Identities) -> list[tuple[int, Change, tuple[int, ...], tuple[int, ...]]]:
    return [(event.visit, event.change, event.before, event.after) for event in found.events]


A, B = (2, 14, 2, 14), (24, 32, 24, 32)


def test_lesions_keep_their_numbers_whatever_their_size_becomes() -> None:
    found = _followed([A, B], [(2, 8, 2, 8), (20, 38, 20, 38)], [B])
    assert found.numbers == ({1: 1, 2: 2}, {1: 2, 2: 1}, {1: 2})
    assert _told(found) == [(2, Change.VANISHED, (1,), ())]


def test_a_new_lesion_and_one_that_comes_back() -> None:
    found = _followed([A], [A, B], [A], [A, B])
    assert found.numbers[3] == {1: 1, 2: 2}
    assert _told(found) == [
        (1, Change.NEW, (), (2,)),
        (2, Change.VANISHED, (2,), ()),
        (3, Change.RETURNED, (), (2,)),
    ]


def test_a_lesion_that_falls_apart_is_told_and_summed_up() -> None:
    found = _followed([(2, 30, 2, 14)], [(2, 12, 2, 14), (16, 30, 2, 14)], [(16, 30, 2, 14)])
    assert found.numbers == ({1: 1}, {1: 1, 2: 2}, {1: 1})
    assert _told(found) == [(1, Change.SPLIT, (1,), (1, 2)), (2, Change.VANISHED, (2,), ())]
    assert found.events[0].words == "lesion 1 fell apart into 1 and 2"
    assert [found.parts_of([1], visit) for visit in range(3)] == [{1}, {1, 2}, {1}]


def test_lesions_that_grow_together_are_told_and_not_called_gone() -> None:
    parts = [(2, 12, 2, 14), (16, 30, 2, 14)]
    found = _followed(parts, [(2, 30, 2, 14)], [(2, 30, 2, 14)], parts)
    assert found.numbers[:3] == ({1: 1, 2: 2}, {1: 1}, {1: 1})
    assert _told(found)[0] == (1, Change.MERGED, (1, 2), (1,))
    assert _told(found)[1:] == [(3, Change.SPLIT, (1,), (1, 3))]
    assert found.parts_of([2], 1) == {1}  # what was lesion 2 is within it
    assert found.parts_of([2], 3) == {1, 3}


def test_a_small_lesion_that_moved_by_less_than_the_reach_is_the_same() -> None:
    assert _followed([(10, 14, 10, 14)], [(15, 19, 10, 14)]).numbers[1] == {1: 1}
    assert _followed([(10, 14, 10, 14)], [(18, 22, 10, 14)]).numbers[1] == {1: 2}


def test_a_touch_of_neighbours_links_nothing() -> None:
    found = _followed([(2, 20, 2, 14)], [(2, 19, 2, 14), (19, 38, 20, 38)])
    assert _told(found) == [(1, Change.NEW, (), (2,))]


def test_visits_on_other_grids_are_laid_on_the_first_by_their_transforms() -> None:
    turned = np.array([[0.0, -2.0, 0, 90], [2.0, 0, 0, 5], [0, 0, 2.0, 3], [0, 0, 0, 1]])
    second = _visit(A, B, affine=turned)
    to_first = np.linalg.inv(turned)
    assert follow([_visit(A, B), second], [np.eye(4), to_first]).numbers[1] == {1: 1, 2: 2}
    apart = follow([_visit(A, B), second])
    assert apart.numbers[1] == {1: 3, 2: 4}
    assert {event.change for event in apart.events} == {Change.NEW, Change.VANISHED}


def test_a_patient_without_lesions_has_no_events() -> None:
    assert _told(_followed([], [])) == []
    assert _told(_followed([], [A])) == [(1, Change.NEW, (), (1,))]


def test_a_piece_comes_of_the_lesion_that_it_overlaps_although_another_part_of_that_grew_together_elsewhere() -> None:
    """It was told of the other one, so that a target lost a piece and another gained it."""
    large, small = (2, 36, 2, 12), (2, 10, 16, 22)
    pieces = ((16, 22, 2, 12), (28, 34, 2, 12), (2, 10, 8, 22))  # the last one holds the small lesion, too
    found = _followed([large, small], pieces)
    splits = [event for event in found.events if event.change is Change.SPLIT]
    assert [event.before for event in splits] == [(1,)]
    names = set(found.numbers[1].values())
    assert set(splits[0].after) - {1} == names - {1, 2}
    assert names - {2} <= found.parts_of([1], 1)
    assert found.parts_of([2], 1) == {2}
