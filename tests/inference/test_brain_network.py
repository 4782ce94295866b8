"""The network that finds the brain, as it comes with the program, on a raw examination of a patient."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.head_model import head_model
from brainseg_gui.inference.models.model_folder import shipped_models
from brainseg_gui.preparation.heads.skull import brain_mask
from brainseg_gui.progress import run_to_end

LEAST_DICE = 0.945  # against HD-BET; the model card tells what was measured


def test_it_is_small_and_stands_apart_from_the_models_for_tumours() -> None:
    model = head_model("brain mask")
    assert model.weights_path.stat().st_size < 5_000_000
    assert model.path not in [other.path for other in shipped_models()]


@pytest.mark.engine
@pytest.mark.parametrize("series", ["t1", "t1c", "t2", "fla"])
def test_it_agrees_with_another_programs_mask_on_raw_series(engine: Engine, shared_folder: Path, series: str) -> None:
    raw = shared_folder / "raw" / "TCGA-FG-6692"
    image = nib.load(next((raw / "native").glob(f"*_{series}.nii.gz")))
    truth = np.asarray(nib.load(next((raw / "reference").glob(f"*native_{series}.nii.gz"))).dataobj) > 0
    model = head_model("brain mask")
    found = run_to_end(
        brain_mask(np.asarray(image.dataobj), image.affine, lambda batch: engine.predict(model, batch))
    ).mask
    assert 2.0 * (found & truth).sum() / (found.sum() + truth.sum()) > LEAST_DICE
