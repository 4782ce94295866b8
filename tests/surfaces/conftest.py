"""Surfaces to look at and to write."""

from __future__ import annotations

import numpy as np
import pytest

from brainseg_gui.surfaces.nets import surface_of
from brainseg_gui.surfaces.surface import Surface


def _ball(centre_mm: tuple[float, ...], radius: int, name: str, colour: str, opacity: float = 1.0) -> Surface:
    """Of voxels of 1 mm."""
    side = 2 * radius + 3
    offsets = np.indices((side,) * 3) - radius - 1
    affine = np.eye(4)
    affine[:3, 3] = np.array(centre_mm) - radius - 1
    return Surface(name, colour, surface_of(np.square(offsets).sum(axis=0) <= radius**2, affine), opacity)


@pytest.fixture(scope="session")
def balls() -> tuple[Surface, ...]:
    """A red one on the patient's right in front, a green one on the left behind, both in glass."""
    return (
        _ball((30, 20, 0), 8, "right, front", "#ff0000"),
        _ball((-30, -20, 10), 8, "left, behind", "#00ff00"),
        _ball((0, 0, 0), 50, "shell", "#bccde1", 0.07),
    )
