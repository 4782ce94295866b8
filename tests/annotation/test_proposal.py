"""A prediction looked through piece by piece."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.proposal import Proposal
from brainseg_gui.annotation.rules import PaintRules
from brainseg_gui.annotation.tools.brush import Brush, sweep
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import regions

WT, TC, ET = regions()
SCHEME = scheme_named("brats2020")


def _pair() -> tuple[np.ndarray, np.ndarray]:
    annotation = np.zeros((20, 20, 10), np.uint8)
    annotation[2:6, 2:6, 2:6] = 2
    prediction = annotation.copy()
    prediction[3:5, 3:5, 3:5] = 4  # 8 renamed within
    prediction[12:15, 12:15, 5] = 2  # 9 added
    prediction[2, 2:6, 2] = 0  # 4 removed
    return annotation, prediction


def test_what_differs_is_ranked_by_size_and_told_apart() -> None:
    annotation, prediction = _pair()
    pieces = Proposal(prediction, SCHEME).pieces(annotation)
    sizes = sorted(((p.added, p.removed, p.renamed) for p in pieces), reverse=True)
    # the removed row touches the renamed block only if a corner meets: (2, 5, 2) and (3, 4, 3) do
    assert sizes == [(9, 0, 0), (0, 4, 8)]
    assert [p.voxels for p in pieces] == [12, 9]


def test_the_centre_belongs_to_the_piece() -> None:
    annotation, prediction = _pair()
    for piece in Proposal(prediction, SCHEME).pieces(annotation):
        assert piece.area.on_grid((20, 20, 10))[piece.centre]
    added = Proposal(prediction, SCHEME).pieces(annotation)[1]
    assert added.centre == (13, 13, 5)


def test_accepting_a_piece_copies_it_and_nothing_else(annotate: Callable[..., Annotation]) -> None:
    start, prediction = _pair()
    annotation, proposal = annotate(start), Proposal(prediction, SCHEME)
    piece = proposal.pieces(annotation.values)[1]
    annotation.edit(proposal.accept(piece.area), "Accept a lesion", "proposal", layer="prediction")
    assert annotation.values[13, 13, 5] == 2
    assert (annotation.values == start).sum() == start.size - 9
    assert [p.voxels for p in proposal.pieces(annotation.values)] == [12]
    annotation.edit(proposal.accept_all(annotation.values), "Accept the rest", "proposal")
    np.testing.assert_array_equal(annotation.values, prediction)
    assert proposal.pieces(annotation.values) == ()
    assert proposal.accept_all(annotation.values) is None


def test_a_rejected_piece_is_not_shown_again() -> None:
    annotation, prediction = _pair()
    proposal = Proposal(prediction, SCHEME)
    proposal.reject(proposal.pieces(annotation)[0].area)
    (left,) = proposal.pieces(annotation)
    assert left.voxels == 9
    proposal.reject(left.area)
    assert proposal.pieces(annotation) == ()
    proposal.reconsider()
    assert len(proposal.pieces(annotation)) == 2


def test_a_region_is_taken_where_membership_differs(annotate: Callable[..., Annotation]) -> None:
    start, prediction = _pair()
    annotation, proposal = annotate(start), Proposal(prediction, SCHEME)
    (enhancing,) = proposal.pieces(start, ET)
    assert enhancing.voxels == 8
    annotation.edit(proposal.accept(enhancing.area), "Accept ET", "proposal")
    assert (annotation.values == 4).sum() == 8
    assert annotation.values[13, 13, 5] == 0
    assert proposal.pieces(annotation.values, ET) == ()
    assert [p.voxels for p in proposal.pieces(annotation.values, WT)] == [9, 4]
    for piece in proposal.pieces(annotation.values, WT):
        proposal.reject(piece.area)
    assert proposal.pieces(annotation.values) == ()


def test_a_brush_copies_only_what_it_covers(annotate: Callable[..., Annotation]) -> None:
    start, prediction = _pair()
    annotation, proposal = annotate(start), Proposal(prediction, SCHEME)
    dab = sweep(Brush(1), [(12, 12, 5)], annotation.labels.grid)
    assert dab is not None
    annotation.edit(proposal.accept(dab), "Copy", "copy brush")
    assert (annotation.values[12:15, 12:15, 5] == 2).sum() == 1


def test_locks_hold_for_what_is_accepted(annotate: Callable[..., Annotation]) -> None:
    start, prediction = _pair()
    annotation, proposal = annotate(start), Proposal(prediction, SCHEME)
    annotation.rules = PaintRules(locked=frozenset({2}))
    assert annotation.edit(proposal.accept_all(start), "Accept", "proposal") is None
    annotation.rules = PaintRules(locked=frozenset({4}))
    annotation.edit(proposal.accept_all(start), "Accept", "proposal")
    assert not (annotation.values == 4).any()
    assert annotation.values[13, 13, 5] == 2


def test_lesions_are_those_of_the_prediction() -> None:
    annotation, prediction = _pair()
    proposal = Proposal(prediction, SCHEME)
    assert [p.voxels for p in proposal.lesions(annotation)] == [60, 9]
    assert [p.voxels for p in proposal.lesions(annotation, ET)] == [8]
    assert [p.voxels for p in proposal.lesions(annotation, smallest=10)] == [60]
