"""A toy brain of nested ellipsoids, small enough to draw many patients from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from training.synthesis.anatomy import Anatomy, Tissue, read_anatomy
from training.synthesis.brain import Brain, posed_brain
from training.synthesis.case import SyntheticCase, synthesise
from training.synthesis.presets import TRAINING, SynthesisPriors
from training.synthesis.tumour import TumourParameters, TumourPriors
from training.synthesis.warp import HeadPosePriors, draw_head_pose

Labels = np.ndarray[Any, np.dtype[np.int16]]
_POSE = HeadPosePriors(
    brain_ml=(140.0, 150.0), pitch_deg=0.0, warp_mm=1.5, warp_scale_mm=30.0, floor_mm=2.0, rotation_deg=5.0
)


@pytest.fixture(scope="session")
def grid_shape() -> tuple[int, int, int]:
    """A grid of 1 mm that holds the toy brain."""
    return 88, 96, 80


@pytest.fixture(scope="session")
def toy_priors() -> SynthesisPriors:
    """The demonstration's priors with a tumour that fits the toy brain."""
    tumour = TumourPriors(core_ml=(4.0, 5.0), oedema_ml=(6.0, 9.0), enhancement=(1.0, 0.0, 0.0, 0.0), satellites=(1.0,))
    return SynthesisPriors(pose=_POSE, tumours=((1.0, tumour),))


@pytest.fixture(scope="session")
def toy_training() -> SynthesisPriors:
    """The training priors on a brain of the toy's size."""
    return replace(TRAINING, pose=_POSE)


@pytest.fixture(scope="session")
def round_tumour() -> TumourParameters:
    """A round tumour with a ring."""
    return TumourParameters(
        core_ml=3.0,
        oedema_ml=8.0,
        enhancement="ring",
        rim_mm=2.5,
        gaps=0.01,
        roughness=0.1,
        axes=np.eye(3),
        mass_effect=0.3,
        satellites=0,
    )


@pytest.fixture(scope="session")
def toy_labels() -> Labels:
    """Skull, CSF, cortex and white matter of two hemispheres, a ventricle up front in each; RAS, 1 mm."""
    shape = (84, 92, 80)
    i, j, k = np.indices(shape) - (np.array(shape).reshape(3, 1, 1, 1) - 1) / 2
    size = np.sqrt((i / 31) ** 2 + (j / 36) ** 2 + (k / 30) ** 2)
    right = i > 0
    labels = np.zeros(shape, np.int16)
    labels[size < 1.2] = 515
    labels[size < 1.08] = 24
    labels[size < 1.0] = 3
    labels[size < 0.85] = 2
    labels[((np.abs(i) - 9) / 4) ** 2 + ((j - 6) / 14) ** 2 + ((k - 4) / 6) ** 2 < 1] = 4
    labels[(np.abs(i) < 1) & (k > 4) & (size < 1)] = 24
    other = {3: 42, 2: 41, 4: 43}
    for left_number, right_number in other.items():
        labels[right & (labels == left_number)] = right_number
    return labels


@pytest.fixture(scope="session")
def write_labels() -> Callable[..., Path]:
    """A function that stores a label map."""

    def write(path: Path, labels: np.ndarray[Any, Any], spacing: float = 1.0) -> Path:
        nib.save(nib.Nifti1Image(labels, np.diag((spacing, spacing, spacing, 1.0))), path)
        return path

    return write


@pytest.fixture(scope="session")
def toy_file(tmp_path_factory: pytest.TempPathFactory, toy_labels: Labels, write_labels: Callable[..., Path]) -> Path:
    """The toy brain as a file."""
    return write_labels(tmp_path_factory.mktemp("anatomy") / "toy.nii.gz", toy_labels)


@pytest.fixture(scope="session")
def anatomy(toy_file: Path) -> Anatomy:
    """The toy brain, read."""
    return read_anatomy(toy_file)


@pytest.fixture(scope="session")
def case(anatomy: Anatomy, toy_priors: SynthesisPriors, grid_shape: tuple[int, int, int]) -> SyntheticCase:
    """A patient with the demonstration's look, at 1 mm."""
    return synthesise(anatomy, 5, toy_priors, grid_shape)


@pytest.fixture(scope="session")
def drawn(anatomy: Anatomy, toy_training: SynthesisPriors) -> list[SyntheticCase]:
    """Forty patients of the training priors, at 3 mm."""
    return [synthesise(anatomy, (1, n), toy_training, (31, 34, 28), 3.0) for n in range(40)]


@pytest.fixture(scope="session")
def brain(anatomy: Anatomy, grid_shape: tuple[int, int, int]) -> Brain:
    """The toy brain placed at 1 mm."""
    return posed_brain(anatomy, draw_head_pose(np.random.default_rng(2), anatomy, _POSE, grid_shape))


@pytest.fixture(scope="session")
def white_centre(brain: Brain) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The voxel deepest within the white matter of the left hemisphere."""
    deep = ndimage.distance_transform_edt((brain.share(Tissue.WHITE) > 0.5) & (brain.midline_mm < -4.0))
    return np.array(np.unravel_index(int(np.argmax(deep)), deep.shape), np.float64)


@pytest.fixture(scope="session")
def assert_brats_grid() -> Callable[..., None]:
    """A function that checks that an image lies on a grid as BraTS 2017 to 2021 stores it."""

    def check(image: Any, shape: tuple[int, int, int], spacing: float = 1.0) -> None:
        assert image.shape == shape
        assert nib.aff2axcodes(image.affine) == ("L", "P", "S")
        expected = np.diag((-spacing, -spacing, spacing, 1.0))
        expected[1, 3] = (shape[1] - 1) * spacing
        np.testing.assert_array_equal(image.affine, expected)
        np.testing.assert_array_equal(image.header.get_zooms(), (spacing,) * 3)
        assert int(image.header["qform_code"]) == int(image.header["sform_code"]) == 1
        np.testing.assert_allclose(image.get_qform(), image.affine, atol=1e-6)

    return check
