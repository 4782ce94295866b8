"""Augmentation: image and labels stay together, labels stay whole numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import rotate

from brainseg_gui.runs.config import Augmentation
from training.data import augment
from training.data.augment import Turn

PATCH = (24, 20, 16)
OFF = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def two_blobs(shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Labels 0, 2, 3 and an image whose channels are the labels times 1, 2, 3, 4."""
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    labels = np.zeros(shape, np.uint8)
    labels[np.linalg.norm(grid - np.array(shape) * 0.4, axis=-1) < 6] = 2
    labels[np.linalg.norm(grid - np.array(shape) * 0.7, axis=-1) < 5] = 3
    return labels[..., None] * np.array([1, 2, 3, 4], np.float32), labels


def test_a_quarter_turn_and_half_size_land_where_they_must() -> None:
    turn = Turn(augment.rotation(np.array([0, 0, np.pi / 2])), ())
    size = tuple(int(n) for n in augment.reach(turn, (5, 5, 5)))
    labels = np.zeros(size, np.uint8)
    middle = tuple(n // 2 for n in size)
    labels[middle[0] + 2, middle[1], middle[2]] = 3
    image = labels[..., None].astype(np.float32)
    moved, found = augment.resample(image, labels, turn, (5, 5, 5))
    # x' = R x: the voxel two to the front of the box is where R (x - 2) = (2, 0, 0), that is at (0, -2, 0)
    assert [tuple(v) for v in np.argwhere(found)] == [(2, 0, 2)]
    assert moved[2, 0, 2, 0] == pytest.approx(3.0, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_image_and_labels_stay_aligned_and_labels_whole(seed: int) -> None:
    random = np.random.default_rng(seed)
    config = replace(OFF, rotation_deg=40.0, scale=0.3, flip=0.5)
    turn = augment.draw_turn(random, config)
    while turn.is_plain:
        turn = augment.draw_turn(random, config)
    image, labels = two_blobs(tuple(int(n) for n in augment.reach(turn, PATCH)))
    moved, found = augment.flip(*augment.resample(image, labels, turn, PATCH), turn.flips)
    assert moved.shape == (*PATCH, 4)
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 2, 3}
    inside = np.abs(moved[..., 0] - np.rint(moved[..., 0])) < 1e-3  # away from edges, where linear mixes
    assert inside.mean() > 0.7
    agree = np.rint(moved[..., 0])[inside] == found[inside]
    assert agree.mean() > 0.99
    assert moved[..., 3] == pytest.approx(4 * moved[..., 0], abs=1e-4)


def test_the_article_turns_every_slice_alike() -> None:
    image, labels = two_blobs((6, 30, 30))
    image = np.repeat(image[3:4], 6, axis=0)
    labels = np.repeat(labels[3:4], 6, axis=0)
    moved, found = augment.turn_in_plane(
        image, labels, np.random.default_rng(2), replace(OFF, rotation_deg=20.0, flip=1)
    )
    assert not np.array_equal(found[0], labels[0])
    turned = rotate(image[0, ..., 0], _angle_of(2), reshape=False, order=1, mode="nearest")
    flipped = moved[0, ::-1, ::-1, 0]  # flip = 1: both axes are mirrored after the turn
    assert any(flipped == pytest.approx(way, abs=1e-4) for way in (turned, rotate_other_way(image[0, ..., 0], 2)))
    for plane in range(1, 6):
        assert np.array_equal(found[plane], found[0])
        assert moved[plane] == pytest.approx(moved[0], abs=1e-5)
    assert set(np.unique(found)) <= {0, 2, 3}


def _angle_of(seed: int) -> float:
    return float(np.random.default_rng(seed).uniform(-20.0, 20.0))


def rotate_other_way(plane: np.ndarray, seed: int) -> np.ndarray:
    """scipy's angle runs the other way for some order of the axes."""
    return rotate(plane, -_angle_of(seed), reshape=False, order=1, mode="nearest")


def test_flips_alone_lose_nothing() -> None:
    image, labels = two_blobs(PATCH)
    flipped = augment.flip(*augment.flip(image, labels, (0, 2)), (0, 2))
    assert np.array_equal(flipped[0], image)
    assert np.array_equal(flipped[1], labels)


@pytest.mark.parametrize("name", ["gamma", "brightness", "contrast", "noise", "blur", "low_resolution", "bias_field"])
def test_each_intensity_change_changes_the_brain_and_not_the_background(name: str) -> None:
    random = np.random.default_rng(1)
    image = random.standard_normal((*PATCH, 4)).astype(np.float32)
    image[:4] = 0
    strength = 0.8 if name == "low_resolution" else 0.5
    results = [
        augment.change_intensities(image, np.random.default_rng(seed), replace(OFF, **{name: strength}))
        for seed in range(4)
    ]
    assert any(np.abs(result[4:] - image[4:]).max() > 0.05 for result in results)
    for result in results:
        assert result.dtype == np.float32
        assert np.isfinite(result).all()
        assert not result[:4].any()


def test_everything_off_changes_nothing() -> None:
    image = np.random.default_rng(1).standard_normal((*PATCH, 4)).astype(np.float32)
    random = np.random.default_rng(0)
    assert np.array_equal(augment.change_intensities(image, random, OFF), image)
    assert augment.draw_turn(random, OFF).is_plain


def test_gamma_keeps_mean_and_deviation() -> None:
    image = np.random.default_rng(1).standard_normal((*PATCH, 4)).astype(np.float32) + 1
    changed = augment._gamma(image, np.random.default_rng(3), 1.0)
    assert changed.mean(axis=(0, 1, 2)) == pytest.approx(image.mean(axis=(0, 1, 2)), abs=1e-3)
    assert changed.std(axis=(0, 1, 2)) == pytest.approx(image.std(axis=(0, 1, 2)), rel=1e-3)


def test_a_bias_field_shades_smoothly_and_keeps_the_brains_mean_and_deviation() -> None:
    shape = (24, 20, 16)
    image = np.random.default_rng(1).standard_normal((*shape, 4)).astype(np.float32)
    image[:4] = 0
    image[..., 3] = 0  # a modality that is missing
    changed = augment._bias_field(image, np.random.default_rng(3), 0.8, image != 0)
    assert not changed[..., 3].any()
    brain, shaded = image[4:, ..., :3], changed[4:, ..., :3]
    assert shaded.mean(axis=(0, 1, 2)) == pytest.approx(brain.mean(axis=(0, 1, 2)), abs=1e-3)
    assert shaded.std(axis=(0, 1, 2)) == pytest.approx(brain.std(axis=(0, 1, 2)), rel=1e-3)
    assert np.abs(shaded - brain).max() > 0.1


def test_a_bias_field_is_smooth_and_of_unit_spread() -> None:
    field = augment._smooth_field(np.random.default_rng(2), (40, 48, 40))
    assert field.std() == pytest.approx(1, abs=1e-4)
    steps = [np.abs(np.diff(field, axis=axis)).max() for axis in range(3)]
    assert max(steps) < 0.35  # of 40 voxels: no edge anywhere


def test_a_bias_field_multiplies_what_the_scanner_measured() -> None:
    """Two tissues keep their ratio at every place, whatever the shading there."""
    tissues = np.where(np.indices((16, 16, 16)).sum(axis=0) % 2, 1.0, -1.0).astype(np.float32)[..., None]
    changed = augment._bias_field(tissues, np.random.default_rng(5), 0.6, tissues != 0)[..., 0]
    bright, dark = (changed[tissues[..., 0] == sign].reshape(-1) for sign in (1.0, -1.0))
    assert np.corrcoef(bright, dark)[0, 1] > 0.9
    assert bright.std() > 1.2 * dark.std()  # what is brighter is shaded by more


def test_a_bias_field_takes_no_background_for_brain_after_other_changes() -> None:
    image = np.zeros((24, 20, 16, 4), np.float32)
    image[8:16, 6:14, 4:12] = np.random.default_rng(1).standard_normal((8, 8, 8, 4)).astype(np.float32)
    brain = image != 0
    changes = replace(OFF, brightness=1e-4, bias_field=0.5, probability=1.0)
    shaded = augment.change_intensities(image, np.random.default_rng(4), changes)
    for channel in range(4):
        inside = brain[..., channel]
        assert shaded[..., channel][inside].std() == pytest.approx(image[..., channel][inside].std(), rel=1e-3)


@pytest.mark.parametrize("axis", range(3))
def test_lost_resolution_leaves_everything_where_it_is(axis: int) -> None:
    """The middle of a ball, by its intensities, stays within a hundredth of a voxel on average, and so does its sum."""
    indices = np.indices((24, 24, 24))
    centre = (11.3, 12.1, 11.8)
    distance = np.sqrt(sum((i - c) ** 2 for i, c in zip(indices, centre, strict=True)))
    image = np.exp(-np.square(distance / 5.0)).astype(np.float32)[..., None]
    middles, coarser = [], 0
    for seed in range(60):
        changed = augment._lower_resolution(image, np.random.default_rng(seed), 0.8)
        assert changed.sum() == pytest.approx(image.sum(), rel=1e-4)
        coarser += not np.array_equal(changed, image)
        middles.append(float((changed[..., 0] * indices[axis]).sum() / changed.sum()))
    assert coarser > 20
    assert np.mean(middles) == pytest.approx(centre[axis], abs=0.03)


def test_dropped_modalities_are_blank_and_one_is_always_left() -> None:
    image = np.ones((4, 4, 4, 4), np.float32)
    counts = []
    for seed in range(300):
        patch = image.copy()
        augment.drop_modalities(patch, np.random.default_rng(seed), 0.5)
        left = [bool(patch[..., channel].all()) for channel in range(4)]
        assert all(patch[..., channel].any() == left[channel] for channel in range(4))
        counts.append(sum(left))
    assert set(counts) == {1, 2, 3, 4}
    assert counts.count(4) == pytest.approx(150, abs=30)
    augment.drop_modalities(image, np.random.default_rng(0), 0.0)
    assert image.all()
