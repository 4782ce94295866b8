"""People whose masks are mended, and what learns from them, on a small case whose lesion is plain to see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.hints import Hint, distance_mm
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.case_features import CaseFeatures
from brainseg_gui.inference.clicks.mender_file import read_mender
from brainseg_gui.inference.clicks.traits import COUNT
from brainseg_gui.inference.network_grid import NetworkGrid
from training.clicks.__main__ import main
from training.clicks.case import ClickCase, save_click_case
from training.clicks.mender import rows_of, trained_mender
from training.clicks.mending import Rows, coarse, joined, sitting_rows
from training.clicks.people import Person, any_hint
from training.clicks.robot import by_mender, by_seeds, correct

SHAPE = (36, 34, 32)


def ball(radius: float) -> np.ndarray:
    box = tuple(slice(0, n) for n in SHAPE)
    return distance_mm([(18, 17, 16)], (box[0], box[1], box[2]), (1.0, 1.0, 1.0)) <= radius


@pytest.fixture(scope="module")
def case() -> ClickCase:
    """Its images show the lesion; the network, on a grid half as fine, sees too little of it."""
    truth = np.zeros(SHAPE, np.uint8)
    truth[ball(12)], truth[ball(7)] = 2, 3
    prediction = np.where(ball(8), 2, 0).astype(np.uint8)
    grid = Grid(SHAPE, np.diag([1.0, 1.0, 1.0, 1.0]))
    noise = np.random.default_rng(0).normal(0, 0.2, (4, *SHAPE))
    shown = (truth > 0, truth > 0, truth == 3, truth > 0)
    images = [np.asarray(2.0 * part + extra, np.float32) for part, extra in zip(shown, noise, strict=True)]
    volumes = {m: Volume(image, grid, 1.0, 0.0, Path("toy.nii.gz")) for m, image in zip(Modality, images, strict=False)}
    probabilities = [0.9 - 0.8 * ball(8), np.zeros(SHAPE), 0.1 + 0.8 * ball(8), np.zeros(SHAPE)]
    values = np.stack([*probabilities, *images], axis=-1)[::2, ::2, ::2].astype(np.float16)
    i, j, k = values.shape[:3]
    network_grid = NetworkGrid((0, 0, 0), SHAPE, (2.0, 2.0, 2.0), (i, j, k), (0, 0, 0), (i, j, k))
    return ClickCase("toy", volumes, truth, prediction, CaseFeatures(values, network_grid, np.ones(SHAPE, bool)))


def test_a_coarse_case_is_the_case_on_the_network_grid(case: ClickCase) -> None:
    found = coarse(case)
    assert found.spacing_mm == (2.0, 2.0, 2.0)
    assert found.truth.shape == (18, 17, 16)
    assert (found.truth == case.truth[::2, ::2, ::2]).mean() > 0.97
    assert found.truth[9, 8, 8] == 3


def test_rows_tell_what_is_wrong_as_the_hint_says(case: ClickCase) -> None:
    small = coarse(case)
    found = joined(list(sitting_rows(small, 6, 50, np.random.default_rng(0))))
    assert found.traits.shape == (len(found.wrong), COUNT)
    assert 0 < found.wrong.mean() < 1
    says_wt, says_not_wt = found.traits[:, 42] == 1, found.traits[:, 43] == 1
    assert (found.adds == found.traits[:, 42:48:2].any(axis=1)).all()
    assert (found.truth[found.wrong & says_wt] > 0).all()  # missing there
    assert (found.truth[found.wrong & says_not_wt] == 0).all()


def test_people_point_at_errors_large_ones_more_often() -> None:
    truth = np.zeros((20, 12, 12), np.uint8)
    truth[2:8, 2:10, 2:10], truth[14:16, 4:6, 4:6] = 2, 2
    rng = np.random.default_rng(0)
    hints = [any_hint(np.zeros_like(truth), truth, rng, (1.0, 1.0, 1.0)) for _ in range(60)]
    at = [hint.voxels_ijk[0] for hint in hints if hint is not None]
    assert len(at) == 60
    assert all(truth[voxel] for voxel in at)
    assert 1 <= sum(i >= 14 for i, _, _ in at) < 20
    assert any_hint(truth, truth, rng, (1.0, 1.0, 1.0)) is None


@pytest.fixture(scope="module")
def file(case: ClickCase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cases") / "toy.npz"
    save_click_case(case, path)
    return path


def test_what_it_learns_mends_the_mask_and_keeps_to_the_click(case: ClickCase, file: Path, tmp_path: Path) -> None:
    written = tmp_path / "mender.npz"
    assert main(["mend", str(file), "-o", str(written)]) == 0
    mender = read_mender(written)
    person = Person(jitter=0.2)
    session = correct(case, case.prediction, by_mender(mender, by_seeds), 4, person, np.random.default_rng(0))
    assert session.dice[-1, 0] > session.dice[0, 0] + 0.2
    assert session.dice[-1].min() > 0.75
    assert session.changed > 1000
    assert session.strayed == 0


@pytest.fixture(scope="module")
def rows(file: Path) -> Rows:
    return rows_of([file], seed=1)


def test_training_is_the_same_twice_and_a_bias_makes_it_say_wrong_more_often(rows: Rows) -> None:
    some = replace(rows, **{name: getattr(rows, name)[:4000] for name in ("traits", "wrong", "truth", "adds")})
    first, again, bold = trained_mender(some, 3), trained_mender(some, 3), trained_mender(some, 3, bias=3.0)
    assert (first.logits(some.traits) == again.logits(some.traits)).all()
    says = [(mender.logits(some.traits)[:, 0] > 0).mean() for mender in (first, bold)]
    assert says[0] < says[1]
    right = (first.logits(some.traits)[:, 0] > 0) == some.wrong
    assert right.mean() > 0.9


def test_a_click_that_nobody_heeds_is_for_somebody_else(case: ClickCase, rows: Rows) -> None:
    asked: list[Hint] = []

    def otherwise(_case: ClickCase, _present: np.ndarray, hints: list[Hint]) -> None:
        asked.extend(hints)

    answer = by_mender(trained_mender(rows, 0), otherwise)  # type: ignore[arg-type]
    air = Hint("WT", True, ((2, 2, 2),))
    assert answer(case, np.zeros_like(case.truth), [air]) is None  # it begins a lesion where the network sees none
    assert asked == [air]
