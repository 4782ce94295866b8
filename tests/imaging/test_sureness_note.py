"""What a network's mask says beside itself of its volumes: it holds of its own voxels, and of no mask of a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.imaging.cases.sureness_note import read_sureness, write_sureness
from brainseg_gui.imaging.formats.mask_note import note_path, read_note

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4) % 4
LIMITS = {"WT": (10.0, 14.5), "ET": (0.0, 2.25)}


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "P_pred.nii.gz"
    write_sureness(path, VALUES, "net 1", LIMITS)
    return path


def test_it_comes_back(mask: Path) -> None:
    assert read_sureness(mask, VALUES) == LIMITS
    assert read_sureness(mask, np.asfortranarray(VALUES)) == LIMITS


def test_it_does_not_hold_of_a_mask_that_was_changed(mask: Path) -> None:
    changed = VALUES.copy()
    changed[0, 0, 0] ^= 1
    assert read_sureness(mask, changed) == {}


def test_it_makes_no_annotation_of_a_prediction(mask: Path) -> None:
    assert read_note(mask) is None


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("14.5", "9.5"),
        ("10.0", "-1"),
        ("14.5", '"many"'),
        ("14.5", "1e30"),
        ("prediction 1", "prediction 2"),
        ("{", ""),
    ],
)
def test_what_makes_no_sense_is_as_if_it_were_not_there(mask: Path, said: str, instead: str) -> None:
    text = note_path(mask).read_text()
    assert said in text
    note_path(mask).write_text(text.replace(said, instead, 1))
    assert read_sureness(mask, VALUES) == {}


def test_a_link_is_not_followed(mask: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    note_path(mask).rename(elsewhere)
    note_path(mask).symlink_to(elsewhere)
    assert read_sureness(mask, VALUES) == {}
