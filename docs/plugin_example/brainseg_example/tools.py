"""A tool: the largest connected part of a mask, without everything else."""

from collections.abc import Mapping

import numpy as np


def largest_part(images: Mapping[str, np.ndarray], mask: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """The mask, less all parts but the largest."""
    from scipy.ndimage import label

    parts, count = label(mask > 0)
    if count < 2:
        return mask
    sizes = np.bincount(parts.ravel())
    return np.where(parts == 1 + np.argmax(sizes[1:]), mask, 0)
