"""What the network that tells contrasts is fitted to, and that it is scored on patients whom it never saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.preparation.heads.field import SHAPE
from brainseg_gui.preparation.heads.shells import SHARES

pytestmark = pytest.mark.engine


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A T2 and one of no contrast: a brain of 100 in a head of 40."""
    image = np.zeros((2, *SHAPE), np.uint8)
    image[:, 8:56, 8:72, 8:72] = 40
    brain = np.zeros_like(image)
    image[:, 20:44, 20:60, 20:60], brain[:, 20:44, 20:60, 20:60] = 100, 255
    np.savez(tmp_path / "00000.npz", image=image, brain=brain, tumour=0 * brain, kinds=np.array(["t2", "random"]))
    return tmp_path


def test_each_picture_of_a_contrast_is_shown_with_and_without_its_skull(pictures: Path) -> None:
    from training.heads.contrast import painted

    (head, kind, owner), (stripped, _, _) = painted(pictures, seed=1)
    assert (kind, owner) == ("t2", "")
    outside = [np.square(traits).reshape(6, -1)[1, 0] for traits in (head, stripped)]
    assert outside[0] < 0.2
    assert outside[1] > 0.9


def test_patients_are_scored_by_networks_that_were_not_fitted_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from training.heads import contrast

    owners = np.array([f"patient {n // 4}" for n in range(40)])
    real = contrast.Samples(np.arange(40, dtype=np.float32)[:, None].repeat(SHARES, 1), np.arange(40) % 5, owners)
    painted = contrast.Samples(np.zeros((3, SHARES), np.float32), np.zeros(3, np.int64), np.array([""] * 3))

    def remembers(samples: contrast.Samples, seed: int) -> set[str]:
        return set(samples.owners)

    def says(seen: set[str], traits: Any) -> Any:
        assert not {owners[int(row[0])] for row in traits} & seen
        assert len(seen) == 1 + 8  # the painted ones, and four of five folds
        return np.eye(5)[(traits[:, 0] % 5).astype(int)]

    monkeypatch.setattr(contrast, "fit", remembers)
    monkeypatch.setattr(contrast, "said_by", says)
    said = contrast.out_of_fold(painted, real, seed=0)
    assert np.array_equal(contrast.confusion(real.kinds, said), 8 * np.eye(5, dtype=int))
