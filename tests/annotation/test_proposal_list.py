"""A proposal taken apart."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.annotation.proposal import Proposal
from brainseg_gui.annotation.proposal_list import Division, everything_of, part_at, parts_of
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.plane import Plane


@pytest.fixture
def masks() -> tuple[Proposal, np.ndarray]:
    """A lesion that both have, larger in the prediction; one that only the prediction, one that only we have."""
    values, prediction = np.zeros((12, 4, 4), np.uint8), np.zeros((12, 4, 4), np.uint8)
    values[0:2, 0, 0], prediction[0:5, 0, 0] = 2, 2
    prediction[7:9, 0, 0] = 1
    values[11, 3, 3] = 2
    return Proposal(prediction, scheme_named("brats2020")), values


def test_places_are_what_differs_and_lesions_are_parts_of_both(masks: tuple[Proposal, np.ndarray]) -> None:
    proposal, values = masks
    for division in (Division.PLACES, Division.LESIONS):
        parts = parts_of(proposal, values, division)
        assert [(p.piece.added, p.piece.removed) for p in parts] == [(3, 0), (2, 0), (0, 1)]
    assert [part.title for part in parts] == ["lesion 1", "lesion 2", "lesion 3"]


def test_regions_hold_what_differs_on_being_in_them(masks: tuple[Proposal, np.ndarray]) -> None:
    proposal, values = masks
    parts = parts_of(proposal, values, Division.REGIONS)
    assert [(part.title, part.piece.voxels) for part in parts] == [("WT", 6), ("TC", 2)]


def test_slices_follow_the_plane(masks: tuple[Proposal, np.ndarray]) -> None:
    proposal, values = masks
    parts = parts_of(proposal, values, Division.SLICES, Plane.SAGITTAL)
    assert [part.title for part in parts] == [f"slice {n + 1}" for n in (2, 3, 4, 7, 8, 11)]
    assert [part.piece.voxels for part in parts_of(proposal, values, Division.SLICES, Plane.AXIAL)] == [5, 1]


def test_small_and_rejected_parts_are_left_out(masks: tuple[Proposal, np.ndarray]) -> None:
    proposal, values = masks
    assert len(parts_of(proposal, values, Division.LESIONS, smallest=2)) == 2
    proposal.reject(parts_of(proposal, values, Division.LESIONS)[0].piece.area)
    assert [part.piece.voxels for part in parts_of(proposal, values, Division.LESIONS)] == [2, 1]
    everything = everything_of(proposal, values)
    assert everything is not None
    assert everything.voxels == 3


def test_a_part_is_found_by_its_voxel(masks: tuple[Proposal, np.ndarray]) -> None:
    proposal, values = masks
    parts = parts_of(proposal, values, Division.PLACES)
    assert part_at(parts, (8, 0, 0)) == 1
    assert part_at(parts, (0, 0, 0)) is None
