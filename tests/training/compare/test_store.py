from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import SaveError
from training.compare.methods import Prediction
from training.compare.scores import CaseScore, RegionNumbers
from training.compare.store import Store


def _prediction() -> Prediction:
    classes, confidence = np.zeros((6, 7, 8), np.uint8), np.zeros((6, 7, 8), np.float32)
    classes[2, 3, 4:6] = (3, 1)
    confidence[2, 3, 4:6] = (0.8, 0.4)
    confidence[0, 0, 0] = 0.9  # background that was looked at: no rule asks for it
    return Prediction(classes, confidence, 1.5)


class Counting:
    def __init__(self, result: object) -> None:
        self.calls = 0
        self._result = result

    def __call__(self) -> object:
        self.calls += 1
        return self._result


def test_a_prediction_is_computed_once(tmp_path: Path) -> None:
    compute = Counting(_prediction())
    first, again = (Store(tmp_path).prediction("net", "case", compute) for _ in range(2))  # type: ignore[arg-type]
    assert compute.calls == 1
    for found in (first, again):
        assert np.array_equal(found.classes, _prediction().classes)
        assert found.confidence[2, 3, 4:6].tolist() == pytest.approx([0.8, 0.4], abs=1 / 255)
        assert found.seconds == 1.5
    Store(tmp_path).prediction("other net", "case", compute)  # type: ignore[arg-type]
    Store(tmp_path).prediction("net", "other case", compute)  # type: ignore[arg-type]
    assert compute.calls == 3


def test_nothing_can_be_stored(tmp_path: Path) -> None:
    nothing = Prediction(np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3, 3), np.float32), 0.1)
    found = Store(tmp_path).prediction("net", "case", lambda: nothing)
    assert found.classes.shape == (3, 3, 3)
    assert not found.classes.any()


def test_half_a_file_is_computed_again(tmp_path: Path) -> None:
    compute = Counting(_prediction())
    store = Store(tmp_path)
    store.prediction("net", "case", compute)  # type: ignore[arg-type]
    (path,) = tmp_path.rglob("*.npz")
    path.write_bytes(path.read_bytes()[:100])
    store.prediction("net", "case", compute)  # type: ignore[arg-type]
    assert compute.calls == 2


def test_a_score_is_computed_once(tmp_path: Path) -> None:
    numbers = RegionNumbers(0.5, 3.0, 0.4, 10.0, 12.0)
    score = CaseScore("set", "case", "net", {"WT": numbers, "TC": numbers, "ET": numbers}, 2.0, foci=1)
    compute = Counting(score)
    assert Store(tmp_path).score("key", compute) == score  # type: ignore[arg-type]
    assert Store(tmp_path).score("key", compute) == score  # type: ignore[arg-type]
    assert compute.calls == 1
    next(tmp_path.rglob("*.json")).write_text("{}")
    assert Store(tmp_path).score("key", compute) == score  # type: ignore[arg-type]
    assert compute.calls == 2


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="cannot be written"):
        Store(tmp_path / "file").prediction("net", "case", _prediction)
