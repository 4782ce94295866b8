"""The robot and what it trains, on a small case whose lesion is plain to see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.annotation.slab import area_of
from brainseg_gui.annotation.tools.clicks import joined_or_left
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.hints import distance_mm
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.clicks.patch import EDGE
from brainseg_gui.inference.network_grid import NetworkGrid
from training.clicks.case import SCHEME, ClickCase, load_click_case, save_click_case
from training.clicks.curves import sessions, table
from training.clicks.people import Person, region_mask
from training.clicks.robot import by_balls, by_seeds, correct, dice_of
from training.clicks.sittings import Sittings, spoiled, starting_mask

SHAPE = (34, 32, 30)
BOX = (slice(0, 34), slice(0, 32), slice(0, 30))


def ball(radius: float) -> np.ndarray:
    return distance_mm([(17, 16, 15)], BOX, (1.0, 1.0, 1.0)) <= radius


@pytest.fixture(scope="module")
def case() -> ClickCase:
    truth = np.zeros(SHAPE, np.uint8)
    truth[ball(10)], truth[ball(6)] = 2, 3
    noise = np.random.default_rng(0).normal(0, 5, (2, *SHAPE))
    grid = Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0]))
    images = {Modality.FLAIR: 100 + 80 * (truth > 0) + noise[0], Modality.T1CE: 100 + 90 * (truth == 3) + noise[1]}
    volumes = {m: Volume(np.asarray(v, np.float32), grid, 1.0, 0.0, Path("toy.nii.gz")) for m, v in images.items()}
    values = np.stack(list(images.values()), axis=-1).astype(np.float16)
    features = CaseFeatures(values, NetworkGrid.of_box((0, 0, 0), SHAPE), np.ones(SHAPE, bool))
    return ClickCase("toy", volumes, truth, np.where(ball(7), 2, 0).astype(np.uint8), features)


def perfect(case: ClickCase, present, hints):  # type: ignore[no-untyped-def]
    """Somebody who draws all of the region at once."""
    hint = hints[-1]
    wanted, mine = region_mask(case.truth, hint.region), region_mask(present, hint.region)
    return joined_or_left(present, SCHEME, hint, area_of(wanted != mine))


def test_a_perfect_answer_needs_one_click_for_each_region(case: ClickCase) -> None:
    start = np.zeros_like(case.truth)
    session = correct(case, start, perfect, 4, Person(jitter=0), np.random.default_rng(0))
    assert session.dice[0].tolist() == [0, 0, 0]
    assert session.dice[-1].tolist() == [1, 1, 1]
    assert not start.any()
    assert len(session.seconds) <= 3


def test_seeds_and_balls_bring_a_mask_nearer_to_the_truth(case: ClickCase) -> None:
    for answer, least in ((by_seeds, 0.1), (by_balls, 0.05)):
        session = correct(case, case.prediction, answer, 5, Person(jitter=0.2), np.random.default_rng(0))
        assert session.dice[-1].mean() > session.dice[0].mean() + least


def test_dice_by_hand() -> None:
    present, truth = np.array([[[0, 2, 2, 3]]], np.uint8), np.array([[[2, 2, 1, 1]]], np.uint8)
    assert dice_of(present, truth) == [2 * 3 / 7, 2 * 1 / 3, 0.0]


def test_a_case_is_read_as_it_was_written(case: ClickCase, tmp_path: Path) -> None:
    save_click_case(case, tmp_path / "toy.npz")
    again = load_click_case(tmp_path / "toy.npz")
    assert (again.truth == case.truth).all()
    assert (again.features.values == case.features.values).all()
    assert again.features.network_grid == case.features.network_grid
    assert again.spacing_mm == (2.0, 2.0, 2.0)
    assert (again.volumes[Modality.FLAIR].stored == case.volumes[Modality.FLAIR].stored).all()


def test_the_table_tells_the_median_after_each_click(case: ClickCase, tmp_path: Path) -> None:
    save_click_case(case, tmp_path / "toy.npz")
    words = table(sessions([tmp_path / "toy.npz"], "prediction", perfect, 2, Person(jitter=0)), "perfect")
    start = dice_of(case.prediction, case.truth)
    assert f"median          WT    {start[0]:6.3f}" in words
    assert "1 cases" in words


def test_spoiled_masks_are_like_the_reference_but_not_it(case: ClickCase) -> None:
    overlaps = [dice_of(spoiled(case.truth, np.random.default_rng(seed)), case.truth)[0] for seed in range(12)]
    assert all(0.4 < overlap < 1 for overlap in overlaps)


def test_sittings_begin_with_every_kind_of_mask(case: ClickCase) -> None:
    masks = [starting_mask(case, np.random.default_rng(seed)) for seed in range(40)]
    assert any(not mask.any() for mask in masks)
    assert any((mask == case.prediction).all() for mask in masks)
    assert any(mask.any() and (mask != case.prediction).any() for mask in masks)


def test_a_sitting_goes_on_from_what_the_network_answered(case: ClickCase, tmp_path: Path) -> None:
    save_click_case(case, tmp_path / "toy.npz")
    truth = [region_mask(case.truth, region) for region in ("WT", "TC", "ET")]

    def knows(_given: np.ndarray) -> np.ndarray:
        answer = np.zeros((1, EDGE, EDGE, EDGE, 3), np.float32)
        i, j, k = SHAPE
        answer[0, :i, :j, :k] = np.stack([np.where(mask, 20.0, -20.0) for mask in truth], axis=-1)
        return answer

    people = Sittings([tmp_path / "toy.npz"], np.random.default_rng(3), Person())
    before = None
    for _ in range(12):
        sitting = people.next(knows)
        hint, given = sitting.hints[-1], sitting.given()
        wanted = sitting.wanted(given)
        asked = wanted[..., 6] > 1
        i, j, k = hint.voxels_ijk[0]
        assert asked[i, j, k]  # the mask is wrong where the newest hint points
        assert (wanted[..., 6][34:] == 0).all()  # beyond the case nothing counts
        if before is not None and sitting is before[0]:  # the answer put right what the hint before pointed at
            assert sitting.present[before[1]] == case.truth[before[1]]
        else:
            assert len(sitting.hints) == 1
        before = sitting, hint.voxels_ijk[0]
