"""The network that tells contrasts, as it comes with the program, on a raw examination of a patient."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.head_model import head_model
from brainseg_gui.preparation.heads.contrast import guess_contrast
from brainseg_gui.preparation.heads.skull import brain_mask
from brainseg_gui.progress import run_to_end


@pytest.mark.engine
@pytest.mark.parametrize(
    ("series", "meant"),
    [("t1", Modality.T1), ("t1c", Modality.T1CE), ("t2", Modality.T2), ("fla", Modality.FLAIR)],
)
def test_a_raw_series_is_told_by_its_image_alone(
    engine: Engine, shared_folder: Path, series: str, meant: Modality
) -> None:
    """T1 without contrast agent looks like one with it to the network; what shines tells."""
    image = nib.load(next((shared_folder / "raw" / "TCGA-FG-6692" / "native").glob(f"*_{series}.nii.gz")))
    values, strips, tells = np.asarray(image.dataobj), head_model("brain mask"), head_model("contrast")
    brain = run_to_end(brain_mask(values, image.affine, lambda batch: engine.predict(strips, batch)))
    guess = run_to_end(guess_contrast(brain.field, brain.coarse > 0.5, lambda batch: engine.predict(tells, batch)))
    assert guess.best is meant
    assert guess.certainty > 0.5
