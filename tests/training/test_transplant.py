"""Tumours laid into other brains."""

from __future__ import annotations

import numpy as np
import pytest

from training.data.transplant import LARGEST_RIM, carve, transplant

SHAPE = (24, 20, 16)


def brain(seed: int, mean: float, spread: float) -> np.ndarray:
    """Noise in a box; 0 around it; (X, Y, Z, 2)."""
    image = np.zeros((*SHAPE, 2), np.float32)
    noise = np.random.default_rng(seed).normal(mean, spread, (20, 16, 12, 2))
    image[2:-2, 2:-2, 2:-2] = noise
    return image


def tumour(start: int, value: int) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[start : start + 7, 6:13, 5:11] = value
    return labels


def test_a_tumour_comes_with_its_labels_and_leaves_the_rest_alone() -> None:
    host, donor = brain(0, 0.0, 1.0), brain(1, 0.0, 1.0)
    labels, donor_labels = tumour(3, 2), tumour(13, 3)
    seen = set()
    for seed in range(40):
        image, classes = transplant(host, labels, donor, donor_labels, np.random.default_rng(seed))
        moved = (image != host).any(axis=-1)
        assert np.array_equal(classes[~moved], labels[~moved])
        assert (classes[moved] != 2).all()  # the host's own tumour does not shine through
        assert (classes == 3).any()
        whole = np.count_nonzero(classes == 3) == np.count_nonzero(donor_labels)
        seen.add("whole" if whole else "a part")
        assert not image[host == 0].any()  # outside of the brain nothing appears
    assert seen == {"whole", "a part"}
    assert not (host != brain(0, 0.0, 1.0)).any()


def test_the_tumour_is_as_bright_as_the_other_images_are() -> None:
    host, donor = brain(0, 5.0, 2.0), brain(1, -3.0, 0.5)
    donor_labels = tumour(8, 3)
    donor[donor_labels > 0] = -3.0 + 4 * 0.5  # four deviations above its brain
    image, classes = transplant(host, np.zeros(SHAPE, np.uint8), donor, donor_labels, np.random.default_rng(5))
    assert image[classes == 3].mean() == pytest.approx(5.0 + 4 * 2.0, abs=1.0)


def test_what_is_carved_is_the_tumour_with_a_rim_or_a_part_of_it() -> None:
    labels = tumour(8, 1)
    sizes = []
    for seed in range(60):
        found = carve(labels, np.random.default_rng(seed))
        assert found is not None
        box, inside = found
        assert not inside[0].any()  # the box is wide enough for any rim
        whole = labels[box] > 0
        assert (inside & ~whole).any() != (whole & ~inside).any() or np.array_equal(inside, whole)
        sizes.append(np.count_nonzero(inside) / np.count_nonzero(whole))
    assert min(sizes) < 0.9 < 1.1 < max(sizes)
    rim = (7 + 2 * LARGEST_RIM) * (7 + 2 * LARGEST_RIM) * (6 + 2 * LARGEST_RIM)
    assert max(sizes) * 7 * 7 * 6 < rim


def test_a_donor_without_tumour_changes_nothing() -> None:
    host = brain(0, 0.0, 1.0)
    image, classes = transplant(host, tumour(3, 2), brain(1, 0.0, 1.0), tumour(3, 0), np.random.default_rng(0))
    assert np.array_equal(image, host)
    assert np.array_equal(classes, tumour(3, 2))
