"""Series are brought onto each other to a fraction of a voxel, and what cannot be is said."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration import register as register_module
from brainseg_gui.preparation.registration import search
from brainseg_gui.preparation.registration.motion import angle_deg, displacement_mm
from brainseg_gui.preparation.registration.register import Lesions, _Pairing, register
from brainseg_gui.progress import Progress, run_to_end
from tests.preparation.heads import T1CE, T2, brain_points, grid_of, head

FIXED = grid_of((64, 76, 70), (2.6, 2.8, 2.8))
THICK = grid_of((68, 80, 34), (2.6, 2.6, 6.0))


def motion(turn_deg: tuple[float, float, float], shift_mm: tuple[float, float, float]) -> Affine:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    return matrix


@pytest.fixture(scope="module")
def fixed() -> Volume:
    return head(FIXED, T1CE, seed=1)


@pytest.mark.parametrize(
    ("turn_deg", "shift_mm"),
    [((-12, 6, 5), (12, 6, -14)), pytest.param((0, 0, 0), (90, -40, 60), marks=pytest.mark.slow)],
)
def test_a_head_that_moved_is_brought_back(
    fixed: Volume, turn_deg: tuple[float, float, float], shift_mm: tuple[float, float, float]
) -> None:
    truth = motion(turn_deg, shift_mm)
    middle = np.eye(4)
    middle[:3, 3] = shift_mm  # the field of view goes where the head goes
    moving = head(grid_of(THICK.shape, THICK.spacing_mm, middle), T2, truth, seed=2)
    found = run_to_end(register(fixed, moving))
    assert displacement_mm(found.to_series, truth, brain_points()) < 1.0
    assert not found.problem
    assert found.rotation_deg == pytest.approx(angle_deg(truth), abs=0.7)
    grid = found.grid_of(moving.grid)
    back = grid.affine @ np.linalg.inv(moving.grid.affine) @ truth
    assert displacement_mm(back, np.eye(4), brain_points()) < 1.0


def test_a_search_that_is_given_up_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The finest one hears that it is to stop after a round along all axes: Cancel once took 13 s."""
    going_on, found = Event(), ((0.0,) * 6, 0.0)

    def endless(*_: object) -> object:
        going_on.wait()
        return found

    monkeypatch.setattr(search, "_climb", endless)
    small = head(grid_of((16, 19, 17), (10.0, 10.0, 10.0)), T2)
    pair = _Pairing.of(small, small, (None, None))
    assert pair is not None
    searching = pair.fine.improved(pair.centre, (0.0,) * 6, Progress("registering", 0.0))
    next(searching)
    searching.close()
    assert len(search._LEFT) == 1
    going_on.set()
    search.await_left()
    assert not search._LEFT


@pytest.mark.slow
def test_the_same_images_give_the_same_motion(fixed: Volume) -> None:
    moving = head(THICK, T2, motion((2, 3, -4), (3, 2, 1)), seed=2)
    one, other = (run_to_end(register(fixed, moving)) for _ in range(2))
    assert np.array_equal(one.to_series, other.to_series)


PERTURBED_MM = (1e-5, -1e-4, 1e-3)


def rounded_otherwise(volume: Volume, by_mm: float) -> Volume:
    """The same voxels, their affine as another file format would have rounded it."""
    affine = volume.grid.affine.copy()
    affine[:3, :3] += np.random.default_rng(4).choice((-1, 1), (3, 3)) * by_mm * 0.01
    affine[:3, 3] += (by_mm, -by_mm, by_mm)
    return replace(volume, grid=Grid(volume.grid.shape, affine))


@pytest.fixture(scope="module")
def fine_slices() -> tuple[Volume, Volume]:
    """Two series of thick slices whose voxels are halved at the finest level, the second one's head moved."""
    truth = motion((5, -3, 4), (4, 3, -5))
    grids = [
        grid_of(shape, (1.0, 1.0, 7.0), motion((4, 7, 3), (0.3, 0, 0))) for shape in ((148, 180, 20), (150, 182, 21))
    ]
    return head(grids[0], T1CE, seed=1), head(grids[1], T2, truth, seed=2)


@pytest.mark.parametrize("by_mm", PERTURBED_MM)
def test_images_share_as_much_however_their_affines_are_rounded(
    fine_slices: tuple[Volume, Volume], by_mm: float
) -> None:
    one = _shared_at_each_level(*fine_slices)
    other = _shared_at_each_level(*(rounded_otherwise(volume, by_mm) for volume in fine_slices))
    assert other == pytest.approx(one, abs=0.02)  # samples fall otherwise: .009 by processor; .04 when thinning was off


def _shared_at_each_level(fixed: Volume, moving: Volume) -> list[float]:
    pair = _Pairing.of(fixed, moving, (None, None))
    assert pair is not None
    place = (0.07, -0.04, 0.06, 3.3, 2.6, -4.1)
    return [level.information_at(pair.centre, place) for level in (pair.coarse, pair.middle, pair.fine)]


@pytest.mark.slow
def test_a_head_moved_the_same_however_its_affine_is_rounded(fine_slices: tuple[Volume, Volume]) -> None:
    one = run_to_end(register(*fine_slices)).to_series
    for by_mm in PERTURBED_MM:
        other = run_to_end(register(*(rounded_otherwise(volume, by_mm) for volume in fine_slices))).to_series
        assert displacement_mm(one, other, brain_points()) < 0.2


def test_aligned_images_stay_bit_for_bit(fixed: Volume) -> None:
    found = run_to_end(register(fixed, head(FIXED, T2, seed=3)))
    assert found.is_still
    assert found.grid_of(FIXED) is FIXED


@pytest.mark.slow
def test_a_head_that_moved_on_the_same_grid_is_not_taken_for_aligned(fixed: Volume) -> None:
    truth = motion((0, 0, 3), (0, 2, 0))
    found = run_to_end(register(fixed, head(FIXED, T2, truth, seed=3)))
    assert not found.is_still
    assert displacement_mm(found.to_series, truth, brain_points()) < 0.5


@pytest.mark.slow
def test_what_is_no_head_is_said_not_to_fit(fixed: Volume) -> None:
    noise = np.random.default_rng(0).integers(0, 200, THICK.shape).astype(np.int16)
    found = run_to_end(register(fixed, Volume(noise, THICK, 1.0, 0.0, Path("noise.nii.gz"))))
    assert "by chance" in found.problem
    assert found.refused is None


@pytest.fixture
def fewer_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search in half of the time, for what is said of its end."""
    monkeypatch.setattr(register_module, "_SAMPLES", (10_000, 10_000, 20_000))


@pytest.mark.usefixtures("fewer_samples")
def test_a_head_that_turned_too_far_to_be_believed_is_said_with_where_it_was_found(fixed: Volume) -> None:
    truth = motion((0, 0, 60), (0, 2, 0))
    found = run_to_end(register(fixed, head(FIXED, T2, truth, seed=2)))
    assert found.problem == "it would have to be turned by 60°"
    assert found.refused is not None
    assert displacement_mm(found.refused, truth, brain_points()) < 1.0


@pytest.mark.usefixtures("fewer_samples")
def test_a_series_that_hardly_covers_the_head_is_said(fixed: Volume) -> None:
    slab = grid_of((68, 80, 5), (2.6, 2.6, 6.0))
    assert "covers" in run_to_end(register(fixed, head(slab, T2, seed=2))).problem


def test_an_image_without_a_head_is_said(fixed: Volume) -> None:
    blank = Volume(np.zeros(THICK.shape, np.int16), THICK, 1.0, 0.0, Path("blank.nii.gz"))
    assert "no head is seen in it" in run_to_end(register(fixed, blank)).problem


def test_what_lies_in_a_lesion_is_not_looked_at(fixed: Volume) -> None:
    moving = head(FIXED, T2, seed=3)
    there = np.zeros(FIXED.shape, dtype=bool)
    there[16:44, 26:54, 26:54] = True
    changed = moving.stored.copy()
    changed[25:35, 35:45, 35:45] = 0
    cut = Volume(changed, FIXED, 1.0, 0.0, moving.path)
    apart, anywhere = (
        [_information(fixed, series, lesions) for series in (moving, cut)] for lesions in (Lesions(there, FIXED), None)
    )
    assert apart[0] == apart[1]
    assert anywhere[0] - anywhere[1] > 0.01


def _information(fixed: Volume, moving: Volume, lesions: Lesions | None) -> float:
    pair = _Pairing.of(fixed, moving, (None, lesions))
    assert pair is not None
    return pair.middle.information_at(pair.centre, (0.0,) * 6)


def test_the_search_can_be_given_up(fixed: Volume) -> None:
    with closing(register(fixed, head(THICK, T2, seed=2))) as work:
        assert next(work).stage == "registering"
        before = [next(work).done for _ in range(20)]  # between images too, which take a second each under load
        assert before[:7] == [0.0] * 7
        assert 0 < before[-1] < 1
