"""Whole patients."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from training.synthesis.anatomy import Anatomy
from training.synthesis.case import SyntheticCase, brats_affine, brats_shape, synthesise
from training.synthesis.presets import PRESETS, TRAINING, UNSEEN, SynthesisPriors

Shape = tuple[int, int, int]


def _digest(case: SyntheticCase) -> str:
    digest = hashlib.sha256(case.mask.tobytes())
    for modality in ("t1", "t1ce", "t2", "flair"):
        digest.update(case.images[modality].tobytes())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_bits_and_another_does_not(
    anatomy: Anatomy, case: SyntheticCase, toy_priors: SynthesisPriors, grid_shape: Shape
) -> None:
    assert _digest(synthesise(anatomy, (5, 0), toy_priors, grid_shape)) == _digest(case)  # the first case of set 5
    other = synthesise(anatomy, 6, toy_priors, grid_shape)
    assert (other.mask != case.mask).any()
    assert (other.images["t1"] != case.images["t1"]).mean() > 0.1


def test_images_are_zero_outside_the_brain_only_and_hold_the_mask(case: SyntheticCase, grid_shape: Shape) -> None:
    assert case.mask.dtype == np.uint8
    assert set(np.unique(case.mask)) == {0, 1, 2, 4}
    brain = case.images["t1"] > 0
    assert 120 < brain.sum() / 1000.0 < 170
    for image in case.images.values():
        assert image.dtype == np.int16
        assert image.shape == grid_shape
        np.testing.assert_array_equal(image > 0, brain)
        assert image.min() == 0
        assert len(np.unique(image)) > 100
    assert brain[case.mask > 0].all()
    _, parts = ndimage.label(brain)
    assert parts == 1


def test_regions_are_nested_and_enhancement_touches_the_core(case: SyntheticCase) -> None:
    assert 3.0 < case.volume_ml(1, 4) < 5.2
    assert 5.0 < case.volume_ml(2) < 9.2
    core, enhancing = case.mask == 1, case.mask == 4
    assert case.volume_ml(4) <= case.volume_ml(1, 4) <= case.volume_ml(1, 2, 4)
    parts, count = ndimage.label(enhancing, np.ones((3, 3, 3)))
    largest = parts == 1 + int(np.argmax(ndimage.sum_labels(enhancing, parts, np.arange(1, count + 1))))
    assert (ndimage.binary_dilation(largest) & core).any()


def test_front_and_top_are_where_the_affine_says(case: SyntheticCase) -> None:
    brain = case.images["t2"] > 0
    deep = ndimage.distance_transform_edt(brain) > 12
    ventricle = deep & (case.mask == 0) & (case.images["t2"] > 2.2 * np.median(case.images["t2"][brain]))
    assert ventricle.sum() > 1000
    to_world = [nib.affines.apply_affine(case.affine, np.argwhere(part)).mean(axis=0) for part in (ventricle, brain)]
    _, front, up = to_world[0] - to_world[1]
    assert front > 3.0
    assert up > 2.0


def test_the_demonstration_case_is_a_brats_case_of_at_most_ten_megabytes(
    demo_folder: Path, assert_brats_grid: Callable[..., None]
) -> None:
    name = "brainseg-demo-synthetic"
    paths = {part: demo_folder / name / f"{name}_{part}.nii.gz" for part in ("t1", "t1ce", "t2", "flair", "seg")}
    assert sum(path.stat().st_size for path in paths.values()) <= 10_000_000
    volumes = {}
    for part, path in paths.items():
        image = nib.load(path)
        assert_brats_grid(image, (240, 240, 155))
        volumes[part] = np.asanyarray(image.dataobj)
        assert volumes[part].dtype == (np.uint8 if part == "seg" else np.int16)
    mask, brain = volumes["seg"], volumes["t1"] > 0
    assert set(np.unique(mask)) == {0, 1, 2, 4}
    assert 60.0 < (mask > 0).sum() / 1000.0 < 90.0
    assert brain[mask > 0].all()
    assert 1000.0 < brain.sum() / 1000.0 < 1700.0
    assert volumes["t1ce"][mask == 4].mean() > 1.5 * volumes["t1ce"][mask == 2].mean()
    assert volumes["flair"][mask == 2].mean() > 1.3 * volumes["flair"][brain & (mask == 0)].mean()
    assert "synthetic" in (demo_folder / name / "README.md").read_text().lower()


def test_the_demonstration_keeps_its_draws(case: SyntheticCase) -> None:
    """The shipped case is remade from its seed; compared by means, as linear algebra rounds otherwise elsewhere."""
    assert PRESETS["demonstration"] == SynthesisPriors()
    counts = np.bincount(case.mask.ravel(), minlength=5)
    np.testing.assert_allclose(counts[[1, 2, 4]], [715, 8905, 3531], atol=3)
    means = [float(case.images[modality].mean()) for modality in ("t1", "t1ce", "t2", "flair")]
    np.testing.assert_allclose(means, [111.204508, 157.563915, 60.678122, 108.065345], rtol=1e-4)


def test_two_millimetres_have_the_grid_of_brats_at_half_resolution(
    anatomy: Anatomy, toy_priors: SynthesisPriors, case: SyntheticCase
) -> None:
    assert brats_shape(1.0) == (240, 240, 155)
    assert brats_shape(2.0) == (120, 120, 78)
    coarse = synthesise(anatomy, 5, toy_priors, spacing_mm=2.0)
    assert coarse.mask.shape == (120, 120, 78)
    np.testing.assert_array_equal(coarse.affine, brats_affine((120, 120, 78), 2.0))
    np.testing.assert_array_equal(coarse.affine @ (119, 119, 0, 1), [-238.0, 0.0, 0.0, 1.0])
    assert coarse.volume_ml(1, 4) == pytest.approx(case.volume_ml(1, 4), rel=0.25)  # both 4 to 5 ml
    brain_ml = (coarse.images["t1"] > 0).sum() * 8.0 / 1000.0
    assert brain_ml == pytest.approx((case.images["t1"] > 0).sum() / 1000.0, rel=0.12)


def test_some_brains_have_no_tumour(anatomy: Anatomy, toy_training: SynthesisPriors) -> None:
    healthy = synthesise(anatomy, 3, replace(toy_training, tumours=((1.0, None),)), (46, 50, 42), 2.0)
    assert not healthy.mask.any()
    assert (healthy.images["flair"] != 0).sum() * 8.0 > 100_000
    (share,) = (chance for chance, priors in TRAINING.tumours if priors is None)
    assert 0.05 <= share <= 0.12


def test_training_patients_differ_as_widely_as_asked(drawn: list[SyntheticCase]) -> None:
    whole = np.array([case.volume_ml(1, 2, 4) for case in drawn])
    assert (whole == 0).sum() >= 1
    sick = whole[whole > 0]
    assert sick.min() < 4.0
    assert sick.max() > 45.0
    enhancing = np.array([case.volume_ml(4) for case in drawn])
    assert 0.15 < (enhancing[whole > 0] == 0).mean() < 0.6
    only_core = np.array([case.volume_ml(1, 4) == volume for case, volume in zip(drawn, whole, strict=True)])
    assert 2 <= only_core[whole > 0].sum() < 0.5 * sick.size
    forms = {image.dtype for case in drawn for image in case.images.values()}
    assert forms == {np.dtype(np.int16), np.dtype(np.float32)}
    assert any(image.min() < 0 for case in drawn for image in case.images.values())
    assert any(image.max() > 10_000 for case in drawn for image in case.images.values())


def test_no_label_lies_where_no_modality_shows_anything(drawn: list[SyntheticCase]) -> None:
    for case in drawn:
        seen = np.any([image != 0 for image in case.images.values()], axis=0)
        assert seen[case.mask > 0].mean() > 0.999 if (case.mask > 0).any() else True


def test_a_truncated_view_lacks_part_of_the_brain(anatomy: Anatomy, toy_training: SynthesisPriors) -> None:
    priors = replace(toy_training, outline=replace(toy_training.outline, truncated=1.0, truncated_mm=(20.0, 30.0)))
    whole = replace(priors, outline=replace(priors.outline, truncated=0.0))
    cut, full = (synthesise(anatomy, (1, 0), these, (46, 50, 42), 2.0) for these in (priors, whole))
    smallest = [min((image != 0).sum() for image in case.images.values()) for case in (cut, full)]
    assert smallest[0] < 0.9 * smallest[1]


def test_unseen_worlds_lie_outside_the_training_priors() -> None:
    assert UNSEEN.acquisition.thickness_mm[1] > TRAINING.acquisition.thickness_mm[1]
    assert UNSEEN.acquisition.noise[1] > TRAINING.acquisition.noise[1]
    assert UNSEEN.contrast.texture[0] >= TRAINING.contrast.texture[1]
    assert UNSEEN.contrast.tissue_spread > TRAINING.contrast.tissue_spread
    assert UNSEEN.outline.bumps_mm[0] >= TRAINING.outline.bumps_mm[1]
    roughest = [max(p.roughness[1] for _, p in priors.tumours if p is not None) for priors in (UNSEEN, TRAINING)]
    assert roughest[0] > roughest[1]


def test_unseen_patients_can_be_drawn(anatomy: Anatomy, toy_training: SynthesisPriors) -> None:
    priors = replace(UNSEEN, pose=toy_training.pose)
    for seed in range(3):
        case = synthesise(anatomy, (7, seed), priors, (46, 50, 42), 2.0)
        assert all(np.isfinite(image).all() for image in case.images.values())
