"""Images whose stored values fall as intensities grow, and images as faint as reconstructions leave them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_volume
from brainseg_gui.imaging.schemes.scheme_guess import guess_scheme, measure
from brainseg_gui.imaging.window import auto_window, to_grey
from brainseg_gui.progress import run_to_end

SHAPE = (40, 40, 40)


def _scaling(slope: float, intercept: float) -> Callable[[Any], None]:
    def lie(header: Any) -> None:
        header["scl_slope"], header["scl_inter"] = slope, intercept

    return lie


@pytest.fixture
def tumour() -> NDArray[np.uint8]:
    """Core 1 within enhancing 3 within oedema 2."""
    values = np.zeros(SHAPE, np.uint8)
    values[12:28, 12:28, 12:28], values[16:24, 16:24, 16:24], values[18:22, 18:22, 18:22] = 2, 3, 1
    return values


@pytest.fixture
def images(tumour: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    brain = np.zeros(SHAPE)
    brain[5:35, 5:35, 5:35] = 100 + np.random.default_rng(0).normal(0, 10, (30, 30, 30))
    return {"t1": brain, "t1ce": brain + 60 * (tumour == 3), "flair": brain + 60 * (tumour == 2)}


@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (-1, 0), (-0.5, 400), (-2e-9, 0), (1e-8, 0), (3e-12, 1e-9)])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_the_mask_is_read_alike_however_intensities_are_stored(
    write_nifti: Any, tmp_path: Path, tumour: NDArray[np.uint8], images: Any, slope: float, intercept: float, dtype: Any
) -> None:
    """With a negative slope the enhancing label was the darkest, and 1, 2 and 3 were of another data set."""
    for name, image in images.items():
        stored = (image * np.sign(slope)).astype(dtype)
        write_nifti(stored, name=f"Toy_{name}.nii.gz", lie=_scaling(slope, intercept))
    case = run_to_end(read_case(find_case(tmp_path)))
    guess = guess_scheme(measure(tumour, case.volumes), ["Toy_t1.nii.gz"])
    assert (guess.scheme.name, guess.doubt) == ("brats2023", "")


@pytest.mark.parametrize("intercept", [0, 1000])
def test_a_negative_slope_changes_no_intensity(write_nifti: Any, intercept: float) -> None:
    stored = np.arange(-60, 60, dtype=np.int16).reshape(4, 5, 6)
    volume, _ = read_volume(write_nifti(stored, lie=_scaling(-0.25, intercept)))
    np.testing.assert_allclose(volume.intensities(), -0.25 * stored + intercept)
    assert volume.slope > 0
    assert not volume.note


@pytest.mark.parametrize("largest", [9.9e-4, 1e-6, 3.7e-9, 2e-30, 1e-37])
@pytest.mark.parametrize("stored_as", ["float32", "float64", "int16"])
def test_a_faint_image_is_seen_and_the_factor_is_said(write_nifti: Any, largest: float, stored_as: str) -> None:
    shades = np.linspace(0, 1, 4 * 5 * 60).reshape(4, 5, 60)
    if stored_as == "int16":
        path = write_nifti((10_000 * shades).astype(np.int16), lie=_scaling(largest / 10_000, 0))
    else:
        path = write_nifti((largest * shades).astype(stored_as))
    volume, _ = read_volume(path)
    assert "and are shown 1e+" in volume.note
    factor = float(volume.note.partition("shown ")[2].split()[0])
    np.testing.assert_allclose(volume.intensities(), factor * largest * shades, rtol=1e-2, atol=factor * largest * 1e-3)
    grey = to_grey(volume.stored, volume, auto_window(volume))
    assert np.unique(grey).size == 256


@pytest.mark.parametrize("largest", [1e-3, 0.5, 1.0, 4000.0])
def test_other_images_stay_as_they_are(write_nifti: Any, largest: float) -> None:
    stored = np.float32(largest) * np.linspace(0, 1, 4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
    volume, _ = read_volume(write_nifti(stored))
    np.testing.assert_array_equal(volume.stored, stored)
    assert (volume.slope, volume.intercept, volume.note) == (1.0, 0.0, "")
