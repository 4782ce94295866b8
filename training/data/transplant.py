"""Tumours laid into other brains: more combinations of tumour, place and brain than a small set has.

After Zhang et al., CarveMix (MICCAI 2021): the tumour of one case, cut with a random margin, replaces what lies there
in another case, in the images and in the labels. Ours also gives it the other images' brightness, and `data` mirrors
the donor's brain at times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from brainseg_gui.imaging.box import Box, box_around, grown

Image = NDArray[np.float32]
Labels = NDArray[np.uint8]

LARGEST_RIM = 6  # voxels around a tumour that are carried along at most
_EVERY = 3  # voxels along each axis: enough for means


def transplant(
    image: Image, labels: Labels, donor_image: Image, donor_labels: Labels, random: np.random.Generator
) -> tuple[Image, Labels]:
    """Lay the donor's tumour into a patch.

    Parameters
    ----------
    image, labels
        (X, Y, Z, C) and (X, Y, Z); 0 outside of the brain.
    donor_image, donor_labels
        The same place of another case.

    Returns
    -------
    tuple
        Changed copies; the patch itself where the donor's tumour and the patch's brain do not meet.
    """
    carved = carve(donor_labels, random)
    if carved is None:
        return image, labels
    box, inside = carved
    inside &= image[box].any(axis=-1) & donor_image[box].any(axis=-1)
    changed_image, changed_labels = image.copy(), labels.copy()
    changed_image[box][inside] = as_bright_as(image, labels, donor_image, donor_labels, donor_image[box][inside])
    changed_labels[box][inside] = donor_labels[box][inside]
    return changed_image, changed_labels


def carve(labels: Labels, random: np.random.Generator) -> tuple[Box, NDArray[np.bool_]] | None:
    """A tumour, in half of the cases with a rim of what is around it, else with less than all of it; None without one.

    Returns
    -------
    tuple
        A box, and what belongs to it in that box.
    """
    around = box_around(labels > 0)
    if around is None:
        return None
    box = grown(around, LARGEST_RIM + 1, labels.shape)
    tumour = labels[box] > 0
    depth = distance_transform_edt(np.pad(tumour, 1))[1:-1, 1:-1, 1:-1]
    deepest = float(depth.max())
    if random.random() < 0.5:
        return box, depth > random.uniform(0, deepest / 2)
    rim = random.uniform(0, min(deepest, LARGEST_RIM))
    return box, np.asarray(distance_transform_edt(~tumour) <= rim)


def as_bright_as(
    image: Image, labels: Labels, donor_image: Image, donor_labels: Labels, values: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The donor's values, (N, C), with the mean and the spread that brain without tumour has in the image."""
    here, there = _healthy(image, labels), _healthy(donor_image, donor_labels)
    if min(len(here), len(there)) < 2:
        return values
    factor = here.std(axis=0) / np.maximum(there.std(axis=0), 1e-3)
    changed: NDArray[np.float32] = (values - there.mean(axis=0)) * factor + here.mean(axis=0)
    return changed.astype(np.float32)


def _healthy(image: Image, labels: Labels) -> Image:
    """Some voxels of brain without tumour, (N, C)."""
    some = (slice(None, None, _EVERY),) * 3
    values: Image = image[some][(labels[some] == 0) & image[some].any(axis=-1)]
    return values
