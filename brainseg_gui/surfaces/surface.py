"""A surface with its name and looks, and what surfaces are made of."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Affine
from brainseg_gui.progress import Progress
from brainseg_gui.surfaces.mesh import Mesh
from brainseg_gui.surfaces.nets import surface_of


@dataclass(frozen=True, eq=False)
class Surface:
    """A surface as it is drawn and exported.

    Parameters
    ----------
    name
        For people, unique among those beside it.
    colour
        ``#rrggbb``.
    mesh
        Where it is.
    opacity
        1 for a solid one; below, it is of glass: how much of what lies behind it the middle of it hides.
    """

    name: str
    colour: str
    mesh: Mesh
    opacity: float = 1.0

    @property
    def glass(self) -> bool:
        """Whether what lies behind it is seen through it."""
        return self.opacity < 1


@dataclass(frozen=True)
class SurfacePart:
    """What a surface will be made of.

    Parameters
    ----------
    name, colour, opacity
        Of its `Surface`.
    mask
        Its voxels, worked out when the surface is made, (I, J, K).
    """

    name: str
    colour: str
    mask: Callable[[], NDArray[np.bool_]]
    opacity: float = 1.0


def build(parts: Sequence[SurfacePart], affine: Affine) -> Generator[Progress, None, tuple[Surface, ...]]:
    """Make the surfaces; parts without a voxel have none."""
    made = []
    for number, part in enumerate(parts):
        yield Progress("making surfaces", number / len(parts), part.name)
        mesh = surface_of(part.mask(), affine)
        if len(mesh.quads):
            made.append(Surface(part.name, part.colour, mesh, part.opacity))
    return tuple(made)
