"""Arrays from elsewhere: no pickle is opened, no promise believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fuzz.checkpoint_records import checkpoint, checkpoint_tricks
from training.checkpoint import latest_checkpoint
from training.data.npz import read_npz

FINE = ("no description", "names that lead out", "100,000 entries", "a bomb")


@pytest.mark.parametrize("name", [name for name in checkpoint_tricks() if name not in FINE])
def test_tricks_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.npz").write_bytes(checkpoint_tricks()[name]())
    with pytest.raises(ValueError, match=r"damaged|promises|Object|magic|header|shape|pickle|malformed"):
        read_npz(tmp_path / "a.npz")


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", zeros=np.zeros((50, 50, 50), np.uint8), one=np.array(1.5))
    found = read_npz(tmp_path / "a.npz")
    assert found["zeros"].shape == (50, 50, 50)
    assert float(found["one"]) == 1.5


@pytest.mark.parametrize("field", ["step", "steps_per_epoch", "elapsed_s", "epoch_metrics"])
@pytest.mark.parametrize("value", ["x", -1, 10**400, [1]])
def test_a_checkpoint_that_makes_no_sense_is_passed_over(tmp_path: Path, field: str, value: object) -> None:
    from tests.fuzz.checkpoint_records import position

    (tmp_path / "step-000000007.npz").write_bytes(checkpoint())
    (tmp_path / "step-000000009.npz").write_bytes(checkpoint(position() | {field: value}))
    found = latest_checkpoint(tmp_path)
    assert found is not None
    if (field, value) != ("elapsed_s", -1):
        assert found.path.name == "step-000000007.npz"
