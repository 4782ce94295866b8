from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.options import SegmentOptions
from training.compare.methods import Model


def _key(**changes: Any) -> str:
    folder = default_model()
    return Model(replace(folder, passport=replace(folder.passport, **changes)), SegmentOptions(), "net").key


@pytest.mark.parametrize(
    "changes",
    [
        {"mirrored": "I"},
        {"patch": (64, 64, 64)},
        {"windows": steps.Windows("MONAI gaussian", 0.5)},
        {"digests": {"model.keras": "0" * 64, "second.keras": "1" * 64}},
        {"spacing_mm": (1.0, 1.0, 1.0)},
    ],
)
def test_what_changes_a_prediction_changes_the_key_under_which_it_is_kept(changes: dict[str, Any]) -> None:
    assert _key(**changes) != _key()


def test_words_and_rules_do_not_change_the_key() -> None:
    assert _key(results="better", postprocess=()) == _key()
