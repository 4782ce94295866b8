"""How the networks of heads are fed, and how several processes train one of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.preparation.heads.field import BRIGHTEST, SHAPE
from training.errors import TrainingError
from training.heads.batches import Row
from training.heads.measure import measure, summary
from training.heads.sharing import Circle

Array = np.ndarray[Any, Any]
BRAIN = (slice(20, 44), slice(20, 60), slice(20, 60))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A T2 and one of no contrast: a brain of 100 in a head of 40, with a tumour at its edge."""
    image = np.zeros((2, *SHAPE), np.uint8)
    image[:, 8:56, 8:72, 8:72] = 40
    brain, tumour = np.zeros_like(image), np.zeros_like(image)
    image[:, *BRAIN], brain[:, *BRAIN], tumour[:, 20:24, 20:30, 20:30] = 100, 255, 255
    np.savez(tmp_path / "00000.npz", image=image, brain=brain, tumour=tumour, kinds=np.array(["t2", "random"]))
    return tmp_path


def test_a_row_is_the_same_for_the_same_seed_and_keeps_to_its_kinds(pictures: Path) -> None:
    first, again = Row(pictures, (1, 2), ("t2",)), Row(pictures, (1, 2), ("t2",))
    for _ in range(3):
        (image, brain, kind), (other, _, _) = first.draw(), again.draw()
        assert kind == "t2"
        assert np.array_equal(image, other)
        assert image.max() <= BRIGHTEST
        assert brain.sum() == np.prod([part.stop - part.start for part in BRAIN])


def test_an_empty_folder_of_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there are no pictures"):
        Row(tmp_path, (1,)).draw()


def test_scores_tell_the_share_of_tumour_that_a_mask_cuts_off(pictures: Path) -> None:
    def cuts_one_side(image: Array) -> Array:
        found = (image > 1.0).astype(np.float32)
        found[:22] = 0.0
        return found

    t2 = next(one for one in measure(pictures, cuts_one_side) if one.kind == "t2")
    assert t2.tumour_kept == pytest.approx(0.5)
    assert t2.dice == pytest.approx(2 * 22 / (22 + 24))
    assert "t2         1 pictures: Dice median 0.957" in summary(measure(pictures, cuts_one_side))


class Weights:
    """A model of one weight."""

    def __init__(self, value: float) -> None:
        self.value = [np.array([value])]

    def get_weights(self) -> list[Array]:
        return self.value

    def set_weights(self, weights: list[Array]) -> None:
        self.value = weights


def test_members_take_the_mean_of_what_all_of_them_left_last(tmp_path: Path) -> None:
    run = tmp_path / "run"
    first, second, third = Weights(1.0), Weights(3.0), Weights(8.0)
    assert Circle(run, 0).share(first) == 1
    assert Circle(run, 1).share(second) == 2
    assert second.value[0] == [2.0]
    os.utime(run / "member-0.npz", (0, 0))
    (run / "member-7.npz").write_bytes(b"half")
    assert Circle(run, 2).share(third) == 2
    assert third.value[0] == [5.5]
